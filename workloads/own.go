package workloads

import (
	"context"
	"flag"

	"corecast/runner"
)

// Own makes a workload of a program's own function: a task for each input. The
// answer is the number of results.
func Own[In, Out any](f *runner.Func[In, Out], inputs []In) Workload {
	return &own[In, Out]{f: f, inputs: inputs}
}

type own[In, Out any] struct {
	f      *runner.Func[In, Out]
	inputs []In
}

// OwnAnswer is the answer of a workload made by Own.
type OwnAnswer struct {
	Results int `json:"results"`
}

func (w *own[In, Out]) Name() string       { return w.f.Name() }
func (w *own[In, Out]) Summary() string    { return "the program's own function " + w.f.Name() }
func (w *own[In, Out]) Examples() []string { return nil }
func (w *own[In, Out]) Bind(*flag.FlagSet) {}

func (w *own[In, Out]) Prepare(context.Context, Env) (Job, error) {
	return &job[In, Out]{fn: w.f, inputs: w.inputs, fold: func(outs []Out) Answer { return OwnAnswer{Results: len(outs)} }}, nil
}
