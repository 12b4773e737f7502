package scenariofile

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"

	"corecast/bench/cost"
	"corecast/bench/sim"
	"corecast/results"
)

func (r *reader) provisioning() (err error) {
	const path = "$.provisioning"
	p, to := &r.f.Provisioning, &r.s.Provisioning
	if p.Profile != "" {
		if err := r.profile(); err != nil {
			return err
		}
	}
	if err := r.counts(count{path, "request_rate", p.RequestRate}, count{path, "rate", p.Rate}, count{path, "burst", float64(p.Burst)},
		count{path, "delay_growth", p.DelayGrowth}); err != nil {
		return err
	}
	to.RequestRate, to.Rate, to.Burst, to.TasksPerWorker = p.RequestRate, p.Rate, p.Burst, r.f.Workers.Tasks
	if p.DelayGrowth != 0 {
		to.DelayGrowth = p.DelayGrowth
	}
	if p.Burst > 0 && p.Rate == 0 {
		return r.wrong(errors.New("a burst without a rate has no end: set rate"), path+".burst")
	}
	delay, listed, err := r.dist(path+".delay", &p.Delay, seconds)
	if err != nil {
		return err
	}
	if delay != nil {
		to.Delay = delay
	}
	if listed != nil && len(listed) < r.s.Workers {
		return r.wrong(fmt.Errorf("there are %d start delays for %d workers", len(listed), r.s.Workers), path+".delay")
	}
	to.Delays = listed
	if w := p.Waves; w != nil {
		to.Wave = w.Size
		if err := r.scalars(scalar{path + ".waves.every", w.Every, seconds, &to.WaveEvery}); err != nil {
			return err
		}
		if w.Size < 1 || !(to.WaveEvery > 0) {
			return r.wrong(errors.New("waves need a size from 1 on, and a time between them, every"), path+".waves")
		}
	}
	if err := r.scalars(scalar{path + ".latency", p.Latency, seconds, &to.Latency}, scalar{path + ".failure", p.Failure, share, &to.Failure}); err != nil {
		return err
	}
	if to.Failure > maxFailure {
		return r.wrong(fmt.Errorf("if more than %g %% of starts fail, nothing comes to be", 100*maxFailure), path+".failure")
	}
	return nil
}

// maxFailure bounds how often a start or a task may fail: beyond it, a
// simulation is about nothing else.
const maxFailure = 0.95

// profile begins with a named provisioning, and warns where it was not seen.
func (r *reader) profile() error {
	p, err := sim.FindProfile(r.f.Provisioning.Profile)
	if err != nil {
		return r.wrong(err, "$.provisioning.profile")
	}
	r.s.Provisioning = p.Provisioning
	r.s.Warnings = append(r.s.Warnings, results.Warning{Code: "profile", Text: fmt.Sprintf("start-up is by the profile %s: %s; %s", p.Name, p.Source, p.Note)})
	if r.s.Workers > p.Seen {
		r.s.Warnings = append(r.s.Warnings, results.Warning{
			Code: "extrapolation", Text: fmt.Sprintf("the profile %s was measured with up to %d workers; %d are extrapolated", p.Name, p.Seen, r.s.Workers),
		})
	}
	return nil
}

// quota sets how many workers there may be at a time.
func (r *reader) quota() error {
	const path = "$.provisioning.quota"
	q := &r.f.Provisioning.Quota
	if q.IsZero() {
		return nil
	}
	if q.More == nil {
		n, err := strconv.Atoi(q.Scalar)
		if err != nil {
			return r.wrong(fmt.Errorf("%q is not a number of workers", clip(q.Scalar)), path)
		}
		return r.room(float64(n), "", path)
	}
	if q.More.Workers != nil {
		if err := r.room(float64(*q.More.Workers), "", path+".workers"); err != nil {
			return err
		}
	}
	if v := q.More.VCPU; v != nil {
		if err := r.room(*v/r.s.VCPU, fmt.Sprintf("a quota of %g vCPU has no room for a worker of %g", *v, r.s.VCPU), path+".vcpu"); err != nil {
			return err
		}
	}
	if q.More.Memory != "" {
		m, err := bytes(string(q.More.Memory))
		if err != nil {
			return r.wrong(err, path+".memory")
		}
		if r.s.Memory == 0 {
			return r.wrong(errors.New("a quota of memory needs the memory of a worker"), path+".memory")
		}
		return r.room(m/float64(r.s.Memory), "the quota of memory has no room for a worker's", path+".memory")
	}
	return nil
}

// room lowers the quota to as many workers, at least 1.
func (r *reader) room(workers float64, none, path string) error {
	n := math.Floor(workers + 1e-9)
	if !(n >= 1) {
		if none == "" {
			none = fmt.Sprintf("with a quota of %g workers none would ever start", workers)
		}
		return r.wrong(errors.New(none), path)
	}
	n = min(n, sim.MaxWorkers)
	if q := &r.s.Provisioning.Quota; *q == 0 || int(n) < *q {
		*q = int(n)
	}
	return nil
}

