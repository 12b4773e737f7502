// Package planfile reads plans written in YAML: several workloads, sizes,
// backends, core counts and repetitions in one file, by package
// internal/yamlfile. Package bench runs what comes out.
package planfile

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/internal/yamlfile"
	"corecast/results"
	"corecast/workloads"
)

// File is a plan as it is written. The schema published by corecast schema
// plan is made from it.
type File struct {
	// Seed decides the order of trials; drawn when it is absent.
	Seed *uint64 `yaml:"seed" json:"seed,omitempty" jsonschema:"seed of the order of trials (default: drawn, and recorded)"`
	// Reps is how often each point is measured, 7 by default.
	Reps int `yaml:"reps" json:"reps,omitempty" jsonschema:"repetitions of each point (default 7)"`
	// MaxReps bounds what Precision and Time ask for, 50 by default.
	MaxReps   int     `yaml:"max_reps" json:"max_reps,omitempty" jsonschema:"most repetitions that precision or time ask for (default 50)"`
	Precision string  `yaml:"precision" json:"precision,omitempty" jsonschema:"repeat until the makespan's interval is this narrow, such as 2%"`
	Time      string  `yaml:"time" json:"time,omitempty" jsonschema:"time to measure in, such as 10m"`
	Price     string  `yaml:"price" json:"price,omitempty" jsonschema:"price list to tell costs by, such as codeengine"`
	Sweeps    []Sweep `yaml:"sweeps" json:"sweeps" jsonschema:"what to measure"`
}

// Sweep is one workload over core counts, sizes and backends.
type Sweep struct {
	Workload string `yaml:"workload" json:"workload" jsonschema:"a built-in workload (corecast list workloads)"`
	// Command is the program of the workload command, with its arguments.
	Command yamlfile.OneOrMore `yaml:"command" json:"command,omitempty" jsonschema:"the program of the workload command and its arguments, such as [./score.sh, '{}']"`
	// Settings are the workload's flags, without dashes before them.
	Settings map[string]any     `yaml:"settings" json:"settings,omitempty" jsonschema:"the workload's own settings, named like its flags"`
	Sizes    yamlfile.OneOrMore `yaml:"sizes" json:"sizes,omitempty" jsonschema:"sizes, such as 1e8 or [1e7, 1e8]"`
	Backends yamlfile.OneOrMore `yaml:"backends" json:"backends,omitempty" jsonschema:"backends (default local)"`
	Cores    yamlfile.OneOrMore `yaml:"cores" json:"cores,omitempty" jsonschema:"core counts and ranges, such as [1, 2, 4] or 1..16x2 (default: powers of two up to all)"`
	Scaling  string             `yaml:"scaling" json:"scaling,omitempty" jsonschema:"strong (default) or weak"`
	Reps     int                `yaml:"reps" json:"reps,omitempty" jsonschema:"repetitions of these points (default: the plan's)"`
	Chunk    int                `yaml:"chunk" json:"chunk,omitempty" jsonschema:"tasks handed out together (default: adapted)"`
	VCPU     int                `yaml:"vcpu" json:"vcpu,omitempty" jsonschema:"vCPU a worker (default 1)"`
	// CoreShare, Memory and Pin are what workers are held to.
	CoreShare string `yaml:"core_share" json:"core_share,omitempty" jsonschema:"hold each worker to a share of a core, such as 12.5%"`
	Memory    string `yaml:"memory" json:"memory,omitempty" jsonschema:"hold each worker to so much memory, such as 512M"`
	Pin       bool   `yaml:"pin" json:"pin,omitempty" jsonschema:"have each worker stay on a core of its own"`
	// Env are names of variables.
	Env yamlfile.OneOrMore `yaml:"env" json:"env,omitempty" jsonschema:"variables of the environment that workers get besides the usual ones"`
	// TaskTimeout is a duration such as 30s.
	TaskTimeout string `yaml:"task_timeout" json:"task_timeout,omitempty" jsonschema:"limit of one attempt at a task, such as 30s"`
}

// Places knows where in its file a plan's sweeps are.
type Places struct {
	file *yamlfile.File
	// sweeps are the paths of the file's sweeps, by sweep of the plan.
	sweeps []string
}

