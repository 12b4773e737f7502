// Package exchange moves chunks of tasks from a driver to its workers and
// results back.
//
// The driver's end of one worker is a [Link]: it takes chunks and never
// blocks. What comes back (the worker is ready, results, the worker is gone)
// is an [Event], posted to the one goroutine that schedules. memory.go links
// goroutines, stream.go processes by frames over a byte stream (frame.go).
// Package runner schedules and executes; the launchers beside it start
// workers and make their links.
package exchange

import (
	"context"
	"time"
)

// Job is the work of one job as an exchange sees it: encoded on a wire,
// called directly in memory. It is implemented in package runner and is safe
// for concurrent use.
type Job interface {
	// Func is the name of the function.
	Func() string
	// AppendInput appends the encoded input of a task to dst.
	AppendInput(dst []byte, task int) ([]byte, error)
	// NewBlock makes room for the results of n tasks.
	NewBlock(n int) Block
}

// Block holds the typed results of one delivery. One goroutine uses it at a
// time.
type Block interface {
	// Decode reads the k-th result of the block.
	Decode(k int, payload []byte) error
	// Call runs the task here and keeps its result as the k-th of the block.
	// A panic comes back as an error.
	Call(ctx context.Context, k, task int) error
}

// Spec announces a job to a worker.
type Spec struct {
	// ID tells jobs of a pool apart.
	ID uint32
	// TaskTimeout is the limit of one attempt; 0: none. An attempt that does
	// not end Grace after its context did takes the worker with it.
	TaskTimeout, Grace time.Duration
	Job                Job
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

// Delivery is a set of results: those of len(Start) consecutive tasks from Lo,
// all of one chunk. Times are nanoseconds on the worker's clock, but Received,
// which is on the driver's.
type Delivery struct {
	Chunk int32
	Lo    int32
	// ReceiveStart and Arrived bracket the chunk's reception by the worker.
	ReceiveStart, Arrived int64
	// Start and End bracket each call of the function.
	Start, End []int64
	// Failures by offset from Lo; nil when there are none.
	Failures map[int]Failure
	// Results holds the values of the tasks that did not fail: that of the
	// k-th task at First + k.
	Results Block
	First   int
	// BytesIn and BytesOut are the encoded sizes of each task's input and
	// result; nil in memory.
	BytesIn, BytesOut []int64
	SendStart         int64
	Received          int64
	// PreviousStored is when the worker's previous delivery of this job was
	// out of its hands.
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
}

// Link is the driver's end of the connection to one worker. No method blocks.
type Link interface {
	// Open announces a job; the worker serves one job at a time.
	Open(Spec)
	// Send hands over a chunk of the open job.
	Send(Chunk)
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
	// Delivered: results came; Delivery is set.
	Delivered
	// Synced: its clock was compared with the driver's again; ClockOffset and
	// ClockUncertainty are set.
	Synced
	// Closed: it is done with the job; Stats is set.
	Closed
	// Exited: it is gone. Nothing of this worker follows.
	Exited
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
	// Link belongs to Ready, ClockOffset and ClockUncertainty to Ready and
	// Synced; the offset is added to the worker's stamps.
	Link                          Link
	ClockOffset, ClockUncertainty int64
	Delivery                      *Delivery
	Stats                         *Stats
	// Reason (Exited) says why in words. Expected is set when the worker was
	// asked to go; GaveUp when it went because a task would not end; Fatal
	// when no worker of this kind can be used (another build).
	Reason                  string
	Expected, GaveUp, Fatal bool
}

// Post hands an event to the scheduler. It does not block.
type Post func(Event)
