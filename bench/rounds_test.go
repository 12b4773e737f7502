package bench

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/metrics"
	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/trace"
	"corecast/workloads"
)

// TestRoundsAreOneJob: a search in several rounds leaves one trace, whose parts
// fill all slots to the end, and gives the same answer on goroutines and on
// processes as in a plain loop.
func TestRoundsAreOneJob(t *testing.T) {
	w := workloads.NewHyperSweep()
	w.Search, w.Trials, w.Rows, w.Folds = "halving", 6, 150, 3
	j, err := w.Prepare(t.Context(), workloads.Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want, err := j.Serial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]runner.Launcher{
		"1 goroutine": runner.InProc(1), "3 goroutines": runner.InProc(3), "2 processes": local.New(2, local.Options{}),
	} {
		t.Run(name, func(t *testing.T) {
			pool := runner.NewPool(l)
			defer pool.Close()
			for range 2 { // cold, then warm
				var traces []*trace.Trace
				o := runner.JobOptions{NoCopies: true, Trace: func(x *trace.Trace) { traces = append(traces, x) }}
				got, err := j.Run(t.Context(), pool, o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(asJSON(t, want), asJSON(t, got)); diff != "" {
					t.Errorf("answer (-serial +fanned out):\n%s", diff)
				}
				if len(traces) != 1 {
					t.Fatalf("%d traces, want one of the whole job", len(traces))
				}
				checkWhole(t, traces[0], j.Tasks(), l.Workers())
			}
		})
	}
}

// checkWhole checks a trace in which all went well.
func checkWhole(t *testing.T, x *trace.Trace, tasks, slots int) {
	t.Helper()
	if x.Tasks != tasks || len(x.Attempts) != tasks || len(x.Workers) != slots || x.Slots != slots {
		t.Fatalf("%d tasks, %d attempts, %d workers in %d slots; want %d and %d", x.Tasks, len(x.Attempts), len(x.Workers), x.Slots, tasks, slots)
	}
	seen := make(map[int32]bool)
	for _, a := range x.Attempts {
		seen[a.Task] = true
		if a.Outcome != trace.Done || a.FuncStart < 0 || a.FuncEnd > x.Makespan || a.FuncEnd < a.FuncStart {
			t.Errorf("attempt %+v within %v", a, x.Makespan)
		}
	}
	if len(seen) != tasks {
		t.Errorf("%d different tasks, want %d", len(seen), tasks)
	}
	parts, warnings, err := metrics.Partition(x)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if sum := parts.Startup + parts.Dispatch + parts.Transfer + parts.Idle + parts.Lost + parts.Busy; sum != trace.Time(slots)*x.Makespan || parts.Busy <= 0 {
		t.Errorf("%+v add up to %v, want %v", parts, sum, trace.Time(slots)*x.Makespan)
	}
}

func asJSON(t *testing.T, a workloads.Answer) string {
	t.Helper()
	data, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
