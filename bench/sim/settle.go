package sim

import "math"

// back has the driver take a chunk's results in: it hands the worker its next
// chunk first.
func (e *engine) back(id int32) {
	e.chunks[id].pending = false
	c := e.chunks[id] // a copy: places move when chunks are made
	sl := &e.slots[c.slot]
	sl.forget(id)
	e.estimate(sl, &c)
	if e.s.Sample == nil && sl.alive && sl.gen == c.gen && !e.spent(c.slot) {
		e.feed(c.slot)
	}
	e.driver = max(e.driver, e.now) + e.receipt
	if e.rec != nil {
		e.rec.received(e, id)
	}
	e.settle(&e.chunks[id])
	e.spare = append(e.spare, id)
	if len(e.idle) > 0 {
		e.feedIdle()
	}
}

// spent ends a worker that has run as many tasks as one may, and asks for the
// next where more tasks are left than are waiting for workers that will come.
func (e *engine) spent(i int32) bool {
	sl := &e.slots[i]
	most := e.s.Provisioning.TasksPerWorker
	if most == 0 || int(sl.ran) < most || sl.n > 0 {
		return false
	}
	e.leave(i, max(e.now, e.storedAt(i)), false)
	if left := e.s.Tasks.Count - e.next + len(e.again); left > e.coming*most {
		e.coming++
		e.request(i)
	}
	return true
}

// forget takes a chunk off those that a slot has out; the others keep their
// order.
func (sl *slot) forget(id int32) {
	for k := range int(sl.n) {
		if sl.out[k] == id {
			sl.n--
			copy(sl.out[k:sl.n], sl.out[k+1:])
			return
		}
	}
}

// estimate updates what a task takes a slot's workers in nanoseconds, as the
// runner does.
func (e *engine) estimate(sl *slot, c *chunk) {
	took := max(1e9*(c.end-c.begin)/float64(c.hi-c.lo), 10)
	if sl.taskTime == 0 {
		sl.taskTime = took
		return
	}
	sl.taskTime += (took - sl.taskTime) / 2
}

// settle takes in the results of a chunk's tasks, or that they failed.
func (e *engine) settle(c *chunk) {
	begin := c.begin
	for k, end := range c.ends {
		task := c.lo + int32(k)
		failed := end < 0
		end = math.Abs(end)
		took := end - begin
		begin = end
		switch {
		case e.settled[task]:
			e.out.Lost += took
			e.rec.outcome(e, c, k, outcomeReplaced)
		case failed:
			e.out.Lost += took
			e.rec.outcome(e, c, k, outcomeFailed)
			e.failed(task)
		default:
			e.out.Busy += took
			e.tail.saw(task, took)
			e.settleTask(task)
		}
	}
}

// settleTask notes that a task needs no further attempt.
func (e *engine) settleTask(task int32) {
	e.settled[task] = true
	e.open--
	e.out.Makespan = max(e.out.Makespan, e.driver)
}

// failed has a task that failed run again, or settles it without a result.
func (e *engine) failed(task int32) {
	t := e.attempts[task]
	t.failed++
	e.retry(task, t, t.failed <= int32(e.s.Faults.FailedRetries))
}

// retry has a task run again while it may, or settles it without a result.
func (e *engine) retry(task int32, t tries, may bool) {
	if may {
		e.repeat(task, t)
		return
	}
	e.attempts[task] = t
	e.out.Failed++
	e.settleTask(task)
}

// repeat queues a task for a further attempt.
func (e *engine) repeat(task int32, t tries) {
	t.attempts++
	e.attempts[task] = t
	e.out.Repeated++
	e.again = append(e.again, retry{task, t.attempts})
}

// die ends the life of a slot's worker, unknown to the driver. What it had not
// stored is lost.
func (e *engine) die(i int32, gen uint32) {
	sl := &e.slots[i]
	if sl.gen != gen || !sl.alive {
		return
	}
	sl.alive = false
	if sl.computes >= 0 {
		e.busy--
	}
	sl.computes = -1
	for _, id := range sl.out[:sl.n] {
		if c := &e.chunks[id]; !c.stored {
			c.dead = true
		}
	}
	e.at(max(e.now, sl.dies+e.s.Faults.Detect), i, evLost, gen)
}

// noticed is when the driver knows that a worker, or the start of one, has come
// to nothing: its tasks run again, and the slot asks for another worker.
func (e *engine) noticed(i int32, gen uint32) {
	sl := &e.slots[i]
	if sl.gen != gen {
		return
	}
	if math.IsInf(e.lives[sl.life].ready, 1) {
		e.coming-- // it was to come, and will not
	} else {
		e.out.WorkersLost++
	}
	e.leave(i, e.now, true)
	out := sl.out[:sl.n]
	sl.n = 0 // what is stored comes back all the same
	for k, id := range out {
		if e.chunks[id].dead {
			e.lose(id, k == 0)
		}
	}
	e.coming++
	e.request(i)
	e.feedIdle()
}

// lose declares a chunk lost. Behind the first of a worker's, tasks had not
// begun and run again at no charge, as the runner has it.
func (e *engine) lose(id int32, first bool) {
	c := &e.chunks[id]
	e.driver = max(e.driver, e.now)
	begin := c.begin
	for task := c.lo; task < c.hi; task++ {
		k := int(task - c.lo)
		if c.began {
			e.out.Lost += max(0, e.now-begin)
			begin = math.Inf(1) // the time of a chunk is lost once
		}
		if first {
			e.rec.outcome(e, c, k, outcomeLost)
		} else {
			e.rec.outcome(e, c, k, outcomeCancelled)
		}
		if e.settled[task] {
			continue
		}
		t := e.attempts[task]
		if first {
			t.lost++
		}
		e.retry(task, t, t.lost <= int32(e.s.Faults.LostRetries))
	}
	c.dropped = true
	if !c.pending {
		e.spare = append(e.spare, id)
	}
}
