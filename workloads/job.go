package workloads

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"

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
	// sources are the files that the inputs name and that are not made anew by
	// each Prepare.
	sources []string
	// doubts are known before the job runs.
	doubts []Doubt
}

// Doubts tells what was known before.
func (j *job[In, Out]) Doubts(Answer) []Doubt { return j.doubts }

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

// Fingerprint is that of the inputs and of the files that they name.
func (j *job[In, Out]) Fingerprint() (string, error) {
	print, err := runner.Fingerprint(j.fn, j.inputs)
	if err != nil || len(j.sources) == 0 {
		return print, err
	}
	sum := sha256.New()
	for _, path := range j.sources {
		info, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("look at an input: %w", err)
		}
		fmt.Fprintf(sum, "%q %d %d\n", path, info.Size(), info.ModTime().UnixNano())
	}
	return print + "-" + hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// Check applies the workload's check.
func (j *job[In, Out]) Check(a Answer) error {
	if j.check == nil {
		return nil
	}
	return j.check(a)
}
