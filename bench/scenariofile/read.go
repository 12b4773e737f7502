package scenariofile

import (
	"errors"
	"fmt"
	"math"

	"corecast/bench/cost"
	"corecast/bench/sim"
	"corecast/internal/yamlfile"
)

// SchemaVersion is the version of scenario files.
const SchemaVersion = 1

// Schema returns the JSON Schema of scenario files.
func Schema() ([]byte, error) {
	return yamlfile.Schema[File]("scenario", SchemaVersion, "A scenario of corecast simulate")
}

// Settings are what a command line says besides a file, and before it; the zero
// value of each leaves it to the file.
type Settings struct {
	Cores, Tasks int
	Price        *cost.Price
}

// Scenario is what a file says.
type Scenario struct {
	sim.Scenario
	// Options has seed and replications, Confidence that of intervals.
	Options    sim.Options
	Confidence float64
}

// Read reads a scenario. Files that it names are looked for in folder. Errors
// are of one line and tell line and column.
func Read(data []byte, folder string, set Settings) (*Scenario, error) {
	var f File
	file, err := yamlfile.Decode(data, &f)
	if errors.Is(err, yamlfile.ErrEmpty) {
		return nil, errors.New("the scenario is empty")
	}
	if err != nil {
		return nil, err
	}
	r := &reader{file: file, folder: folder, f: &f, set: set}
	return r.scenario()
}

// reader turns a File into a scenario.
type reader struct {
	file   *yamlfile.File
	folder string
	f      *File
	set    Settings
	s      sim.Scenario
}

// wrong tells what is wrong with the value at the first of the paths that the
// file has.
func (r *reader) wrong(err error, paths ...string) error {
	return r.file.Wrong(err, append(paths, "$")...)
}

