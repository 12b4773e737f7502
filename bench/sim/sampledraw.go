package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// sampleDraw is what a replication draws from a sample.
type sampleDraw struct {
	trial   *SampleTrial
	workers []int32   // which of the trial's each slot's first worker is like
	delays  []float64 // their start delays
	same    float64   // Sample.SameWorker of this replication
	factor  float64   // slowdown
	runs    tail      // of task times
	later   []int32   // tasks that were not the first of a worker
	weights []float64 // cumulative, of workers; nil: all alike
}

// sampled draws a replication of a sample.
func (d *drawn) sampled(s *Scenario, rngs *[forNetwork + 1]*rand.Rand) {
	rng := rngs[forParameters]
	sample := s.Sample
	d.sample.draw(s, &sample.Trials[rng.IntN(len(sample.Trials))], rng, rngs[forStarts])
	d.requests = d.sample.requests(d.requests, s.Workers, rngs[forStarts])
	d.times, d.in, d.out = nil, nil, nil
}

// draw chooses parameters, and workers for slots.
func (d *sampleDraw) draw(s *Scenario, t *SampleTrial, parameters, starts *rand.Rand) {
	if d.trial != t {
		d.trial, d.later = t, t.laterTasks()
	}
	n := t.scale()
	d.same = s.Sample.SameWorker
	if u := parameters.Float64(); math.IsNaN(d.same) {
		d.same = u
	}
	d.factor = s.Sample.Slowdown.draw(t, s.Workers, parameters)
	d.weights, d.runs = nil, tail{}
	var late tail
	slope := 0.0
	if s.Workers > n {
		d.weights = dirichlet(n, parameters)
		late = newTail(t.delays(), parameters)
		slope = t.trend(parameters)
	}
	if s.Tasks.Count > len(t.Tasks) {
		d.runs = newTail(t.runs(), parameters)
	}
	d.workers, d.delays = resize(d.workers, s.Workers), resize(d.delays, s.Workers)
	for i := range d.workers {
		k := d.near(i, starts)
		d.workers[i] = k
		d.delays[i] = late.draw(t.Workers[k].Delay, starts)
		if i >= n {
			d.delays[i] += slope * float64(i-int(k))
		}
	}
}

// near returns a worker that was requested at about the same place in the
// order as slot i, within the square root of their number; one of all for slots
// beyond those that were seen. Places beyond either end are mirrored, so that
// each worker is drawn as often as any other.
func (d *sampleDraw) near(i int, rng *rand.Rand) int32 {
	n := d.trial.scale()
	if i >= n {
		return d.any(rng)
	}
	w := int(math.Round(math.Sqrt(float64(n))))
	k := i - w + rng.IntN(2*w+1)
	for k < 0 || k >= n {
		if k < 0 {
			k = -1 - k
		}
		if k >= n {
			k = 2*n - 1 - k
		}
	}
	return int32(k)
}

// any returns one of all workers, by their weights.
func (d *sampleDraw) any(rng *rand.Rand) int32 {
	if d.weights == nil {
		return int32(rng.IntN(d.trial.scale()))
	}
	u := rng.Float64() * d.weights[len(d.weights)-1]
	k, _ := slices.BinarySearch(d.weights, u)
	return int32(min(k, len(d.weights)-1))
}

// task returns what a slot's next task is like: the first is that of the worker
// that its worker is like, a later one another of that worker's, or any.
func (d *sampleDraw) task(e *engine, own *sampledSlot, first bool) SampleTask {
	t, w := d.trial, d.trial.Workers[own.worker]
	rng := e.rngs[forTasks]
	switch {
	case w.Count > 0 && first:
		return t.Tasks[w.First]
	case w.Count > 1 && rng.Float64() < d.same:
		return t.Tasks[int(w.First)+1+rng.IntN(int(w.Count)-1)]
	case w.Count == 1 && rng.Float64() < d.same:
		return t.Tasks[w.First]
	case len(d.later) > 0:
		return t.Tasks[d.later[rng.IntN(len(d.later))]]
	}
	return t.Tasks[rng.IntN(len(t.Tasks))]
}

// run is the time of a task like one that took seen.
func (d *sampleDraw) run(e *engine, seen float64) float64 { return d.runs.draw(seen, e.rngs[forTasks]) }

// requests returns when each slot's worker is requested: as it was seen, and
// beyond that in intervals like those that were seen.
func (d *sampleDraw) requests(to []float64, workers int, rng *rand.Rand) []float64 {
	seen := d.trial.Requests
	to = append(to[:0], seen[:min(workers, len(seen))]...)
	for len(to) < workers {
		gap := 0.0
		if n := len(seen) - 1; n > 0 {
			k := rng.IntN(n)
			gap = seen[k+1] - seen[k]
		}
		to = append(to, to[len(to)-1]+gap)
	}
	return to
}

