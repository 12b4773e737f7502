package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"corecast/internal/clock"
	"corecast/runner/exchange"
	"corecast/runner/trace"
	"corecast/runner/work"
)

// Launcher starts, watches and ends the workers of a backend. It tells what
// becomes of each by events; package exchange says which. Implementations are
// [InProc] and the packages below this one.
type Launcher interface {
	// Name is the backend's name.
	Name() string
	// Workers is the number of slots, VCPU what each worker has. A launcher that
	// limits memory has a method MemoryLimit as Pool has.
	Workers() int
	VCPU() float64
	// Launch requests a worker for each slot and returns without waiting. For
	// each request exactly one Exited event must come in the end, after a
	// Ready event if the worker could be used. ctx is the pool's.
	Launch(ctx context.Context, requests []Request, post exchange.Post)
	// Close ends all workers and returns when they are gone.
	Close() error
}

// Request asks for a worker in a slot; Generation counts the slot's workers.
type Request struct {
	Slot, Generation int
	// Fed is set when there are tasks that it is to have at once.
	Fed bool
}

// Upfront is a launcher whose workers cannot be asked while they work: they are
// linked (exchange.Linked) before they begin, and get their shares of all tasks
// then.
type Upfront interface{ Upfront() bool }

// Reporter is a launcher that knows what its platform reports of a worker. It
// may ask the platform; a job's trace is made after that.
type Reporter interface {
	Report(slot, generation int) Report
}

// Report is what a platform says of one worker: times in nanoseconds on the
// driver's clock, Resolution to how many they are given; Billed NotKnown where
// it does not tell.
type Report struct {
	Phases []Phase
	Billed int64
}

// Phase is a named time.
type Phase struct {
	Name           string
	At, Resolution int64
}

// Pool is the workers of one backend, for any number of jobs, one at a time.
// Workers are started when the first job is submitted, so that their start-up
// is in its trace, or by Warm; they stay for the next job. A worker that is
// lost is replaced.
type Pool struct {
	launcher Launcher
	turn     chan struct{} // holds one token: who has it runs a job
	inbox    *inbox
	slots    []*slot
	jobs     uint32
	// chunks numbers chunks across jobs, so that what a worker still says of a
	// job that was given up fits none of the next.
	chunks  int32
	ctx     context.Context
	cancel  context.CancelFunc
	closed  bool // guarded by turn
	closing sync.Once
	err     error
}

// NewPool makes a pool over a backend. Close it when done.
func NewPool(l Launcher) *Pool {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Pool{launcher: l, turn: make(chan struct{}, 1), inbox: newInbox(), ctx: ctx, cancel: cancel}
	for i := range l.Workers() {
		p.slots = append(p.slots, &slot{index: i})
	}
	p.turn <- struct{}{}
	return p
}

// Backend returns the backend's name.
func (p *Pool) Backend() string { return p.launcher.Name() }

// Workers returns the number of slots.
func (p *Pool) Workers() int { return len(p.slots) }

// VCPU returns what each worker has.
func (p *Pool) VCPU() float64 { return p.launcher.VCPU() }

// MemoryLimit returns what each worker may use, in bytes; 0: no limit.
func (p *Pool) MemoryLimit() int64 {
	if l, ok := p.launcher.(interface{ MemoryLimit() int64 }); ok {
		return l.MemoryLimit()
	}
	return 0
}

// Warm starts all workers and waits until they are ready, so that the next
// job finds a ready pool.
func (p *Pool) Warm(ctx context.Context) error {
	if err := p.acquire(ctx); err != nil {
		return err
	}
	defer p.release()
	s := newSchedule(p, nil, JobOptions{})
	return s.warm(ctx)
}

// Close ends all workers and returns when they are gone. It waits for the job
// that runs.
func (p *Pool) Close() error {
	p.closing.Do(func() {
		<-p.turn
		p.closed = true
		p.cancel()
		p.err = p.launcher.Close()
		p.turn <- struct{}{}
	})
	return p.err
}

