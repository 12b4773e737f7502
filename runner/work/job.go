package work

import (
	"context"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// Job is one call of Map: what the scheduler needs to know of its types.
type Job interface {
	exchange.Job
	// Len is the number of tasks.
	Len() int
	// Begin says that the job begins; done is closed when its time is up.
	Begin(done <-chan struct{})
	// Accept hands n results of b from the k-th on, those of the tasks from
	// task on, to the caller; false when the caller has had enough.
	Accept(b exchange.Block, k, task, n int) bool
}

// TypedJob is a job of known types.
type TypedJob[In, Out any] struct {
	Fn     *Func[In, Out]
	Inputs []In
	// Deliver gets each task's accepted result, once, from one goroutine: those
	// of consecutive tasks together. It may keep the values, not the slice.
	Deliver func(task int, outs []Out) bool
	// Begun is told what Begin is; nil: nobody else is told.
	Begun func(done <-chan struct{})

	done <-chan struct{}
}

// Done is closed when the job's time is up; valid once it has begun.
func (j *TypedJob[In, Out]) Done() <-chan struct{} { return j.done }

// Func is the name of the function.
func (j *TypedJob[In, Out]) Func() string { return j.Fn.name }

// Len is the number of tasks.
func (j *TypedJob[In, Out]) Len() int { return len(j.Inputs) }

// Begin notes that the job begins.
func (j *TypedJob[In, Out]) Begin(done <-chan struct{}) {
	if j.done = done; j.Begun != nil {
		j.Begun(done)
	}
}

// AppendInput appends an encoded input.
func (j *TypedJob[In, Out]) AppendInput(dst []byte, task int) ([]byte, error) {
	return j.Fn.in.Encode(dst, j.Inputs[task])
}

// RawInput returns an input that is bytes already.
func (j *TypedJob[In, Out]) RawInput(task int) []byte {
	if j.Fn.in.Raw == nil {
		return nil
	}
	return j.Fn.in.Raw(j.Inputs[task])
}

// NewBlock makes room for results.
func (j *TypedJob[In, Out]) NewBlock(n int) exchange.Block {
	return &block[In, Out]{job: j, values: make([]Out, n)}
}

// Accept delivers results of a block.
func (j *TypedJob[In, Out]) Accept(b exchange.Block, k, task, n int) bool {
	return j.Deliver(task, b.(*block[In, Out]).values[k:k+n])
}

// block holds results of a job.
type block[In, Out any] struct {
	job    *TypedJob[In, Out]
	values []Out
}

func (b *block[In, Out]) Decode(k int, payload []byte) (err error) {
	b.values[k], err = b.job.Fn.out.Decode(payload)
	return err
}

func (b *block[In, Out]) Call(ctx context.Context, c *exchange.Calls) (next int, err error) {
	k := c.From
	defer func() {
		if v := recover(); v != nil {
			next, err = k+1, b.panicked(c, k, v)
		}
	}()
	call, inputs := b.job.Fn.call, b.job.Inputs[c.Task:]
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
	return Caught(v)
}

// codecError says which value could not be encoded or decoded.
type codecError struct {
	doing string
	err   error
}

func (e *codecError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *codecError) Unwrap() error { return e.err }