func (r *reader) slowdown() error {
	const path = "$.slowdown"
	s := r.f.Slowdown
	if s.Exponent != 0 && s.Base == 0 {
		return r.wrong(errors.New("an exponent needs a base: the number of workers at which times are as given"), path+".exponent")
	}
	if !(math.Abs(s.Exponent) < 10) {
		return r.wrong(fmt.Errorf("an exponent of %g is not possible", s.Exponent), path+".exponent")
	}
	r.s.Slowdown = sim.Slowdown(s)
	return r.counts(count{path, "contention", s.Contention}, count{path, "coherency", s.Coherency}, count{path, "base", s.Base})
}

func (r *reader) driver() (err error) {
	const path = "$.driver"
	d, to := &r.f.Driver, &r.s.Driver
	if to.Latency, err = r.only(path+".latency", &d.Latency, seconds); err != nil {
		return err
	}
	return r.scalars(scalar{path + ".dispatch", d.Dispatch, seconds, &to.Dispatch}, scalar{path + ".dispatch_task", d.DispatchTask, seconds, &to.DispatchTask},
		scalar{path + ".receive", d.Receive, seconds, &to.Receive}, scalar{path + ".poll", d.Poll, seconds, &to.Poll})
}

func (r *reader) store() (err error) {
	const path = "$.store"
	s, to := &r.f.Store, &r.s.Store
	if to.Latency, err = r.only(path+".latency", &s.Latency, seconds); err != nil {
		return err
	}
	to.RequestRate = s.RequestRate
	if err := r.counts(count{path, "request_rate", s.RequestRate}); err != nil {
		return err
	}
	return r.scalars(scalar{path + ".bandwidth", s.Bandwidth, bytes, &to.Bandwidth}, scalar{path + ".per_transfer", s.PerTransfer, bytes, &to.PerTransfer})
}

func (r *reader) chunks() error {
	c := &r.f.Chunks
	r.s.Chunks = sim.Chunks{Size: c.Size, NoAhead: c.Ahead != nil && !*c.Ahead}
	return r.counts(count{"$.chunks", "size", float64(c.Size)})
}

func (r *reader) faults() error {
	const path = "$.faults"
	f, to := &r.f.Faults, &r.s.Faults
	to.FailedRetries, to.LostRetries = f.FailedRetries, 3
	if f.LostRetries != nil {
		to.LostRetries = *f.LostRetries
	}
	if err := r.counts(count{path, "failed_retries", float64(to.FailedRetries)}, count{path, "lost_retries", float64(to.LostRetries)}); err != nil {
		return err
	}
	if err := r.scalars(scalar{path + ".task_failure", f.TaskFailure, share, &to.TaskFailure},
		scalar{path + ".worker_life", f.WorkerLife, seconds, &to.WorkerLife}, scalar{path + ".detect", f.Detect, seconds, &to.Detect}); err != nil {
		return err
	}
	if f.WorkerLife != "" && to.WorkerLife == 0 {
		return r.wrong(errors.New("workers that live for no time do nothing: leave worker_life out for those that are never lost"), path+".worker_life")
	}
	if to.TaskFailure > maxFailure {
		return r.wrong(fmt.Errorf("if more than %g %% of attempts fail, nothing is done", 100*maxFailure), path+".task_failure")
	}
	return nil
}

// defaultQuantile is how many tasks must be done before others are copied.
const defaultQuantile = 0.9

func (r *reader) copies() error {
	c := &r.f.Copies
	r.s.Copies = sim.Copies{Factor: c.Factor, Quantile: defaultQuantile}
	if c.Factor != 0 && !(c.Factor >= 1) {
		return r.wrong(fmt.Errorf("a factor of %g is not 1 or more", c.Factor), "$.copies.factor")
	}
	if c.Quantile != "" && c.Factor == 0 {
		return r.wrong(errors.New("copies need a factor"), "$.copies")
	}
	return r.scalars(scalar{"$.copies.quantile", c.Quantile, share, &r.s.Copies.Quantile})
}

func (r *reader) billing() error {
	b, to := &r.f.Billing, &r.s.Billing
	to.ReleaseIdle, to.Price = b.ReleaseIdle, r.set.Price
	if b.Price != "" && to.Price == nil {
		name := b.Price
		switch filepath.Ext(name) {
		case ".yaml", ".yml", ".json":
			name = r.relative(name)
		}
		p, err := cost.Load(name)
		if err != nil {
			return r.wrong(err, "$.billing.price")
		}
		to.Price = &p
	}
	return r.scalars(scalar{"$.billing.start_up", b.StartUp, seconds, &to.StartUp})
}
