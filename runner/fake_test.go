package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"corecast/internal/clock"
	"corecast/runner"
	"corecast/runner/exchange"
)

// faults are the probabilities of what a scripted worker does wrong.
type faults struct {
	noStart  float64 // ends before it is ready, a worker
	fatal    float64 // is of another build, a worker
	flee     float64 // is lost as soon as it is ready, a worker
	die      float64 // is lost, before a task
	giveUp   float64 // reports that a task ran out of time, and goes, a task
	mute     float64 // goes as if it had given up, without a report, a task
	fail     float64 // reports a failure, a task
	stuck    float64 // takes 5 s and heeds nothing, a task
	split    float64 // has got the rest of the chunk only now, a delivery
	repeat   float64 // posts a delivery twice, a delivery
	nonsense float64 // posts deliveries that fit nothing, a delivery
}

// fakeBackend is a backend of scripted workers. They run as goroutines and
// take chunks as any worker does, but delay, split, repeat and lose them as a
// seed says. It notes where the scheduler breaks the rules of a Link.
type fakeBackend struct {
	workers int
	seed    uint64
	faults  faults
	// task is how long a task takes; nil: at random.
	task func(task int) time.Duration
	// calm workers pause nowhere.
	calm bool
	// slow is how many times as long tasks take at the first worker; 0: once.
	slow int
	// fleeing is the slot from which on all workers flee; 0: none.
	fleeing int
	// bytesIn is the encoded size of an input that workers report.
	bytesIn int32

	wg       sync.WaitGroup
	launched atomic.Int64
	mu       sync.Mutex
	links    []*fakeLink
	broken   []string
	sent     []exchange.Chunk
}

func (b *fakeBackend) Name() string  { return "fake" }
func (b *fakeBackend) Workers() int  { return b.workers }
func (b *fakeBackend) VCPU() float64 { return 1 }

func (b *fakeBackend) Launch(_ context.Context, requests []runner.Request, post exchange.Post) {
	for _, r := range requests {
		b.launched.Add(1)
		l := &fakeLink{
			b: b, in: exchange.NewMailbox[exchange.Message](), request: r, post: post,
			rng: rand.New(rand.NewPCG(b.seed, uint64(r.Slot)<<32|uint64(r.Generation))),
		}
		l.offset = l.rng.Int64N(1e12) - 5e11
		b.mu.Lock()
		b.links = append(b.links, l)
		b.mu.Unlock()
		b.wg.Go(l.live)
	}
}

func (b *fakeBackend) Close() error {
	b.mu.Lock()
	for _, l := range b.links {
		l.Kill()
	}
	b.mu.Unlock()
	b.wg.Wait()
	return nil
}

func (b *fakeBackend) breach(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = append(b.broken, fmt.Sprintf(format, args...))
}

// fakeLink is a scripted worker and the link to it.
type fakeLink struct {
	b       *fakeBackend
	in      *exchange.Mailbox[exchange.Message]
	request runner.Request
	post    exchange.Post
	rng     *rand.Rand
	offset  int64 // of the driver's clock from the worker's

	killed, cancelled atomic.Bool
	open              atomic.Bool // between Open and Finish
	spec              exchange.Spec
	stored            int64
}

func (l *fakeLink) Open(s exchange.Spec) {
	if l.open.Swap(true) {
		l.b.breach("job %d opened on a worker with an open job", s.ID)
	}
	l.cancelled.Store(false)
	l.in.Push(exchange.Message{Kind: exchange.MessageOpen, Spec: s})
}

func (l *fakeLink) Send(c exchange.Chunk) {
	if !l.open.Load() {
		l.b.breach("chunk %+v sent to a worker without an open job", c)
	}
	if c.Lo < 0 || c.Hi <= c.Lo {
		l.b.breach("chunk %+v is empty", c)
	}
	l.b.mu.Lock()
	l.b.sent = append(l.b.sent, c)
	l.b.mu.Unlock()
	l.in.Push(exchange.Message{Kind: exchange.MessageChunk, Chunk: c})
}

