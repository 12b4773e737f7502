package runner

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corecast/runner/exchange"
)

// roundTrip checks that values come back as they went out, behind what is
// already in the buffer.
func roundTrip[T any](t *testing.T, values ...T) {
	t.Helper()
	c := codecFor[T]()
	for _, v := range values {
		data, err := c.Encode([]byte("before"), v)
		if err != nil {
			t.Errorf("encode %T %v: %v", v, v, err)
			continue
		}
		encoded, ok := bytes.CutPrefix(data, []byte("before"))
		if !ok {
			t.Errorf("encoding %T %v changed what was in the buffer: %q", v, v, data)
		}
		got, err := c.Decode(encoded)
		if len(encoded) < exchange.RawSize {
			clear(data) // decode must not keep it
		}
		if diff := cmp.Diff(v, got, cmpopts.EquateNaNs(), cmp.Comparer(sameBig)); err != nil || diff != "" {
			t.Errorf("%T: error %v, (-want +got):\n%.600s", v, err, diff)
		}
	}
}

func sameBig(a, b *big.Int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Cmp(b) == 0
}

type (
	named    string
	level    int8
	rawBytes []byte
	compound struct {
		Name   string
		Parts  []float64
		Raw    []byte
		Table  map[string]int
		Next   *compound
		When   time.Time
		Length time.Duration
		Big    *big.Int
	}
)

func TestCodecRoundTrip(t *testing.T) {
	roundTrip(t, 0, 1, -1, 63, -64, 64, math.MaxInt, math.MinInt)
	roundTrip[int64](t, 0, -1, math.MaxInt64, math.MinInt64)
	roundTrip[int32](t, 0, -1, math.MaxInt32, math.MinInt32)
	roundTrip[uint64](t, 0, 127, 128, math.MaxUint64)
	roundTrip(t, 0, math.Copysign(0, -1), 0.1, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, math.SmallestNonzeroFloat64)
	roundTrip(t, true, false)
	roundTrip(t, "", "a", "\x00\xff not UTF-8", strings.Repeat("x", 1<<20))
	roundTrip(t, []byte{}, []byte{0}, bytes.Repeat([]byte{0xff}, 1<<20))
	roundTrip(t, struct{}{})
	// What has no codec of its own travels as CBOR.
	roundTrip[uint8](t, 0, 255)
	roundTrip[int16](t, math.MinInt16, math.MaxInt16)
	roundTrip[float32](t, 0.1, float32(math.Inf(-1)))
	roundTrip(t, time.Duration(0), -time.Nanosecond, time.Duration(math.MaxInt64), time.Duration(math.MinInt64))
	roundTrip[named](t, "", "a")
	roundTrip[level](t, -128, 127)
	roundTrip(t, rawBytes(nil), rawBytes{}, rawBytes{1, 2})
	roundTrip(t, [3]int{-1, 0, 1})
	roundTrip(t, []string(nil), []string{}, []string{"", "a"})
	roundTrip(t, map[string][]int(nil), map[string][]int{}, map[string][]int{"": nil, "a": {-1}})
	roundTrip(t, (*int)(nil), new(int))
	huge, _ := new(big.Int).SetString("-340282366920938463463374607431768211456", 10)
	roundTrip(t, compound{}, compound{
		Name: "a", Parts: []float64{math.NaN(), -0.5}, Raw: []byte{}, Table: map[string]int{"": -1}, Next: &compound{Name: "b"},
		Length: -3, Big: huge,
	})
}

// TestCodecLarge holds what the CBOR package refuses by default: more than
// 131,072 elements, more than 32 levels.
func TestCodecLarge(t *testing.T) {
	floats := make([]float64, 132_000)
	table := make(map[int]int, 132_000)
	for i := range 132_000 {
		table[i] = -i
	}
	roundTrip(t, floats)
	roundTrip(t, table)
	var deep *compound
	for range 1000 {
		deep = &compound{Next: deep}
	}
	roundTrip(t, *deep)
}

// TestCodecDeep has bytes that would take long to decode, for their size: they
// are refused at once.
func TestCodecDeep(t *testing.T) {
	deep := func(begin, end string, n int) string {
		return strings.Repeat(begin, n) + "\xf6" + strings.Repeat(end, n)
	}
	const far = 1 << 20
	wantDecodeError[any](t, deep("\x81", "", maxNesting+1), deep("\xc6", "", far), deep("\x9f", "\xff", 1), deep("\x9f", "\xff", far))
	wantDecodeError[compound](t, deep("\xa1\x64Next", "", maxNesting+1), deep("\xbf\x64Next", "\xff", 1))
	wantDecodeError[rawBytes](t, "\x5f\x41a\xff")
	if _, err := codecFor[compound]().Decode([]byte(deep("\xa1\x64Next", "", maxNesting))); err != nil {
		t.Error(err)
	}
	// What is announced and not there is not made room for.
	wantDecodeError[[]compound](t, "\x9a\x7f\xff\xff\xff", "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff")
	wantDecodeError[map[int]compound](t, "\xba\x7f\xff\xff\xff")
	wantDecodeError[rawBytes](t, "\x5b\x7f\xff\xff\xff\xff\xff\xff\xff")
}

