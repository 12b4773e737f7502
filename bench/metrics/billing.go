package metrics

import (
	"corecast/bench/cost"
	"corecast/results"
	"corecast/runner/trace"
)

// bill fills in the cost and the useful share of the median trial: the tasks'
// core-seconds over the billed ones, or where nobody bills, over those that
// workers lived for.
func (p *Point) bill(trial *results.Trial, t *trace.Trace, parts Parts, price *cost.Price) {
	workers := billed(trial, t)
	var coreSeconds float64
	if price == nil {
		for _, w := range workers {
			coreSeconds += w.Seconds * w.VCPU
		}
	} else {
		b := price.Bill(workers, trial.Usage)
		coreSeconds = b.CoreSeconds
		p.Cost = &b.USD
		p.Warnings = append(p.Warnings, b.Warnings...)
	}
	if coreSeconds > 0 {
		share := parts.Busy.Seconds() * vcpu(trial.VCPU) / coreSeconds
		p.UsefulShare = &share
	}
}

// billed returns what each worker is billed for: what the platform says, or
// its life from its start to its end, or to the makespan when it outlived the
// job. A worker that was there before the job is this job's from its
// submission on.
func billed(trial *results.Trial, t *trace.Trace) []cost.Worker {
	workers := make([]cost.Worker, len(t.Workers))
	for i := range t.Workers {
		w := &t.Workers[i]
		share := w.VCPU
		if share <= 0 {
			share = vcpu(trial.VCPU)
		}
		workers[i] = cost.Worker{VCPU: share, Memory: w.MemoryLimit}
		if w.Billed.Known() {
			workers[i].Seconds, workers[i].Billed = w.Billed.Seconds(), true
		} else {
			workers[i].Seconds = life(w, t.Makespan).Seconds()
		}
	}
	return workers
}

func life(w *trace.Worker, makespan trace.Time) trace.Time {
	from := w.Started.Or(w.Ready)
	if !from.Known() {
		return 0
	}
	return max(0, w.Ended.Or(makespan)-max(0, from))
}

// vcpu is what a worker has where the record says; 1 where it does not.
func vcpu(recorded float64) float64 {
	if recorded <= 0 {
		return 1
	}
	return recorded
}
