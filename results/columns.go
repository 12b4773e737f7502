package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// The encodings of a column of tasks.bin.
const (
	// encBytes: bytes without structure.
	encBytes = 0
	// encFixed: eight bytes a row, little endian.
	encFixed = 1
	// encDelta: a token a row for the difference to the known value before.
	encDelta = 2
	// encRuns: pairs of such a token and a count of rows that share it.
	encRuns = 3
	// encRelative: the identifier of an earlier column of the table, then a
	// token a row for the difference to that column's value in the same row.
	encRelative = 4
)

// A token is an unsigned varint: 0 for a value that is not known, else one
// more than the zigzag code of a difference. The largest zigzag code has no
// token; a column that needs it is stored as encFixed.
const (
	unknownValue = math.MinInt64
	noToken      = math.MaxUint64
)

func zigzag(d int64) uint64   { return uint64(d)<<1 ^ uint64(d>>63) }
func unzigzag(z uint64) int64 { return int64(z>>1) ^ -int64(z&1) }

// appendColumn appends the values in the encoding that suits them, and
// returns which it is. reference is nil or holds the values of column ref.
func appendColumn(dst []byte, values, reference []int64, ref uint8) ([]byte, uint8) {
	start := len(dst)
	if dst, ok := appendRuns(dst, values); ok {
		return dst, encRuns
	}
	ok := false
	if reference != nil {
		dst = append(dst[:start], ref)
		if dst, ok = appendRelative(dst, values, reference); ok {
			return dst, encRelative
		}
	}
	if dst, ok = appendDelta(dst[:start], values); ok {
		return dst, encDelta
	}
	dst = dst[:start]
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
	}
	return dst, encFixed
}

// appendRuns fails when runs are too short to be worth it.
func appendRuns(dst []byte, values []int64) ([]byte, bool) {
	budget := len(values)/4 + 4
	var previous int64
	for i := 0; i < len(values); {
		if budget--; budget < 0 {
			return dst, false
		}
		if values[i] == unknownValue {
			n := 1
			for i+n < len(values) && values[i+n] == unknownValue {
				n++
			}
			dst = binary.AppendUvarint(append(dst, 0), uint64(n))
			i += n
			continue
		}
		delta := values[i] - previous
		code := zigzag(delta)
		if code == noToken {
			return dst, false
		}
		n := 0
		for i+n < len(values) && values[i+n] != unknownValue && values[i+n]-previous == delta {
			previous = values[i+n]
			n++
		}
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, code+1), uint64(n))
		i += n
	}
	return dst, true
}

func appendDelta(dst []byte, values []int64) ([]byte, bool) {
	dst = slices.Grow(dst, binary.MaxVarintLen64*len(values))
	var previous int64
	for _, v := range values {
		if v == unknownValue {
			dst = append(dst, 0)
			continue
		}
		code := zigzag(v - previous)
		if code == noToken {
			return dst, false
		}
		dst = binary.AppendUvarint(dst, code+1)
		previous = v
	}
	return dst, true
}

func appendRelative(dst []byte, values, reference []int64) ([]byte, bool) {
	dst = slices.Grow(dst, binary.MaxVarintLen64*len(values))
	for i, v := range values {
		if v == unknownValue {
			dst = append(dst, 0)
			continue
		}
		code := zigzag(v - knownOrZero(reference[i]))
		if code == noToken {
			return dst, false
		}
		dst = binary.AppendUvarint(dst, code+1)
	}
	return dst, true
}

func knownOrZero(v int64) int64 {
	if v == unknownValue {
		return 0
	}
	return v
}

var errColumnShort = errors.New("ends before its last row")

// decodeColumn fills values from data. reference fills its argument with the
// values of a column that was decoded before, or fails.
func decodeColumn(encoding uint64, data []byte, values []int64, reference func(id uint64, into []int64) error) error {
	var err error
	switch encoding {
	case encFixed:
		data, err = decodeFixed(data, values)
	case encDelta:
		data, err = decodeDelta(data, values)
	case encRuns:
		data, err = decodeRuns(data, values)
	case encRelative:
		data, err = decodeRelative(data, values, reference)
	default:
		return fmt.Errorf("encoding %d is not known", encoding)
	}
	if err == nil && len(data) > 0 {
		return fmt.Errorf("has %d bytes beyond its last row", len(data))
	}
	return err
}

func decodeFixed(data []byte, values []int64) ([]byte, error) {
	if len(data) < 8*len(values) {
		return nil, errColumnShort
	}
	for i := range values {
		values[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
	}
	return data[8*len(values):], nil
}

func decodeDelta(data []byte, values []int64) ([]byte, error) {
	var previous int64
	for i := range values {
		token, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errColumnShort
		}
		data = data[n:]
		if token == 0 {
			values[i] = unknownValue
			continue
		}
		previous += unzigzag(token - 1)
		values[i] = previous
	}
	return data, nil
}

func decodeRuns(data []byte, values []int64) ([]byte, error) {
	var previous int64
	for len(values) > 0 {
		token, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errColumnShort
		}
		length, m := binary.Uvarint(data[n:])
		if m <= 0 || length == 0 || length > uint64(len(values)) {
			return nil, errors.New("has a run that does not fit its rows")
		}
		data = data[n+m:]
		run := values[:length]
		values = values[length:]
		if token == 0 {
			for i := range run {
				run[i] = unknownValue
			}
			continue
		}
		delta := unzigzag(token - 1)
		for i := range run {
			previous += delta
			run[i] = previous
		}
	}
	return data, nil
}

func decodeRelative(data []byte, values []int64, reference func(uint64, []int64) error) ([]byte, error) {
	id, n := binary.Uvarint(data)
	if n <= 0 {
		return nil, errColumnShort
	}
	if err := reference(id, values); err != nil {
		return nil, err
	}
	data = data[n:]
	for i := range values {
		token, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errColumnShort
		}
		data = data[n:]
		if token == 0 {
			values[i] = unknownValue
			continue
		}
		values[i] = knownOrZero(values[i]) + unzigzag(token-1)
	}
	return data, nil
}
