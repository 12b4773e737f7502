package work

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// Goroutine is a worker of this process, and the link to it. Inputs and results
// are handed over as they are.
type Goroutine struct {
	in               *exchange.Mailbox[exchange.Message]
	post             exchange.Post
	slot, generation int

	// done is closed when the goroutine ends, abandoned when nobody waits for
	// that any more.
	done, abandoned chan struct{}

	mu        sync.Mutex
	job       *executor
	cancel    context.CancelFunc
	opened    uint32 // the job that Open announced last
	cancelled uint32 // the last job that was cancelled
	gone      bool
}

// NewGoroutine starts the worker of a slot. It posts what becomes of it.
func NewGoroutine(slot, generation int, post exchange.Post) *Goroutine {
	l := &Goroutine{
		in: exchange.NewMailbox[exchange.Message](), post: post, slot: slot, generation: generation,
		done: make(chan struct{}), abandoned: make(chan struct{}),
	}
	go l.work()
	return l
}

// Open announces a job.
func (l *Goroutine) Open(s exchange.Spec) {
	l.mu.Lock()
	l.opened = s.ID
	l.mu.Unlock()
	l.in.Push(exchange.Message{Kind: exchange.MessageOpen, Spec: s})
}

// Send hands over a chunk, which Flush has it begin.
func (l *Goroutine) Send(c exchange.Chunk) {
	l.in.Queue(exchange.Message{Kind: exchange.MessageChunk, Chunk: c})
}

// Flush has it begin what was sent.
func (l *Goroutine) Flush() { l.in.Wake() }

// Finish ends the job; with cancel set it ends the functions' context at once
// and drops what has not begun.
func (l *Goroutine) Finish(cancel bool) {
	if cancel {
		l.in.Drop(func(m exchange.Message) bool { return m.Kind == exchange.MessageChunk })
		l.mu.Lock()
		l.cancelled = l.opened
		l.stop()
		l.mu.Unlock()
	}
	l.in.Push(exchange.Message{Kind: exchange.MessageFinish})
}

// stop ends the context of the job at hand; l.mu is held.
func (l *Goroutine) stop() {
	if l.job != nil {
		l.job.cancel()
		l.cancel()
	}
}

// Kill gives the goroutine up: it cannot be ended from outside.
func (l *Goroutine) Kill() {
	l.abandon()
	l.Leave("given up")
}

// Leave ends it once it has done what it is at, unless it is gone.
func (l *Goroutine) Leave(reason string) { l.leave(false, reason) }

// Wait returns when it has ended, or was given up.
func (l *Goroutine) Wait() {
	select {
	case <-l.done:
	case <-l.abandoned:
	}
}

func (l *Goroutine) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		close(l.abandoned)
	}
}

// leave posts the worker's end, which it was asked for unless it gave up.
func (l *Goroutine) leave(gaveUp bool, reason string) {
	l.exit(exchange.Event{Reason: reason, GaveUp: gaveUp, Expected: !gaveUp})
}

// exit posts the worker's end, once, and closes its mailbox.
func (l *Goroutine) exit(e exchange.Event) {
	l.mu.Lock()
	gone := l.gone
	l.gone = true
	l.stop()
	l.mu.Unlock()
	if !gone {
		l.in.Close()
		e.Kind = exchange.Exited
		l.event(e)
	}
}

func (l *Goroutine) event(e exchange.Event) {
	e.Slot, e.Generation, e.At = l.slot, l.generation, clock.Now()
	l.post(e)
}

// work is the goroutine of a worker.
func (l *Goroutine) work() {
	defer close(l.done)
	// Without effect but when a function ends its goroutine (runtime.Goexit,
	// as testing.T.FailNow does).
	defer l.exit(exchange.Event{Reason: "a function ended its goroutine"})
	l.event(exchange.Event{Kind: exchange.Started, ID: "goroutine " + strconv.Itoa(l.slot)})
	l.event(exchange.Event{Kind: exchange.Ready, Link: l})
	var spec exchange.Spec
	var x *executor
	stats := exchange.Stats{}
	var batch []exchange.Message
	out := &memoryOutlet{link: l, stats: &stats}
	for {
		if batch = l.in.Take(batch); batch == nil {
			return
		}
		for i, m := range batch {
			switch m.Kind {
			case exchange.MessageOpen:
				spec = m.Spec
				x = l.open(spec)
				stats = exchange.UnknownStats(spec.ID)
			case exchange.MessageChunk:
				out.begin(&spec, m.Chunk)
				if !x.run(int(m.Chunk.Hi-m.Chunk.Lo), out) {
					return
				}
				if out.end(); spec.Prompt || travels(i, len(batch)) || out.late() {
					out.deliver()
				}
			case exchange.MessageFinish:
				out.deliver()
				done := stats
				l.event(exchange.Event{Kind: exchange.Closed, Stats: &done})
			}
		}
	}
}

