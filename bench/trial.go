package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"corecast/internal/cgroup"
	"corecast/internal/clock"
	"corecast/internal/machine"
	"corecast/internal/wording"
	"corecast/results"
	"corecast/runner"
	"corecast/runner/codeengine"
	"corecast/runner/trace"
	"corecast/workloads"
)

// dispatchTasks is how many no-op tasks measure dispatch on the ready pool.
const dispatchTasks = 20_000

// trial runs one repetition of a cell and writes it, with the dispatch trial
// that follows on the same pool.
func (s *sweeping) trial(ctx context.Context, c *cell, role results.Role) error {
	began := time.Now()
	s.options.Progress(Progress{Trial: c.label(role), Done: s.done(), Planned: s.planned()})
	t, tr, dispatch, err := s.measure(ctx, c, role)
	switch {
	case ctx.Err() != nil && s.kept != nil:
		return s.leave(errInterrupted)
	case ctx.Err() != nil:
		return fmt.Errorf("%w in trial %d, which is not kept; %s", errInterrupted, s.trials, s.saved())
	case err != nil:
		return s.leave(err)
	}
	if err := s.write(t, tr); err != nil {
		return s.leave(err)
	}
	if err := s.keptNoMore(); err != nil {
		return err
	}
	if dispatch != nil {
		if err := s.write(*dispatch, nil); err != nil {
			return err
		}
	}
	if role != results.RoleWarmup {
		c.add(&t)
	}
	c.took = max(c.took, time.Since(began))
	s.options.Progress(Progress{Done: s.done(), Planned: s.planned()})
	return nil
}

// saved says how many trials are in the record.
func (s *sweeping) saved() string {
	if s.trials == 1 {
		return "1 trial is saved"
	}
	return wording.Count(s.trials, "trial") + " are saved"
}

func (s *sweeping) write(t results.Trial, tr *trace.Trace) error {
	t.Index = s.trials
	if err := s.writer.Trial(t, tr); err != nil {
		return fmt.Errorf("%w (%s)", err, s.saved())
	}
	s.trials++
	return nil
}

// measure runs the trial: serially, or on a pool that it starts and ends.
func (s *sweeping) measure(ctx context.Context, c *cell, role results.Role) (results.Trial, *trace.Trace, *results.Trial, error) {
	p := s.prepared[c.key()]
	point, err := c.point()
	if err != nil {
		return results.Trial{}, nil, nil, err
	}
	t := results.Trial{
		Point: point, Role: role, Rep: c.reps, Kind: results.Measured, Seed: s.plan.Seed,
		Machine: s.machine.ID, Commit: commitOf(s.machine), Tasks: p.job.Tasks(), Slots: 1, VCPU: c.sweep.vcpu(),
	}
	if c.sweep.CoreShare > 0 {
		t.Kind = results.Scaled
	}
	settle()
	before := machine.Take()
	time.Sleep(s.options.LookBefore)
	start := machine.Take()
	t.Before = start.Since(before)
	t.Started = time.Now().UTC()
	if role == results.RoleSerial {
		err := s.serial(ctx, c.sweep, p.job, &t)
		s.finish(&t, start)
		return t, nil, nil, err
	}
	backend, err := FindBackend(c.sweep.Backend)
	if err != nil {
		return t, nil, nil, err
	}
	if t.Slots, err = c.sweep.workers(c.cores); err != nil {
		return t, nil, nil, err
	}
	if t.Kind != results.Scaled {
		t.Kind = backend.Kind
	}
	if cloud := s.options.Cloud; cloud != nil && cloud.Emulated && backend.Name == codeengine.Name {
		t.Kind = results.Emulated
	}
	launcher := backend.New(t.Slots, s.workerOptions(c.sweep))
	pool := runner.NewPool(launcher)
	ctx, paid := s.guard(ctx, c.sweep, t.Slots)
	defer paid()
	if s.plan.Warm {
		err = pool.Warm(ctx)
	}
	var tr *trace.Trace
	if err == nil {
		tr, err = s.fanOut(ctx, pool, p.job, c, &t)
	}
	s.finish(&t, start)
	var dispatch *results.Trial
	if err == nil && role == results.RoleTrial && ctx.Err() == nil && !s.plan.Warm && !leaves(launcher) {
		dispatch, err = s.dispatch(ctx, pool, t, c.sweep.Chunk)
	}
	if e := pool.Close(); e != nil && err == nil {
		err = fmt.Errorf("end the workers: %w", e)
	}
	if err != nil && errors.Is(context.Cause(ctx), ErrMaxCost) {
		err = context.Cause(ctx)
	}
	t.Usage = append(t.Usage, storeUsage(launcher)...)
	return t, tr, dispatch, err
}

// commitOf returns the commit of the program that measures, marked when its
// tree had changes.
func commitOf(m results.Machine) string {
	if m.Commit != "" && m.Modified {
		return m.Commit + "+modified"
	}
	return m.Commit
}

// finish notes the load during a trial that has just ended, and what it gives
// reason to doubt.
func (s *sweeping) finish(t *results.Trial, start machine.Sample) {
	t.During = machine.Take().Since(start)
	t.Warnings = append(t.Warnings, machine.Warn(t.Before, t.During, max(1, s.machine.CoresOnline))...)
}