// Locate gives an error of [bench.Run] the line and column of the setting that
// it is about, or else of the sweep; ok is false when it is not about one sweep.
func (p *Places) Locate(err error) (located error, ok bool) {
	var prepare *bench.PrepareError
	if !errors.As(err, &prepare) || prepare.Sweep >= len(p.sweeps) {
		return err, false
	}
	path, err := p.sweeps[prepare.Sweep], prepare.Err
	var setting *workloads.SettingError
	if !errors.As(err, &setting) {
		return p.file.Wrong(fmt.Errorf("%s: %w", prepare.Workload, err), path), true
	}
	err = fmt.Errorf("%s: %s: %s", prepare.Workload, setting.Setting, setting.Text)
	paths := []string{settingPath(path, setting.Setting), settingPath(path, strings.ReplaceAll(setting.Setting, "-", "_"))}
	if setting.Setting == "size" {
		paths = append(paths, path+".sizes")
	}
	return p.file.Wrong(err, append(paths, path)...), true
}

func settingPath(sweep, name string) string { return sweep + ".settings." + name }

// Read reads a plan and checks it against machine m, whose cores are the
// default core counts. draw gives the seed of a plan that has none.
func Read(data []byte, m results.Machine, draw func() uint64) (bench.Plan, *Places, error) {
	var f File
	file, err := yamlfile.Decode(data, &f)
	if errors.Is(err, yamlfile.ErrEmpty) {
		err = errors.New("the plan is empty")
	}
	if err != nil {
		return bench.Plan{}, nil, err
	}
	r := &reader{Places: Places{file: file}, machine: m}
	p, err := r.plan(&f, draw)
	return p, &r.Places, err
}

// reader turns a File into a plan.
type reader struct {
	Places
	machine results.Machine
}

func (r *reader) wrong(path string, err error) error { return r.file.Wrong(err, path) }

// wrongBelow tells what is wrong with a setting of the plan or of a sweep at a
// path: the one that the error names, or else all there is at the path.
func (r *reader) wrongBelow(path string, err error) error {
	var input *bench.InputError
	if !errors.As(err, &input) || input.Setting == "" {
		return r.wrong(path, err)
	}
	key := path + "." + strings.ReplaceAll(input.Setting, "-", "_")
	return r.file.Wrong(err, key, key+"s", path)
}

func (r *reader) plan(f *File, draw func() uint64) (bench.Plan, error) {
	p := bench.Plan{Reps: f.Reps, MaxReps: f.MaxReps, Price: f.Price}
	if err := r.given("$.reps", f.Reps); err != nil {
		return p, err
	}
	if err := r.given("$.max_reps", f.MaxReps); err != nil {
		return p, err
	}
	if p.Reps == 0 {
		p.Reps = bench.DefaultReps
	}
	if p.MaxReps == 0 {
		p.MaxReps = bench.DefaultMaxReps
	}
	p.MaxReps = max(p.MaxReps, p.Reps)
	var err error
	if p.Precision, err = bench.ParseShare(f.Precision); err != nil {
		return p, r.wrong("$.precision", err)
	}
	if p.Budget, err = duration(f.Time); err != nil {
		return p, r.wrong("$.time", err)
	}
	if f.Price != "" {
		if _, err := cost.Load(f.Price); err != nil {
			return p, r.wrong("$.price", err)
		}
	}
	if f.Seed != nil {
		p.Seed = *f.Seed
	} else {
		p.Seed = draw()
	}
	if len(f.Sweeps) == 0 {
		return p, r.wrong("$", errors.New("the plan has no sweeps"))
	}
	for i := range f.Sweeps {
		sweeps, err := r.expand(&f.Sweeps[i], fmt.Sprintf("$.sweeps[%d]", i))
		if err != nil {
			return p, err
		}
		p.Sweeps = append(p.Sweeps, sweeps...)
		if len(p.Sweeps) > maxSweeps {
			return p, r.wrong(fmt.Sprintf("$.sweeps[%d]", i), fmt.Errorf("more than %d sweeps of one workload, size and backend: make several plans", maxSweeps))
		}
	}
	if err := p.Validate(r.machine); err != nil {
		return p, r.wrongBelow("$", err)
	}
	return p, nil
}

// maxSweeps bounds a plan: each has its inputs prepared before the first trial.
const maxSweeps = 1000

// given refuses a number of repetitions of 0, which stands for a number that
// was not given.
func (r *reader) given(path string, n int) error {
	if n == 0 && r.file.Has(path) {
		return r.wrong(path, errors.New("0 repetitions: at least 1"))
	}
	return nil
}

