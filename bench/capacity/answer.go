package capacity

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"corecast/bench/scaling"
	"corecast/results"
)

// Schema is the version of [Answer] as JSON.
const Schema = 1

// Answer is a recommendation.
type Answer struct {
	Schema int `json:"schema"`
	// Run is what it stands on, Workload and Backend what of it.
	Run      string `json:"run_id"`
	Workload string `json:"workload"`
	Backend  string `json:"backend"`
	// Kind is that of all figures.
	Kind       results.Kind `json:"kind"`
	Tasks      int          `json:"tasks"`
	Deadline   *float64     `json:"deadline_s"`
	Budget     *float64     `json:"budget_usd"`
	Confidence float64      `json:"confidence"`
	Price      string       `json:"price,omitempty"`
	// Quota says what may run at a time, Limit how many workers that are; 0
	// where no limit is known.
	Quota string `json:"quota,omitempty"`
	Limit int    `json:"limit_workers"`
	// Met is set when an option keeps deadline and budget as wished.
	Met bool `json:"met"`
	// Cheapest meets the deadline with the wished probability, Fastest keeps
	// the budget; Balanced has the smallest product of time and cost, Knee
	// bends the Pareto front most. Nil where there is none.
	Cheapest *Option `json:"cheapest"`
	Fastest  *Option `json:"fastest"`
	Balanced *Option `json:"balanced"`
	Knee     *Option `json:"knee"`
	// Options are all core counts that were looked at, Pareto the core counts of
	// the front, from the cheapest on.
	Options []Option `json:"options"`
	Pareto  []int    `json:"pareto"`
	// Places are other sizes of instances, price lists and backends.
	Places []PlaceOption `json:"places"`
	Fixed  []Fixed       `json:"fixed_machines"`
	// Would is what would meet the wish when nothing does.
	Would []Change `json:"would"`
	Next  *Next    `json:"measure_next"`
	// Backtest is how well the forecast told the larger measured core counts
	// from the smaller ones; Law is what the best scaling law says beside it.
	Backtest *scaling.Backtest   `json:"backtest"`
	Law      *scaling.Prediction `json:"law"`
	Probe    *Probe              `json:"probe,omitempty"`
	Warnings []results.Warning   `json:"warnings"`
}

// PlaceOption is the cheapest option in time at a place; where none is, the
// fastest.
type PlaceOption struct {
	Backend string `json:"backend"`
	Price   string `json:"price,omitempty"`
	Option
	Met bool `json:"met"`
}

// Probe is what was measured for the answer.
type Probe struct {
	// Seconds and USD were spent, at most the allowed ones, which are a share
	// of deadline and budget.
	Seconds    float64  `json:"seconds"`
	AllowedS   float64  `json:"allowed_s"`
	USD        *float64 `json:"usd"`
	AllowedUSD *float64 `json:"allowed_usd"`
	Trials     int      `json:"trials"`
}

// normalQuantile is that of the standard normal distribution.
func normalQuantile(p float64) float64 { return distuv.UnitNormal.Quantile(p) }

// New answers a wish for the first place, and compares the others with it.
func New(ctx context.Context, places []Place, w Wish) (*Answer, error) {
	if len(places) == 0 {
		return nil, errNothing
	}
	w.Confidence = cmp.Or(w.Confidence, Confidence)
	if err := w.check(); err != nil {
		return nil, err
	}
	p := &places[0]
	a := &Answer{
		Schema: Schema, Backend: p.Backend, Kind: results.Simulated, Tasks: w.Tasks, Confidence: w.Confidence, Price: p.Price,
		Quota: p.Quota, Limit: p.Limit, Pareto: []int{}, Places: []PlaceOption{}, Fixed: []Fixed{}, Would: []Change{}, Warnings: []results.Warning{},
	}
	if w.Deadline > 0 {
		a.Deadline = &w.Deadline
	}
	if w.Budget > 0 {
		a.Budget = &w.Budget
	}
	s := newSearch(p, &w, false)
	options, err := s.run(ctx)
	if err != nil {
		return nil, err
	}
	a.take(s, options)
	if a.Would, err = s.would(ctx, options); err != nil {
		return nil, err
	}
	a.Met = len(a.Would) == 0 && a.Cheapest != nil && a.Fastest != nil
	if a.Would == nil {
		a.Would = []Change{}
	}
	for i := range places {
		if err := a.compare(ctx, &places[i], w); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// take fills in what the options say.
func (a *Answer) take(s *search, options []Option) {
	a.Options = options
	for _, i := range front(options) {
		a.Pareto = append(a.Pareto, options[i].Cores)
	}
	at := picks(options, s.wish)
	for k, to := range []**Option{&a.Cheapest, &a.Fastest, &a.Balanced, &a.Knee} {
		if at[k] >= 0 {
			*to = &options[at[k]]
		}
	}
	target := a.Target()
	if target == nil {
		return
	}
	a.Fixed, a.Next = fixed(target), s.next(target)
	a.warn(target.warnings)
}

// Target is the option that the answer is about: the cheapest in time, or where
// none is, the fastest.
func (a *Answer) Target() *Option {
	for _, o := range []*Option{a.Cheapest, a.Fastest, a.Balanced} {
		if o != nil {
			return o
		}
	}
	return nil
}

// warn adds warnings whose code and text are new.
func (a *Answer) warn(list []results.Warning) {
	for _, w := range list {
		if !slices.Contains(a.Warnings, w) {
			a.Warnings = append(a.Warnings, w)
		}
	}
}

// compare adds the best option at a place.
func (a *Answer) compare(ctx context.Context, p *Place, w Wish) error {
	s := newSearch(p, &w, true)
	options := a.Options
	if len(a.Places) > 0 { // the first place has been searched
		var err error
		if options, err = s.run(ctx); err != nil {
			return fmt.Errorf("%s, %g vCPU: %w", cmp.Or(p.Price, p.Backend), p.VCPU, err)
		}
	}
	row := PlaceOption{Backend: p.Backend, Price: p.Price, Met: true}
	i := best(options, (*Option).price, func(o *Option) bool { return o.allowed() && o.meets(&w) && o.affords(&w) })
	if i < 0 {
		row.Met = false
		i = best(options, func(o *Option) float64 { return o.Makespan.With }, func(o *Option) bool { return o.allowed() })
	}
	if i < 0 {
		return nil
	}
	row.Option = options[i]
	a.Places = append(a.Places, row)
	return nil
}