// serial runs the job in a plain loop, on a scaled core if the sweep has such:
// like is compared with like. The driver is then held to the same share for as
// long, by the same means, and uses one processor as a worker does.
func (s *sweeping) serial(ctx context.Context, sweep *Sweep, j workloads.Job, t *results.Trial) error {
	loop := func() {
		cpu, began := clock.ProcessCPU(), clock.Now()
		answer, err := j.Serial(ctx)
		t.Makespan = trace.Time(clock.Now() - began)
		t.DriverCPU = trace.Time(clock.ProcessCPU() - cpu)
		conclude(t, j, answer, err)
	}
	if sweep.CoreShare == 0 {
		loop()
		return nil
	}
	procs := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(procs)
	if err := cgroup.Hold(s.name(), cgroup.Limits{CPU: sweep.CoreShare}, loop); err != nil {
		return fmt.Errorf("run %s serially on a scaled core: %w", sweep.Workload, err)
	}
	return nil
}

// name names the run.
func (s *sweeping) name() string { return filepath.Base(s.writer.Dir()) }

// fanOut runs the job on a pool that is not started yet. An error means that
// the pool is of no use.
func (s *sweeping) fanOut(ctx context.Context, pool *runner.Pool, j workloads.Job, c *cell, t *results.Trial) (*trace.Trace, error) {
	var tr *trace.Trace
	o := runner.JobOptions{Chunk: c.sweep.Chunk, TaskTimeout: time.Duration(c.sweep.TaskTimeout), JobTimeout: time.Duration(c.sweep.JobTimeout), Trace: func(x *trace.Trace) { tr = x }, Spill: s.writer}
	done, planned := s.done(), s.planned()
	o.Progress = func(settled, tasks int) {
		s.options.Progress(Progress{Done: done, Planned: planned, Settled: settled, Tasks: tasks})
	}
	if s.plan.Once && !s.plan.NoJournal {
		if err := s.keep(j, t); err != nil {
			return nil, err
		}
		o.Journal = s.kept
	}
	cpu := clock.ProcessCPU()
	answer, err := j.Run(ctx, pool, o)
	t.DriverCPU = trace.Time(clock.ProcessCPU() - cpu)
	if tr != nil {
		t.Makespan = tr.Makespan
	}
	conclude(t, j, answer, err)
	var failed *runner.TasksError
	if errors.As(err, &failed) {
		s.failed = failed
	} else if err != nil {
		return tr, fmt.Errorf("%s: %w", c.name(), err)
	}
	return tr, nil
}

// conclude notes a trial's answer, whether it is right, and the tasks that
// failed.
func conclude(t *results.Trial, j workloads.Job, answer workloads.Answer, err error) {
	var failed *runner.TasksError
	if err != nil {
		t.Error = err.Error()
		if !errors.As(err, &failed) {
			return
		}
		t.Failed = len(failed.Failed) // and the answer is of the others
	}
	data, e := json.Marshal(answer)
	if e != nil {
		t.Error = fmt.Sprintf("write the answer as JSON: %v", e)
		return
	}
	t.Answer = data
	if d, ok := j.(workloads.Doubter); ok {
		for _, doubt := range d.Doubts(answer) {
			t.Warnings = append(t.Warnings, results.Warning{Code: doubt.Code, Text: doubt.Text, Advice: doubt.Advice})
		}
	}
	if err != nil {
		return // an answer that is known to lack something is not checked
	}
	if err := j.Check(answer); err != nil {
		t.Check = err.Error()
	}
}

// dispatch measures no-op tasks on the pool that has just run a trial: a trial
// of its own, of the same point.
func (s *sweeping) dispatch(ctx context.Context, pool *runner.Pool, of results.Trial, chunk int) (*results.Trial, error) {
	n := dispatchTasks
	if of.Point.Workload == "noop" {
		n = max(n, of.Tasks)
	}
	t := of
	t.Role, t.Tasks, t.Answer, t.Check, t.Warnings, t.Failed, t.Error = results.RoleDispatch, n, nil, "", nil, 0, ""
	start := machine.Take()
	t.Started, t.Before = time.Now().UTC(), of.During
	wall, cpu, err := DispatchWall(ctx, pool, n, chunk)
	if err != nil {
		return nil, err
	}
	t.Makespan, t.DriverCPU = wall, cpu
	t.During = machine.Take().Since(start)
	return &t, nil
}

// DispatchWall runs n no-op tasks on a pool, which it first makes ready, and
// returns the wall time from submission to the last result and the driver's
// processor time.
func DispatchWall(ctx context.Context, pool *runner.Pool, n, chunk int) (wall, cpu trace.Time, err error) {
	if err := pool.Warm(ctx); err != nil {
		return 0, 0, fmt.Errorf("make the pool ready: %w", err)
	}
	o := runner.JobOptions{Chunk: chunk, Trace: func(x *trace.Trace) { wall = x.Makespan }}
	before := clock.ProcessCPU()
	if _, err := workloads.NoopJob(n).Run(ctx, pool, o); err != nil {
		return 0, 0, fmt.Errorf("measure dispatch: %w", err)
	}
	return wall, trace.Time(clock.ProcessCPU() - before), nil
}
