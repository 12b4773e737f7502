package workloads

import (
	"context"
	"fmt"

	"corecast/runner"
)

// job is the Job of most workloads.
type job[In, Out any] struct {
	fn     *runner.Func[In, Out]
	inputs []In
	// label names input i in errors; nil: "task i".
	label func(i int) string
	// fold turns the outputs, in input order, into the answer. It must not
	// depend on how the work was split. Outputs of failed tasks are zero.
	fold func(outs []Out) Answer
	// check says what is wrong with an answer; nil: nothing can be known.
	check func(Answer) error
}

// Tasks returns the number of inputs.
func (j *job[In, Out]) Tasks() int { return len(j.inputs) }

// Serial runs the inputs in a plain loop and stops at the first error.
func (j *job[In, Out]) Serial(ctx context.Context) (Answer, error) {
	outs := make([]Out, len(j.inputs))
	for i, in := range j.inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out, err := j.fn.Call(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", j.name(i), err)
		}
		outs[i] = out
	}
	return j.fold(outs), nil
}

func (j *job[In, Out]) name(i int) string {
	if j.label == nil {
		return fmt.Sprintf("task %d", i)
	}
	return j.label(i)
}

// Run fans the inputs out over pool.
func (j *job[In, Out]) Run(ctx context.Context, pool *runner.Pool, options runner.JobOptions) (Answer, error) {
	options.Label = j.name
	outs, err := runner.Map(ctx, pool, j.fn, j.inputs, options)
	return j.fold(outs), err
}

// Check applies the workload's check.
func (j *job[In, Out]) Check(a Answer) error {
	if j.check == nil {
		return nil
	}
	return j.check(a)
}
