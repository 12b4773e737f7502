package runner_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"corecast/bench/metrics"
	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/trace"
)

// sink collects what spills.
type sink struct {
	trace.Trace
	calls int
	fail  error
}

func (s *sink) Rows(r trace.Rows) error {
	s.calls++
	for i, text := range r.Errors {
		if s.Errors == nil {
			s.Errors = make(map[int]string)
		}
		s.Errors[len(s.Attempts)+i] = text
	}
	s.Chunks, s.Deliveries, s.Attempts = append(s.Chunks, r.Chunks...), append(s.Deliveries, r.Deliveries...), append(s.Attempts, r.Attempts...)
	return s.fail
}

// TestSpill holds that the rows of a long job go to its sink while it runs, and
// that with the rest they are its whole trace.
func TestSpill(t *testing.T) {
	const n = 700_000
	for _, b := range []runner.Launcher{runner.InProc(3), local.New(2, local.Options{})} {
		p := runner.NewPool(b)
		all := &sink{}
		var rest *trace.Trace
		o := runner.JobOptions{NoCopies: true, Trace: func(x *trace.Trace) { rest = x }, Spill: all}
		if _, err := runner.Map(t.Context(), p, nothing, make([]struct{}, n), o); err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if got := rest.Spilled; got.Attempts != len(all.Attempts) || got.Chunks != len(all.Chunks) || got.Deliveries != len(all.Deliveries) || all.calls < 1 {
			t.Fatalf("%s: %d calls spilled %+v, the sink has %d attempts", b.Name(), all.calls, got, len(all.Attempts))
		}
		spilled := len(all.Attempts)
		all.Rows(trace.Rows{Chunks: rest.Chunks, Deliveries: rest.Deliveries, Attempts: rest.Attempts})
		all.Tasks, all.Slots, all.Makespan, all.Workers = rest.Tasks, rest.Slots, rest.Makespan, rest.Workers
		if _, _, err := metrics.Partition(&all.Trace); err != nil || len(all.Attempts) != n || spilled < n/2 {
			t.Errorf("%s: %d attempts, %d of them spilled; %v", b.Name(), len(all.Attempts), spilled, err)
		}
		tasks := make(map[int32]bool, n)
		for _, a := range all.Attempts {
			tasks[a.Task] = true
		}
		if got := slices.Sorted(maps.Keys(tasks)); len(got) != n {
			t.Errorf("%s: rows of %d tasks", b.Name(), len(got))
		}
	}
}

// TestSpillFails holds that a sink that fails fails the job, whose results are
// there.
func TestSpillFails(t *testing.T) {
	p := runner.NewPool(runner.InProc(2))
	defer p.Close()
	full := errors.New("no space left")
	out, err := runner.Map(t.Context(), p, nothing, make([]struct{}, 600_000), runner.JobOptions{Trace: func(*trace.Trace) {}, Spill: &sink{fail: full}})
	if !errors.Is(err, full) || !strings.HasPrefix(err.Error(), "spill the trace: ") || len(out) != 600_000 {
		t.Errorf("%d results, %v", len(out), err)
	}
}