func (l *fakeLink) Flush() {}

func (l *fakeLink) Finish(cancel bool) {
	if !l.open.Swap(false) {
		l.b.breach("a job was finished that is not open")
	}
	if cancel {
		l.cancelled.Store(true)
		l.in.Drop(func(m exchange.Message) bool { return m.Kind == exchange.MessageChunk })
	}
	l.in.Push(exchange.Message{Kind: exchange.MessageFinish})
}

func (l *fakeLink) Kill() {
	l.killed.Store(true)
	l.in.Close()
}

func (l *fakeLink) event(e exchange.Event) {
	e.Slot, e.Generation, e.At = l.request.Slot, l.request.Generation, clock.Now()
	l.post(e)
}

// now is the worker's clock.
func (l *fakeLink) now() int64 { return clock.Now() - l.offset }

func (l *fakeLink) chance(p float64) bool { return p > 0 && l.rng.Float64() < p }

// pause lets time pass: often none, sometimes much.
func (l *fakeLink) pause() {
	if l.b.calm {
		return
	}
	switch l.rng.IntN(8) {
	case 0:
		time.Sleep(time.Duration(l.rng.Int64N(int64(20 * time.Millisecond))))
	case 1, 2, 3:
		time.Sleep(time.Duration(l.rng.Int64N(int64(300 * time.Microsecond))))
	}
}

// live is the worker's life. It posts its end last.
func (l *fakeLink) live() {
	e := exchange.Event{Kind: exchange.Exited, Expected: true, Reason: "told to"}
	defer func() { l.event(e) }()
	l.pause()
	l.event(exchange.Event{Kind: exchange.Started, ID: fmt.Sprintf("%d.%d", l.request.Slot, l.request.Generation)})
	l.pause()
	if l.killed.Load() {
		return
	}
	if l.chance(l.b.faults.noStart) {
		e.Expected, e.Reason = false, "no luck"
		return
	}
	if l.chance(l.b.faults.fatal) {
		e.Expected, e.Fatal, e.Reason = false, true, "another build"
		return
	}
	l.event(exchange.Event{Kind: exchange.Ready, Link: l, ClockOffset: l.offset, ClockUncertainty: 5})
	if l.chance(l.b.faults.flee) || l.b.fleeing > 0 && l.request.Slot >= l.b.fleeing {
		e.Expected, e.Reason = false, "fled"
		return
	}
	var batch []exchange.Message
	for {
		if batch = l.in.Take(batch); batch == nil {
			return
		}
		for _, m := range batch {
			if ended := l.message(m); ended != nil {
				e = *ended
				return
			}
		}
	}
}

// message serves one message; an event is the worker's end.
func (l *fakeLink) message(m exchange.Message) *exchange.Event {
	switch m.Kind {
	case exchange.MessageOpen:
		l.spec, l.stored = m.Spec, exchange.NotKnown
		l.offset = l.rng.Int64N(1e12) - 5e11 // another than the last job's
		l.event(exchange.Event{Kind: exchange.Synced, ClockOffset: l.offset, ClockUncertainty: 5})
	case exchange.MessageChunk:
		return l.chunk(m.Chunk)
	case exchange.MessageFinish:
		l.pause()
		l.event(exchange.Event{Kind: exchange.Closed, Stats: &exchange.Stats{JobID: l.spec.ID, Stored: l.stored, CPU: 7, PeakMemory: 8}})
	}
	return nil
}

var errScripted = errors.New("scripted failure")

