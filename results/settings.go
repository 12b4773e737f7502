package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// UnmarshalJSON reads an object of scalars and keeps whole numbers exact: a
// number without fraction or exponent becomes an int64 (a json.Number where it
// does not fit), any other a float64.
func (s *Settings) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	for name, value := range values {
		number, ok := value.(json.Number)
		if !ok {
			continue
		}
		values[name] = scalar(number)
	}
	*s = values
	return nil
}

// scalar returns the number as an int64 or float64 where that loses nothing
// of a whole number.
func scalar(number json.Number) any {
	if !strings.ContainsAny(number.String(), ".eE") {
		if whole, err := number.Int64(); err == nil {
			return whole
		}
		return number
	}
	if f, err := number.Float64(); err == nil {
		return f
	}
	return number
}

// SettingText writes the value of a setting: text without quotes, all else as
// JSON.
func SettingText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// Equal reports whether two settings are written alike as JSON: whatever types
// their numbers have, as read from a record or as set by a program.
func (s Settings) Equal(other Settings) bool {
	x, errX := json.Marshal(s)
	y, errY := json.Marshal(other)
	return errX == nil && errY == nil && string(x) == string(y)
}
