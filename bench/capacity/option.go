package capacity

import (
	"cmp"
	"math"
	"slices"

	"corecast/results"
)

// Quantiles are of equally likely outcomes.
type Quantiles struct {
	Median float64 `json:"median"`
	// Lo and Hi hold the wished confidence between them, and With is what is
	// not exceeded with that confidence.
	Lo   float64 `json:"lo"`
	Hi   float64 `json:"hi"`
	With float64 `json:"with_confidence"`
}

// newQuantiles sorts values in place.
func newQuantiles(values []float64, confidence float64) Quantiles {
	slices.Sort(values)
	return Quantiles{
		Median: quantile(values, 0.5), Lo: quantile(values, (1-confidence)/2),
		Hi: quantile(values, 1-(1-confidence)/2), With: quantile(values, confidence),
	}
}

// quantile is the order statistic of sorted values that a further value does
// not exceed with probability q at least; beyond the values, the last one.
func quantile(sorted []float64, q float64) float64 {
	k := int(math.Ceil(q * float64(len(sorted)+1)))
	return sorted[min(max(k, 1), len(sorted))-1]
}

// Option is a core count with what is forecast of it.
type Option struct {
	Cores   int     `json:"cores"`
	Workers int     `json:"workers"`
	VCPU    float64 `json:"vcpu"`
	// Memory of each worker in bytes; 0: no limit.
	Memory int64 `json:"memory_bytes"`
	// Waves is in how many goes the quota lets the workers run, 1 where all run
	// at a time; beyond 1 the figures are of the quota raised.
	Waves    int       `json:"waves"`
	Makespan Quantiles `json:"makespan_s"`
	// Cost is nil without a price list.
	Cost        *Quantiles `json:"cost_usd"`
	CoreSeconds float64    `json:"core_s"`
	// OnTime is the probability of meeting the deadline, InBudget that of
	// keeping the budget; nil where there is none.
	OnTime   *float64 `json:"on_time"`
	InBudget *float64 `json:"in_budget"`
	// Pareto is set where no other option is both faster and cheaper.
	Pareto bool         `json:"pareto"`
	Kind   results.Kind `json:"kind"`

	draws    int
	warnings []results.Warning
}

// option sums draws up.
func (p *Place) option(workers int, d Draws, w *Wish) Option {
	o := Option{
		Cores: p.cores(workers), Workers: workers, VCPU: p.VCPU, Memory: p.Memory, Waves: 1,
		Kind: results.Simulated, draws: len(d.Makespan), warnings: d.Warnings,
	}
	if p.Limit > 0 {
		o.Waves = (workers + p.Limit - 1) / p.Limit
	}
	if w.Deadline > 0 {
		o.OnTime = share(d.Makespan, w.Deadline)
	}
	o.Makespan = newQuantiles(d.Makespan, w.Confidence)
	if d.Cost != nil {
		if w.Budget > 0 {
			o.InBudget = share(d.Cost, w.Budget)
		}
		q := newQuantiles(d.Cost, w.Confidence)
		o.Cost = &q
	}
	slices.Sort(d.CoreSeconds)
	o.CoreSeconds = quantile(d.CoreSeconds, 0.5)
	return o
}

// share is that of values up to a limit.
func share(values []float64, limit float64) *float64 {
	n := 0
	for _, v := range values {
		if v <= limit {
			n++
		}
	}
	s := float64(n) / float64(len(values))
	return &s
}

// meets reports whether an option keeps the deadline as wished.
func (o *Option) meets(w *Wish) bool { return w.Deadline == 0 || o.Makespan.With <= w.Deadline }

// affords reports whether an option keeps the budget as wished.
func (o *Option) affords(w *Wish) bool {
	return w.Budget == 0 || o.Cost != nil && o.Cost.With <= w.Budget
}

// price is what options are ordered by: USD, or core-seconds without prices.
func (o *Option) price() float64 {
	if o.Cost != nil {
		return o.Cost.Median
	}
	return o.CoreSeconds
}

// allowed reports whether an option can be had without a larger quota.
func (o *Option) allowed() bool { return o.Waves <= 1 }

// best returns the index of the option that is least by a figure among those
// that pass; -1 when none does. Of equals the one with fewer cores is taken.
func best(options []Option, figure func(*Option) float64, pass func(*Option) bool) int {
	at := -1
	for i := range options {
		o := &options[i]
		if pass(o) && (at < 0 || figure(o) < figure(&options[at])) {
			at = i
		}
	}
	return at
}

// markPareto marks the options that no other allowed one beats in both median
// time and price.
func markPareto(options []Option) {
	order := make([]int, 0, len(options))
	for i := range options {
		if options[i].allowed() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(options[a].Makespan.Median, options[b].Makespan.Median), cmp.Compare(options[a].price(), options[b].price()))
	})
	cheapest := math.Inf(1)
	for _, i := range order {
		if options[i].price() < cheapest {
			cheapest, options[i].Pareto = options[i].price(), true
		}
	}
}

// front returns the indices of the Pareto front, from the cheapest on.
func front(options []Option) []int {
	var list []int
	for i := range options {
		if options[i].Pareto {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(options[a].price(), options[b].price()) })
	return list
}

// balanced returns the option of the front with the smallest product of time
// and price: one that is 1 % faster and 1 % dearer is as good. -1 without any.
func balanced(options []Option) int {
	return best(options, func(o *Option) float64 { return o.Makespan.Median * o.price() }, func(o *Option) bool { return o.Pareto })
}

// knee returns the option of the front that is furthest below the line between
// its ends, both axes logarithmic and scaled to 1 (Satopaa et al., "Finding a
// Kneedle in a Haystack", 2011); -1 when the front has less than three.
func knee(options []Option) int {
	list := front(options)
	if len(list) < 3 {
		return -1
	}
	place := func(i int) (x, y float64) {
		first, last := &options[list[0]], &options[list[len(list)-1]]
		scale := func(v, lo, hi float64) float64 { return math.Log(v/lo) / math.Log(hi/lo) }
		return scale(options[i].price(), first.price(), last.price()), scale(options[i].Makespan.Median, last.Makespan.Median, first.Makespan.Median)
	}
	at, furthest := -1, 0.0
	for _, i := range list {
		if x, y := place(i); 1-x-y > furthest {
			at, furthest = i, 1-x-y
		}
	}
	return at
}
