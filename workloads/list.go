package workloads

import (
	"fmt"
	"strings"
	"time"

	"corecast/runner"
	"corecast/workloads/synthetic"
)

// All lists the built-in workloads: one line each.
func All() []func() Workload {
	return []func() Workload{
		NewMonteCarlo,
		func() Workload { return NewLogSearch() },
		func() Workload { return NewHyperSweep() },
		func() Workload { return NewImage() },
		NewCommand,
		NewSleep,
		NewSpin,
		func() Workload { return NewBusy(10_000, 100*time.Microsecond) },
		NewNoop,
	}
}

// Funcs lists the functions that a worker must know to run them.
func Funcs() []runner.AnyFunc {
	return append(synthetic.Funcs(), monteCarlo, logSearchFunc, hyperSweepFunc.fit, imageFunc, commandFunc)
}

// New returns the named workload with its default settings. An unknown name is
// an error that lists the known ones.
func New(name string) (Workload, error) {
	var names []string
	for _, make := range All() {
		w := make()
		if w.Name() == name {
			return w, nil
		}
		names = append(names, w.Name())
	}
	return nil, fmt.Errorf("unknown workload %q: the workloads are %s", name, strings.Join(names, ", "))
}

// NoopJob returns a job of n tasks that do nothing, to measure what a pool's
// dispatch costs.
func NoopJob(n int) Job {
	return &job[struct{}, struct{}]{fn: runner.Noop, inputs: make([]struct{}, n), fold: func([]struct{}) Answer { return nil }}
}
