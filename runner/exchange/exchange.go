// Package exchange moves chunks of tasks from a driver to its workers and
// results back.
//
// The driver's end of one worker is a [Link]: it takes chunks and never
// blocks. What comes back (the worker is ready, results, the worker is gone)
// is an [Event], posted to the one goroutine that schedules. stream.go links
// processes by frames over a byte stream (frame.go). Package runner schedules,
// package work executes and has the link to goroutines; the launchers beside
// them start workers and make their links.
package exchange

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// Job is the work of one job as an exchange sees it: encoded on a wire,
// called directly in memory. It is implemented in package work and is safe
// for concurrent use.
type Job interface {
	// Func is the name of the function.
	Func() string
	// AppendInput appends the encoded input of a task to dst.
	AppendInput(dst []byte, task int) ([]byte, error)
	// RawInput returns the input of a task where it is bytes already, which
	// are then written from where they are when they are many; else nil.
	RawInput(task int) []byte
	// NewBlock makes room for the results of n tasks.
	NewBlock(n int) Block
}

// Block holds the typed results of one delivery. One goroutine uses it at a
// time.
type Block interface {
	// Decode reads the k-th result of the block. It may keep a payload of
	// RawSize and more, and no other.
	Decode(k int, payload []byte) error
	// Call runs tasks here, one after another, and keeps their results, until
	// one fails or the calls are to stop. It returns the index behind the last
	// that ran, and that one's error; a panic is an error.
	Call(ctx context.Context, c *Calls) (next int, err error)
}

// Calls are consecutive tasks that a Block runs in memory: the results From to
// before To of the block, whose first is that of the task Task.
type Calls struct {
	Task, From, To int
	// Stamps, unless it is nil, takes readings of the clock, one more than
	// there are calls: before the first, and behind each. The end of a task is
	// the start of the next, since there is nothing between them but the loop.
	Stamps []int64
	// Stop ends the calls before the next task once it is not 0.
	Stop *atomic.Uint32
	// Guard, unless it is nil, watches each call of a function.
	Guard Guard
}

// Guard watches calls of a function that may be given up.
type Guard interface {
	// Enter comes right before the function is called.
	Enter()
	// Leave comes right after it has returned. When it refuses, somebody else
	// has answered for the task: the calls end with ErrGivenUp, and touch
	// nothing more.
	Leave() bool
}

// ErrGivenUp is the error of calls that ended since Guard.Leave refused.
var ErrGivenUp = errors.New("given up")

// Spec announces a job to a worker.
type Spec struct {
	// ID tells jobs of a pool apart.
	ID uint32
	// TaskTimeout is the limit of one attempt; 0: none. An attempt that does
	// not end Grace after its context did takes the worker with it.
	TaskTimeout, Grace time.Duration
	// Silence is how long a worker that is asked may say nothing; 0: for ever.
	Silence time.Duration
	// Stamps is set when the times of each task are wanted.
	Stamps bool
	// Prompt is set when the results of a chunk are not to wait for those of
	// the next, so that the driver knows which chunk a worker is at.
	Prompt bool
	Job    Job
}

// Chunk is a range of tasks, Lo to before Hi, handed out together.
type Chunk struct {
	ID     int32
	Lo, Hi int32
}

// FailureKind tells failures apart that callers branch on.
type FailureKind uint8

// The kinds of failures of a task's function.
const (
	FailedError   FailureKind = iota // it returned an error
	FailedPanic                      // it panicked
	FailedTimeout                    // it ran out of its time
)

// Failure says why a task has no result. Err is set where the failure did not
// cross a wire; Text always holds what to print, Detail what belongs to it: a
// panic's stack, or what the function attached.
type Failure struct {
	Kind   FailureKind
	Text   string
	Detail string
	Err    error
}

// Delivery is a set of results: those of Count consecutive tasks from Lo, all
// of one chunk. Times are nanoseconds on the worker's clock, but Received,
// which is on the driver's.
type Delivery struct {
	Chunk     int32
	Lo, Count int32
	// ReceiveStart and Arrived bracket the chunk's reception by the worker.
	ReceiveStart, Arrived int64
	// Began and Ended bracket the calls of all its tasks.
	Began, Ended int64
	// Start and End bracket each call of the function; nil where the job does
	// not want stamps.
	Start, End []int64
	// Failures by offset from Lo; nil when there are none.
	Failures map[int]Failure
	// Results holds the values of the tasks that did not fail: that of the
	// k-th task at First + k.
	Results Block
	First   int
	// BytesIn and BytesOut are the encoded sizes of each task's input and
	// result; nil in memory.
	BytesIn, BytesOut []int32
	// Usages are those of each task; nil where none was measured.
	Usages    []TaskUsage
	SendStart int64
	Received  int64
	// PreviousStored is when the worker's deliveries of this job that are not
	// known to have left, this one excepted, were out of its hands; NotKnown
	// when there are none, or when this one left together with them.
	PreviousStored int64
	// Bytes is the size on the wire, ChunkBytes that of its chunk.
	Bytes, ChunkBytes int64
}

