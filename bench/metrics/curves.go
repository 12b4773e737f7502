package metrics

import (
	"cmp"
	"math"
	"slices"

	"corecast/runner/trace"
)

// Step is a step of a curve: from At on, Running tasks were running.
type Step struct {
	At      trace.Time
	Running int
}

// Concurrency returns how many tasks were running over time, as steps in
// rising order of time, one for each moment at which the number changes. An
// attempt runs for as long as its busy or lost cut lasts (see Partition), so
// nothing after the makespan counts but accepted attempts whose clocks say so.
// Cuts that run backwards are left out.
func Concurrency(t *trace.Trace) ([]Step, error) {
	var changes []Step
	err := Cuts(t, func(c Cut) {
		if c.Attempt >= 0 && c.From < c.To {
			changes = append(changes, Step{c.From, 1}, Step{c.To, -1})
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(changes, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	steps, running := changes[:0], 0
	for i := 0; i < len(changes); {
		at, before := changes[i].At, running
		for ; i < len(changes) && changes[i].At == at; i++ {
			running += changes[i].Running
		}
		if running != before {
			steps = append(steps, Step{at, running})
		}
	}
	return steps, nil
}

// Share is a step of an empirical distribution function: from Value on, Share
// (in 0 to 1) of the values have been reached.
type Share struct{ Value, Share float64 }

// ECDF returns the empirical distribution function of values, a step a
// distinct value, in rising order. For start-up times pass what StartupTimes
// returns; workers without a task are in no step.
func ECDF(values []float64) []Share {
	sorted := slices.Sorted(slices.Values(values))
	var steps []Share
	for i, v := range sorted {
		if i+1 < len(sorted) && sorted[i+1] == v {
			continue
		}
		steps = append(steps, Share{v, float64(i+1) / float64(len(sorted))})
	}
	return steps
}

// EfficiencyAt is the efficiency that was reached with tasks of a mean time.
type EfficiencyAt struct {
	// MeanTask is in seconds, Efficiency in 0 to 1.
	MeanTask, Efficiency float64
}

// METG returns the minimum effective task granularity: the smallest mean task
// time, in seconds, at which efficiency is still target (0.5 for METG(50 %)),
// by linear interpolation between the two sizes that bracket it; Slaughter et
// al., "Task Bench: A Parameterized Benchmark for Evaluating Parallel Runtime
// Performance" (SC'20). Going from long tasks to short ones, the first fall
// below the target decides: a size that reaches it again by chance does not.
//
// ok is false when no two sizes bracket it. Then metg is the smallest size
// measured when all reach the target, so an upper bound, and NaN when the
// longest tasks do not reach it or there are none.
func METG(points []EfficiencyAt, target float64) (metg float64, ok bool) {
	sorted := slices.SortedFunc(slices.Values(points), func(a, b EfficiencyAt) int {
		return cmp.Or(cmp.Compare(b.MeanTask, a.MeanTask), cmp.Compare(b.Efficiency, a.Efficiency))
	})
	metg = math.NaN()
	for i, p := range sorted {
		if p.Efficiency >= target {
			metg = p.MeanTask
			continue
		}
		if i == 0 {
			return math.NaN(), false
		}
		q := sorted[i-1] // the last size that still reached it
		share := (target - p.Efficiency) / (q.Efficiency - p.Efficiency)
		return p.MeanTask + share*(q.MeanTask-p.MeanTask), true
	}
	return metg, false
}
