package metrics

import (
	"fmt"
	"slices"

	"corecast/bench/cost"
	"corecast/results"
	"corecast/runner/trace"
)

// good returns the trials that gave an answer and, when none did, all whose
// time is known; at least one is.
func (c *cell) good() []*results.Trial {
	var good, timed []*results.Trial
	for _, t := range c.trials {
		if t.Makespan.Known() {
			timed = append(timed, t)
			if t.Error == "" {
				good = append(good, t)
			}
		}
	}
	if len(good) == 0 {
		return timed
	}
	return good
}

// answered reports whether any trial gave an answer.
func (c *cell) answered() bool { return c.good()[0].Error == "" }

func (c *cell) workers() int { return c.good()[0].Slots }

func makespans(trials []*results.Trial) []float64 {
	seconds := make([]float64, len(trials))
	for i, t := range trials {
		seconds[i] = t.Makespan.Seconds()
	}
	return seconds
}

// newPoint makes the figures of one cell.
func (g *group) newPoint(r *record, c *cell, o Options) (Point, error) {
	good := c.good()
	times := makespans(good)
	mid := good[LowerMedian(times)]
	p := Point{
		Cores: c.point.Cores, Workers: c.workers(), Trials: len(good), Tasks: mid.Tasks,
		Kind: c.kind, Label: c.label, Size: c.point.Size, Settings: c.point.Settings,
		MedianTrial: mid.Index, Answer: mid.Answer, Times: times,
	}
	var few []results.Warning
	p.Makespan, few = MedianInterval(times, o.Confidence)
	if err := p.fromTraces(r, c, good, o); err != nil {
		return Point{}, err
	}
	p.dispatchWall(c.dispatch)
	p.DriverCPUShare = driverShare(good)
	p.fromTrials(c, r, g.backend)
	p.Warnings = append(p.Warnings, few...)
	if c.answered() {
		p.speedup(c, g.baseOf(c), o.Confidence)
	}
	return p, nil
}

// fromTraces fills in what the task rows of the trials tell.
func (p *Point) fromTraces(r *record, c *cell, good []*results.Trial, o Options) error {
	folded := newFold(len(c.trials))
	var starts []Startup
	for _, trial := range c.trials {
		folded.add(trial.Index, trial.Warnings)
		t, err := r.trace(trial.Index)
		if err != nil {
			return fmt.Errorf("read the tasks of trial %d: %w", trial.Index, err)
		}
		if t == nil {
			folded.add(trial.Index, []results.Warning{noTrace()})
			continue
		}
		p.Lost += lostAttempts(t)
		if !slices.Contains(good, trial) {
			continue
		}
		parts, warnings, err := Partition(t)
		if err != nil {
			return fmt.Errorf("trial %d: %w", trial.Index, err)
		}
		folded.add(trial.Index, warnings)
		starts = append(starts, StartupOf(t))
		if trial.Index == p.MedianTrial {
			p.fromMedian(trial, t, parts, o.Price)
		}
	}
	p.Startup = medianStartup(starts)
	p.Warnings = append(p.Warnings, folded.list...)
	return nil
}

// fromMedian fills in what is shown of the median trial only.
func (p *Point) fromMedian(trial *results.Trial, t *trace.Trace, parts Parts, price *cost.Price) {
	cores := max(1, trial.VCPU) // a worker below one vCPU is one scaled core
	p.Overhead = parts.Overhead(cores)
	p.BusyCore = parts.Busy.Seconds() * cores
	if n := trial.Tasks - trial.Resumed; n > 0 {
		p.PerTaskOverhead = p.Overhead.Total / float64(n)
	}
	p.WorkerCPU = workerCPU(t)
	busy := (parts.Busy + parts.Lost).Seconds()
	p.Resources = resourcesOf(t, p.WorkerCPU, busy, trial.VCPU)
	p.Warnings = append(p.Warnings, p.Resources.doubts(busy)...)
	p.bill(trial, t, parts, price)
}

func lostAttempts(t *trace.Trace) int {
	n := 0
	for i := range t.Attempts {
		if t.Attempts[i].Outcome == trace.Lost {
			n++
		}
	}
	return n
}

// workerCPU adds the processor time of all workers that started; nil when one
// of them did not tell, since the sum would be too low.
func workerCPU(t *trace.Trace) *float64 {
	return seconds(overWorkers(t, func(w *trace.Worker) (int64, bool) { return int64(w.CPU), w.CPU.Known() }, plus))
}

// dispatchWall is the median over dispatch trials of makespan / tasks.
func (p *Point) dispatchWall(trials []*results.Trial) {
	var walls []float64
	for _, t := range trials {
		if t.Error == "" && t.Tasks > 0 {
			walls = append(walls, t.Makespan.Seconds()/float64(t.Tasks))
		}
	}
	if len(walls) > 0 {
		m := median(walls)
		p.DispatchWall = &m
	}
}

// driverShare is the median of the driver's processor time over the makespan.
func driverShare(trials []*results.Trial) float64 {
	var shares []float64
	for _, t := range trials {
		if t.DriverCPU.Known() && t.Makespan > 0 {
			shares = append(shares, t.DriverCPU.Seconds()/t.Makespan.Seconds())
		}
	}
	if len(shares) == 0 {
		return 0
	}
	return median(shares)
}