// NotKnown marks a stamp that was not taken.
const NotKnown = -1 << 63

// Stats is what a worker says of itself at the end of a job.
type Stats struct {
	JobID uint32
	// Stored is when its last delivery of the job was out of its hands.
	Stored int64
	// CPU is the processor time used since the job was opened, in
	// nanoseconds, NotKnown where it cannot be told.
	CPU int64
	// PeakMemory is the largest resident set in bytes; 0: not known.
	PeakMemory int64
	// Voluntary and Involuntary count switches of context since the job was
	// opened, Throttled and Waited are the nanoseconds for which a quota held it
	// back, and for which it could have run and did not; NotKnown where they
	// cannot be told.
	Voluntary, Involuntary, Throttled, Waited int64
}

// UnknownStats are those of a worker that can tell nothing.
func UnknownStats(job uint32) Stats {
	return Stats{JobID: job, Stored: NotKnown, CPU: NotKnown, Voluntary: NotKnown, Involuntary: NotKnown, Throttled: NotKnown, Waited: NotKnown}
}

// TaskUsage is what one attempt at a task used.
type TaskUsage struct {
	// Measured is set where it was: for tasks long enough for that to cost next
	// to nothing.
	Measured bool
	// CPU is processor time in nanoseconds; Voluntary and Involuntary count
	// switches of context.
	CPU, Voluntary, Involuntary int64
	// PeakMemory is the largest resident set while it ran, in bytes; 0: not
	// known. Throttled is in nanoseconds; NotKnown where it was not read.
	PeakMemory, Throttled int64
}

// Link is the driver's end of the connection to one worker. No method blocks.
type Link interface {
	// Open announces a job; the worker serves one job at a time.
	Open(Spec)
	// Send hands over a chunk of the open job. It may wait for Flush, or any
	// other call, to be on its way.
	Send(Chunk)
	// Flush sends what Send has handed over.
	Flush()
	// Finish ends the open job when the worker has done what it was sent, or
	// at once with cancel set: the functions' context ends, chunks not begun
	// are dropped. The worker answers with a Closed event.
	Finish(cancel bool)
	// Kill ends the worker now; an Exited event follows.
	Kill()
}

// EventKind says what happened.
type EventKind uint8

// The kinds of events, in the order of a worker's life.
const (
	// Started: its process (or goroutine) began.
	Started EventKind = iota
	// Ready: it can take tasks; Link is set.
	Ready
	// Delivered: results came; Deliveries are set.
	Delivered
	// Synced: its clock was compared with the driver's again; ClockOffset and
	// ClockUncertainty are set.
	Synced
	// Closed: it is done with the job; Stats is set.
	Closed
	// Exited: it is gone. Nothing of this worker follows.
	Exited
	// Due is the scheduler's own: it is time for the slot's next worker.
	Due
	// Linked: chunks can be handed over to it, though it may not have begun;
	// Link is set. Ready follows when it was heard of.
	Linked
)

// Event is something that a worker did. Times are nanoseconds.
type Event struct {
	Kind EventKind
	// Slot is the worker's place, Generation counts its workers from 1.
	Slot, Generation int
	// At is when it happened, on the driver's clock.
	At int64
	// ID (Started) is the platform's name for the worker.
	ID string
	// Link belongs to Ready and Linked, ClockOffset and ClockUncertainty to Ready and
	// Synced; the offset is added to the worker's stamps.
	Link                          Link
	ClockOffset, ClockUncertainty int64
	// Deliveries are in the order in which the worker made them.
	Deliveries []*Delivery
	Stats      *Stats
	// Reason (Exited) says why in words. Expected is set when the worker was
	// asked to go; GaveUp when it went because a task would not end; Fatal
	// when no worker of this kind can be used (another build).
	Reason                  string
	Expected, GaveUp, Fatal bool
	// Unstarted (Exited) is set when it had not begun with any task.
	Unstarted bool
}

// Post hands an event to the scheduler. It does not block.
type Post func(Event)
