package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// drawn is what is random of a replication and does not depend on the order of
// its events: drawn by index of task and slot, so that scenarios that differ
// in something else meet the same tasks and workers.
type drawn struct {
	times     []float64 // of tasks
	in, out   []float64 // sizes of tasks' inputs and results; nil: of no size
	delays    []float64 // of the first worker of each slot
	factors   []float64
	requests  []float64 // of a sample: when each slot's worker is requested
	slowdown  []float64 // by the number of workers at work
	sample    sampleDraw
	order     []int32 // scratch
	scores    []float64
	delayGrow float64
}

// all draws everything for a replication.
func (d *drawn) all(s *Scenario, rngs *[forNetwork + 1]*rand.Rand) {
	if s.Sample != nil {
		d.sampled(s, rngs)
		return
	}
	d.tasks(s, rngs[forTasks])
	p := &s.Provisioning
	d.delayGrow = 1 + p.DelayGrowth*float64(s.Workers)
	d.delays, d.factors = resize(d.delays, s.Workers), resize(d.factors, s.Workers)
	for i := range d.delays {
		switch {
		case len(p.Delays) > 0:
			d.delays[i] = p.Delays[i]
		default:
			d.delays[i] = d.delay(p, rngs[forStarts])
		}
	}
	for i := range d.factors {
		d.factors[i] = 1
		if s.Speed.Factor != nil {
			d.factors[i] = s.Speed.Factor.Draw(rngs[forSpeeds])
		}
	}
	if c := s.Speed.StartCorrelation; c != 0 {
		d.couple(c, rngs[forSpeeds])
	}
	if d.slowdown == nil {
		d.slowdown = s.Slowdown.table(s.Workers)
	}
}

// delay draws a start delay.
func (d *drawn) delay(p *Provisioning, rng *rand.Rand) float64 {
	return p.Latency + drawOr(p.Delay, rng)*d.delayGrow
}

// tasks draws times and sizes.
func (d *drawn) tasks(s *Scenario, rng *rand.Rand) {
	t := &s.Tasks
	if len(t.Times) > 0 {
		d.times = t.Times
	} else {
		d.times = resize(d.times, t.Count)
		for i := range d.times {
			d.times[i] = t.Time.Draw(rng)
		}
	}
	d.in, d.out = drawAll(d.in, t.In, t.Count, rng), drawAll(d.out, t.Out, t.Count, rng)
}

func drawAll(to []float64, d Dist, n int, rng *rand.Rand) []float64 {
	if d == nil {
		return nil
	}
	to = resize(to, n)
	for i := range to {
		to[i] = d.Draw(rng)
	}
	return to
}

// couple puts factors into an order in which their ranks are correlated with
// those of the delays (Iman and Conover, "A distribution-free approach to
// inducing rank correlation among input variables", Communications in
// Statistics B11, 1982): normal scores of the delays' ranks, and scores that
// are correlated with them, decide.
func (d *drawn) couple(rank float64, rng *rand.Rand) {
	r := 2 * math.Sin(math.Pi/6*rank) // the correlation of normals with this rank correlation
	n := len(d.delays)
	d.order, d.scores = resize(d.order, n), resize(d.scores, n)
	normals := make([]float64, n)
	for i := range normals {
		normals[i] = rng.NormFloat64()
	}
	slices.Sort(normals)
	d.ranks(d.delays)
	for k, i := range d.order {
		d.scores[i] = r*normals[k] + math.Sqrt(1-r*r)*rng.NormFloat64()
	}
	d.ranks(d.scores)
	factors := normals // done with
	copy(factors, d.factors)
	slices.Sort(factors)
	for k, i := range d.order {
		d.factors[i] = factors[k]
	}
}

// ranks fills order with the indices of values, the smallest value first.
func (d *drawn) ranks(values []float64) {
	for i := range d.order {
		d.order[i] = int32(i)
	}
	slices.SortFunc(d.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(values[a], values[b]), cmp.Compare(a, b))
	})
}

// table returns the slowdown by the number of workers at work, from 0 to n.
func (s *Slowdown) table(n int) []float64 {
	t := make([]float64, n+1)
	for k := range t {
		x := float64(max(k, 1))
		t[k] = 1 + s.Contention*(x-1) + s.Coherency*x*(x-1)
		if s.Base > 0 {
			t[k] *= math.Pow(x/s.Base, s.Exponent)
		}
	}
	return t
}
