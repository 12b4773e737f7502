package runner

import (
	"math"
	"slices"
	"time"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// This file is about workers that cannot be asked while they work, and are told
// little: package storeexchange has such. Each gets an equal share of the tasks
// before it begins. One that is done takes over tasks of one that lags.

// share says how many of the fresh tasks a worker is to be handed: an equal part
// of what is left, with those that have had none yet.
func (s *schedule) share(sl *slot) {
	if sl.shared {
		return
	}
	without := 0
	for _, o := range s.pool.slots {
		if !o.shared {
			without++
		}
	}
	left := s.job.Len() - s.next
	sl.shared, sl.share = true, (left+without-1)/without
	if c := s.options.Chunk; c > 0 {
		sl.share = (sl.share + c - 1) / c * c
	}
}

// staff requests workers in slots that have none, while there are tasks to run
// again and too few workers with nothing to do.
func (s *schedule) staff() {
	if !s.upfront || s.job == nil || len(s.again) == 0 || !s.needs() {
		return
	}
	free := 0
	for _, sl := range s.pool.slots {
		if sl.waiting || sl.alive && len(sl.outstanding) == 0 {
			free++
		}
	}
	var requests []Request
	for _, sl := range s.pool.slots {
		if free+len(requests) >= len(s.again) {
			break
		}
		if !sl.alive && !sl.waiting && sl.startFailures < maxStartFailures {
			requests = append(requests, s.request(sl))
		}
	}
	if len(requests) > 0 {
		s.pool.launcher.Launch(s.pool.ctx, requests, s.pool.inbox.post)
	}
}

// When a worker lags that got its share up front.
const (
	// lagShare is after how many times what workers took that are done.
	lagShare = 1.5
	// lagLeast is after what time at least: taking over costs requests, and a
	// worker that is done looks for more only now and then.
	lagLeast = float64(3 * time.Second)
)

// takeOver has workers that are done run copies of the last tasks of those that
// lag: the tasks that are left of one are split evenly among it and them. It
// returns after what time to look again.
func (s *schedule) takeOver(idle []*slot) time.Duration {
	var took []float64
	for _, sl := range s.pool.slots {
		if sl.turnaround > 0 {
			took = append(took, float64(sl.turnaround))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	late := max(lagShare*took[(len(took)-1)/2], lagLeast)
	next := math.Inf(1)
	for len(idle) > 0 {
		slow, left, wait := s.slowest(late)
		next = min(next, wait)
		if slow == nil {
			break
		}
		part := (left + len(idle)) / (len(idle) + 1)
		for len(idle) > 0 && left > 0 {
			n := s.copyLast(idle[0], slow, part)
			if n == 0 {
				break
			}
			left -= n
			idle = idle[1:]
		}
	}
	s.flush()
	if math.IsInf(next, 1) {
		return 0
	}
	return max(time.Duration(next), 10*time.Millisecond)
}

// slowest returns the worker that lags with the most tasks that nobody else has,
// and how many; when none does, after what time one will.
func (s *schedule) slowest(late float64) (slow *slot, left int, wait float64) {
	wait = math.Inf(1)
	for _, sl := range s.pool.slots {
		n := 0
		for _, c := range sl.outstanding {
			for task := c.Lo + c.done; task < c.Hi; task++ {
				if !s.settled.has(int(task)) && !s.copied.has(int(task)) {
					n++
				}
			}
		}
		if n == 0 {
			continue
		}
		if until := late - float64(now()-sl.handed); until > 0 {
			wait = min(wait, until)
		} else if n > left {
			slow, left = sl, n
		}
	}
	return slow, left, wait
}

// copyLast hands a worker copies of up to n of the last tasks of another, a run
// of one chunk, and returns how many.
func (s *schedule) copyLast(to, from *slot, n int) int {
	c, last, _ := s.lastOut(from)
	if c == nil {
		return 0
	}
	lo := last
	free := func(task int32) bool { return !s.settled.has(int(task)) && !s.copied.has(int(task)) }
	for lo > c.Lo+c.done && int(last-lo)+1 < n && free(lo-1) {
		lo--
	}
	attempt := int32(0)
	for task := lo; task <= last; task++ {
		s.copied.add(int(task), int(task)+1)
		s.twins[int(task)] = true
		attempt = max(attempt, s.triesOf(int(task), c.attempt).next())
	}
	s.hand(to, &dispatched{Chunk: exchange.Chunk{Lo: lo, Hi: last + 1}, attempt: attempt})
	return int(last-lo) + 1
}

// report adds what the platform says of the workers.
func (s *schedule) report(r Reporter) {
	for i := range s.workers {
		w := &s.workers[i]
		said := r.Report(int(w.Slot), s.generations[i])
		for _, p := range said.Phases {
			w.Phases = append(w.Phases, trace.Phase{Name: p.Name, At: since(s.t0, p.At), Resolution: trace.Time(p.Resolution)})
		}
		w.Billed = timeOf(said.Billed)
	}
}
