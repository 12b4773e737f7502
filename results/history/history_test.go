package history

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func testRun() *Run {
	return &Run{
		ID: "r1", Created: time.Unix(1_700_000_000, 5).UTC(), Commit: "c1", Branch: "main", Machine: "m",
		Samples: []Sample{
			{"sleep/local/cores=2/makespan_s", Values{1.5, math.NaN(), math.Inf(1), math.Inf(-1)}},
			{"alone", Values{0.1}},
		},
	}
}

func TestJSONL(t *testing.T) {
	want := testRun()
	want.Lines, want.Tasks = []byte("a\n"), []byte{0, 255}
	var b bytes.Buffer
	for range 2 {
		if err := WriteJSONL(&b, want); err != nil {
			t.Fatal(err)
		}
	}
	b.WriteString("\n{\"run_id\": \"x\"}\n")
	n := 0
	err := ReadJSONL(&b, "f", func(got *Run) error {
		n++
		if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if n != 2 || err == nil || !strings.Contains(err.Error(), "f: line 4: run x has no time") {
		t.Errorf("%d runs, then %v", n, err)
	}
}

// TestGoBench: what is written comes back, and lines of go test are read.
func TestGoBench(t *testing.T) {
	want := testRun()
	want.Samples[0].Values = Values{1.5, 2.5}
	var b bytes.Buffer
	if err := WriteGoBench(&b, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadGoBench(&b, "f", time.Time{})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d runs, %v", len(got), err)
	}
	got[0].Source = ""
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
	in := "goos: linux\ncommit: a\nBenchmarkMap/n=10-8 \t 100 \t 250 ns/op\t 16 B/op\nBenchmarkMap/n=10-8 100 350 ns/op\ncommit: b\nBenchmarkMap/n=10-8 100 450 ns/op\n"
	got, err = ReadGoBench(strings.NewReader(in), "f", time.Unix(7, 0))
	if err != nil || len(got) != 2 || got[1].Commit != "b" || !got[0].Created.Before(got[1].Created) {
		t.Fatalf("%+v, %v", got, err)
	}
	series := []Sample{{"map/n=10-8/sec/op", Values{2.5e-07, 3.5e-07}}, {"map/n=10-8/B/op", Values{16}}}
	if diff := cmp.Diff(series, got[0].Samples, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
		t.Error(diff)
	}
	if _, err := ReadGoBench(strings.NewReader("PASS\n"), "f", time.Time{}); err == nil {
		t.Error("a file without benchmarks is no error")
	}
}

// FuzzRead: whatever is read can be written and read again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"run_id":"a","created":"2026-01-01T00:00:00Z","samples":[{"series":"x","values":[1,null,"+Inf"]}]}`))
	f.Add([]byte("run-id: x\nBenchmarkA 1 2 ns/op\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var runs []*Run
		ReadJSONL(bytes.NewReader(data), "f", func(r *Run) error { runs = append(runs, r); return nil })
		more, _ := ReadGoBench(bytes.NewReader(data), "f", time.Unix(1, 0))
		for _, r := range append(runs, more...) {
			var b bytes.Buffer
			if r.Created.Year() > 9999 || r.Created.Year() < 0 || WriteJSONL(&b, r) != nil {
				continue
			}
			if err := ReadJSONL(&b, "g", func(*Run) error { return nil }); err != nil && r.Validate() == nil {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}
