package capacity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"corecast/bench/cost"
	"corecast/bench/scaling"
	"corecast/bench/sim"
	"corecast/results"
)

// Options say where a job could run and by what a plan is made; the zero value
// plans for workers as they were measured, without prices.
type Options struct {
	// Select chooses what of a run is planned by.
	Select sim.Select
	// Prices are the lists to plan by, the first before others.
	Prices []cost.Price
	// VCPU and Memory (bytes) are what a worker is to have; 0: as measured, and
	// the least memory that a list has for it and that the tasks need.
	VCPU   float64
	Memory int64
	// Threads is how many vCPU a task can use; 0 means 1.
	Threads float64
	// Profile names how workers start; empty: as measured, or where the first
	// price list is of a platform that was not measured, by the platform's
	// profile. "measured" means as measured.
	Profile string
	// Pull is how long the image takes to be pulled, in seconds; 0: not known.
	Pull float64
	// FreeTier takes a month's free tier off.
	FreeTier bool
	// NoSizes leaves out other sizes of instances.
	NoSizes bool
	Seed    uint64
}

// Measured is the profile of a run's own starts.
const Measured = "measured"

// Source is a run as plans need it.
type Source struct {
	Run   *results.Run
	Model *sim.Model
	// Times are the measured makespans in seconds, by number of workers.
	Times map[int][]float64
	// Peak is the largest memory that a worker had used, in bytes; 0: not known.
	Peak int64
	Test *Backtest
	// spread is that of makespans of the same point, a standard deviation in ln.
	spread float64
}

// NewSource calibrates a run and tests the calibration.
func NewSource(ctx context.Context, r *results.Run, o Options) (*Source, error) {
	m, err := sim.Calibrate(r, o.Select)
	if err != nil {
		return nil, err
	}
	s := &Source{Run: r, Model: m, Times: make(map[int][]float64)}
	for i := range r.Trials {
		t := &r.Trials[i]
		if t.Role != results.RoleTrial || t.Error != "" || t.Point.Workload != m.Workload || t.Point.Backend != m.Backend || !t.Makespan.Known() {
			continue
		}
		s.Times[t.Slots] = append(s.Times[t.Slots], t.Makespan.Seconds())
		for _, w := range r.Workers(t.Index) {
			s.Peak = max(s.Peak, w.PeakMemory)
		}
	}
	for _, times := range s.Times {
		s.spread = max(s.spread, deviation(times))
	}
	if s.Test, err = NewBacktest(ctx, m, s.Times, o.Seed); err != nil {
		return nil, fmt.Errorf("test the calibration: %w", err)
	}
	return s, nil
}

// Places are where the job could run: the wished size on the first price list,
// then other sizes of it, then the other lists.
func (s *Source) Places(o Options) ([]Place, error) {
	if len(o.Prices) == 0 {
		p, err := s.place(nil, o.VCPU, o.Memory, o)
		return []Place{p}, err
	}
	var places []Place
	for i := range o.Prices {
		price := &o.Prices[i]
		sizes, err := s.sizes(price, o)
		if err != nil {
			return nil, err
		}
		first := len(places)
		for _, size := range sizes {
			p, err := s.place(price, size.vcpu, size.memory, o)
			if err != nil {
				return nil, err
			}
			if len(places) > first && !o.FreeTier && price.Machine == nil {
				p.share(&places[first], price)
			}
			places = append(places, p)
			if o.NoSizes {
				break
			}
		}
	}
	return places, nil
}

type size struct {
	vcpu   float64
	memory int64
}

// sizes are the sizes of a list to plan for, the wished one first: each number
// of vCPU with the least memory that the tasks have room in.
func (s *Source) sizes(p *cost.Price, o Options) ([]size, error) {
	vcpu := o.VCPU
	if vcpu == 0 {
		vcpu = cmp.Or(s.Model.Points[0].VCPU, 1)
	}
	need := max(o.Memory, s.Model.Points[0].Memory, s.Peak)
	if len(p.Sizes) == 0 {
		return []size{{vcpu, need}}, nil
	}
	var list []size
	wished := -1
	for _, z := range p.Sizes {
		for _, units := range slices.Sorted(slices.Values(z.Memory)) {
			if memory := int64(units * p.MemoryUnit); memory >= need {
				if z.VCPU == vcpu {
					wished = len(list)
				}
				list = append(list, size{z.VCPU, memory})
				break
			}
		}
	}
	switch {
	case wished < 0 && o.VCPU == 0 && len(list) > 0:
		wished = 0
	case wished < 0:
		return nil, fmt.Errorf("%s has no instance of %g vCPU with %.3g GB of memory", p.Title(), vcpu, float64(need)/cost.GB)
	}
	first := list[wished]
	return append([]size{first}, slices.Delete(list, wished, wished+1)...), nil
}

