package runner

import (
	"context"
	"strconv"
	"sync"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// InProc is the backend inproc: workers are goroutines of this process.
// Inputs and results are handed over as they are, without a copy: a function
// must not change what its input points to. A goroutine cannot be killed: a
// task that heeds neither its context nor its timeout is left behind, and
// runs on until it returns.
func InProc(workers int) Launcher { return &inproc{workers: workers} }

type inproc struct {
	workers int
	mu      sync.Mutex
	links   []*memoryLink
}

func (p *inproc) Name() string  { return "inproc" }
func (p *inproc) Workers() int  { return p.workers }
func (p *inproc) VCPU() float64 { return 1 }

// Launch starts a goroutine a slot.
func (p *inproc) Launch(_ context.Context, requests []Request, post exchange.Post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range requests {
		l := &memoryLink{
			in: exchange.NewMailbox[exchange.Message](), post: post, slot: r.Slot, generation: r.Generation,
			done: make(chan struct{}), abandoned: make(chan struct{}),
		}
		p.links = append(p.links, l)
		go l.work()
	}
}

// Close ends the goroutines and waits for them, but for those given up.
func (p *inproc) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.links {
		l.leave(false, "the pool was closed")
	}
	for _, l := range p.links {
		select {
		case <-l.done:
		case <-l.abandoned:
		}
	}
	p.links = nil
	return nil
}

// memoryLink is the link to a goroutine, and the goroutine.
type memoryLink struct {
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

func (l *memoryLink) Open(s exchange.Spec) {
	l.mu.Lock()
	l.opened = s.ID
	l.mu.Unlock()
	l.in.Push(exchange.Message{Kind: exchange.MessageOpen, Spec: s})
}

func (l *memoryLink) Send(c exchange.Chunk) {
	l.in.Push(exchange.Message{Kind: exchange.MessageChunk, Chunk: c})
}

// Finish ends the job; with cancel set it ends the functions' context at once
// and drops what has not begun.
func (l *memoryLink) Finish(cancel bool) {
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
func (l *memoryLink) stop() {
	if l.job != nil {
		l.job.cancelled.Store(true)
		l.cancel()
	}
}

// Kill gives the goroutine up: it cannot be ended from outside.
func (l *memoryLink) Kill() {
	l.abandon()
	l.leave(false, "given up")
}

func (l *memoryLink) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		close(l.abandoned)
	}
}

// leave posts the worker's end, which it was asked for unless it gave up.
func (l *memoryLink) leave(gaveUp bool, reason string) {
	l.exit(exchange.Event{Reason: reason, GaveUp: gaveUp, Expected: !gaveUp})
}

// exit posts the worker's end, once, and closes its mailbox.
func (l *memoryLink) exit(e exchange.Event) {
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

func (l *memoryLink) event(e exchange.Event) {
	e.Slot, e.Generation, e.At = l.slot, l.generation, clock.Now()
	l.post(e)
}

// work is the goroutine of a worker.
func (l *memoryLink) work() {
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
	for {
		if batch = l.in.Take(batch); batch == nil {
			return
		}
		for _, m := range batch {
			switch m.Kind {
			case exchange.MessageOpen:
				spec = m.Spec
				x = l.open(spec)
				stats = exchange.Stats{JobID: spec.ID, Stored: exchange.NotKnown, CPU: exchange.NotKnown}
			case exchange.MessageChunk:
				now := clock.Now()
				out := &memoryOutlet{link: l, chunk: m.Chunk, arrived: now, stats: &stats, block: spec.Job.NewBlock(int(m.Chunk.Hi - m.Chunk.Lo))}
				if !x.run(int(m.Chunk.Hi-m.Chunk.Lo), out) {
					return
				}
			case exchange.MessageFinish:
				done := stats
				l.event(exchange.Event{Kind: exchange.Closed, Stats: &done})
			}
		}
	}
}

// open makes the executor of a job.
func (l *memoryLink) open(spec exchange.Spec) *executor {
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

// memoryOutlet runs the tasks of one chunk in this process.
type memoryOutlet struct {
	link    *memoryLink
	chunk   exchange.Chunk
	arrived int64
	block   exchange.Block
	stats   *exchange.Stats

	first      int // of the results kept
	start, end []int64
	failures   map[int]exchange.Failure
}

func (o *memoryOutlet) call(ctx context.Context, k int) (start, end int64, err error) {
	start = clock.Now()
	err = o.block.Call(ctx, k, int(o.chunk.Lo)+k)
	return start, clock.Now(), err
}

func (o *memoryOutlet) keep(k int, start, end int64, f *exchange.Failure) (full bool) {
	if o.start == nil {
		n := int(o.chunk.Hi-o.chunk.Lo) - k
		stamps := make([]int64, 0, 2*n)
		o.start, o.end = stamps[:0:n], stamps[n:n]
	}
	if f != nil {
		if o.failures == nil {
			o.failures = make(map[int]exchange.Failure)
		}
		o.failures[len(o.start)] = *f
	}
	o.start, o.end = append(o.start, start), append(o.end, end)
	return false
}

func (o *memoryOutlet) deliver() {
	if len(o.start) == 0 {
		return
	}
	now := clock.Now()
	d := &exchange.Delivery{
		Chunk: o.chunk.ID, Lo: o.chunk.Lo + int32(o.first), ReceiveStart: o.arrived, Arrived: o.arrived,
		Start: o.start, End: o.end, Failures: o.failures, Results: o.block, First: o.first,
		SendStart: now, Received: now, PreviousStored: o.stats.Stored,
	}
	o.stats.Stored = now
	o.first += len(o.start)
	o.start, o.end, o.failures = nil, nil, nil
	o.link.event(exchange.Event{Kind: exchange.Delivered, Delivery: d})
}
