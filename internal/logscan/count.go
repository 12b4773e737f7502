package logscan

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// Limits on the different values of a group within one part: beyond them the
// search of the part fails, rather than take all memory.
const (
	// MaxValues is the number of different values.
	MaxValues = 1 << 20
	// MaxValueBytes is the size of all of them together.
	MaxValueBytes = 64 << 20
)

// Count is what was found in a part, or in several.
type Count struct {
	// Lines were searched, Matches of them match.
	Lines, Matches int64
	// Bytes is the size of the lines, line ends included, uncompressed.
	Bytes int64
	// NoValue counts the matching lines in which the group took no part.
	NoValue int64
	// Values counts the values of the group; nil when none was asked for.
	Values Values
}

// Add adds the count of another part.
func (c *Count) Add(other Count) {
	c.Lines += other.Lines
	c.Matches += other.Matches
	c.Bytes += other.Bytes
	c.NoValue += other.NoValue
	if c.Values == nil && other.Values != nil {
		c.Values = make(Values, len(other.Values))
	}
	for v, n := range other.Values {
		c.Values[v] += n
	}
}

// Values counts lines by the value of a group, which may be any bytes. It
// travels in binary form, since values need not be valid UTF-8.
type Values map[string]int64

// Value is one value of a group and the number of lines that have it.
type Value struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Top returns the k values with the highest counts, highest first, values of
// equal count in the order of their bytes. All of them when k <= 0.
func (v Values) Top(k int) []Value {
	all := make([]Value, 0, len(v))
	for value, n := range v {
		all = append(all, Value{value, n})
	}
	slices.SortFunc(all, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if k > 0 && k < len(all) {
		all = all[:k]
	}
	return all
}

// MarshalBinary writes, for each value in the order of its bytes, its length
// and its count as unsigned varints, and its bytes.
func (v Values) MarshalBinary() ([]byte, error) {
	all := make([]string, 0, len(v))
	size := 0
	for value := range v {
		all = append(all, value)
		size += len(value) + 4
	}
	slices.Sort(all)
	data := make([]byte, 0, size)
	for _, value := range all {
		data = binary.AppendUvarint(data, uint64(len(value)))
		data = binary.AppendUvarint(data, uint64(v[value]))
		data = append(data, value...)
	}
	return data, nil
}

// UnmarshalBinary reads what MarshalBinary wrote, in place of what v held.
func (v *Values) UnmarshalBinary(data []byte) error {
	read := Values{}
	for len(data) > 0 {
		size, a := binary.Uvarint(data)
		count, b := binary.Uvarint(data[max(a, 0):])
		if a <= 0 || b <= 0 || size > uint64(len(data)-a-b) {
			return errors.New("counts of values are cut short or damaged")
		}
		data = data[a+b:]
		read[string(data[:size])] += int64(count)
		data = data[size:]
	}
	*v = read
	return nil
}
