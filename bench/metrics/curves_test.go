package metrics

import (
	"math"
	"testing"

	"corecast/runner/trace"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestConcurrency(t *testing.T) {
	got, err := Concurrency(twoSlots())
	if err != nil {
		t.Fatal(err)
	}
	// Slot 0: 15-25, 30-35 and lost 35-50, 70-80, 80-90; slot 1: 70-100.
	want := []Step{{15, 1}, {25, 0}, {30, 1}, {50, 0}, {70, 2}, {90, 1}, {100, 0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestECDF(t *testing.T) {
	got := ECDF([]float64{3, 1, 3, 2})
	want := []Share{{1, 0.25}, {2, 0.5}, {3, 1}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := ECDF(nil); got != nil {
		t.Errorf("no values: %v", got)
	}
}

func TestStartup(t *testing.T) {
	const s = trace.Time(1e9)
	tr := &trace.Trace{Slots: 12, Makespan: 100 * s}
	for i := range 10 { // first tasks at 1, 2, ... 10 s
		tr.Workers = append(tr.Workers, trace.Worker{Slot: int32(i), FirstTask: trace.Time(10-i) * s})
	}
	tr.Workers = append(tr.Workers, trace.Worker{Slot: 10, FirstTask: no}) // never; slot 11 is empty
	got := StartupOf(tr)
	want := Startup{First: 1, P50: 5, P90: 9, P99: 10, Last: 10, Workers: 10, Without: 2, Rate: 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// A first task that was not recorded is taken from the attempts.
	tr.Chunks = []trace.Chunk{{Worker: 10}}
	tr.Attempts = []trace.Attempt{{FuncStart: 21 * s}, {FuncStart: 19 * s}, {FuncStart: no}}
	got = StartupOf(tr)
	want = Startup{First: 1, P50: 6, P90: 10, P99: 19, Last: 19, Workers: 11, Without: 1, Rate: 10.0 / 18}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := StartupOf(&trace.Trace{Slots: 3}); got != (Startup{Without: 3}) {
		t.Errorf("no workers: %+v", got)
	}
}

func TestMedianStartup(t *testing.T) {
	got := medianStartup([]Startup{
		{First: 1, P50: 2, P90: 3, P99: 4, Last: 5, Workers: 4, Rate: 0.75},
		{First: 3, P50: 4, P90: 5, P99: 6, Last: 7, Workers: 3, Without: 1, Rate: 0.5},
		{Without: 4}, // no worker ran: no say in the times
	})
	want := Startup{First: 2, P50: 3, P90: 4, P99: 5, Last: 6, Workers: 3, Without: 1, Rate: 0.625}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMETG(t *testing.T) {
	for _, test := range []struct {
		name   string
		points []EfficiencyAt
		want   float64
		ok     bool
	}{
		// From 0.4 at 10 to 0.8 at 20, a quarter of the way reaches 0.5.
		{"between two sizes", []EfficiencyAt{{10, 0.4}, {40, 0.95}, {20, 0.8}, {5, 0.1}}, 12.5, true},
		{"a size at the target itself", []EfficiencyAt{{10, 0.2}, {20, 0.5}, {40, 0.9}}, 20, true},
		// Down from 40 the first fall is between 40 and 20.
		{"a dip decides", []EfficiencyAt{{10, 0.6}, {20, 0.4}, {40, 0.8}}, 25, true},
		{"all reach it: a bound", []EfficiencyAt{{20, 0.9}, {10, 0.7}}, 10, false},
		{"none reaches it", []EfficiencyAt{{10, 0.1}, {20, 0.3}}, math.NaN(), false},
		{"no points", nil, math.NaN(), false},
	} {
		got, ok := METG(test.points, 0.5)
		if ok != test.ok || !cmp.Equal(got, test.want, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)) {
			t.Errorf("%s: %v, %v, want %v, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}
