package sim

import (
	"context"
	"fmt"

	"corecast/results"
	"corecast/runner/trace"
)

// Record simulates the first replications of a scenario again and writes them
// to a run as trials of kind simulated, the first with index first, each with
// the trace of all workers and tasks. The point names what they are of; its
// cores and size are set here. It returns the index behind the last.
func Record(ctx context.Context, w *results.Writer, s *Scenario, o Options, replications, first int, point results.Point) (int, error) {
	point.Cores, point.Size = s.Cores(), int64(s.Tasks.Count)
	for r := range min(replications, o.replications()) {
		t, outcome, err := Trace(ctx, s, o.Seed, r)
		if err != nil {
			return first, err
		}
		trial := results.Trial{
			Index: first, Point: point, Role: results.RoleTrial, Rep: r, Kind: results.Simulated, Seed: o.Seed,
			Tasks: s.Tasks.Count, Slots: s.Workers, VCPU: s.vcpu(), Makespan: t.Makespan, Failed: outcome.Failed,
			DriverCPU: trace.Unknown, Before: noLoad(), During: noLoad(), Usage: s.usage(&outcome), Warnings: s.Warnings,
		}
		if err := w.Trial(trial, t); err != nil {
			return first, fmt.Errorf("record replication %d: %w", r, err)
		}
		first++
	}
	return first, nil
}

// noLoad is that of a machine that was not there.
func noLoad() results.Load {
	return results.Load{Load1: -1, Busy: -1, Steal: -1, Throttled: trace.Unknown, Window: trace.Unknown}
}
