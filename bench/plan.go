// Package bench measures: it runs a plan's trials on backends, one sweep over
// core counts for each workload, and keeps each trial in the record as it
// ends.
//
// It joins what runs (workloads, runner) and what records (results). What the
// record says is computed by bench/metrics and shown by report.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"corecast/internal/cgroup"
	"corecast/internal/wording"
	"corecast/results"
	"corecast/workloads"
)

// Plan is what a run is to measure. It is kept in the run's header, and a run
// that was interrupted goes on by it.
type Plan struct {
	Sweeps []Sweep `json:"sweeps"`
	// Seed decides the order of trials.
	Seed uint64 `json:"seed"`
	// Reps is how often each point is measured. With Precision or Budget it is
	// the least.
	Reps int `json:"reps"`
	// MaxReps bounds repetitions that Precision or Budget ask for.
	MaxReps int `json:"max_reps"`
	// Precision is the wanted relative half-width of the makespan's interval
	// (0.02: plus or minus 2 %); 0: Reps repetitions and no more.
	Precision float64 `json:"precision,omitempty"`
	// Budget is the time to measure in; 0: no limit. Each point is measured
	// once whatever it says.
	Budget workloads.Duration `json:"budget,omitempty"`
	// Price names the price list that costs are told by; empty: none.
	Price string `json:"price,omitempty"`
	// Once is set for a single run of a workload: no warm-up, no serial base.
	Once bool `json:"once,omitempty"`
	// NoJournal is set for a single run whose results are not kept while it
	// runs, and that cannot be resumed.
	NoJournal bool `json:"no_journal,omitempty"`
	// Warm is set to measure on ready pools: workers are started before the
	// job is submitted, and there is neither warm-up nor serial base.
	Warm bool `json:"warm,omitempty"`
}

// Defaults of plans.
const (
	// DefaultReps gives the interval of a ratio at 95 %.
	DefaultReps = 7
	// DefaultMaxReps bounds what a precision or a budget asks for.
	DefaultMaxReps = 50
	// maxReps bounds repetitions.
	maxReps = 10_000
)

// PriceOf returns the name of the price list that a run's plan names; empty
// for none.
func PriceOf(h results.Header) string {
	var p Plan
	if err := json.Unmarshal(h.Plan, &p); err != nil {
		return "" // the run of another program, or an imported one
	}
	return p.Price
}

// Scaling says what stays the same over core counts.
type Scaling string

// The ways to scale.
const (
	Strong Scaling = "strong" // the work
	Weak   Scaling = "weak"   // the work a core
)

// Sweep is one workload on one backend over core counts.
type Sweep struct {
	Workload string `json:"workload"`
	// Settings are the workload's, as it marshals them.
	Settings json.RawMessage `json:"settings"`
	Backend  string          `json:"backend"`
	Cores    []int           `json:"cores"`
	// VCPU is what each worker has.
	VCPU float64 `json:"vcpu"`
	// CoreShare holds each worker to a share of a core, as in 0.125; 0: whole
	// cores. A worker is then one scaled core, VCPU 1 is what it has a share of,
	// and the serial base has the same share.
	CoreShare float64 `json:"core_share,omitempty"`
	// Memory limits a worker's memory in bytes; 0: no limit.
	Memory int64 `json:"memory_bytes,omitempty"`
	// Pin has each worker stay on cores of its own.
	Pin bool `json:"pin,omitempty"`
	// Env names variables of the driver's environment that workers get besides
	// the usual ones and those that the workload needs; * is all. What they hold
	// is in no record.
	Env     []string `json:"env,omitempty"`
	Scaling Scaling  `json:"scaling"`
	// Chunk fixes the tasks handed out together; 0: adapted.
	Chunk int `json:"chunk,omitempty"`
	// TaskTimeout bounds an attempt; 0: no limit.
	TaskTimeout workloads.Duration `json:"task_timeout,omitempty"`
	// JobTimeout bounds a trial; 0: no limit.
	JobTimeout workloads.Duration `json:"job_timeout,omitempty"`
	// Reps is how often each point of the sweep is measured; 0: as the plan
	// says.
	Reps int `json:"reps,omitempty"`
	// own is a workload that is not one of the built-in ones.
	own workloads.Workload
}

// InputError is an error in what was asked for.
type InputError struct {
	// Setting is what is wrong, named like the flag; empty: no single one.
	Setting string
	Err     error
}

// Error returns the cause's text.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(format string, args ...any) error {
	return wrong("", format, args...)
}

