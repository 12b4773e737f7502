package runner

import (
	"cmp"
	"math"
	"slices"
	"time"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// When a worker is so far behind that another, which has nothing to do, runs a
// copy of its last task. Both numbers are judgements: a copy costs a worker
// that idles anyway, but a task that is merely long gains nothing by it.
const (
	// copyGain is how many times as long as a task takes elsewhere the worker
	// must still need for it, by what is known of it.
	copyGain = 2
	// copyOverdue is after how many times the usual length a task counts as
	// late. It is then taken to need as long again as it has taken (as does
	// LATE: Zaharia et al., "Improving MapReduce Performance in Heterogeneous
	// Environments", OSDI'08).
	copyOverdue = 3
	// copyLeast is what a copy must save at least.
	copyLeast = float64(20 * time.Millisecond)
)

// late is a task that a copy may overtake.
type late struct {
	c      *dispatched
	task   int32
	finish float64 // nanoseconds from now, by the estimate; 0: not late yet
	due    float64 // nanoseconds from now until it counts as late
}

// speculate has workers that have nothing to do run copies of the tasks of
// those that are far behind, once all tasks are handed out. The first result
// counts. It returns after what time to look again; 0: not before the next
// event.
func (s *schedule) speculate() time.Duration {
	if s.options.NoCopies || s.spec.Prompt || s.stopped() || s.next < s.job.Len() || len(s.again) > 0 || s.left == 0 {
		return 0
	}
	idle, usual := s.spare()
	if len(idle) == 0 || usual == 0 {
		return 0
	}
	if s.upfront {
		return s.takeOver(idle)
	}
	next := math.Inf(1)
	for _, sl := range idle {
		l := s.latest(usual)
		if l.finish < math.Max(copyGain*cmp.Or(sl.taskTime, usual), copyLeast) {
			next = l.due
			break
		}
		s.copied.add(int(l.task), int(l.task)+1)
		s.twins[int(l.task)] = true
		s.hand(sl, &dispatched{Chunk: exchange.Chunk{Lo: l.task, Hi: l.task + 1}, attempt: s.triesOf(int(l.task), l.c.attempt).next()})
	}
	s.flush()
	if math.IsInf(next, 1) {
		return 0
	}
	return max(time.Duration(next), time.Millisecond)
}

// elsewhere reports whether another attempt at a task of which one has ended
// without a result is still out: then nothing is decided yet.
func (s *schedule) elsewhere(task int) bool {
	twin := s.twins[task]
	delete(s.twins, task)
	return twin
}

// spare returns the workers that have nothing to do, and the median of the
// workers' task times in nanoseconds, 0 when none is known.
func (s *schedule) spare() (idle []*slot, usual float64) {
	var times []float64
	for _, sl := range s.pool.slots {
		if sl.open && len(sl.outstanding) == 0 {
			idle = append(idle, sl)
		}
		if sl.taskTime > 0 {
			times = append(times, sl.taskTime)
		}
	}
	if len(times) == 0 {
		return idle, 0
	}
	slices.Sort(times)
	return idle, times[(len(times)-1)/2]
}

// latest returns the task that will be done last by the estimate, of those
// that are not settled and have no copy; when none is late, when the first of
// them will be.
func (s *schedule) latest(usual float64) late {
	found := late{due: math.Inf(1)}
	for _, sl := range s.pool.slots {
		c, task, before := s.lastOut(sl)
		if c == nil {
			continue
		}
		each, elapsed := cmp.Or(sl.taskTime, usual), float64(now()-sl.since)
		finish := each*float64(before+1) - elapsed
		if overdue := copyOverdue*math.Max(usual, each) - elapsed; finish <= 0 && overdue > 0 {
			found.due = math.Min(found.due, overdue)
		} else if finish <= 0 {
			finish = elapsed
		}
		if finish > found.finish {
			found.c, found.task, found.finish = c, task, finish
		}
	}
	found.due = math.Min(found.due, math.Max(found.finish, usual))
	return found
}

// lastOut returns the last task of a worker that is not settled and has no
// copy, and how many it has before it.
func (s *schedule) lastOut(sl *slot) (c *dispatched, task int32, before int) {
	before = sl.out
	for i := len(sl.outstanding) - 1; i >= 0; i-- {
		c := sl.outstanding[i]
		for task := c.Hi - 1; task >= c.Lo+c.done; task-- {
			before--
			if !s.settled.has(int(task)) && !s.copied.has(int(task)) {
				return c, task, before
			}
		}
	}
	return nil, 0, 0
}

// beaten notes the attempts of a job that is over that others were faster
// than, or that were given up with it.
func (s *schedule) beaten(sl *slot, outcome trace.Outcome) {
	for _, c := range sl.outstanding {
		for task := c.Lo + c.done; task < c.Hi; task++ {
			row := s.unreceived(c, task, s.last)
			row.Outcome = outcome
			s.add(row, "")
		}
	}
	sl.outstanding, sl.out = nil, 0
}
