package sim

import (
	"math"

	"corecast/runner"
)

// request asks for a worker for a slot, or has the slot wait for the quota.
func (e *engine) request(i int32) {
	if e.starts.full() {
		e.starts.waiting = append(e.starts.waiting, i)
		return
	}
	e.start(i)
}

// start begins the start of a slot's worker.
func (e *engine) start(i int32) {
	sl, p := &e.slots[i], &e.s.Provisioning
	at := e.starts.grant(e.now)
	delay := e.startDelay(sl, i)
	sl.gen++
	sl.life = int32(len(e.lives))
	never := math.Inf(1)
	e.lives = append(e.lives, life{slot: i, requested: e.now, ready: never, first: never, ends: never})
	if p.Failure > 0 && e.rngs[forFaults].Float64() < p.Failure {
		l := &e.lives[sl.life]
		l.ends, l.lost = at+delay, true
		e.out.FailedStarts++
		e.at(at+delay, i, evLost, sl.gen)
		return
	}
	e.at(at+delay, i, evReady, sl.gen)
}

// startDelay is the start delay of a slot's next worker: the first has the one
// that was drawn for its slot.
func (e *engine) startDelay(sl *slot, i int32) float64 {
	first := sl.gen == 0
	switch {
	case e.s.Sample != nil:
		return e.sampledDelay(i, first)
	case first:
		sl.factor = e.draw.factors[i]
		return e.draw.delays[i]
	}
	sl.factor = 1
	if f := e.s.Speed.Factor; f != nil {
		sl.factor = f.Draw(e.rngs[forRepeats])
	}
	return e.draw.delay(&e.s.Provisioning, e.rngs[forRepeats])
}

// ready gives a worker that has started its first work.
func (e *engine) ready(i int32) {
	sl := &e.slots[i]
	sl.alive, sl.dies, sl.ran = true, math.Inf(1), 0
	e.coming--
	e.lives[sl.life].ready = e.now
	if mean := e.s.Faults.WorkerLife; mean > 0 {
		sl.dies = e.now + mean*e.rngs[forFaults].ExpFloat64()
	}
	e.feed(i)
}

// feed hands a worker chunks until it has enough.
func (e *engine) feed(i int32) {
	sl := &e.slots[i]
	for sl.alive && e.wants(sl) {
		if !e.take(i) {
			if sl.n == 0 {
				e.rest(i)
			}
			return
		}
	}
}

// wants reports whether a worker should have another chunk now, by the runner's
// rule: one, and more while tasks are short.
func (e *engine) wants(sl *slot) bool {
	if sl.n == 0 {
		return true
	}
	p := &e.s.Provisioning
	if e.s.Chunks.NoAhead || e.s.Sample != nil || p.TasksPerWorker > 0 || e.next >= e.s.Tasks.Count || sl.taskTime == 0 || int(sl.n) == len(sl.out) {
		return false
	}
	tasks := 0
	for _, id := range sl.out[:sl.n] {
		tasks += e.chunks[id].tasks()
	}
	return runner.ChunkAhead(e.s.Tasks.Count-e.next, len(e.slots), int(sl.n), tasks, e.size(sl), sl.taskTime)
}

// size is how many fresh tasks a worker gets.
func (e *engine) size(sl *slot) int {
	left := e.s.Tasks.Count - e.next
	if most := e.s.Provisioning.TasksPerWorker; most > 0 {
		return min(left, max(e.s.Chunks.Size, 1), most-int(sl.ran))
	}
	if n := e.s.Chunks.Size; n > 0 {
		return min(left, n)
	}
	if e.s.Sample != nil {
		return min(left, 1)
	}
	bytes := 0.0
	if e.draw.in != nil && e.next < len(e.draw.in) {
		bytes = e.draw.in[e.next]
	}
	return runner.ChunkSize(left, len(e.slots), int(sl.last), sl.taskTime, bytes)
}

// take finds work for a slot and dispatches it: tasks to repeat first, then
// fresh ones, then copies. It reports whether there was any.
func (e *engine) take(i int32) bool {
	for len(e.again) > 0 {
		r := e.again[0]
		e.again = e.again[1:]
		if !e.settled[r.task] {
			e.dispatch(i, r.task, r.task+1, r.attempt, true)
			return true
		}
	}
	sl := &e.slots[i]
	if n := e.size(sl); n > 0 {
		lo := e.next
		e.next += n
		sl.last = int32(n)
		e.dispatch(i, int32(lo), int32(e.next), 0, false)
		return true
	}
	if task, ok := e.tail.task(e); ok {
		t := e.attempts[task]
		t.copied = true
		t.attempts++
		e.attempts[task] = t
		e.out.Copies++
		e.dispatch(i, task, task+1, t.attempts, true)
		return true
	}
	return false
}

// rest has an idle worker wait, or end where idle workers do.
func (e *engine) rest(i int32) {
	if e.release {
		e.leave(i, max(e.now, e.storedAt(i)), false)
		return
	}
	e.idle = append(e.idle, i)
}

// feedIdle gives idle workers what has come up.
func (e *engine) feedIdle() {
	waiting := e.idle
	e.idle, e.waiting = e.waiting[:0], waiting
	for k, i := range waiting {
		if sl := &e.slots[i]; !sl.alive || sl.n > 0 {
			continue
		}
		if e.slots[i].dies <= e.now {
			e.die(i, e.slots[i].gen)
			continue
		}
		if !e.take(i) {
			e.idle = append(e.idle, waiting[k:]...)
			return
		}
	}
}

// leave ends a slot's worker.
func (e *engine) leave(i int32, at float64, lost bool) {
	sl := &e.slots[i]
	sl.alive = false
	l := &e.lives[sl.life]
	l.ends, l.lost = at, lost
	if next := e.starts.leave(); next >= 0 {
		e.start(next)
	}
}