// wrong is an inputError about one setting.
func wrong(setting, format string, args ...any) error {
	return &InputError{setting, fmt.Errorf(format, args...)}
}

// PrepareError is an error of a workload that could not be made ready, such as
// an input that is not there.
type PrepareError struct {
	// Sweep is the index of its sweep in the plan.
	Sweep    int
	Workload string
	Err      error
}

// Error names the workload.
func (e *PrepareError) Error() string { return e.Workload + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *PrepareError) Unwrap() error { return e.Err }

// NewSweep makes a sweep of a workload with its present settings.
func NewSweep(w workloads.Workload, backend string, cores []int) (Sweep, error) {
	settings, err := json.Marshal(w)
	if err != nil {
		return Sweep{}, fmt.Errorf("keep the settings of %s: %w", w.Name(), err)
	}
	return Sweep{Workload: w.Name(), Settings: settings, Backend: backend, Cores: cores, VCPU: 1, Scaling: Strong}, nil
}

// workload returns the sweep's workload with its settings, scaled to a core
// count.
func (s *Sweep) workload(cores int) (workloads.Workload, error) {
	if s.own != nil {
		return s.own, nil
	}
	w, err := workloads.New(s.Workload)
	if err != nil {
		return nil, &InputError{"", err}
	}
	if err := json.Unmarshal(s.Settings, w); err != nil {
		return nil, inputError("settings of %s: %w", s.Workload, err)
	}
	if s.Scaling == Weak {
		sized, ok := w.(workloads.Sized)
		if !ok {
			return nil, wrong("scaling", "workload %s has no size to scale with the cores: weak scaling needs one", s.Workload)
		}
		if sized.Size() > math.MaxInt64/int64(cores) {
			return nil, wrong("size", "size %d times %s is out of range", sized.Size(), wording.Count(cores, "core"))
		}
		sized.SetSize(sized.Size() * int64(cores))
	}
	return w, nil
}

// Validate checks what can be known to be wrong before anything is run.
func (p *Plan) Validate(m results.Machine) error {
	switch {
	case len(p.Sweeps) == 0:
		return inputError("nothing to measure")
	case p.Reps < 1:
		return wrong("reps", "%d repetitions: at least 1", p.Reps)
	case p.Reps > maxReps:
		return wrong("reps", "%d repetitions: at most %d", p.Reps, maxReps)
	case p.Precision < 0 || p.Precision >= 1 || math.IsNaN(p.Precision):
		return wrong("precision", "precision %v: write a share between 0 and 1, such as 0.02 or 2%%", p.Precision)
	case p.Budget < 0:
		return wrong("time", "time budget %v is negative", time.Duration(p.Budget))
	}
	for i := range p.Sweeps {
		if err := p.Sweeps[i].Validate(m); err != nil {
			return err
		}
	}
	return nil
}

// Validate checks what can be known to be wrong before anything is run.
func (s *Sweep) Validate(m results.Machine) error {
	b, err := FindBackend(s.Backend)
	if err != nil {
		return &InputError{"backend", err}
	}
	if s.Scaling != Strong && s.Scaling != Weak {
		return wrong("scaling", "scaling %q is neither strong nor weak", s.Scaling)
	}
	if s.Reps < 0 || s.Reps > maxReps {
		return wrong("reps", "%d repetitions: between 1 and %d", s.Reps, maxReps)
	}
	if s.Chunk < 0 {
		return wrong("chunk", "chunk %d is negative", s.Chunk)
	}
	if s.TaskTimeout < 0 {
		return wrong("task-timeout", "task timeout %v is negative", time.Duration(s.TaskTimeout))
	}
	if s.JobTimeout < 0 {
		return wrong("job-timeout", "timeout %v is negative", time.Duration(s.JobTimeout))
	}
	if err := s.checkLimits(&b); err != nil {
		return err
	}
	if len(s.Cores) == 0 {
		return wrong("cores", "no core counts for %s", s.Workload)
	}
	for _, cores := range s.Cores {
		if _, err := s.workers(cores); err != nil {
			return err
		}
		if _, err := s.workload(cores); err != nil {
			return err
		}
		if err := b.fits(cores, m); err != nil {
			return err
		}
	}
	return s.checkEnv(&b)
}

