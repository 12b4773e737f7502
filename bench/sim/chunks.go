package sim

import "math"

// dispatch hands tasks lo to hi (without hi) to a slot's worker: the driver
// takes its time for it, then they are on their way.
func (e *engine) dispatch(i, lo, hi, attempt int32, repeats bool) {
	id := e.newChunk()
	c, sl := &e.chunks[id], &e.slots[i]
	*c = chunk{slot: i, lo: lo, hi: hi, attempt: attempt, gen: sl.gen, repeats: repeats, dies: sl.dies, ends: c.ends[:0]}
	c.bytes = total(e.draw.in, lo, hi)
	sl.out[sl.n] = id
	sl.n++
	d := &e.s.Driver
	e.driver = max(e.driver, e.now) + d.Dispatch + float64(hi-lo)*d.DispatchTask
	if e.rec != nil {
		e.rec.dispatched(e, id)
	}
	if e.s.Sample != nil {
		e.beginSampled(id)
		return
	}
	if at := e.driver + e.latency(); at > e.now {
		e.forChunk(at, id, evReceive)
		return
	}
	e.receive(id)
}

// total is the size of tasks lo to hi (without hi).
func total(sizes []float64, lo, hi int32) float64 {
	if sizes == nil {
		return 0
	}
	sum := 0.0
	for _, s := range sizes[lo:hi] {
		sum += s
	}
	return sum
}

// newChunk returns the place of a chunk that is free for use.
func (e *engine) newChunk() int32 {
	if n := len(e.spare); n > 0 {
		id := e.spare[n-1]
		e.spare = e.spare[:n-1]
		return id
	}
	if n := len(e.chunks); n < cap(e.chunks) {
		e.chunks = e.chunks[:n+1] // with the memory of its last use
	} else {
		e.chunks = append(e.chunks, chunk{})
	}
	return int32(len(e.chunks) - 1)
}

// latency is one way between driver and worker.
func (e *engine) latency() float64 {
	if l := e.s.Driver.Latency; l != nil {
		return l.Draw(e.rngs[forNetwork])
	}
	return 0
}

// asked is when a request to the store that is made now is served.
func (e *engine) asked() float64 {
	e.out.Requests++
	at := e.access.pass(e.now)
	if l := e.s.Store.Latency; l != nil {
		at += l.Draw(e.rngs[forNetwork])
	}
	return at
}

// gone reports whether a chunk will not come back, and finds out whether its
// worker has died meanwhile.
func (e *engine) gone(id int32) bool {
	c := &e.chunks[id]
	c.pending = false
	if c.stored {
		return false
	}
	if c.dies <= e.now {
		e.die(c.slot, c.gen)
	}
	if c = &e.chunks[id]; c.dead && c.dropped {
		e.spare = append(e.spare, id)
	}
	return c.dead
}

// receive begins to bring a chunk to its worker.
func (e *engine) receive(id int32) {
	if e.gone(id) {
		return
	}
	if e.rec != nil {
		e.rec.receiving(e, id)
	}
	if !e.stores {
		e.arrived(id)
		return
	}
	if at := e.asked(); at > e.now {
		e.forChunk(at, id, evFetch)
		return
	}
	e.fetch(id)
}

// fetch transfers a chunk's inputs.
func (e *engine) fetch(id int32) {
	if e.gone(id) {
		return
	}
	if !e.transfer(id) {
		e.arrived(id)
	}
}

// transfer begins to move a chunk's bytes; false when that takes no time.
func (e *engine) transfer(id int32) bool {
	c := &e.chunks[id]
	if c.bytes == 0 || e.link.free() {
		return false
	}
	c.pending = true
	e.link.add(e.now, c.bytes, id)
	return true
}

// moved takes a chunk whose transfer has ended to its next step.
func (e *engine) moved(id int32) {
	switch {
	case e.gone(id):
	case e.chunks[id].began:
		e.stored(id)
	default:
		e.arrived(id)
	}
}

// arrived has the worker begin a chunk, unless it is at another.
func (e *engine) arrived(id int32) {
	if e.rec != nil {
		e.rec.arrived(e, id)
	}
	c := &e.chunks[id]
	c.arrived = true
	if e.slots[c.slot].computes < 0 {
		e.begin(id)
	}
}

