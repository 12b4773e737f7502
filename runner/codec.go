package runner

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"github.com/fxamacker/cbor/v2"

	"corecast/runner/exchange"
)

// codec turns values of T into bytes and back. decode may keep a reference to
// its argument when that has exchange.RawSize bytes or more.
type codec[T any] struct {
	encode func(dst []byte, v T) ([]byte, error)
	decode func(data []byte) (T, error)
	// raw is v where it is bytes as they travel; nil for other types.
	raw func(v T) []byte
}

// codecFor picks T's codec once, so that the common small types pay neither
// reflection nor a frame of their own.
func codecFor[T any]() codec[T] {
	var c any
	switch any(*new(T)).(type) {
	case []byte:
		c = codec[[]byte]{
			encode: func(dst []byte, v []byte) ([]byte, error) { return append(dst, v...), nil },
			decode: func(data []byte) ([]byte, error) {
				if len(data) >= exchange.RawSize {
					return data[:len(data):len(data)], nil
				}
				return append([]byte{}, data...), nil // an empty slice is more often meant than nil
			},
			raw: func(v []byte) []byte { return v },
		}
	case string:
		c = codec[string]{
			encode: func(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil },
			decode: func(data []byte) (string, error) {
				if len(data) >= exchange.RawSize {
					return unsafe.String(unsafe.SliceData(data), len(data)), nil // nobody else has them
				}
				return string(data), nil
			},
			raw: func(v string) []byte { return unsafe.Slice(unsafe.StringData(v), len(v)) }, // and nobody writes to them
		}
	case struct{}:
		c = codec[struct{}]{
			encode: func(dst []byte, _ struct{}) ([]byte, error) { return dst, nil },
			decode: func(data []byte) (v struct{}, err error) { return v, wantLen(data, 0) },
		}
	case bool:
		c = codec[bool]{
			encode: func(dst []byte, v bool) ([]byte, error) {
				if v {
					return append(dst, 1), nil
				}
				return append(dst, 0), nil
			},
			decode: func(data []byte) (bool, error) {
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
		c = codec[uint64]{
			encode: func(dst []byte, v uint64) ([]byte, error) { return binary.AppendUvarint(dst, v), nil },
			decode: func(data []byte) (uint64, error) {
				v, n := binary.Uvarint(data)
				if n <= 0 || n != len(data) {
					return 0, fmt.Errorf("not an unsigned integer: % x", head(data))
				}
				return v, nil
			},
		}
	case float64:
		c = codec[float64]{
			encode: func(dst []byte, v float64) ([]byte, error) {
				return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
			},
			decode: func(data []byte) (float64, error) {
				if err := wantLen(data, 8); err != nil {
					return 0, err
				}
				return math.Float64frombits(binary.LittleEndian.Uint64(data)), nil
			},
		}
	default:
		return cborCodec[T]()
	}
	return c.(codec[T])
}

func signed[T int | int32 | int64]() codec[T] {
	return codec[T]{
		encode: func(dst []byte, v T) ([]byte, error) { return binary.AppendVarint(dst, int64(v)), nil },
		decode: func(data []byte) (T, error) {
			v, n := binary.Varint(data)
			if n <= 0 || n != len(data) || int64(T(v)) != v {
				return 0, fmt.Errorf("not an integer of this size: % x", head(data))
			}
			return T(v), nil
		},
	}
}

// maxNesting bounds how deeply a value may be nested: decoding some that are
// takes time by the square of it.
const maxNesting = 4096

// cborCodec is the codec of all other types. A type's own methods may panic
// (MarshalCBOR, UnmarshalBinary and their like), in the driver as well: that is
// the task's error, and no more.
func cborCodec[T any]() codec[T] {
	enc, dec := cborModes()
	return codec[T]{
		encode: func(dst []byte, v T) (out []byte, err error) {
			defer recovered(&err)
			out = dst
			data, err := enc.Marshal(v)
			return append(dst, data...), err
		},
		decode: func(data []byte) (v T, err error) {
			defer recovered(&err)
			err = dec.Unmarshal(data, &v)
			return v, err
		},
	}
}

// recovered makes a panic an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = caught(v)
	}
}

// cborModes returns how CBOR is written and read: times to the nanosecond with
// their offset, text as it is, and as many elements as there are. Both ends are
// the same program, so a limit on them would only refuse large values of its
// own; that each element takes a byte or more bounds them. What nobody writes
// here is not read: items whose length is not given.
func cborModes() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano, IndefLength: cbor.IndefLengthForbidden}.EncMode()
	if err != nil {
		panic("codec: " + err.Error()) // the options are constants
	}
	dec, err := cbor.DecOptions{
		MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32, MaxNestedLevels: maxNesting,
		UTF8: cbor.UTF8DecodeInvalid, IndefLength: cbor.IndefLengthForbidden,
	}.DecMode()
	if err != nil {
		panic("codec: " + err.Error())
	}
	return enc, dec
}

func wantLen(data []byte, n int) error {
	if len(data) != n {
		return fmt.Errorf("%d bytes where %d were expected", len(data), n)
	}
	return nil
}

// head returns the first bytes of data, for an error message.
func head(data []byte) []byte { return data[:min(len(data), 16)] }