func (r *reader) scenario() (*Scenario, error) {
	f := r.f
	r.s.Name = f.Name
	for _, part := range []func() error{
		r.tasks, r.workers, r.provisioning, r.quota, r.slowdown, r.driver, r.store, r.chunks, r.faults, r.copies, r.billing,
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	s := &Scenario{Scenario: r.s, Options: sim.Options{Seed: 1, Replications: f.Replications}}
	if f.Seed != nil {
		s.Options.Seed = *f.Seed
	}
	if f.Replications < 0 || f.Replications > sim.MaxReplications {
		return nil, r.wrong(fmt.Errorf("%d replications are not in 1 to %d", f.Replications, sim.MaxReplications), "$.replications")
	}
	if f.Confidence != "" {
		v, err := share(string(f.Confidence))
		if err == nil && !(v > 0 && v < 1) {
			err = fmt.Errorf("a confidence of %s is not between 0 and 100 %%", f.Confidence)
		}
		if err != nil {
			return nil, r.wrong(err, "$.confidence")
		}
		s.Confidence = v
	}
	if err := s.Check(); err != nil {
		return nil, r.wrong(err, "$")
	}
	return s, nil
}

// scalars parses scalars into places; those that are absent stay 0.
func (r *reader) scalars(list ...scalar) error {
	for _, one := range list {
		if one.text == "" {
			continue
		}
		v, err := one.unit(string(one.text))
		if err != nil {
			return r.wrong(err, one.path)
		}
		*one.to = v
	}
	return nil
}

type scalar struct {
	path string
	text yamlfile.Scalar
	unit unit
	to   *float64
}

// counts refuses negative numbers.
func (r *reader) counts(list ...count) error {
	for _, one := range list {
		if !(one.value >= 0) || math.IsInf(one.value, 0) {
			return r.wrong(fmt.Errorf("%s %g is not a number from 0 on", one.name, one.value), one.path+"."+one.name)
		}
	}
	return nil
}

type count struct {
	path, name string
	value      float64
}

func (r *reader) tasks() (err error) {
	t, to := &r.f.Tasks, &r.s.Tasks
	if to.Time, to.Times, err = r.dist("$.tasks.time", &t.Time, seconds); err != nil {
		return err
	}
	if to.Time == nil && to.Times == nil {
		return r.wrong(errors.New("the tasks have no time"), "$.tasks")
	}
	to.Count = t.Count
	if r.set.Tasks != 0 {
		to.Count = r.set.Tasks
	}
	if n := len(to.Times); n > 0 {
		if to.Count == 0 {
			to.Count = n
		}
		if to.Count > n {
			return r.wrong(fmt.Errorf("there are %d times for %d tasks", n, to.Count), "$.tasks.time")
		}
		to.Times = to.Times[:to.Count]
	}
	if to.Count < 1 || to.Count > sim.MaxTasks {
		return r.wrong(fmt.Errorf("the number of tasks, count, is %d, and must be from 1 to %d", to.Count, sim.MaxTasks), "$.tasks.count", "$.tasks")
	}
	if to.In, err = r.only("$.tasks.input", &t.Input, bytes); err != nil {
		return err
	}
	if to.Out, err = r.only("$.tasks.output", &t.Output, bytes); err != nil {
		return err
	}
	return r.stragglers()
}

// stragglers makes task times a mixture with longer ones.
func (r *reader) stragglers() error {
	g, to := &r.f.Tasks.Stragglers, &r.s.Tasks
	var part float64
	if err := r.scalars(scalar{"$.tasks.stragglers.share", g.Share, share, &part}); err != nil {
		return err
	}
	factor, err := r.only("$.tasks.stragglers.factor", &g.Factor, number)
	switch {
	case err != nil:
		return err
	case part == 0 && factor == nil:
		return nil
	case factor == nil || g.Share == "":
		return r.wrong(errors.New("stragglers need a share and a factor"), "$.tasks.stragglers")
	case to.Times != nil:
		return r.wrong(errors.New("listed times have their stragglers in them"), "$.tasks.stragglers")
	case part == 0:
		return nil
	case part == 1:
		to.Time = sim.Scaled{Factor: factor, Dist: to.Time}
		return nil
	}
	to.Time = sim.Mixture{{Weight: 1 - part, Dist: to.Time}, {Weight: part, Dist: sim.Scaled{Factor: factor, Dist: to.Time}}}
	return nil
}

// workers sets what each worker is, and how many there are.
func (r *reader) workers() (err error) {
	w := &r.f.Workers
	cores, from := r.f.Cores, "$.cores"
	if r.set.Cores != 0 {
		cores, from = r.set.Cores, "$.workers.vcpu"
	}
	if cores < 1 || cores > sim.MaxWorkers {
		return r.wrong(fmt.Errorf("the number of cores is %d, and must be from 1 to %d", cores, sim.MaxWorkers), from)
	}
	vcpu := w.VCPU
	if vcpu == 0 {
		vcpu = 1
	}
	if !(vcpu > 0) || math.IsInf(vcpu, 0) {
		return r.wrong(fmt.Errorf("%g vCPU are not possible", w.VCPU), "$.workers.vcpu")
	}
	workers := float64(cores) / max(1, vcpu)
	if workers != math.Trunc(workers) {
		return r.wrong(fmt.Errorf("%d cores cannot be had in workers of %g vCPU", cores, vcpu), from)
	}
	r.s.Workers, r.s.VCPU = int(workers), vcpu
	var memory float64
	if err := r.scalars(scalar{"$.workers.memory", w.Memory, bytes, &memory}); err != nil {
		return err
	}
	r.s.Memory = int64(memory)
	if r.s.Speed.Factor, err = r.only("$.workers.time_factor", &w.TimeFactor, number); err != nil {
		return err
	}
	if c := w.StartCorrelation; !(c >= -1 && c <= 1) {
		return r.wrong(fmt.Errorf("a correlation of %g is not in -1 to 1", c), "$.workers.start_correlation")
	}
	r.s.Speed.StartCorrelation = w.StartCorrelation
	return r.counts(count{"$.workers", "tasks", float64(w.Tasks)})
}
