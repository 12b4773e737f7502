package sim

import "slices"

// copies decides which tasks are copied. It sees the chunks that are being run
// in the order in which they began: the first of them reaches the limit first.
type copies struct {
	times   []float64 // of tasks that are done, every stride-th
	done    int
	median  float64 // 0 until enough are done
	built   bool
	running []runningChunk
	due     bool // an event to look again is scheduled
}

// runningChunk is a chunk as it began; a chunk's place is used again.
type runningChunk struct {
	id    int32
	lo    int32
	begin float64
}

// samples bounds how many times a median is taken of.
const samples = 1 << 16

func (t *copies) reset() {
	*t = copies{times: t.times[:0], running: t.running[:0]}
}

// saw takes note of a task that is done.
func (t *copies) saw(task int32, took float64) {
	t.done++
	if t.median == 0 && len(t.times) < samples {
		t.times = append(t.times, took)
	}
}

// began takes note of a chunk, once the tail has begun.
func (t *copies) began(e *engine, id int32) {
	if t.built {
		c := &e.chunks[id]
		t.running = append(t.running, runningChunk{id, c.lo, c.begin})
	}
}

// task returns a task that is worth a copy now. When there will be one later, it
// has the engine look again then.
func (t *copies) task(e *engine) (int32, bool) {
	rule := &e.s.Copies
	if rule.Factor == 0 || float64(t.done) < rule.Quantile*float64(e.s.Tasks.Count) || t.done == 0 {
		return 0, false
	}
	if !t.built {
		t.build(e)
	}
	for len(t.running) > 0 {
		r := t.running[0]
		task, ok := t.candidate(e, r)
		if !ok {
			t.running = t.running[1:]
			continue
		}
		c := &e.chunks[r.id]
		at := r.begin + rule.Factor*t.median*float64(c.hi-c.lo)
		if at <= e.now {
			return task, true
		}
		if !t.due {
			t.due = true
			e.at(at, c.slot, evCopy, 0)
		}
		return 0, false
	}
	return 0, false
}

// build finds what is being run when the tail begins.
func (t *copies) build(e *engine) {
	t.built = true
	slices.Sort(t.times)
	t.median = t.times[len(t.times)/2]
	for i := range e.slots {
		if id := e.slots[i].computes; id >= 0 {
			c := &e.chunks[id]
			t.running = append(t.running, runningChunk{id, c.lo, c.begin})
		}
	}
	slices.SortFunc(t.running, func(a, b runningChunk) int {
		switch {
		case a.begin < b.begin || a.begin == b.begin && a.id < b.id:
			return -1
		case a.begin == b.begin && a.id == b.id:
			return 0
		}
		return 1
	})
}

// candidate returns the first task of a chunk that is neither settled nor
// copied, if the chunk is still out.
func (t *copies) candidate(e *engine, r runningChunk) (int32, bool) {
	c := &e.chunks[r.id]
	if c.lo != r.lo || c.begin != r.begin || c.stored || c.dead || c.repeats {
		return 0, false
	}
	for task := c.lo; task < c.hi; task++ {
		if !e.settled[task] && !e.attempts[task].copied {
			return task, true
		}
	}
	return 0, false
}