// begin runs the tasks of a chunk: it sets when each will end, and fails some.
func (e *engine) begin(id int32) {
	e.busy++
	c := &e.chunks[id]
	factor := e.slots[c.slot].factor * e.draw.slowdown[min(e.busy, len(e.slots))]
	e.starting(id)
	at := e.now
	for k := c.lo; k < c.hi; k++ {
		at += e.taskTime(c, k) * factor
		c.ends = append(c.ends, at)
	}
	e.running(id)
}

// taskTime is the time of a task on a worker of speed 1: a task that runs again
// has a time of its own.
func (e *engine) taskTime(c *chunk, task int32) float64 {
	if c.repeats && e.s.Tasks.Time != nil && len(e.s.Tasks.Times) == 0 {
		return e.s.Tasks.Time.Draw(e.rngs[forRepeats])
	}
	return e.draw.times[task]
}

// starting notes that a chunk's worker is at it, from now on.
func (e *engine) starting(id int32) {
	c := &e.chunks[id]
	sl := &e.slots[c.slot]
	c.began, c.begin = true, e.now
	sl.computes = id
	l := &e.lives[sl.life]
	if sl.ran == 0 {
		l.first = e.now
	}
	sl.ran += c.hi - c.lo
	e.tail.began(e, id)
}

// running has a chunk whose tasks have their times come to its end: the fate
// of its tasks, and of its worker, may be another.
func (e *engine) running(id int32) {
	c := &e.chunks[id]
	if p := e.s.Faults.TaskFailure; p > 0 {
		e.fail(c, p)
	}
	c.end = c.ends[len(c.ends)-1]
	if c.end < 0 {
		c.end = -c.end
	}
	if e.rec != nil {
		e.rec.began(e, id)
	}
	sl := &e.slots[c.slot]
	if c.end >= sl.dies {
		e.at(max(e.now, sl.dies), c.slot, evDie, sl.gen)
		return
	}
	e.forChunk(c.end, id, evDone)
}

// fail has tasks of a chunk fail at a random point of their time, each with
// probability p; what follows begins the earlier. A failed task's end is
// negative.
func (e *engine) fail(c *chunk, p float64) {
	rng := e.rngs[forFaults]
	begin, sooner := c.begin, 0.0
	for k, end := range c.ends {
		took := end - begin
		begin = end
		if rng.Float64() < p {
			cut := took * rng.Float64()
			sooner += cut
			c.ends[k] = -(end - sooner)
			continue
		}
		c.ends[k] = end - sooner
	}
}

// done ends a chunk's last task: the worker begins the next chunk, and sends
// the results of this one.
func (e *engine) done(id int32) {
	if e.gone(id) {
		return
	}
	e.busy--
	c := &e.chunks[id]
	c.bytes = total(e.draw.out, c.lo, c.hi)
	sl := &e.slots[c.slot]
	sl.computes = -1
	for _, next := range sl.out[:sl.n] {
		if n := &e.chunks[next]; n.arrived && !n.began {
			e.begin(next)
			break
		}
	}
	if e.s.Sample != nil {
		e.sampledDone(id)
		return
	}
	if !e.stores {
		e.stored(id)
		return
	}
	if at := e.asked(); at > e.now {
		e.forChunk(at, id, evSend)
		return
	}
	e.send(id)
}

// send transfers a chunk's results.
func (e *engine) send(id int32) {
	if e.gone(id) {
		return
	}
	if !e.transfer(id) {
		e.stored(id)
	}
}

// stored has results on their way to the driver, which a worker's death no
// longer stops.
func (e *engine) stored(id int32) {
	c := &e.chunks[id]
	c.stored = true
	if e.rec != nil {
		e.rec.stored(e, id)
	}
	at := e.now + e.latency()
	if p := e.s.Driver.Poll; p > 0 {
		at = p * max(1, math.Ceil(at/p))
	}
	if at > e.now {
		e.forChunk(at, id, evBack)
		return
	}
	e.back(id)
}
