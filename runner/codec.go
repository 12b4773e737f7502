package runner

import (
	"math"

	"github.com/fxamacker/cbor/v2"

	"corecast/runner/work"
)

// codecFor picks T's codec once: CBOR where T is not plain.
func codecFor[T any]() work.Codec[T] {
	if c, ok := work.PlainCodec[T](); ok {
		return c
	}
	return cborCodec[T]()
}

// maxNesting bounds how deeply a value may be nested: decoding some that are
// takes time by the square of it.
const maxNesting = 4096

// cborCodec is the codec of all other types. A type's own methods may panic
// (MarshalCBOR, UnmarshalBinary and their like), in the driver as well: that is
// the task's error, and no more.
func cborCodec[T any]() work.Codec[T] {
	enc, dec := cborModes()
	return work.Codec[T]{
		Encode: func(dst []byte, v T) (out []byte, err error) {
			defer recovered(&err)
			out = dst
			data, err := enc.Marshal(v)
			return append(dst, data...), err
		},
		Decode: func(data []byte) (v T, err error) {
			defer recovered(&err)
			err = dec.Unmarshal(data, &v)
			return v, err
		},
	}
}

// recovered makes a panic an error.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = work.Caught(v)
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
