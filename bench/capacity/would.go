package capacity

import (
	"context"
	"fmt"
	"math"
)

// Change is what would meet a wish that nothing meets as it stands.
type Change struct {
	// What is deadline_s, budget_usd, tasks, quota_workers or confidence; Value
	// is what it would have to be, and Cores with how many it is met then.
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Cores int     `json:"cores"`
	// Text says it for people, without units made readable.
	Text string `json:"text"`
}

// would lists what would meet the wish, nothing when an option meets all of it.
func (s *search) would(ctx context.Context, options []Option) ([]Change, error) {
	w := s.wish
	allowed := func(o *Option) bool { return o.allowed() }
	fits := func(o *Option) bool { return o.allowed() && o.meets(w) && o.affords(w) }
	if best(options, (*Option).price, fits) >= 0 {
		return nil, nil
	}
	var list []Change
	add := func(what string, value float64, o *Option, text string) {
		list = append(list, Change{What: what, Value: value, Cores: o.Cores, Text: text})
	}
	if w.Deadline > 0 {
		affordable := func(o *Option) bool { return o.allowed() && o.affords(w) }
		soonest := best(options, func(o *Option) float64 { return o.Makespan.With }, affordable)
		likeliest := likeliest(options, affordable)
		if soonest >= 0 {
			add("deadline_s", options[soonest].Makespan.With, &options[soonest], "a later deadline")
			add("confidence", *options[likeliest].OnTime, &options[likeliest], "less confidence: the likeliest to be in time")
			most, on := 0, 0
			for _, i := range []int{soonest, likeliest} {
				n, err := s.tasksInTime(ctx, options[i].Workers)
				if err != nil {
					return nil, err
				}
				if n > most {
					most, on = n, i
				}
			}
			if most > 0 {
				add("tasks", float64(most), &options[on], "fewer tasks in one job")
			}
		}
		wide := best(options, func(o *Option) float64 { return float64(o.Workers) }, func(o *Option) bool { return !o.allowed() && o.meets(w) && o.affords(w) })
		if wide >= 0 {
			add("quota_workers", float64(options[wide].Workers), &options[wide], "a larger quota: "+s.place.Quota)
		}
	}
	if w.Budget > 0 {
		if i := best(options, func(o *Option) float64 { return o.Cost.With }, func(o *Option) bool { return allowed(o) && o.meets(w) && o.Cost != nil }); i >= 0 {
			add("budget_usd", options[i].Cost.With, &options[i], "a larger budget")
		}
	}
	return list, nil
}

// likeliest returns the option of those that pass that is the most probable to
// be in time, of about equals the cheapest; -1 without any.
func likeliest(options []Option, pass func(*Option) bool) int {
	const alike = 0.02 // what some hundred draws cannot tell apart
	top := best(options, func(o *Option) float64 { return -*o.OnTime }, pass)
	if top < 0 {
		return top
	}
	return best(options, (*Option).price, func(o *Option) bool { return pass(o) && *o.OnTime >= *options[top].OnTime-alike })
}

// tasksInTime is how many tasks are in time on so many workers, by bisection;
// 0 when not even one is.
func (s *search) tasksInTime(ctx context.Context, workers int) (int, error) {
	inTime := func(tasks int) (bool, error) {
		d, err := s.place.Forecast(ctx, workers, tasks, s.coarse())
		if err != nil {
			return false, fmt.Errorf("forecast %d tasks on %d workers: %w", tasks, workers, err)
		}
		return newQuantiles(d.Makespan, s.wish.Confidence).With <= s.wish.Deadline, nil
	}
	lo, hi := 0, s.wish.Tasks // lo is in time, hi is not
	for hi-lo > max(1, s.wish.Tasks/64) {
		mid := (lo + hi) / 2
		ok, err := inTime(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo, nil
}

// Next is the core count to measure next.
type Next struct {
	Cores   int `json:"cores"`
	Workers int `json:"workers"`
	// For is the core count whose forecast it narrows; Width is how wide that
	// is now, as the share by which the makespan may be off either way, Then
	// what is expected after the measurement.
	For   int     `json:"for_cores"`
	Width float64 `json:"width"`
	Then  float64 `json:"width_then"`
	// Repeat is set when it has been measured: more repetitions would do.
	Repeat bool `json:"repeat"`
}

// next returns the core count whose measurement is expected to narrow the
// forecast of an option the most; of those that are about as good the smallest.
// The part of the width that is left is the doubt that no scale was measured
// nearer; what one run differs from the next by stays.
func (s *search) next(target *Option) *Next {
	p, measured := s.place, s.place.Measured()
	z := normalQuantile(1 - (1-s.wish.Confidence)/2)
	half := math.Log(target.Makespan.Hi/target.Makespan.Lo) / 2
	doubt := z * p.Doubt(target.Workers, measured)
	rest := max(half*half-doubt*doubt, math.Pow(z*p.Noise(), 2))
	width := func(workers int) float64 {
		d := z * p.Doubt(target.Workers, append(append([]int(nil), measured...), workers))
		return math.Exp(math.Sqrt(rest+d*d)) - 1
	}
	n := &Next{For: target.Cores, Width: math.Exp(math.Sqrt(rest+doubt*doubt)) - 1}
	n.Then = n.Width
	for _, c := range grid(max(1, s.most()), target.Workers, false) {
		if p.Limit > 0 && c > p.Limit {
			continue
		}
		if w := width(c); w < n.Then*0.98 {
			n.Then, n.Workers = w, c
		}
	}
	if n.Workers == 0 {
		n.Workers, n.Repeat = nearest(measured, target.Workers), true
	}
	n.Cores = p.cores(n.Workers)
	return n
}

// nearest is the member of a list that is not empty, nearest to n as a ratio.
func nearest(list []int, n int) int {
	at := list[0]
	for _, m := range list {
		if math.Abs(math.Log(float64(m)/float64(n))) < math.Abs(math.Log(float64(at)/float64(n))) {
			at = m
		}
	}
	return at
}