// expand makes a sweep for each size and backend of s.
func (r *reader) expand(s *Sweep, path string) ([]bench.Sweep, error) {
	if s.Workload == "" {
		return nil, r.wrong(path, errors.New("a sweep needs a workload"))
	}
	if err := r.given(path+".reps", s.Reps); err != nil {
		return nil, err
	}
	cores := bench.DefaultCores(r.machine.Cores)
	if len(s.Cores) > 0 {
		var err error
		if cores, err = bench.ParseCores(strings.Join(s.Cores, ",")); err != nil {
			return nil, r.wrong(path+".cores", err)
		}
	}
	timeout, err := duration(s.TaskTimeout)
	if err != nil {
		return nil, r.wrong(path+".task_timeout", err)
	}
	share, err := bench.ParseCoreShare(s.CoreShare)
	if err != nil {
		return nil, r.wrong(path+".core_share", err)
	}
	memory, err := bench.ParseMemory(s.Memory)
	if err != nil {
		return nil, r.wrong(path+".memory", err)
	}
	var list []bench.Sweep
	for _, size := range orOne(s.Sizes, "") {
		w, err := r.workload(s, size, path)
		if err != nil {
			return nil, err
		}
		for _, backend := range orOne(s.Backends, "local") {
			one, err := bench.NewSweep(w, backend, slices.Clone(cores))
			if err != nil {
				return nil, r.wrong(path, err)
			}
			one.Scaling, one.Reps, one.Chunk, one.TaskTimeout = bench.Scaling(orText(s.Scaling, "strong")), s.Reps, s.Chunk, timeout
			if s.VCPU != 0 {
				one.VCPU = float64(s.VCPU)
			}
			one.CoreShare, one.Memory, one.Pin = share, memory, s.Pin
			one.Env = s.Env
			if err := one.Validate(r.machine); err != nil {
				return nil, r.wrongBelow(path, err)
			}
			list = append(list, one)
			r.sweeps = append(r.sweeps, path)
		}
	}
	return list, nil
}

// workload makes the workload of a sweep with its settings and one size.
func (r *reader) workload(s *Sweep, size, path string) (workloads.Workload, error) {
	w, err := workloads.New(s.Workload)
	if err != nil {
		return nil, r.wrong(path+".workload", err)
	}
	switch c, ok := w.(*workloads.Command); {
	case ok && len(s.Command) == 0:
		return nil, r.wrong(path+".workload", errors.New("which program? name it and its arguments: command: [./score.sh, '{}']"))
	case ok:
		c.Args = s.Command
	case len(s.Command) > 0:
		return nil, r.wrong(path+".command", fmt.Errorf("workload %s takes no command", s.Workload))
	}
	fs := flag.NewFlagSet(s.Workload, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	w.Bind(fs)
	for name, value := range s.Settings {
		if err := set(fs, s.Workload, strings.ReplaceAll(name, "_", "-"), value); err != nil {
			return nil, r.wrong(path+".settings."+name, err)
		}
	}
	if size != "" {
		sized, ok := w.(workloads.Sized)
		if !ok {
			return nil, r.wrong(path+".sizes", fmt.Errorf("workload %s has no size", s.Workload))
		}
		n, err := workloads.ParseSize(size)
		if err != nil {
			return nil, r.wrong(path+".sizes", err)
		}
		sized.SetSize(n)
	}
	return w, nil
}

// set sets a workload's flag to a scalar, or to each of a list.
func set(fs *flag.FlagSet, workload, name string, value any) error {
	if fs.Lookup(name) == nil {
		var names []string
		fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
		return fmt.Errorf("workload %s has no setting %q: it has %s", workload, name, strings.Join(names, ", "))
	}
	values := []any{value}
	if list, ok := value.([]any); ok {
		values = list
	}
	for _, v := range values {
		text := fmt.Sprint(v)
		if f, ok := v.(float64); ok { // as digits: 1e8 is a whole number
			text = strconv.FormatFloat(f, 'f', -1, 64)
		}
		if err := fs.Set(name, text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func duration(s string) (workloads.Duration, error) {
	var d workloads.Duration
	if s == "" {
		return d, nil
	}
	err := d.Set(s)
	if err == nil && time.Duration(d) < 0 {
		err = fmt.Errorf("%q is negative", s)
	}
	return d, err
}

func orOne(list yamlfile.OneOrMore, otherwise string) []string {
	if len(list) == 0 {
		return []string{otherwise}
	}
	return list
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
