package work

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"corecast/runner/exchange"
)

// Codec turns values of T into bytes and back.
type Codec[T any] struct {
	// Encode appends a value to dst.
	Encode func(dst []byte, v T) ([]byte, error)
	// Decode may keep a reference to its argument when that has
	// exchange.RawSize bytes or more.
	Decode func(data []byte) (T, error)
	// Raw is v where it is bytes as they travel; nil for other types.
	Raw func(v T) []byte
}

// Plain are the types that travel as themselves.
type Plain interface {
	[]byte | string | struct{} | bool | int | int64 | int32 | uint64 | float64
}

// PlainCodec returns the codec of a plain type, so that the common small types
// pay neither reflection nor a frame of their own; not ok for other types.
func PlainCodec[T any]() (codec Codec[T], ok bool) {
	var c any
	switch any(*new(T)).(type) {
	case []byte:
		c = Codec[[]byte]{
			Encode: func(dst []byte, v []byte) ([]byte, error) { return append(dst, v...), nil },
			Decode: func(data []byte) ([]byte, error) {
				if len(data) >= exchange.RawSize {
					return data[:len(data):len(data)], nil
				}
				return append([]byte{}, data...), nil // an empty slice is more often meant than nil
			},
			Raw: func(v []byte) []byte { return v },
		}
	case string:
		c = Codec[string]{
			Encode: func(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil },
			Decode: func(data []byte) (string, error) {
				if len(data) >= exchange.RawSize {
					return unsafe.String(unsafe.SliceData(data), len(data)), nil // nobody else has them
				}
				return string(data), nil
			},
			Raw: func(v string) []byte { return unsafe.Slice(unsafe.StringData(v), len(v)) }, // and nobody writes to them
		}
	case struct{}:
		c = Codec[struct{}]{
			Encode: func(dst []byte, _ struct{}) ([]byte, error) { return dst, nil },
			Decode: func(data []byte) (v struct{}, err error) { return v, wantLen(data, 0) },
		}
	case bool:
		c = Codec[bool]{
			Encode: func(dst []byte, v bool) ([]byte, error) {
				if v {
					return append(dst, 1), nil
				}
				return append(dst, 0), nil
			},
			Decode: func(data []byte) (bool, error) {
				if err := wantLen(data, 1); err != nil {
					return false, err
				}
				if data[0] > 1 {
					return false, fmt.Errorf("not a boolean: % x", data)
				}
				return data[0] == 1, nil
			},
		}
	case int:
		c = signed[int]()
	case int64:
		c = signed[int64]()
	case int32:
		c = signed[int32]()
	case uint64:
		c = Codec[uint64]{
			Encode: func(dst []byte, v uint64) ([]byte, error) { return binary.AppendUvarint(dst, v), nil },
			Decode: func(data []byte) (uint64, error) {
				v, n := binary.Uvarint(data)
				if n <= 0 || n != len(data) {
					return 0, fmt.Errorf("not an unsigned integer: % x", head(data))
				}
				return v, nil
			},
		}
	case float64:
		c = Codec[float64]{
			Encode: func(dst []byte, v float64) ([]byte, error) {
				return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
			},
			Decode: func(data []byte) (float64, error) {
				if err := wantLen(data, 8); err != nil {
					return 0, err
				}
				return math.Float64frombits(binary.LittleEndian.Uint64(data)), nil
			},
		}
	default:
		return codec, false
	}
	return c.(Codec[T]), true
}

func signed[T int | int32 | int64]() Codec[T] {
	return Codec[T]{
		Encode: func(dst []byte, v T) ([]byte, error) { return binary.AppendVarint(dst, int64(v)), nil },
		Decode: func(data []byte) (T, error) {
			v, n := binary.Varint(data)
			if n <= 0 || n != len(data) || int64(T(v)) != v {
				return 0, fmt.Errorf("not an integer of this size: % x", head(data))
			}
			return T(v), nil
		},
	}
}

func wantLen(data []byte, n int) error {
	if len(data) != n {
		return fmt.Errorf("%d bytes where %d were expected", len(data), n)
	}
	return nil
}

// head returns the first bytes of data, for an error message.
func head(data []byte) []byte { return data[:min(len(data), 16)] }
