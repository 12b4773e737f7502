package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corecast/bench/metrics"
	"corecast/internal/clock"
	"corecast/runner"
)

// metgSpan is how much work a job of METG holds, over all workers; metgTasks
// bounds its tasks.
const (
	metgSpan  = 50 * time.Millisecond
	metgTasks = 200_000
)

// hold keeps a core busy for so many nanoseconds by the clock, and returns for
// how many it did.
func hold(ns int64) int64 {
	start := clock.Now()
	for {
		if held := clock.Now() - start; held >= ns {
			return held
		}
	}
}

// openMETG opens corecast's runner over a backend to find METG(50 %): jobs of
// ever shorter tasks on the ready pool, until efficiency (sum of task times
// over workers x wall time) falls below one half. What a run returns is METG,
// for each of its n tasks.
func openMETG(backend func(workers int) runner.Launcher) func(context.Context, settings) (*ready, error) {
	return func(ctx context.Context, s settings) (*ready, error) {
		f := newTasks().hold
		return warmed(ctx, backend(s.workers), func(ctx context.Context, p *runner.Pool, n int) (time.Duration, error) {
			var points []metrics.EfficiencyAt
			for each := 32 * time.Microsecond; each >= 16; each /= 2 {
				at, err := efficiency(ctx, p, f, each, s.workers)
				if err != nil {
					return 0, err
				}
				points = append(points, at)
				if at.Efficiency < 0.4 {
					break
				}
			}
			metg, ok := metrics.METG(points, 0.5)
			if !ok {
				return 0, fmt.Errorf("no task time down to %.0f ns falls below an efficiency of one half", points[len(points)-1].MeanTask*1e9)
			}
			return time.Duration(metg * 1e9 * float64(n)), nil
		})
	}
}

// efficiency runs one job of tasks of a length.
func efficiency(ctx context.Context, p *runner.Pool, f *runner.Func[int64, int64], each time.Duration, workers int) (metrics.EfficiencyAt, error) {
	in := make([]int64, min(metgTasks, int(metgSpan/each)*workers))
	for i := range in {
		in[i] = int64(each)
	}
	out, took, err := timedMap(ctx, p, f, in, runner.JobOptions{})
	if err != nil {
		return metrics.EfficiencyAt{}, err
	}
	busy := int64(0)
	for _, held := range out {
		if held < int64(each) {
			err = errors.Join(err, fmt.Errorf("a task of %v took %d ns", each, held))
		}
		busy += held
	}
	return metrics.EfficiencyAt{
		MeanTask: float64(busy) / 1e9 / float64(len(in)), Efficiency: float64(busy) / float64(int64(workers)*int64(took)),
	}, err
}
