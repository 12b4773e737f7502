package runner

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"corecast/runner/trace"
	"corecast/runner/work"
)

// JobOptions tune one job; the zero value is what most jobs want.
type JobOptions struct {
	// Chunk fixes how many tasks go out together; 0 adapts it to the measured
	// task time, large first and small at the end.
	Chunk int
	// Window is how many chunks a worker has at hand at most: that which it is
	// at, and those sent ahead; 0 adapts it to the measured task time.
	Window int
	// TaskTimeout ends an attempt that runs longer; 0: no limit. The function's
	// context ends then; a worker process whose function does not heed it is
	// killed and replaced, a goroutine is abandoned.
	TaskTimeout time.Duration
	// Silence is how long a worker process may not answer when it is asked
	// whether it is there, before it is lost: stopped, frozen, cut off. A
	// function that computes does not keep its process from answering. 0 means
	// 30 s, a negative number for ever; it is seen after up to a third more.
	Silence time.Duration
	// JobTimeout ends the whole job; 0: no limit.
	JobTimeout time.Duration
	// FailedRetries is how often a task runs again after its function failed.
	FailedRetries int
	// LostRetries is how often a task runs again after it has cost a worker; 0
	// means 3, a negative number none. When a worker is lost with several tasks,
	// which it was at cannot be told: they run again in ever smaller parts, and
	// the loss counts for a task that was the only one at its worker. Without
	// retries, tasks go out one by one, and none that may have begun begins
	// again; with a Chunk, what of it had not come back is then given up.
	LostRetries int
	// NoCopies forbids that a late task is run by a second worker as well while
	// the first is still at it. LostRetries below 0 forbids it, too.
	NoCopies bool
	// Journal keeps results, so that a job goes on whose driver was killed: the
	// tasks whose results it has do not run, and their results come first. It
	// must be of the same function and inputs ([Fingerprint]), and results must
	// be the same whenever a task runs. nil: none. A task whose result it has
	// is in neither the trace nor its makespan.
	Journal Journal
	// Label names task i by its input in errors; nil: "task i".
	Label func(i int) string
	// Progress is called, from one goroutine, as results arrive: so many of
	// all tasks are settled. It must return at once.
	Progress func(settled, tasks int)
	// Trace receives the job's trace when the job is over, however it ended; a
	// job that was refused, or never had its turn on the pool, has none.
	Trace func(*trace.Trace)
	// Spill takes the rows of the trace of a job of very many tasks while it
	// runs; Trace then gets those that are left. Its error is the job's. Nil
	// keeps all rows in memory.
	Spill trace.Sink
}

// lostRetries returns the limit that LostRetries stands for.
func (o *JobOptions) lostRetries() int {
	switch {
	case o.LostRetries == 0:
		return 3
	case o.LostRetries < 0:
		return 0
	}
	return o.LostRetries
}

// defaultSilence is long beside what an overloaded machine or a collection of
// garbage holds a process up.
const defaultSilence = 30 * time.Second

// silence returns the limit that Silence stands for; 0: none.
func (o *JobOptions) silence() time.Duration {
	if o.Silence == 0 {
		return defaultSilence
	}
	return max(0, o.Silence)
}

// ErrJobTimeout is in the error of a job that ran out of JobTimeout.
var ErrJobTimeout = errors.New("job timeout")

// ErrTaskTimeout is in the error of a task that ran out of TaskTimeout.
var ErrTaskTimeout = work.ErrTaskTimeout

// PanicError is the error of a task whose function panicked.
type PanicError = work.PanicError

// WithDetail attaches text to an error of a task's function that travels with
// it to the driver, where [Detail] finds it: what is too long, or not meant,
// for its message.
func WithDetail(err error, detail string) error { return work.WithDetail(err, detail) }

// Detail returns the text that WithDetail attached to err, empty when none
// was.
func Detail(err error) string { return work.Detail(err) }

// TaskError says why a task has no result.
type TaskError struct {
	// Task is its index, Label what names its input.
	Task  int
	Label string
	// Attempts is how often it was handed out, its worker lost before its turn
	// included.
	Attempts int
	// Lost is set when its workers were lost, rather than its function failed.
	Lost bool
	Err  error
}

// Error names the task, its input and what went wrong.
func (e *TaskError) Error() string {
	s := e.Label + ": " + e.Err.Error()
	if e.Attempts > 1 {
		s += fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	return s
}

// Unwrap returns the cause. A cause that came from another process keeps its
// text and, for timeouts and panics, its type.
func (e *TaskError) Unwrap() error { return e.Err }

// TasksError is the error of a job some of whose tasks have no result; the
// others' results are returned beside it.
type TasksError struct {
	Tasks  int          // of the job
	Failed []*TaskError // by task
}

// Error names the first few tasks and counts the rest.
func (e *TasksError) Error() string {
	const shown = 3
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d tasks failed", len(e.Failed), e.Tasks)
	for i, t := range e.Failed {
		if i == shown {
			fmt.Fprintf(&b, "; and %d more", len(e.Failed)-shown)
			break
		}
		b.WriteString("; " + t.Error())
	}
	return b.String()
}

// Unwrap returns the tasks' errors.
func (e *TasksError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, t := range e.Failed {
		errs[i] = t
	}
	return errs
}
