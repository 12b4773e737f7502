package metrics

import (
	"math/rand/v2"

	"corecast/runner/trace"
)

// schedule builds random traces of small integers whose clocks agree: the
// events of each worker stand in the order in which they can happen.
type schedule struct {
	rng  *rand.Rand
	t    *trace.Trace
	next int32 // task to be accepted next
}

// randomSchedule returns a consistent trace: retries, losers, late slots,
// slots that are never ready, replacement workers, lost chunks, attempts that
// go on after the makespan, and stamps that workers never told.
func randomSchedule(rng *rand.Rand) *trace.Trace {
	s := &schedule{rng: rng, t: &trace.Trace{Slots: 1 + rng.IntN(4)}}
	for slot := range s.t.Slots {
		if s.chance(90) {
			s.slot(int32(slot))
		}
	}
	s.finish()
	return s.t
}

func (s *schedule) chance(percent int) bool { return s.rng.IntN(100) < percent }

func (s *schedule) upTo(n int) trace.Time { return trace.Time(s.rng.IntN(n + 1)) }

func (s *schedule) slot(slot int32) {
	var at trace.Time // of the predecessor's loss
	for more := true; more; {
		w := trace.Worker{
			Slot: slot, Requested: at, Started: at + 1, Ready: at + 1 + s.upTo(20),
			FirstTask: trace.Unknown, Ended: trace.Unknown,
		}
		if at == 0 && s.chance(20) {
			w.Requested, w.Started, w.Ready, w.Warm = -9, -8, -7, true
		}
		more = s.chance(30)
		switch {
		case s.chance(10): // never ready
			at = w.Requested + s.upTo(30)
			w.Ready = trace.Unknown
			s.t.Workers = append(s.t.Workers, w)
		default:
			s.t.Workers = append(s.t.Workers, w)
			at = s.chunks(max(w.Ready, 0), more)
		}
		last := &s.t.Workers[len(s.t.Workers)-1]
		if more {
			at = max(at, 0)
			last.Ended, last.Lost = at, true
		}
	}
}

// chunks lets the last worker run some chunks from now on and returns when it
// is done with all of them.
func (s *schedule) chunks(now trace.Time, dies bool) trace.Time {
	worker := int32(len(s.t.Workers) - 1)
	n := s.rng.IntN(4)
	for i := range n {
		dispatched := now + s.upTo(5) - s.upTo(5) // before the last chunk ended, often
		receive := dispatched + s.upTo(4)
		arrived := receive + s.upTo(4)
		chunk := int32(len(s.t.Chunks))
		c := trace.Chunk{Dispatched: dispatched, ReceiveStart: receive, Arrived: arrived, Worker: worker}
		if s.chance(20) {
			c.ReceiveStart, c.Arrived = trace.Unknown, trace.Unknown
		}
		s.t.Chunks = append(s.t.Chunks, c)
		now = s.attempts(max(now, arrived)+s.upTo(3), chunk, dies && i == n-1)
	}
	return now
}

func (s *schedule) attempts(now trace.Time, chunk int32, lost bool) trace.Time {
	silent := false // a lost worker has told of no start since
	for range 1 + s.rng.IntN(4) {
		a := trace.Attempt{
			FuncStart: now + s.upTo(3), Declared: trace.Unknown,
			Chunk: chunk, Delivery: -1, ReplacedBy: -1, Task: -1,
			Outcome: trace.Outcome(s.rng.IntN(trace.Outcomes)),
		}
		a.FuncEnd = a.FuncStart + s.upTo(12)
		switch {
		case lost:
			a.Outcome = trace.Lost
			a.FuncEnd = trace.Unknown
			if silent = silent || s.chance(60); silent {
				a.FuncStart = trace.Unknown
			}
			silent = true // one start at most is told after the last end
		case a.Outcome == trace.Lost:
			a.Outcome = trace.Done
		case a.Outcome == trace.Cancelled:
			a.FuncStart, a.FuncEnd, a.Declared = trace.Unknown, trace.Unknown, now
		}
		if a.FuncEnd.Known() {
			now = a.FuncEnd
			a.Delivery = s.deliver(now)
		}
		s.t.Attempts = append(s.t.Attempts, a)
		if a.FuncStart.Known() {
			now = max(now, a.FuncStart)
		}
	}
	if lost {
		now += s.upTo(10)
		for i := range s.t.Attempts {
			if a := &s.t.Attempts[i]; a.Chunk == chunk && a.Outcome == trace.Lost {
				a.Declared = now
			}
		}
	}
	return now
}

// deliver sends what is there at now; several sends can overlap.
func (s *schedule) deliver(now trace.Time) int32 {
	d := trace.Delivery{
		SendStart: now + s.upTo(3),
		Worker:    int32(len(s.t.Workers) - 1),
	}
	d.Stored = d.SendStart + s.upTo(6)
	d.Received = d.Stored + s.upTo(4)
	if s.chance(20) {
		d.SendStart, d.Stored = trace.Unknown, trace.Unknown
	} else if s.chance(10) {
		d.Stored = trace.Unknown
	}
	s.t.Deliveries = append(s.t.Deliveries, d)
	return int32(len(s.t.Deliveries) - 1)
}

// finish numbers the tasks and sets the makespan: the last accepted result,
// or, where there is none, anything.
func (s *schedule) finish() {
	last := trace.Unknown
	for i := range s.t.Attempts {
		a := &s.t.Attempts[i]
		if a.Outcome == trace.Done {
			a.Task = s.next
			s.next++
			last = max(last, s.t.Deliveries[a.Delivery].Received)
		}
	}
	s.t.Tasks = int(s.next) + 1 // one task that nobody answered
	for i := range s.t.Attempts {
		if a := &s.t.Attempts[i]; a.Task < 0 {
			a.Task = int32(s.rng.IntN(s.t.Tasks))
		}
	}
	s.t.Makespan = last.Or(s.upTo(40))
	if s.chance(10) { // settled later by giving the last task up
		s.t.Makespan += s.upTo(10)
	}
}

// disturb moves each worker's stamps by its own offset, as a clock that was
// mapped wrongly does, and loses some stamps.
func disturb(rng *rand.Rand, t *trace.Trace) {
	offset := make([]trace.Time, len(t.Workers))
	for i := range offset {
		offset[i] = trace.Time(rng.IntN(2_000_001) - 1_000_000)
	}
	shift := func(x *trace.Time, worker int) {
		switch {
		case rng.IntN(20) == 0:
			*x = trace.Unknown
		case x.Known():
			*x += offset[worker]
		}
	}
	for i := range t.Workers {
		w := &t.Workers[i]
		shift(&w.Ready, i)
		shift(&w.FirstTask, i)
		if rng.IntN(10) == 0 {
			w.Ended = trace.Unknown
		}
	}
	for i := range t.Chunks {
		c := &t.Chunks[i]
		shift(&c.ReceiveStart, int(c.Worker))
		shift(&c.Arrived, int(c.Worker))
	}
	for i := range t.Deliveries {
		d := &t.Deliveries[i]
		shift(&d.SendStart, int(d.Worker))
		shift(&d.Stored, int(d.Worker))
	}
	for i := range t.Attempts {
		shift(&t.Attempts[i].FuncStart, t.WorkerOf(i))
		shift(&t.Attempts[i].FuncEnd, t.WorkerOf(i))
		if rng.IntN(20) == 0 {
			t.Attempts[i].Declared = trace.Unknown
		}
	}
}