// touchy has methods that panic.
type touchy struct{ Fine bool }

func (v touchy) MarshalBinary() ([]byte, error) {
	if !v.Fine {
		panic("not fine")
	}
	return nil, nil
}

func (v *touchy) UnmarshalBinary(data []byte) error {
	v.Fine = data[0] == 1
	return nil
}

// TestCodecPanics holds that the panic of a type's own method, which in the
// driver would be the end of all, is an error.
func TestCodecPanics(t *testing.T) {
	c := codecFor[touchy]()
	var p *PanicError
	if out, err := c.Encode([]byte("a"), touchy{}); !errors.As(err, &p) || p.Value != "not fine" || string(out) != "a" {
		t.Errorf("encode: %q, %v", out, err)
	}
	data, err := c.Encode(nil, touchy{Fine: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(data); !errors.As(err, &p) || !strings.Contains(p.Value, "index out of range") {
		t.Errorf("decode: %v", err)
	}
}

// TestCodecTime holds that a time keeps its nanoseconds and its offset.
func TestCodecTime(t *testing.T) {
	zone := time.FixedZone("", -5*3600)
	roundTrip(t, time.Time{}, time.Unix(0, 1).UTC(), time.Date(2026, 11, 1, 2, 3, 4, 123456789, zone))
	roundTrip(t, compound{When: time.Date(1969, 1, 1, 0, 0, 0, 5, time.UTC)})
}

// TestCodecText holds that text inside a record need not be UTF-8: lines of
// logs and names of files are not.
func TestCodecText(t *testing.T) {
	roundTrip(t, compound{Name: "caf\xe9", Table: map[string]int{"\xff": 1}})
	roundTrip(t, []string{"\xc3\x28"})
}

func wantDecodeError[T any](t *testing.T, inputs ...string) {
	t.Helper()
	c := codecFor[T]()
	for _, in := range inputs {
		if v, err := c.Decode([]byte(in)); err == nil {
			t.Errorf("% x was decoded as %T %v", in, v, v)
		}
	}
}

func TestCodecBadBytes(t *testing.T) {
	tooLong := strings.Repeat("\xff", 10) + "\x01"
	wantDecodeError[int](t, "", "\x80", "\x00\x00", tooLong)
	wantDecodeError[int64](t, "", "\x80", "\x00\x00", tooLong)
	wantDecodeError[int32](t, "", "\x80", "\x80\x80\x80\x80\x10" /* 2^31 */, "\x81\x80\x80\x80\x10" /* -2^31 - 1 */)
	wantDecodeError[uint64](t, "", "\x80", "\x00\x00", tooLong)
	wantDecodeError[float64](t, "", "1234567", "123456789")
	wantDecodeError[bool](t, "", "\x02", "\x00\x00")
	wantDecodeError[struct{}](t, "\x00")
	wantDecodeError[named](t, "", "\x61", "\x01", "\x60\x60")
	wantDecodeError[level](t, "\x18\x80" /* 128 */)
	wantDecodeError[compound](t, "", "\x80\x80", "\xbf", "\xa1\x64Name\x01")
}

func TestCodecCannotEncode(t *testing.T) {
	if data, err := codecFor[chan int]().Encode([]byte("a"), nil); err == nil || string(data) != "a" {
		t.Errorf("a channel was encoded: %q, %v", data, err)
	}
}

// FuzzCodec holds that no bytes make a decoder panic, and that what it makes
// of them travels.
func FuzzCodec(f *testing.F) {
	for _, seed := range []string{"", "\x00", "\x80\x01", "12345678", "\xa1\x64Name\x61a", "\xf6", "\xbf\xff", "\xc0\x60", "\xa2\x64Next\xa1\x63Big\xc2\x42\x01\x02\x64More\x81\xa0", "\x81\x9f\xff", "\xc1\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reencode[int](t, data)
		reencode[int32](t, data)
		reencode[uint64](t, data)
		reencode[float64](t, data)
		reencode[bool](t, data)
		reencode[string](t, data)
		reencode[[]byte](t, data)
		reencode[struct{}](t, data)
		reencode[time.Duration](t, data)
		reencode[[]named](t, data)
		reencode[link](t, data)
		codecFor[any]().Decode(data)
		codecFor[map[any]touchy]().Decode(data)
		reencode[struct {
			Name string
			Next []rawBytes
			Sum  [4]int8
		}](t, data)
	})
}

// link is a type that holds more of itself.
type link struct {
	Next *link
	More []link
	Big  *big.Int
	By   map[string]*link
}

func reencode[T any](t *testing.T, data []byte) {
	c := codecFor[T]()
	if v, err := c.Decode(data); err == nil {
		roundTrip(t, v)
	}
}
