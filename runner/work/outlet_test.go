package work

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"corecast/runner/exchange"
)

// TestResultTooLarge holds that a result too large for a message fails alone,
// and keeps its times.
func TestResultTooLarge(t *testing.T) {
	sizes := []int{5, exchange.MaxFrame - 1000, 4}
	f := NewPlain("sized", func(_ context.Context, task int) ([]byte, error) { return make([]byte, sizes[task]), nil })
	j := &TypedJob[int, []byte]{Fn: f}
	var wire bytes.Buffer
	o := &streamOutlet{conn: exchange.NewFrameWriter(&wire, 0)}
	in, err := exchange.ParseChunk([]byte{1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 2, 0, 2, 2, 2, 4})
	if err != nil {
		t.Fatal(err)
	}
	o.begin(&openJob{Open: exchange.Open{JobID: 1, Stamps: true}, fn: f, stored: exchange.NotKnown}, in)
	x := &executor{ctx: t.Context()}
	if !x.run(3, o) {
		t.Fatal("given up")
	}
	o.deliver()
	if wire.Len() > 1000 {
		t.Fatalf("%d bytes were sent", wire.Len())
	}
	var values [][]byte
	failures := make(map[int]exchange.Failure)
	r := exchange.NewFrameReader(&wire, 0)
	for { // what has waited for the large one travels before the rest
		_, body, err := r.Next(nil)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := exchange.ParseResult(body, 1, j)
		if err != nil {
			t.Fatal(err)
		}
		for k, f := range d.Failures {
			failures[len(values)+k] = f
		}
		values = append(values, d.Results.(*block[int, []byte]).values[d.First:d.First+int(d.Count)]...)
		for k := range d.Start {
			if d.Start[k] == 0 || d.End[k] < d.Start[k] {
				t.Errorf("%d to %d", d.Start[k], d.End[k])
			}
		}
	}
	if len(values) != 3 || len(failures) != 1 || !strings.Contains(failures[1].Text, "1073740824 bytes are over the limit") || len(values[0]) != 5 || len(values[2]) != 4 {
		t.Errorf("failures %+v, results %q", failures, values)
	}
}