func (p *Pool) acquire(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	default:
	}
	select {
	case <-p.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.closed {
		p.release()
		return fmt.Errorf("the pool of backend %s is closed", p.Backend())
	}
	return nil
}

func (p *Pool) release() { p.turn <- struct{}{} }

// run runs a job. It is submitted now.
func (p *Pool) run(ctx context.Context, j work.Job, o JobOptions) error {
	if n := j.Len(); n > math.MaxInt32 {
		return fmt.Errorf("%d tasks are more than a job can have: %d", n, math.MaxInt32)
	} else if n > 0 && len(p.slots) == 0 {
		return fmt.Errorf("the pool of backend %s has no workers", p.Backend())
	}
	if err := p.acquire(ctx); err != nil {
		return err
	}
	defer p.release()
	s := newSchedule(p, j, o)
	err := s.run(ctx)
	if s.log != nil && s.log.spill != nil {
		if e := s.log.spill.close(); e != nil {
			err = errors.Join(err, fmt.Errorf("spill the trace: %w", e))
		}
	}
	if o.Trace != nil {
		o.Trace(s.finishedTrace())
	}
	return err
}

// inbox collects events for the one goroutine that schedules. Posting never
// blocks.
type inbox struct {
	mu     sync.Mutex
	events []exchange.Event
	signal chan struct{} // holds a token when there are events
}

func newInbox() *inbox { return &inbox{signal: make(chan struct{}, 1)} }

func (b *inbox) post(e exchange.Event) {
	b.mu.Lock()
	b.events = append(b.events, e)
	first := len(b.events) == 1
	b.mu.Unlock()
	if first {
		select {
		case b.signal <- struct{}{}:
		default:
		}
	}
}

// take takes all events; it keeps reuse for later.
func (b *inbox) take(reuse []exchange.Event) []exchange.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.events
	clear(reuse)
	b.events = reuse[:0]
	return taken
}

// slot is a worker's place. Only the goroutine whose turn it is touches it.
type slot struct {
	index int
	// generation counts its workers; link is that of the present one, nil when
	// it is not ready.
	generation int
	alive      bool // requested and not gone
	link       exchange.Link
	life       life
	// used is set when the present worker has delivered something.
	used bool
	// waiting is set while the next worker is waited with.
	waiting bool
	// startFailures counts workers that were lost before they were of use,
	// since one was.
	startFailures int

	// Of the present job:
	open        bool
	row         int32 // index into the trace's workers; -1: none yet
	outstanding []*dispatched
	out         int   // tasks outstanding
	since       int64 // when it could begin what is outstanding, or was last heard of
	fed         bool  // it was sent chunks since they were last flushed
	lastChunk   int
	unstored    []int32 // rows of deliveries that are not known to have left it
	taskTime    float64 // estimate in nanoseconds; 0: not known
	// Where workers get their shares up front: share is what it is still to be
	// handed of its own, shared is set once it was given one; turnaround is how
	// long it took for all that it was handed.
	share      int
	shared     bool
	handed     int64 // when it was handed the first of what is outstanding
	turnaround int64
	timedOut   bool // the last result was that a task's time ran out
}

// life is what is known of a worker, in nanoseconds on the driver's clock.
type life struct {
	id                        string
	requested, started, ready int64
	ended                     int64
	offset, uncertainty       int64
	reason                    string
	lost                      bool
}

// dispatched is a chunk that is out.
type dispatched struct {
	exchange.Chunk
	row     int32 // index into the trace's chunks
	attempt int32
	alone   bool // nothing else may be out at its worker
	done    int32
	arrived int64 // of the row, to tell the parts of a split chunk apart
}

func now() int64 { return clock.Now() }

// since maps a stamp to the trace's time.
func since(t0, at int64) trace.Time {
	if at == exchange.NotKnown {
		return trace.Unknown
	}
	return trace.Time(at - t0)
}
