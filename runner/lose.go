package runner

import (
	"fmt"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// tries counts what happened to a task that did not go well at once.
type tries struct {
	attempts, failed, lost int
	// alone is set once a worker was lost that may have been lost by it.
	alone bool
}

// next is the number of another attempt.
func (t *tries) next() int32 {
	t.attempts++
	return int32(t.attempts - 1)
}

// repeat has tasks run once more.
func (s *schedule) repeat(a again) {
	s.again = append(s.again, a)
	s.feedIdle()
}

func (s *schedule) giveUp(task int, t *tries, lost bool, err error, at int64) {
	s.failed = append(s.failed, &TaskError{Task: task, Label: s.label(task), Attempts: t.attempts, Lost: lost, Err: err})
	s.settle(task, task+1, at)
}

// suspectParts is into how many parts the tasks are split that a worker may
// have been lost by, to find out which it was.
const suspectParts = 8

// lose takes back the chunks of a worker that is gone. It was at one of their
// tasks, and which cannot be told when there are several: results travel
// together, so it may have done any. The attempts at them are lost, but none is
// to blame yet: they run again in parts, each alone at its worker, until a
// worker is lost with one task, whose loss it is. Where results do not wait
// (Spec.Prompt) the worker was at the first chunk, and the others had not
// begun.
func (s *schedule) lose(sl *slot, e *exchange.Event) {
	// A worker that gave up has reported the failure that made it go; an end
	// that only looks like that is a loss.
	gaveUp := e.GaveUp && sl.timedOut
	suspects := 0
	for i, c := range sl.outstanding {
		if i == 0 || !s.spec.Prompt {
			suspects += int(c.Hi - c.Lo - c.done)
		}
	}
	for i, c := range sl.outstanding {
		switch {
		case gaveUp || e.Expected || e.Unstarted || i > 0 && s.spec.Prompt:
			s.takeBack(c, e, trace.Cancelled)
		case suspects == 1 || s.spec.Prompt:
			s.charge(c, e)
		default:
			s.takeBack(c, e, trace.Lost)
		}
	}
	sl.outstanding, sl.out, sl.timedOut = nil, 0, false
}

// takeBack has the tasks of a chunk run again of which nothing was heard, at no
// charge.
func (s *schedule) takeBack(c *dispatched, e *exchange.Event, outcome trace.Outcome) {
	a := again{alone: c.alone || outcome == trace.Lost}
	part := (c.Hi - c.Lo - c.done + suspectParts - 1) / suspectParts
	for task := c.Lo + c.done; task < c.Hi; task++ {
		row := s.unreceived(c, task, e.At)
		if !s.stopped() {
			row.Outcome = outcome
		}
		if !s.stopped() && !s.settled.has(int(task)) && !s.elsewhere(int(task)) {
			t := s.triesOf(int(task), c.attempt)
			t.alone = t.alone || a.alone
			row.ReplacedBy = t.next()
			if a.hi != task || a.attempt != row.ReplacedBy || a.hi-a.lo == part {
				s.again = appendAgain(s.again, a)
				a.lo, a.attempt = task, row.ReplacedBy
			}
			a.hi = task + 1
		}
		s.add(row, "")
	}
	s.again = appendAgain(s.again, a)
	s.feedIdle()
}

// appendAgain appends a, if there is something in it.
func appendAgain(all []again, a again) []again {
	if a.hi > a.lo {
		all = append(all, a)
	}
	return all
}

// charge counts the loss of a chunk's worker against each of its tasks of which
// nothing was heard.
func (s *schedule) charge(c *dispatched, e *exchange.Event) {
	for task := c.Lo + c.done; task < c.Hi; task++ {
		row := s.unreceived(c, task, e.At)
		row.Outcome = trace.Lost
		t := s.triesOf(int(task), c.attempt)
		switch {
		case s.settled.has(int(task)):
		case s.stopped():
			row.Outcome = trace.Cancelled
		default:
			if t.lost++; s.elsewhere(int(task)) {
				break
			}
			if t.lost <= s.options.lostRetries() {
				row.ReplacedBy = t.next()
				s.repeat(again{lo: task, hi: task + 1, attempt: row.ReplacedBy, alone: true})
			} else {
				s.giveUp(int(task), t, true, fmt.Errorf("%w: %s", errLost, e.Reason), e.At)
			}
		}
		s.add(row, "")
	}
}

// unreceived is the row of an attempt of which nothing was heard.
func (s *schedule) unreceived(c *dispatched, task int32, at int64) trace.Attempt {
	return trace.Attempt{
		Task: task, Number: c.attempt, Chunk: c.row, Delivery: -1, ReplacedBy: -1, Outcome: trace.Cancelled,
		FuncStart: trace.Unknown, FuncEnd: trace.Unknown, Declared: since(s.t0, at),
	}
}
