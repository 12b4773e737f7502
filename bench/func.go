package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"corecast/bench/cost"
	"corecast/bench/metrics"
	"corecast/internal/machine"
	"corecast/results"
	"corecast/runner"
	"corecast/workloads"
)

// FuncOptions say how a program's own function is measured; the zero value is
// useful.
type FuncOptions struct {
	// Cores are the core counts; nil: powers of two up to all.
	Cores []int
	// Reps is how often each is measured; 0 means 7.
	Reps int
	// Backend is local (the default) or inproc.
	Backend string
	// Env names variables of the environment that workers get besides the usual
	// ones (local.Options); nil: those are enough.
	Env []string
	// Dir is the folder for the run's record; empty: a new one in runs.
	Dir string
	// Price names a price list to tell costs by (bench/cost); empty: none.
	Price string
	// Progress is called as trials begin and end; nil: nobody is told.
	Progress func(Progress)
}

// Func measures a function over core counts: one task an input, beside a plain
// loop. The program must call runner.Main with f first thing in main. It
// returns the record, to be summarized again or drawn by package report, and
// its summaries.
//
// Tasks that fail are an error of type *runner.TasksError; the record is
// returned beside it.
func Func[In, Out any](ctx context.Context, f *runner.Func[In, Out], inputs []In, o FuncOptions) (*results.Run, []metrics.Summary, error) {
	s, err := NewSweep(workloads.Own(f, inputs), "local", o.Cores)
	if err != nil {
		return nil, nil, err
	}
	s.own, s.Settings = workloads.Own(f, inputs), json.RawMessage("{}")
	m := machine.Fingerprint()
	s.Env = o.Env
	if o.Backend != "" {
		s.Backend = o.Backend
	}
	if s.Cores == nil {
		s.Cores = DefaultCores(m.Cores)
	}
	if o.Reps == 0 {
		o.Reps = DefaultReps
	}
	var price *cost.Price
	if o.Price != "" {
		p, err := cost.Load(o.Price)
		if err != nil {
			return nil, nil, &InputError{"", err}
		}
		price = &p
	}
	plan := Plan{Sweeps: []Sweep{s}, Reps: o.Reps, MaxReps: o.Reps, Seed: uint64(time.Now().UnixNano()) >> 16, Price: o.Price}
	dir, failed, err := record(ctx, plan, o)
	if err != nil {
		return nil, nil, err
	}
	r, err := results.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	summaries, err := metrics.Summarize(r, metrics.Options{Price: price})
	if err == nil && failed != nil {
		err = failed
	}
	return r, summaries, err
}

// record runs a plan into a new folder.
func record(ctx context.Context, plan Plan, o FuncOptions) (dir string, failed *runner.TasksError, err error) {
	if err := plan.Validate(machine.Fingerprint()); err != nil {
		return "", nil, err
	}
	data, err := json.Marshal(plan)
	if err != nil {
		return "", nil, fmt.Errorf("keep the plan: %w", err)
	}
	now := time.Now().UTC()
	h := results.Header{ID: results.NewID(now), Created: now, Version: "library", Plan: data}
	if dir = o.Dir; dir == "" {
		dir = filepath.Join("runs", h.ID)
	}
	w, err := results.Create(dir, h)
	if err != nil {
		return "", nil, err
	}
	failed, err = Run(ctx, plan, w, nil, Options{Progress: o.Progress})
	return dir, failed, errors.Join(err, w.Close())
}
