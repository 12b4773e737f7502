package sim

import (
	"corecast/runner/trace"
)

// The outcomes of attempts.
const (
	outcomeReplaced  = trace.Replaced
	outcomeFailed    = trace.Failed
	outcomeLost      = trace.Lost
	outcomeCancelled = trace.Cancelled
)

// recorder writes down what an engine does, as the trace of a job. A nil one
// does nothing.
type recorder struct {
	t trace.Trace
}

func (r *recorder) reset(s *Scenario) {
	r.t = trace.Trace{Tasks: s.Tasks.Count, Slots: s.Workers, Errors: make(map[int]string)}
}

// dispatched notes a chunk that was handed out.
func (r *recorder) dispatched(e *engine, id int32) {
	c := &e.chunks[id]
	c.row, c.rows, c.delivery = int32(len(r.t.Chunks)), -1, -1
	r.t.Chunks = append(r.t.Chunks, trace.Chunk{
		Dispatched: trace.FromSeconds(e.driver), ReceiveStart: trace.Unknown, Arrived: trace.Unknown,
		Bytes: int64(c.bytes), Worker: e.slots[c.slot].life,
	})
}

func (r *recorder) receiving(e *engine, id int32) {
	r.t.Chunks[e.chunks[id].row].ReceiveStart = trace.FromSeconds(e.now)
}

func (r *recorder) arrived(e *engine, id int32) {
	r.t.Chunks[e.chunks[id].row].Arrived = trace.FromSeconds(e.now)
}

// began notes the attempts of a chunk as they will be if nothing happens.
func (r *recorder) began(e *engine, id int32) {
	c := &e.chunks[id]
	begin := trace.FromSeconds(c.begin)
	r.attempts(e, c)
	for k, end := range c.ends {
		a := &r.t.Attempts[int(c.rows)+k]
		a.FuncStart = begin
		if end < 0 {
			end = -end
		}
		begin = trace.FromSeconds(end)
		a.FuncEnd = begin
	}
}

// attempts makes the rows of a chunk's attempts.
func (r *recorder) attempts(e *engine, c *chunk) {
	c.rows = int32(len(r.t.Attempts))
	for task := c.lo; task < c.hi; task++ {
		a := trace.Attempt{
			FuncStart: trace.Unknown, FuncEnd: trace.Unknown, Declared: trace.Unknown,
			Task: task, Number: c.attempt, Chunk: c.row, Delivery: -1, ReplacedBy: -1, Outcome: trace.Cancelled,
		}
		if e.draw.in != nil {
			a.BytesIn = int64(e.draw.in[task])
		}
		if e.draw.out != nil {
			a.BytesOut = int64(e.draw.out[task])
		}
		r.t.Attempts = append(r.t.Attempts, a)
	}
}

// stored notes that results are on their way.
func (r *recorder) stored(e *engine, id int32) {
	c := &e.chunks[id]
	c.delivery = int32(len(r.t.Deliveries))
	r.t.Deliveries = append(r.t.Deliveries, trace.Delivery{
		SendStart: trace.FromSeconds(c.end), Stored: trace.FromSeconds(e.now + c.store), Received: trace.Unknown,
		Bytes: int64(c.bytes), Worker: r.t.Chunks[c.row].Worker,
	})
}

// received notes that results are with the driver; they count as accepted
// unless outcome says otherwise.
func (r *recorder) received(e *engine, id int32) {
	c := &e.chunks[id]
	r.t.Deliveries[c.delivery].Received = trace.FromSeconds(e.driver)
	for k := range c.ends {
		a := &r.t.Attempts[int(c.rows)+k]
		a.Outcome, a.Delivery = trace.Done, c.delivery
	}
}

// outcome notes that an attempt, the k-th of its chunk, was not accepted.
func (r *recorder) outcome(e *engine, c *chunk, k int, o trace.Outcome) {
	if r == nil {
		return
	}
	if c.rows < 0 {
		r.attempts(e, c)
	}
	i := int(c.rows) + k
	a := &r.t.Attempts[i]
	a.Outcome = o
	switch o {
	case trace.Lost, trace.Cancelled:
		a.Declared, a.FuncEnd = trace.FromSeconds(e.now), trace.Unknown
	case trace.Failed:
		r.t.Errors[i] = "simulated failure"
	}
}

// finish returns the trace of a replication that is over.
func (r *recorder) finish(e *engine, o *Outcome) *trace.Trace {
	t := &r.t
	t.Makespan = trace.FromSeconds(o.Makespan)
	s := e.s
	for i := range e.lives {
		t.Workers = append(t.Workers, worker(&e.lives[i], s, o.Makespan))
	}
	for i := range t.Attempts {
		a := &t.Attempts[i]
		if a.Delivery < 0 && a.Outcome == trace.Cancelled && !a.Declared.Known() {
			a.Declared = t.Makespan // given up with the job
			if a.FuncEnd > t.Makespan {
				a.FuncEnd = trace.Unknown
			}
		}
	}
	numberReplacements(t)
	return t
}

// worker is the trace of a life.
func worker(l *life, s *Scenario, makespan float64) trace.Worker {
	at := func(seconds float64) trace.Time {
		if seconds > makespan {
			return trace.Unknown
		}
		return trace.FromSeconds(seconds)
	}
	w := trace.Worker{
		Slot: l.slot, Requested: trace.FromSeconds(l.requested), Started: at(l.ready), Ready: at(l.ready),
		FirstTask: at(l.first), Ended: trace.Unknown, VCPU: s.vcpu(), MemoryLimit: s.Memory,
		CPU: trace.Unknown, Throttled: trace.Unknown, Waited: trace.Unknown, Billed: trace.Unknown, Lost: l.lost,
	}
	if l.lost || l.ends < makespan {
		w.Ended, w.ExitReason = at(l.ends), "released"
		if l.lost {
			w.ExitReason = "simulated loss"
		}
	}
	if p := s.Billing.Price; p != nil {
		w.Billed = trace.FromSeconds(p.Round(s.billed(l, makespan)))
	}
	if w.Ended.Known() && w.Ready > w.Ended {
		w.Ready, w.Started = trace.Unknown, trace.Unknown
	}
	return w
}

// numberReplacements fills in which attempt took the place of one that was
// lost or failed: the next one at the task.
func numberReplacements(t *trace.Trace) {
	latest := make(map[int32]int32)
	for i := range t.Attempts {
		if a := &t.Attempts[i]; a.Number > 0 {
			latest[a.Task] = max(latest[a.Task], a.Number)
		}
	}
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch a.Outcome {
		case trace.Lost, trace.Failed, trace.Cancelled:
			if a.Number < latest[a.Task] {
				a.ReplacedBy = a.Number + 1
			}
		}
	}
}