// open makes the executor of a job.
func (l *Goroutine) open(spec exchange.Spec) *executor {
	ctx, cancel := context.WithCancel(context.Background())
	x := &executor{ctx: ctx, timeout: spec.TaskTimeout, grace: spec.Grace, giveUp: func(reason string) {
		l.abandon()
		l.leave(true, reason)
	}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop() // frees the context of the job before
	l.job, l.cancel = x, cancel
	if l.cancelled == spec.ID {
		l.stop()
	}
	return x
}

// memoryOutlet runs the tasks of chunks in this process.
type memoryOutlet struct {
	link  *Goroutine
	stats *exchange.Stats

	// Of the chunk at hand.
	chunk   exchange.Chunk
	spec    *exchange.Spec
	arrived int64
	block   exchange.Block

	// Of the results kept: their number, that of those delivered before, their
	// times, and failures.
	kept, first  int
	began, ended int64
	starts, ends []int64
	failures     map[int]exchange.Failure

	calls exchange.Calls // the last ones
	// done are deliveries that wait to travel with others.
	done []*exchange.Delivery
}

func (o *memoryOutlet) begin(spec *exchange.Spec, c exchange.Chunk) {
	o.spec, o.chunk, o.arrived, o.first = spec, c, clock.Now(), 0
	o.block = spec.Job.NewBlock(int(c.Hi - c.Lo))
}

// afterFailure is how many tasks are called together once one has failed.
const afterFailure = 256

func (o *memoryOutlet) call(ctx context.Context, k, n int, stop *atomic.Uint32, guard exchange.Guard) (next int, err error) {
	c := &o.calls
	*c = exchange.Calls{Task: int(o.chunk.Lo), From: k, To: n, Stop: stop, Guard: guard}
	if o.spec.Stamps {
		if o.kept > 0 {
			c.To = min(n, k+afterFailure)
		}
		c.Stamps = make([]int64, c.To-k+1)
	}
	began := clock.Now()
	next, err = o.block.Call(ctx, c)
	if err == exchange.ErrGivenUp || next == k {
		return next, err
	}
	if c.Stamps != nil {
		o.keep(next-k, c.Stamps)
	} else {
		o.keep(next-k, []int64{began, clock.Now()})
	}
	return next, err
}

// keep keeps n results with their stamps; where the job does not want them,
// those around all.
func (o *memoryOutlet) keep(n int, stamps []int64) {
	if o.kept == 0 {
		o.began = stamps[0]
	}
	o.ended = stamps[len(stamps)-1]
	if o.spec.Stamps {
		o.ended = stamps[n]
		if o.kept == 0 {
			o.starts, o.ends = stamps[:n:n], stamps[1:n+1]
		} else {
			o.starts, o.ends = append(o.starts, stamps[:n]...), append(o.ends, stamps[1:n+1]...)
		}
	}
	o.kept += n
}

func (o *memoryOutlet) fail(k int, f *exchange.Failure) {
	if o.failures == nil {
		o.failures = make(map[int]exchange.Failure)
	}
	o.failures[k-o.first] = *f
}

func (o *memoryOutlet) overran(k int, start, end int64, f *exchange.Failure) {
	o.keep(1, []int64{start, end})
	o.fail(k, f)
}

// full is false: what is handed over as it is takes no room.
func (o *memoryOutlet) full() bool { return false }

// end makes a delivery of what was kept, to travel with the next.
func (o *memoryOutlet) end() {
	if o.kept == 0 {
		return
	}
	o.done = append(o.done, &exchange.Delivery{
		Chunk: o.chunk.ID, Lo: o.chunk.Lo + int32(o.first), Count: int32(o.kept), ReceiveStart: o.arrived, Arrived: o.arrived,
		Began: o.began, Ended: o.ended, Start: o.starts, End: o.ends, Failures: o.failures, Results: o.block, First: o.first,
		PreviousStored: exchange.NotKnown,
	})
	o.first += o.kept
	o.kept, o.starts, o.ends, o.failures = 0, nil, nil, nil
}

// late reports whether what waits has waited long enough.
func (o *memoryOutlet) late() bool {
	return len(o.done) > 0 && o.ended-o.done[0].Began > int64(flushAfter)
}

func (o *memoryOutlet) deliver() {
	o.end()
	if len(o.done) == 0 {
		return
	}
	now := clock.Now()
	for _, d := range o.done {
		d.SendStart, d.Received = now, now
	}
	o.done[0].PreviousStored, o.stats.Stored = o.stats.Stored, now
	o.link.event(exchange.Event{Kind: exchange.Delivered, Deliveries: o.done})
	o.done = nil
}
