package sim

import (
	"math"
	"math/rand/v2"
)

// engine simulates one replication after another of one scenario, and keeps
// its memory between them. Time only moves in run.
type engine struct {
	s       *Scenario
	stores  bool      // chunks travel through a store
	receipt float64   // what it takes the driver to take in a chunk's results
	release bool      // idle workers end
	rec     *recorder // nil: nothing is recorded
	rngs    [forNetwork + 1]*rand.Rand
	draw    drawn

	now    float64
	events eventHeap
	link   link
	access limiter // requests to the store
	starts gate
	driver float64 // when the driver is free

	slots  []slot
	chunks []chunk
	spare  []int32 // chunks that are free for use
	lives  []life

	next     int // the first fresh task
	settled  []bool
	open     int // tasks that are not settled
	again    []retry
	attempts map[int32]tries
	idle     []int32 // slots that have nothing to do
	waiting  []int32 // the same, while they are given work
	sampled  []sampledSlot
	coming   int // workers that are requested, or will be, and are not ready
	busy     int // slots that are at a task
	tail     copies
	scratch  []float64
	stop     <-chan struct{} // closed when the engine is to give up
	out      Outcome
}

// slot is a place for a worker and the worker that has it, in a cache line.
type slot struct {
	gen      uint32   // counts its workers
	life     int32    // the worker's in engine.lives, -1: none
	alive    bool     // there is a worker, and it lives
	n        int8     // how many chunks were dispatched and are not back:
	out      [4]int32 // these, in the order in which they were
	computes int32    // the chunk that it is at, -1: none
	last     int32    // size of its last fresh chunk
	ran      int32    // tasks that its worker has begun
	factor   float64  // of its worker's task times
	dies     float64  // when its worker does
	taskTime float64  // estimate of a task's time, as the runner makes it, in ns
}

// life is one worker from request to end.
type life struct {
	slot                   int32
	requested, ready, ends float64 // ready +Inf: never; ends +Inf: with the job
	first                  float64 // its first task begins; +Inf: it has none
	lost                   bool
}

// chunk is tasks that were handed out together. What most steps look at is in
// the first of two cache lines.
type chunk struct {
	slot       int32
	lo, hi     int32
	attempt    int32
	gen        uint32
	pending    bool // an event or a transfer will come to it
	arrived    bool
	began      bool
	stored     bool // its results are on their way to the driver
	dead       bool // its worker died before that
	dropped    bool // and the driver knows
	repeats    bool // a task that runs again, or a copy
	dies       float64
	bytes      float64 // to transfer: inputs first, then results
	begin, end float64

	ends    []float64 // of each task; failed ones negative
	store   float64   // of a sample: from its end until it is stored, and
	receive float64   // until it is received
	// Of the recorder: rows of the chunk, its first attempt, its delivery.
	row, rows, delivery int32
	_                   [12]byte
}

// tasks is how many tasks a chunk holds.
func (c *chunk) tasks() int { return int(c.hi - c.lo) }

// retry is a task that is to run again.
type retry struct{ task, attempt int32 }

// tries counts what happened to a task besides its first attempt.
type tries struct {
	attempts, failed, lost int32
	copied                 bool
}

// newEngine returns an engine for a scenario that has been checked.
func newEngine(s *Scenario) *engine {
	f := &s.Faults
	receipt := s.Driver.Receive
	if s.Sample != nil {
		receipt = s.Sample.Receive
	}
	return &engine{
		s: s, receipt: receipt, attempts: make(map[int32]tries),
		stores: s.Store.used(),
		// Idle workers are kept where work may come back to them.
		release: s.Billing.ReleaseIdle && s.Copies.Factor == 0 && f.WorkerLife == 0 && f.TaskFailure == 0,
	}
}

// replicate simulates replication r.
func (e *engine) replicate(seed uint64, r int) Outcome {
	e.reset(seed, r)
	for i := range e.slots {
		at := 0.0
		if p := e.s.Provisioning.RequestRate; p > 0 {
			at = float64(i) / p
		}
		if e.s.Sample != nil {
			at = e.draw.requests[i]
		}
		e.at(at, int32(i), evRequest, 0)
	}
	e.run()
	return e.finish()
}

// reset prepares for a replication.
func (e *engine) reset(seed uint64, r int) {
	s := e.s
	for p := range e.rngs {
		e.rngs[p] = stream(seed, r, purpose(p))
	}
	e.draw.all(s, &e.rngs)
	e.now, e.driver, e.busy, e.next = 0, 0, 0, 0
	e.coming = s.Workers
	e.events.reset()
	e.link.reset(s.Store.Bandwidth, s.Store.PerTransfer)
	e.access = newLimiter(s.Store.RequestRate)
	e.starts.reset(&s.Provisioning)
	e.slots = resize(e.slots, s.Workers)
	for i := range e.slots {
		e.slots[i] = slot{life: -1, computes: -1}
	}
	if s.Sample != nil {
		e.sampled = resize(e.sampled, s.Workers)
		clear(e.sampled)
	}
	e.spare, e.chunks = e.spare[:0], e.chunks[:0]
	e.lives, e.again, e.idle = e.lives[:0], e.again[:0], e.idle[:0]
	e.settled = resize(e.settled, s.Tasks.Count)
	clear(e.settled)
	e.open = s.Tasks.Count
	clear(e.attempts)
	e.tail.reset()
	e.out = Outcome{Replication: r}
	if e.rec != nil {
		e.rec.reset(s)
	}
}

// resize returns a slice of n elements, the memory of s where it suffices.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// run handles events until every task is settled.
func (e *engine) run() {
	for n := 0; e.open > 0; n++ {
		if n%stopEvery == 0 && e.stopped() {
			return
		}
		ev, ok := e.events.top()
		if at, flows := e.link.next(); flows && (!ok || at <= ev.at()) {
			if e.now = max(e.now, at); !(e.now < longest) {
				e.out.Makespan = math.Inf(1)
				return
			}
			e.moved(e.link.end(e.now))
			continue
		}
		if !ok { // no worker will come to do the rest
			e.out.Failed += e.open
			return
		}
		e.events.take()
		if e.now = ev.at(); !(e.now < longest) {
			e.out.Makespan = math.Inf(1)
			return
		}
		e.handle(ev)
	}
}

// stopEvery is how many events lie between two looks whether to give up.
const stopEvery = 1 << 14

func (e *engine) stopped() bool {
	select {
	case <-e.stop:
		return true
	default:
		return false
	}
}

// handle handles one event.
func (e *engine) handle(ev event) {
	slot, ref := ev.slot(), ev.ref()
	switch ev.kind() {
	case evRequest:
		e.request(slot)
	case evReady:
		if e.slots[slot].gen == ref {
			e.ready(slot)
		}
	case evReceive:
		e.receive(int32(ref))
	case evFetch:
		e.fetch(int32(ref))
	case evDone:
		e.done(int32(ref))
	case evSend:
		e.send(int32(ref))
	case evBack:
		e.back(int32(ref))
	case evDie:
		e.die(slot, ref)
	case evLost:
		e.noticed(slot, ref)
	case evCopy:
		e.tail.due = false
		e.feedIdle()
	}
}

func (e *engine) at(t float64, slot int32, kind, ref uint32) {
	e.events.push(newEvent(t, slot, kind, ref))
}

// forChunk schedules the next step of a chunk.
func (e *engine) forChunk(t float64, id int32, kind uint32) {
	c := &e.chunks[id]
	c.pending = true
	e.at(t, c.slot, kind, uint32(id))
}