// share lets a place use the forecasts of another one of the same list, whose
// workers run tasks as fast.
func (p *Place) share(other *Place, price *cost.Price) {
	a, b := p.Forecaster.(*remembering).Forecaster.(*Simulated), other.Forecaster.(*remembering).Forecaster.(*Simulated)
	if a.speed(a.VCPU) != b.speed(b.VCPU) {
		return
	}
	rate := price.Second(p.VCPU, p.Memory) / price.Second(other.VCPU, other.Memory)
	p.Forecaster = &repriced{other.Forecaster, rate, max(1, p.VCPU) / max(1, other.VCPU)}
}

// place makes one place.
func (s *Source) place(price *cost.Price, vcpu float64, memory int64, o Options) (Place, error) {
	f := &Simulated{
		Model: s.Model, Price: price, VCPU: vcpu, Memory: memory, Threads: o.Threads,
		Pull: o.Pull, FreeTier: o.FreeTier, Seed: o.Seed, Test: s.Test, Spread: s.spread,
	}
	p := Place{Forecaster: remember(f), Backend: s.Model.Backend, VCPU: cmp.Or(vcpu, s.Model.Points[0].VCPU, 1), Memory: cmp.Or(memory, s.Model.Points[0].Memory)}
	profile, err := s.profile(price, o)
	if err != nil {
		return Place{}, err
	}
	f.Profile = profile
	if price != nil {
		p.Price, p.Limit = price.Title(), price.Workers(p.VCPU, p.Memory)
		if price.Quota != nil {
			p.Quota = price.Quota.Source
		}
	}
	return p, nil
}

// profile is how workers of a list start; nil: as measured.
func (s *Source) profile(price *cost.Price, o Options) (*sim.Profile, error) {
	name := o.Profile
	switch {
	case name == Measured:
		return nil, nil
	case name == "" && price != nil:
		name = platformProfile(price, s.Model.Backend)
	}
	if name == "" {
		return nil, nil
	}
	p, err := sim.FindProfile(name)
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// platformProfile is the profile of the platform that a list is of, where that
// has one and the run was measured elsewhere.
func platformProfile(price *cost.Price, backend string) string {
	const platform = "codeengine"
	if strings.HasPrefix(price.Name, platform) && backend != platform {
		return "codeengine-2021"
	}
	return ""
}

// Plan answers a wish by a run. Of a run with several backends the first is
// planned for, and the others are compared, unless one is selected.
func Plan(ctx context.Context, r *results.Run, w Wish, o Options) (*Answer, error) {
	if w.Budget > 0 && len(o.Prices) == 0 {
		return nil, errors.New("a budget needs a price list")
	}
	backends := []string{o.Select.Backend}
	if o.Select.Backend == "" {
		backends = backendsOf(r, o.Select)
	}
	var first *Source
	var places []Place
	for i, backend := range backends {
		o.Select.Backend = backend
		s, err := NewSource(ctx, r, o)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first = s
		}
		some := o
		some.NoSizes = o.NoSizes || i > 0
		more, err := s.Places(some)
		if err != nil {
			return nil, err
		}
		places = append(places, more...)
	}
	if w.Tasks == 0 {
		w.Tasks = first.Model.Points[len(first.Model.Points)-1].Tasks
	}
	a, err := New(ctx, places, w)
	if err != nil {
		return nil, err
	}
	a.Run, a.Workload = r.Header.ID, first.Model.Workload
	a.warn(first.doubts(o))
	if first.Test != nil {
		a.Backtest = &first.Test.Backtest
	}
	a.Law = first.law(a)
	a.disagree()
	return a, nil
}

