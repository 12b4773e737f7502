package runner

import (
	"context"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// job is one call of Map: what the scheduler needs to know of its types.
type job interface {
	exchange.Job
	// Len is the number of tasks.
	Len() int
	// Accept hands the k-th result of b, that of a task, to the caller; false
	// when the caller has had enough.
	Accept(b exchange.Block, k, task int) bool
}

// typedJob is a job of known types.
type typedJob[In, Out any] struct {
	fn     *Func[In, Out]
	inputs []In
	// deliver gets each task's accepted result, once, from one goroutine.
	deliver func(task int, out Out) bool
}

func newJob[In, Out any](f *Func[In, Out], inputs []In, deliver func(int, Out) bool) *typedJob[In, Out] {
	return &typedJob[In, Out]{fn: f, inputs: inputs, deliver: deliver}
}

func (j *typedJob[In, Out]) Func() string { return j.fn.name }
func (j *typedJob[In, Out]) Len() int     { return len(j.inputs) }

func (j *typedJob[In, Out]) AppendInput(dst []byte, task int) ([]byte, error) {
	return j.fn.in.encode(dst, j.inputs[task])
}

func (j *typedJob[In, Out]) NewBlock(n int) exchange.Block {
	return &block[In, Out]{job: j, values: make([]Out, n)}
}

func (j *typedJob[In, Out]) Accept(b exchange.Block, k, task int) bool {
	return j.deliver(task, b.(*block[In, Out]).values[k])
}

// block holds results of a job.
type block[In, Out any] struct {
	job    *typedJob[In, Out]
	values []Out
}

func (b *block[In, Out]) Decode(k int, payload []byte) (err error) {
	b.values[k], err = b.job.fn.out.decode(payload)
	return err
}

func (b *block[In, Out]) Call(ctx context.Context, k, task int) (err error) {
	b.values[k], err = guard(ctx, b.job.fn.call, b.job.inputs[task])
	return err
}

// serve decodes one input, runs the function and appends its encoded result to
// dst. start and end bracket the function alone.
func (f *Func[In, Out]) serve(ctx context.Context, payload, dst []byte) (out []byte, start, end int64, err error) {
	in, err := f.in.decode(payload)
	start = clock.Now()
	if err != nil {
		return dst, start, start, &codecError{"decode the input of " + f.name, err}
	}
	value, err := guard(ctx, f.call, in)
	end = clock.Now()
	if err != nil {
		return dst, start, end, err
	}
	out, err = f.out.encode(dst, value)
	if err != nil {
		return dst, start, end, &codecError{"encode the result of " + f.name, err}
	}
	return out, start, end, nil
}

// codecError says which value could not be encoded or decoded.
type codecError struct {
	doing string
	err   error
}

func (e *codecError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *codecError) Unwrap() error { return e.err }
