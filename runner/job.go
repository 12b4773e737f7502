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
	// Begin says that the job begins; done is closed when its time is up.
	Begin(done <-chan struct{})
	// Accept hands n results of b from the k-th on, those of the tasks from
	// task on, to the caller; false when the caller has had enough.
	Accept(b exchange.Block, k, task, n int) bool
}

// typedJob is a job of known types.
type typedJob[In, Out any] struct {
	fn     *Func[In, Out]
	inputs []In
	// deliver gets each task's accepted result, once, from one goroutine: those
	// of consecutive tasks together. It may keep the values, not the slice.
	deliver func(task int, outs []Out) bool
	done    <-chan struct{}
	begin   func(done <-chan struct{}) // nil: nobody else is told
}

func newJob[In, Out any](f *Func[In, Out], inputs []In, deliver func(int, []Out) bool) *typedJob[In, Out] {
	return &typedJob[In, Out]{fn: f, inputs: inputs, deliver: deliver}
}

func (j *typedJob[In, Out]) Func() string { return j.fn.name }
func (j *typedJob[In, Out]) Len() int     { return len(j.inputs) }

func (j *typedJob[In, Out]) Begin(done <-chan struct{}) {
	if j.done = done; j.begin != nil {
		j.begin(done)
	}
}

func (j *typedJob[In, Out]) AppendInput(dst []byte, task int) ([]byte, error) {
	return j.fn.in.encode(dst, j.inputs[task])
}

func (j *typedJob[In, Out]) RawInput(task int) []byte {
	if j.fn.in.raw == nil {
		return nil
	}
	return j.fn.in.raw(j.inputs[task])
}

func (j *typedJob[In, Out]) NewBlock(n int) exchange.Block {
	return &block[In, Out]{job: j, values: make([]Out, n)}
}

func (j *typedJob[In, Out]) Accept(b exchange.Block, k, task, n int) bool {
	return j.deliver(task, b.(*block[In, Out]).values[k:k+n])
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

func (b *block[In, Out]) Call(ctx context.Context, c *exchange.Calls) (next int, err error) {
	k := c.From
	defer func() {
		if v := recover(); v != nil {
			next, err = k+1, b.panicked(c, k, v)
		}
	}()
	call, inputs := b.job.fn.call, b.job.inputs[c.Task:]
	if c.Stamps != nil {
		c.Stamps[0] = clock.Now()
	}
	for ; k < c.To && c.Stop.Load() == 0; k++ {
		if c.Guard != nil {
			c.Guard.Enter()
		}
		out, err := call(ctx, inputs[k])
		if c.Guard != nil && !c.Guard.Leave() {
			return k, exchange.ErrGivenUp
		}
		if c.Stamps != nil {
			c.Stamps[k-c.From+1] = clock.Now()
		}
		if err != nil {
			return k + 1, err
		}
		b.values[k] = out
	}
	return k, nil
}

// panicked is the error of the k-th call, which panicked.
func (b *block[In, Out]) panicked(c *exchange.Calls, k int, v any) error {
	if c.Guard != nil && !c.Guard.Leave() {
		return exchange.ErrGivenUp
	}
	if c.Stamps != nil {
		c.Stamps[k-c.From+1] = clock.Now()
	}
	return caught(v)
}

// codecError says which value could not be encoded or decoded.
type codecError struct {
	doing string
	err   error
}

func (e *codecError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *codecError) Unwrap() error { return e.err }