// workers returns how many workers give a number of cores.
func (s *Sweep) workers(cores int) (int, error) {
	if cores < 1 || cores > MaxCores {
		return 0, wrong("cores", "core count %d is not between 1 and %d", cores, MaxCores)
	}
	if s.CoreShare > 0 {
		return cores, nil
	}
	if s.VCPU < 1 || s.VCPU != math.Trunc(s.VCPU) {
		return 0, wrong("vcpu", "%v vCPU a worker: a whole number of 1 and more", s.VCPU)
	}
	if cores%int(s.VCPU) != 0 {
		return 0, wrong("cores", "%s cannot be had in workers of %v vCPU", wording.Count(cores, "core"), s.VCPU)
	}
	return cores / int(s.VCPU), nil
}

// fits checks that the driver may open as many files as the workers take.
func (b *Backend) fits(workers int, m results.Machine) error {
	const own = 64
	if need := int64(workers*b.FilesEach + own); b.FilesEach > 0 && m.OpenFiles > 0 && need > m.OpenFiles {
		return wrong("cores", "%s on backend %s need %d open files, and the limit is %d: raise it (ulimit -n) or ask for fewer",
			wording.Count(workers, "worker"), b.Name, need, m.OpenFiles)
	}
	return nil
}

// sizeOf returns the workload's size, 0 where it has none.
func sizeOf(w workloads.Workload) int64 {
	if s, ok := w.(workloads.Sized); ok {
		return s.Size()
	}
	return 0
}

// prepared is a workload made ready, with what is to be removed after it.
type prepared struct {
	job  workloads.Job
	size int64
}

// prepare makes the sweep's job for a core count ready in a folder of its own.
func (s *Sweep) prepare(ctx context.Context, cores int, temp string) (*prepared, error) {
	w, err := s.workload(cores)
	if err != nil {
		return nil, err
	}
	j, err := w.Prepare(ctx, workloads.Env{Temp: temp})
	if err != nil {
		return nil, err
	}
	return &prepared{job: j, size: sizeOf(w)}, nil
}

// checkLimits checks what workers are held to, as far as it does not depend on
// the machine.
func (s *Sweep) checkLimits(b *Backend) error {
	o := s.workerOptions("")
	switch {
	case o.limited() && b.Check == nil:
		return wrong("backend", "backend %s cannot hold its workers to shares of cores, to memory or to cores: backend local can", b.Name)
	case s.CoreShare != 0 && s.VCPU != 1:
		return wrong("core-share", "%v vCPU a worker and a share of a core exclude each other", s.VCPU)
	case math.IsNaN(s.CoreShare) || s.CoreShare != 0 && (s.CoreShare < cgroup.MinCPU || s.CoreShare >= 1):
		return wrong("core-share", "a core share of %.4g %%: at least %.4g %% and less than 100 %%", 100*s.CoreShare, 100*cgroup.MinCPU)
	case s.Memory < 0:
		return wrong("memory", "a memory limit of %d bytes is negative", s.Memory)
	}
	return nil
}

// workerOptions are those of the sweep's workers.
func (s *Sweep) workerOptions(run string) WorkerOptions {
	return WorkerOptions{VCPU: s.VCPU, CoreShare: s.CoreShare, Memory: s.Memory, Pin: s.Pin, Env: s.env(), Run: run}
}

// permitted checks that this machine and this user can hold workers as asked.
func (s *Sweep) permitted(run string) error {
	o := s.workerOptions(run)
	if !o.limited() {
		return nil
	}
	b, err := FindBackend(s.Backend)
	if err != nil {
		return &InputError{"backend", err}
	}
	workers, err := s.workers(slices.Max(s.Cores))
	if err != nil {
		return err
	}
	if err := b.Check(workers, o); err != nil {
		return &InputError{"", err}
	}
	return nil
}

// vcpu is what each worker has.
func (s *Sweep) vcpu() float64 {
	if s.CoreShare > 0 {
		return s.CoreShare
	}
	return s.VCPU
}

// ParseCoreShare reads the share of a core that a worker is held to, such as
// 12.5% or 0.125, which is not 0; nothing is 0, for whole cores.
func ParseCoreShare(s string) (float64, error) {
	v, err := ParseShare(s)
	if err == nil && s != "" && v == 0 {
		err = fmt.Errorf("%q is no share of a core", s)
	}
	return v, err
}

// ParseMemory reads a memory limit, such as 512M or 1GiB, which is not 0;
// nothing is 0, for none.
func ParseMemory(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := workloads.ParseSize(s)
	if err == nil && n == 0 {
		err = fmt.Errorf("%q is no memory to run in", s)
	}
	return n, err
}

// ParseShare reads 2% or 0.02; nothing is 0.
func ParseShare(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	digits, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a share: write 2%% or 0.02", s)
	}
	if percent {
		v /= 100
	}
	return v, nil
}
