package sim

import (
	"math"
	"slices"

	"corecast/bench/cost"
	"corecast/results"
)

// Outcome is what came of one replication. Times are in seconds since the job
// was submitted.
type Outcome struct {
	// Replication is its number, by which it can be simulated again.
	Replication int
	// Makespan is when the last task was settled, at the driver.
	Makespan float64
	// FirstStart, P50Start, … are when workers began their first task:
	// nearest-rank percentiles over the workers that had one.
	FirstStart, P50Start, P90Start, P99Start, LastStart float64
	// WorkersUsed is how many workers ran a task, replacements included.
	WorkersUsed int
	// WorkersLost died, FailedStarts never came to be ready.
	WorkersLost, FailedStarts int
	// Failed counts tasks without a result, Repeated attempts after failures
	// and losses, Copies those beside running ones.
	Failed, Repeated, Copies int
	// Busy is the time of accepted attempts, Lost that of others, Lived that
	// between ready and end, summed over workers; in worker-seconds.
	Busy, Lost, Lived float64
	// Requests is how many requests the store had.
	Requests int
	// Cost is in USD by the scenario's price list; NaN without one.
	Cost float64
	// CostWarnings say what the cost leaves out.
	CostWarnings []results.Warning
}

// finish sums a replication up.
func (e *engine) finish() Outcome {
	o := e.out
	starts := e.scratch[:0]
	for i := range e.lives {
		l := &e.lives[i]
		if math.IsInf(l.ends, 1) {
			l.ends = o.Makespan
		}
		if l.ready < l.ends {
			o.Lived += l.ends - l.ready
		}
		if l.first <= o.Makespan {
			starts = append(starts, l.first)
		}
	}
	e.scratch = starts
	slices.Sort(starts)
	if o.WorkersUsed = len(starts); o.WorkersUsed > 0 {
		o.FirstStart, o.LastStart = starts[0], starts[len(starts)-1]
		o.P50Start, o.P90Start, o.P99Start = nearestRank(starts, 50), nearestRank(starts, 90), nearestRank(starts, 99)
	}
	o.Requests += e.s.polls(o.Makespan)
	e.bill(&o)
	return o
}

// nearestRank is the smallest of sorted values that at least so many percent of
// them do not exceed.
func nearestRank(sorted []float64, percent float64) float64 {
	k := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[min(max(k, 1), len(sorted))-1]
}

// bill tells what workers and requests cost.
func (e *engine) bill(o *Outcome) {
	o.Cost = math.NaN()
	b := &e.s.Billing
	if b.Price == nil {
		return
	}
	workers := make([]cost.Worker, 0, len(e.lives))
	for i := range e.lives {
		if seconds := e.s.billed(&e.lives[i], o.Makespan); seconds > 0 {
			workers = append(workers, cost.Worker{Seconds: seconds, VCPU: e.s.vcpu(), Memory: e.s.Memory})
		}
	}
	bill := b.Price.Bill(workers, e.s.usage(o))
	o.Cost, o.CostWarnings = bill.USD, bill.Warnings
}

// billed is what a worker is billed for: from Billing.StartUp before it is
// ready to its end, before the list's rounding.
func (s *Scenario) billed(l *life, makespan float64) float64 {
	end := min(l.ends, makespan)
	if l.ready >= end {
		return 0
	}
	return end - max(l.requested, l.ready-s.Billing.StartUp)
}

// usage is what is billed besides workers' time: of the store's requests half
// are reads and half writes, but for the driver's looks for results, which are
// lists.
func (s *Scenario) usage(o *Outcome) []results.Usage {
	if o.Requests == 0 {
		return nil
	}
	polls := s.polls(o.Makespan)
	chunks := float64(o.Requests-polls) / 2
	return []results.Usage{
		{Item: cost.ItemClassA, Quantity: chunks + float64(polls)},
		{Item: cost.ItemClassB, Quantity: chunks},
	}
}

// polls is how often the driver looks into the store for results.
func (s *Scenario) polls(makespan float64) int {
	if s.Driver.Poll <= 0 || !s.Store.used() {
		return 0
	}
	return int(makespan / s.Driver.Poll)
}
