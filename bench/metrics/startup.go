package metrics

import (
	"slices"

	"github.com/montanaflynn/stats"

	"corecast/runner/trace"
)

// StartupTimes returns first_task - job submitted in seconds for each worker
// of t that ran a task, in rising order, and how many never did: workers
// without a task, and slots that never had a worker. A replacement's time
// counts from the job's submission too. Where a worker's first task was not
// recorded, the first start among its attempts stands for it.
func StartupTimes(t *trace.Trace) (seconds []float64, without int) {
	firsts, filled := firstTasks(t), make([]bool, max(t.Slots, 0))
	for i, first := range firsts {
		if s := t.Workers[i].Slot; s >= 0 && int(s) < len(filled) {
			filled[s] = true
		}
		if first.Known() {
			seconds = append(seconds, first.Seconds())
		} else {
			without++
		}
	}
	for _, f := range filled {
		if !f {
			without++
		}
	}
	slices.Sort(seconds)
	return seconds, without
}

func firstTasks(t *trace.Trace) []trace.Time {
	firsts := make([]trace.Time, len(t.Workers))
	missing := false
	for i := range t.Workers {
		firsts[i] = t.Workers[i].FirstTask
		missing = missing || !firsts[i].Known()
	}
	if !missing {
		return firsts
	}
	for i := range t.Attempts {
		start, k := t.Attempts[i].FuncStart, t.WorkerOf(i)
		if start.Known() && !t.Workers[k].FirstTask.Known() {
			firsts[k] = min(firsts[k].Or(start), start)
		}
	}
	return firsts
}

// StartupOf returns the start-up of one trial: nearest-rank percentiles over
// the workers that ran a task (the smallest time that at least that share of
// them had reached), and the provisioning rate. Workers without a task are
// counted, not imputed; all times are 0 when no worker ran one.
func StartupOf(t *trace.Trace) Startup {
	seconds, without := StartupTimes(t)
	s := Startup{Workers: len(seconds), Without: without}
	if len(seconds) == 0 {
		return s
	}
	s.First, s.Last = seconds[0], seconds[len(seconds)-1]
	s.P50, s.P90, s.P99 = rank(seconds, 50), rank(seconds, 90), rank(seconds, 99)
	if s.Last > s.First {
		s.Rate = float64(len(seconds)-1) / (s.Last - s.First)
	}
	return s
}

// rank is the nearest-rank percentile of values, which are not empty.
func rank(values []float64, percent float64) float64 {
	v, err := stats.PercentileNearestRank(values, percent)
	if err != nil { // only for no values, or a percentage out of range
		panic(err)
	}
	return v
}

// medianStartup is the median over trials of each figure, the lower one for
// counts. Trials in which a figure is not defined (times without a worker that
// ran a task, a rate of one worker) have no say in it.
func medianStartup(trials []Startup) Startup {
	over := func(of func(*Startup) float64, defined func(*Startup) bool) float64 {
		var values []float64
		for i := range trials {
			if defined(&trials[i]) {
				values = append(values, of(&trials[i]))
			}
		}
		if len(values) == 0 {
			return 0
		}
		return median(values)
	}
	ran := func(s *Startup) bool { return s.Workers > 0 }
	return Startup{
		First:   over(func(s *Startup) float64 { return s.First }, ran),
		P50:     over(func(s *Startup) float64 { return s.P50 }, ran),
		P90:     over(func(s *Startup) float64 { return s.P90 }, ran),
		P99:     over(func(s *Startup) float64 { return s.P99 }, ran),
		Last:    over(func(s *Startup) float64 { return s.Last }, ran),
		Rate:    over(func(s *Startup) float64 { return s.Rate }, func(s *Startup) bool { return s.Rate > 0 }),
		Workers: lowerMedianCount(trials, func(s *Startup) int { return s.Workers }),
		Without: lowerMedianCount(trials, func(s *Startup) int { return s.Without }),
	}
}

func lowerMedianCount(trials []Startup, of func(*Startup) int) int {
	if len(trials) == 0 {
		return 0
	}
	counts := make([]int, len(trials))
	for i := range trials {
		counts[i] = of(&trials[i])
	}
	slices.Sort(counts)
	return counts[(len(counts)-1)/2]
}
