package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// flushAfter is how long a result may wait in a worker for others to travel
// with.
const flushAfter = 20 * time.Millisecond

// outlet is where an executor's tasks come from and its results go. It is used
// by one goroutine at a time.
type outlet interface {
	// call runs the k-th task of the chunk; start and end, on this machine's
	// clock, bracket its function.
	call(ctx context.Context, k int) (start, end int64, err error)
	// keep keeps the k-th task's result, as call left it, or its failure, and
	// reports whether so much is kept that it should be delivered. Tasks are
	// kept in order.
	keep(k int, start, end int64, failure *exchange.Failure) (full bool)
	// deliver sends what was kept since the last time.
	deliver()
}

// executor runs the tasks of chunks one after another: the heart of a worker,
// whether that is a goroutine or a process.
type executor struct {
	ctx            context.Context // ends when the job is cancelled
	timeout, grace time.Duration
	cancelled      atomic.Bool
	// giveUp is called by the watchdog when a task would not end, after its
	// failure was delivered; the executor's goroutine is then no longer of
	// use.
	giveUp func(reason string)

	mu    sync.Mutex // guards what the watchdog and run share
	turn  int        // counts attempts under a timeout
	began int64
}

// run runs the n tasks of a chunk and delivers their results. It returns false
// when the watchdog has given this executor up.
func (x *executor) run(n int, out outlet) bool {
	var since int64 // when the first result not yet delivered was kept
	for k := range n {
		if x.cancelled.Load() {
			break
		}
		start, end, err, ok := x.attempt(k, out)
		if !ok {
			return false
		}
		full := out.keep(k, start, end, describe(err))
		if since == 0 {
			since = end
		}
		if full || end-since > int64(flushAfter) {
			out.deliver()
			since = 0
		}
	}
	out.deliver()
	return true
}

// attempt calls the k-th task, under its timeout if there is one. It is not ok
// when the watchdog has taken over.
func (x *executor) attempt(k int, out outlet) (start, end int64, err error, ok bool) {
	if x.timeout <= 0 {
		start, end, err = out.call(x.ctx, k)
		return start, end, err, true
	}
	ctx, cancel := context.WithTimeoutCause(x.ctx, x.timeout, ErrTaskTimeout)
	defer cancel()
	x.mu.Lock()
	x.turn++
	turn := x.turn
	x.began = clock.Now()
	x.mu.Unlock()
	watchdog := time.AfterFunc(x.timeout+x.grace, func() { x.overrun(turn, k, out) })
	defer watchdog.Stop()
	start, end, err = out.call(ctx, k)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.turn != turn {
		return 0, 0, nil, false
	}
	x.turn++
	if err != nil && errors.Is(context.Cause(ctx), ErrTaskTimeout) {
		err = x.timedOut()
	}
	return start, end, err, true
}

func (x *executor) timedOut() error {
	return fmt.Errorf("%w: no result after %v", ErrTaskTimeout, x.timeout)
}

// overrun delivers the failure of a task that did not heed its timeout.
func (x *executor) overrun(turn, k int, out outlet) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.turn != turn {
		return
	}
	x.turn++
	out.keep(k, x.began, clock.Now(), describe(x.timedOut()))
	out.deliver()
	x.giveUp("a task did not end when its time was up")
}

// describe turns an error into what travels; nil for nil.
func describe(err error) *exchange.Failure {
	if err == nil {
		return nil
	}
	f := &exchange.Failure{Text: err.Error(), Detail: Detail(err), Err: err}
	var p *PanicError
	switch {
	case errors.As(err, &p):
		f.Kind, f.Text, f.Detail = exchange.FailedPanic, p.Value, p.Stack
	case errors.Is(err, ErrTaskTimeout):
		f.Kind = exchange.FailedTimeout
	}
	return f
}

// cause turns a failure back into an error.
func cause(f exchange.Failure) error {
	switch {
	case f.Err != nil:
		return f.Err
	case f.Kind == exchange.FailedPanic:
		return &PanicError{Value: f.Text, Stack: f.Detail}
	case f.Kind == exchange.FailedTimeout:
		return &remoteError{f.Text, f.Detail, ErrTaskTimeout}
	}
	return &remoteError{f.Text, f.Detail, nil}
}

// remoteError is an error that came from another process.
type remoteError struct {
	text, detail string
	kind         error
}

func (e *remoteError) Error() string  { return e.text }
func (e *remoteError) Unwrap() error  { return e.kind }
func (e *remoteError) Detail() string { return e.detail }

// WithDetail attaches text to an error of a task's function that travels with
// it to the driver, where [Detail] finds it: what is too long, or not meant,
// for its message.
func WithDetail(err error, detail string) error { return &detailed{err, detail} }

// Detail returns the text that WithDetail attached to err, empty when none
// was.
func Detail(err error) string {
	var d interface{ Detail() string }
	if errors.As(err, &d) {
		return d.Detail()
	}
	return ""
}

type detailed struct {
	error
	detail string
}

func (e *detailed) Unwrap() error  { return e.error }
func (e *detailed) Detail() string { return e.detail }
