package work

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
	// call runs the tasks of the chunk from the k-th to before the n-th and
	// keeps their results, until one fails, stop is not 0, or so much is kept
	// that it should be delivered. It returns the index behind the last that
	// ran and that one's error. guard is as in exchange.Calls.
	call(ctx context.Context, k, n int, stop *atomic.Uint32, guard exchange.Guard) (next int, err error)
	// fail keeps the failure of the k-th task, the last that call ran.
	fail(k int, f *exchange.Failure)
	// overran keeps the failure of the k-th task, at which call still is.
	overran(k int, start, end int64, f *exchange.Failure)
	// full reports whether what is kept should be delivered.
	full() bool
	// deliver sends what was kept since the last time.
	deliver()
}

// What executor.stop says: the job was cancelled, or results have waited long
// enough.
const (
	stopCancelled = 1 << iota
	stopFlush
)

// executor runs the tasks of chunks one after another: the heart of a worker,
// whether that is a goroutine or a process.
type executor struct {
	ctx            context.Context // ends when the job is cancelled
	timeout, grace time.Duration
	stop           atomic.Uint32
	flush          *time.Timer // sets stopFlush
	// giveUp is called by the watchdog when a task would not end, after its
	// failure was delivered; the executor's goroutine is then no longer of
	// use.
	giveUp func(reason string)

	mu sync.Mutex // guards what the watchdog and run share
}

// cancel has run stop before the next task.
func (x *executor) cancel() { x.stop.Or(stopCancelled) }

// run runs the n tasks of a chunk and keeps their results; those that wait for
// long, or are many, are delivered. It returns false when the watchdog has
// given this executor up.
func (x *executor) run(n int, out outlet) bool {
	if n > 1 {
		x.watch()
		defer x.flush.Stop()
	}
	for k := 0; k < n && x.stop.Load()&stopCancelled == 0; {
		next, err, ok := x.attempt(k, n, out)
		if !ok {
			return false
		}
		if err != nil {
			out.fail(next-1, describe(err))
		}
		k = next
		if x.stop.Load()&stopFlush != 0 || out.full() {
			out.deliver()
			x.watch()
		}
	}
	return true
}

// travels reports whether results are delivered after the i-th of n chunks that
// a worker took together: half-way, so that more tasks arrive before there are
// none left, and at the end.
func travels(i, n int) bool { return i+1 == n || i+1 == n/2 }

// watch has results delivered that wait for long from now on.
func (x *executor) watch() {
	x.stop.And(^uint32(stopFlush))
	if x.flush == nil {
		x.flush = time.AfterFunc(flushAfter, func() { x.stop.Or(stopFlush) })
	} else {
		x.flush.Reset(flushAfter)
	}
}

// attempt calls the tasks from the k-th on, or only that under its timeout if
// there is one. It is not ok when a watchdog has taken over.
func (x *executor) attempt(k, n int, out outlet) (next int, err error, ok bool) {
	if x.timeout <= 0 {
		next, err = out.call(x.ctx, k, n, &x.stop, nil)
		return next, err, true
	}
	ctx, cancel := context.WithTimeoutCause(x.ctx, x.timeout, ErrTaskTimeout)
	defer cancel()
	w := &watchdog{x: x, k: k, out: out}
	next, err = out.call(ctx, k, k+1, &x.stop, w)
	if err == exchange.ErrGivenUp {
		return 0, nil, false
	}
	if err != nil && errors.Is(context.Cause(ctx), ErrTaskTimeout) {
		err = x.timedOut()
	}
	return next, err, true
}

// watchdog watches one call under a timeout: when the function does not end
// with its context, the watchdog answers for it.
type watchdog struct {
	x     *executor
	k     int
	out   outlet
	began int64
	timer *time.Timer
	over  bool // one of the two has answered; x.mu guards it
}

// Enter begins to watch.
func (w *watchdog) Enter() {
	w.x.mu.Lock()
	defer w.x.mu.Unlock()
	w.began = clock.Now()
	w.timer = time.AfterFunc(w.x.timeout+w.x.grace, w.overrun)
}

// Leave ends that, unless it is too late.
func (w *watchdog) Leave() bool {
	w.timer.Stop()
	w.x.mu.Lock()
	defer w.x.mu.Unlock()
	if w.over {
		return false
	}
	w.over = true
	return true
}

// overrun delivers the failure of a task that did not heed its timeout.
func (w *watchdog) overrun() {
	w.x.mu.Lock()
	defer w.x.mu.Unlock()
	if w.over {
		return
	}
	w.over = true
	w.out.overran(w.k, w.began, clock.Now(), describe(w.x.timedOut()))
	w.out.deliver()
	w.x.giveUp("a task did not end when its time was up")
}

func (x *executor) timedOut() error {
	return fmt.Errorf("%w: no result after %v", ErrTaskTimeout, x.timeout)
}