// backendsOf are the backends of a run's trials, in the order in which they
// ran; an empty name alone where that is for the calibration to tell.
func backendsOf(r *results.Run, which sim.Select) []string {
	var names []string
	for i := range r.Trials {
		t := &r.Trials[i]
		if t.Role == results.RoleTrial && t.Error == "" && (which.Workload == "" || t.Point.Workload == which.Workload) && !slices.Contains(names, t.Point.Backend) {
			names = append(names, t.Point.Backend)
		}
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// doubts are those about the run and the settings.
func (s *Source) doubts(o Options) []results.Warning {
	var list []results.Warning
	add := func(code, text, advice string) {
		list = append(list, results.Warning{Code: code, Text: text, Advice: advice})
	}
	if s.Test == nil {
		add("no_backtest", "the run has one core count: the forecast could not be tested on a larger one", "measure at several core counts")
	}
	if len(o.Prices) == 0 {
		return list
	}
	p := &o.Prices[0]
	if p.Granularity == nil {
		add("granularity_unknown", p.Title()+": the billing granularity is not known, so no time is rounded: costs are the least that it can be", "give --granularity, such as 1s")
	}
	if p.PullBilled != nil && *p.PullBilled && o.Pull == 0 {
		add("pull_time_unknown", p.Title()+": the time to pull the image is billed, and it is not known", "give --pull-time, such as 2s")
	}
	if p.FreeVCPU > 0 && !o.FreeTier {
		add("free_tier", fmt.Sprintf("%s: %g vCPU-s and %g units of memory x s a month are free, and not taken off", p.Title(), p.FreeVCPU, p.FreeMemory), "give --free-tier when nothing else uses them")
	}
	for i := range o.Prices {
		s.placeDoubts(&o.Prices[i], o, add)
	}
	return list
}

// placeDoubts are those about memory and start-up at a list's platform.
func (s *Source) placeDoubts(p *cost.Price, o Options, add func(code, text, advice string)) {
	if p.MemorySecond > 0 && o.Memory == 0 && s.Model.Points[0].Memory == 0 {
		what := "is not known"
		if s.Peak > 0 {
			what = fmt.Sprintf("is known as what workers of the run used, %.3g GB at most", float64(s.Peak)/cost.GB)
		}
		add("memory_assumed", fmt.Sprintf("%s: the memory that tasks need %s; the least that there is for it is taken", p.Title(), what), "give --memory, such as 4GB")
	}
	if profile, err := s.profile(p, o); err == nil && profile == nil && !strings.HasPrefix(p.Name, s.Model.Backend) {
		add("startup_elsewhere", fmt.Sprintf("%s: how workers start there is not known; they start as on %s here", p.Title(), s.Model.Backend), "measure there, or name a profile by --profile")
	}
}

// law is what the best scaling law says of the answer's core count; nil where
// none can be fitted.
func (s *Source) law(a *Answer) *scaling.Prediction {
	target := a.Target()
	d := &scaling.Data{Name: s.Model.From, Unit: "task", Kind: s.Model.Kind}
	for _, p := range s.Model.Points {
		if times := s.Times[p.Workers]; len(times) > 0 {
			d.Cells = append(d.Cells, scaling.Cell{Cores: float64(p.Workers), Work: float64(p.Tasks), Times: times})
		}
	}
	f, err := scaling.New(d, scaling.Options{Confidence: a.Confidence})
	if err != nil || target == nil {
		return nil
	}
	p := f.At(float64(target.Workers), float64(a.Tasks))
	return &p
}

// disagree warns where law and simulation exclude each other.
func (a *Answer) disagree() {
	t, p := a.Target(), a.Law
	if t == nil || p == nil || p.Lo == nil || p.Hi == nil || *p.Lo <= t.Makespan.Hi && t.Makespan.Lo <= *p.Hi {
		return
	}
	a.warn([]results.Warning{{
		Code: "models_disagree",
		Text: fmt.Sprintf("the law %s gives %.3g s [%.3g, %.3g] on %d cores, the simulation %.3g s [%.3g, %.3g]",
			p.Law, *p.Seconds, *p.Lo, *p.Hi, t.Cores, t.Makespan.Median, t.Makespan.Lo, t.Makespan.Hi),
		Advice: "a law knows nothing of start-up that does not grow with the work, nor of profiles; measure nearer to this core count",
	}})
}