// laterTasks returns the tasks that were not the first of their worker.
func (t *SampleTrial) laterTasks() []int32 {
	var later []int32
	for _, w := range t.Workers {
		for k := int32(1); k < w.Count; k++ {
			later = append(later, w.First+k)
		}
	}
	return later
}

func (t *SampleTrial) delays() []float64 {
	delays := make([]float64, len(t.Workers))
	for i, w := range t.Workers {
		delays[i] = w.Delay
	}
	return delays
}

func (t *SampleTrial) runs() []float64 {
	runs := make([]float64, len(t.Tasks))
	for i, k := range t.Tasks {
		runs[i] = k.Run
	}
	return runs
}

// spread is the standard deviation of the logarithm of task times; of those
// that took no time, it knows nothing.
func (t *SampleTrial) spread() float64 {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, k := range t.Tasks {
		if k.Run > 0 {
			l := math.Log(k.Run)
			n, sum, squares = n+1, sum+l, squares+l*l
		}
	}
	if n < 2 {
		return 0
	}
	return math.Sqrt(max(0, squares-sum*sum/n) / (n - 1))
}

// trendPairs is how many slopes the median is taken of.
const trendPairs = 2001

// trend draws the slope of start delays over the order of requests, in seconds
// a worker: the median slope of pairs (Theil and Sen) of workers that are drawn
// anew. A falling trend does not go on: it is 0.
func (t *SampleTrial) trend(rng *rand.Rand) float64 {
	n := len(t.Workers)
	if n < 3 {
		return 0
	}
	drawn := make([]int, n)
	for i := range drawn {
		drawn[i] = rng.IntN(n)
	}
	slopes := make([]float64, 0, trendPairs)
	for tries := 0; len(slopes) < trendPairs && tries < 4*trendPairs; tries++ {
		a, b := drawn[rng.IntN(n)], drawn[rng.IntN(n)]
		if a != b {
			slopes = append(slopes, (t.Workers[a].Delay-t.Workers[b].Delay)/float64(a-b))
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	slices.Sort(slopes)
	return max(0, slopes[len(slopes)/2])
}

// draw returns what task times are multiplied by on so many workers. Where it
// was not measured, workers that do the same thing show by how much what
// surrounds them changes their times; a crowd that is ten times as large is
// taken for one more such surrounding, which slows down, and one that is
// smaller for one that does the opposite.
func (s *SampleSlowdown) draw(t *SampleTrial, workers int, rng *rand.Rand) float64 {
	z := rng.NormFloat64() // drawn in any case, so that what follows does not depend on it
	ratio := float64(workers) / float64(t.scale())
	if ratio == 1 {
		return 1
	}
	if s.Known {
		return math.Pow(ratio, s.Exponent+z*s.Error)
	}
	return math.Exp(math.Abs(z) * t.spread() * math.Log10(ratio))
}

// tail draws values that are rarer than those that were seen: the largest are
// exponential over the least of them (peaks over threshold; Coles, An
// Introduction to Statistical Modeling of Extreme Values, chapter 4, with a
// shape of 0). The zero value leaves all values as they are.
type tail struct {
	from, mean float64
}

// newTail fits the ceil(sqrt n) largest of values, and draws the mean of their
// excess from its inverse gamma distribution.
func newTail(values []float64, rng *rand.Rand) tail {
	k := int(math.Ceil(math.Sqrt(float64(len(values)))))
	u := gamma(float64(max(k-1, 1)), rng)
	if k < 3 { // too few to see a tail
		return tail{}
	}
	slices.SortFunc(values, func(a, b float64) int { return cmp.Compare(b, a) })
	from, sum := values[k-1], 0.0
	for _, v := range values[:k-1] {
		sum += v - from
	}
	return tail{from, sum / u}
}

// draw returns v, or where it is in the tail another value of the tail.
func (t tail) draw(v float64, rng *rand.Rand) float64 {
	if t.mean == 0 || v < t.from {
		return v
	}
	return t.from + t.mean*rng.ExpFloat64()
}

// dirichlet returns cumulative weights of n values, drawn so that all weights
// are equally likely (the Bayesian bootstrap; Rubin, Annals of Statistics 9,
// 1981).
func dirichlet(n int, rng *rand.Rand) []float64 {
	weights := make([]float64, n)
	sum := 0.0
	for i := range weights {
		sum += rng.ExpFloat64()
		weights[i] = sum
	}
	return weights
}

// gamma draws from the gamma distribution of a shape of 1 or more and scale 1
// (Marsaglia and Tsang, "A simple method for generating gamma variables", ACM
// TOMS 26, 2000).
func gamma(shape float64, rng *rand.Rand) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if u := rng.Float64(); math.Log(u) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