// chunk runs the tasks of a chunk and delivers them in parts.
func (l *fakeLink) chunk(c exchange.Chunk) *exchange.Event {
	l.pause()
	arrived := l.now()
	for lo := c.Lo; lo < c.Hi; {
		n := 1 + l.rng.Int32N(c.Hi-lo)
		d := &exchange.Delivery{
			Chunk: c.ID, Lo: lo, ReceiveStart: arrived, Arrived: arrived,
			ChunkBytes: 9, Results: l.spec.Job.NewBlock(int(n)), PreviousStored: l.stored,
		}
		for k := range n {
			ended := l.task(d, int(k), int(lo+k))
			if ended != nil || l.cancelled.Load() {
				l.deliver(d)
				return ended
			}
		}
		l.deliver(d)
		if l.chance(l.b.faults.split) {
			arrived = l.now()
		}
		lo += n
	}
	return nil
}

// task runs one task into the delivery, or ends the worker.
func (l *fakeLink) task(d *exchange.Delivery, k, task int) *exchange.Event {
	f := l.b.faults
	if l.killed.Load() {
		return &exchange.Event{Kind: exchange.Exited, Expected: true, Reason: "killed"}
	}
	if l.chance(f.die) {
		return &exchange.Event{Kind: exchange.Exited, Reason: "scripted death"}
	}
	if l.chance(f.mute) {
		return &exchange.Event{Kind: exchange.Exited, GaveUp: true, Reason: "scripted silence"}
	}
	start := l.now()
	if l.chance(f.stuck) {
		time.Sleep(5 * time.Second)
	}
	if l.b.task != nil {
		took := l.b.task(task)
		if l.request.Slot == 0 && l.b.slow > 0 {
			took *= time.Duration(l.b.slow)
		}
		time.Sleep(took)
	} else {
		l.pause()
	}
	_, err := d.Results.Call(context.Background(), &exchange.Calls{Task: task - k, From: k, To: k + 1, Stop: new(atomic.Uint32)})
	var ended *exchange.Event
	failure := exchange.Failure{Text: errScripted.Error(), Err: errScripted}
	switch {
	case l.chance(f.giveUp):
		err = errScripted
		failure.Kind = exchange.FailedTimeout
		ended = &exchange.Event{Kind: exchange.Exited, GaveUp: true, Reason: "scripted timeout"}
	case l.chance(f.fail):
		err = errScripted
	}
	if err != nil {
		if d.Failures == nil {
			d.Failures = make(map[int]exchange.Failure)
		}
		d.Failures[k] = failure
	}
	d.Start, d.End = append(d.Start, start), append(d.End, l.now())
	d.Count++
	d.Began, d.Ended = d.Start[0], d.End[k]
	d.BytesIn = append(d.BytesIn, l.b.bytesIn)
	return ended
}

func (l *fakeLink) deliver(d *exchange.Delivery) {
	if d.Count == 0 {
		return
	}
	d.SendStart, d.Received = l.now(), clock.Now()
	l.stored = d.SendStart
	if l.chance(l.b.faults.nonsense) {
		for _, wrong := range []exchange.Delivery{
			{Chunk: d.Chunk + 1000, Lo: d.Lo, Count: d.Count, Start: d.Start, End: d.End, Results: d.Results},
			{Chunk: d.Chunk, Lo: d.Lo + 1, Count: d.Count, Start: d.Start, End: d.End, Results: d.Results},
			{Chunk: d.Chunk, Lo: d.Lo - 1, Count: d.Count, Start: d.Start, End: d.End, Results: d.Results},
			{Chunk: d.Chunk, Lo: d.Lo, Count: 1e5, Start: make([]int64, 1e5), End: make([]int64, 1e5), Results: d.Results},
			{Chunk: d.Chunk, Lo: d.Lo, Results: d.Results},
		} {
			l.event(exchange.Event{Kind: exchange.Delivered, Deliveries: []*exchange.Delivery{&wrong}})
		}
	}
	posted := []*exchange.Delivery{d}
	if again := *d; l.chance(l.b.faults.repeat) {
		posted = append(posted, &again)
	}
	l.event(exchange.Event{Kind: exchange.Delivered, Deliveries: posted})
}
