package work

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"corecast/runner/exchange"
)

// TestCannotTravel has an input that cannot be decoded, and a result that
// cannot be encoded: the error names which, and the times are those of the
// function.
func TestCannotTravel(t *testing.T) {
	in, _ := PlainCodec[int]()
	refused := Codec[int]{Encode: func(dst []byte, _ int) ([]byte, error) { return dst, errors.New("no") }}
	f := NewFunc("f", func(_ context.Context, x int) (int, error) { return x, nil }, in, refused)
	var failed *codecError
	s := serveOne(t, "\x04\x02") // two bytes, of which the input takes one
	if next, err := f.serve(t.Context(), s); next != 1 || !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), "decode the input of f: ") || s.start != s.end || s.start == 0 {
		t.Errorf("serve: %d, %d to %d, %v", next, s.start, s.end, err)
	}
	s = serveOne(t, "\x02\x02")
	if next, err := f.serve(t.Context(), s); next != 1 || !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), "encode the result of f: ") || s.end < s.start || s.start == 0 {
		t.Errorf("serve: %d, %d to %d, %v", next, s.start, s.end, err)
	}
	if frames, _ := s.out.Take(0, 0); len(frames) != 0 {
		t.Errorf("%d bytes of a result that could not be encoded", len(frames))
	}
}

// serveOne is a run of one call whose input stands in a chunk's frame as given.
func serveOne(t *testing.T, input string) *serving {
	t.Helper()
	head := []byte{1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0}
	in, err := exchange.ParseChunk(append(head, input+"\x00"...))
	if err != nil {
		t.Fatal(err)
	}
	out := &exchange.Results{}
	out.Begin(in, in.Lo, true, false)
	return &serving{in: in, out: out, to: 1, stop: new(atomic.Uint32), meter: &meter{}}
}
