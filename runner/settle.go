package runner

import (
	"fmt"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// delivered takes a delivery in: the worker gets its next chunk first, then
// each result is settled.
func (s *schedule) delivered(sl *slot, d *exchange.Delivery) {
	c := sl.chunk(d)
	if c == nil {
		return // not of this job, or not what this worker has to do
	}
	sl.used, sl.startFailures = true, 0
	s.arrived(sl, c, d)
	n := int32(len(d.Start))
	first := c.done == 0
	c.done += n
	if c.done == c.Hi-c.Lo {
		sl.remove(c)
	}
	s.estimate(sl, c, d, first)
	if !s.stopped() {
		s.feed(sl)
	}
	delivery := s.addDelivery(sl, d)
	w := &s.trace.Workers[sl.row]
	if !w.FirstTask.Known() {
		w.FirstTask = since(s.t0, d.Start[0]+sl.life.offset)
	}
	for k := range d.Start {
		s.result(sl, c, d, k, delivery)
	}
}

// chunk finds the chunk that a delivery continues; nil when the delivery does
// not fit what is out.
func (sl *slot) chunk(d *exchange.Delivery) *dispatched {
	for _, c := range sl.outstanding {
		if c.ID == d.Chunk {
			if d.Lo != c.Lo+c.done || len(d.Start) == 0 || len(d.Start) > int(c.Hi-d.Lo) {
				return nil
			}
			return c
		}
	}
	return nil
}

func (sl *slot) remove(c *dispatched) {
	for i, o := range sl.outstanding {
		if o == c {
			sl.outstanding = append(sl.outstanding[:i], sl.outstanding[i+1:]...)
			return
		}
	}
}

// arrived notes when the worker had the chunk. A chunk that travelled in parts
// has a row for each part.
func (s *schedule) arrived(sl *slot, c *dispatched, d *exchange.Delivery) {
	if c.arrived == d.Arrived {
		return
	}
	if c.arrived != exchange.NotKnown {
		part := s.trace.Chunks[c.row]
		c.row = int32(len(s.trace.Chunks))
		s.trace.Chunks = append(s.trace.Chunks, part)
	}
	c.arrived = d.Arrived
	row := &s.trace.Chunks[c.row]
	row.Worker, row.Bytes = sl.row, d.ChunkBytes
	row.ReceiveStart = since(s.t0, mapped(d.ReceiveStart, sl))
	row.Arrived = since(s.t0, mapped(d.Arrived, sl))
}

// mapped brings a worker's stamp to the driver's clock.
func mapped(at int64, sl *slot) int64 {
	if at == exchange.NotKnown {
		return at
	}
	return at + sl.life.offset
}

// addDelivery adds a row for the delivery, and tells the previous one of this
// worker when it was out of the worker's hands.
func (s *schedule) addDelivery(sl *slot, d *exchange.Delivery) int32 {
	s.stored(sl, d.PreviousStored)
	sl.lastDelivery = int32(len(s.trace.Deliveries))
	s.trace.Deliveries = append(s.trace.Deliveries, trace.Delivery{
		Worker: sl.row, Bytes: d.Bytes,
		SendStart: since(s.t0, mapped(d.SendStart, sl)), Stored: trace.Unknown,
		Received: since(s.t0, d.Received),
	})
	return sl.lastDelivery
}

// stored sets when the worker's last delivery was out of its hands.
func (s *schedule) stored(sl *slot, at int64) {
	if sl.lastDelivery >= 0 && at != exchange.NotKnown {
		s.trace.Deliveries[sl.lastDelivery].Stored = since(s.t0, mapped(at, sl))
	}
}

// result settles the task of the k-th result of a delivery, or has it tried
// again.
func (s *schedule) result(sl *slot, c *dispatched, d *exchange.Delivery, k int, delivery int32) {
	task := int(d.Lo) + k
	row := trace.Attempt{
		Task: int32(task), Number: c.attempt, Chunk: c.row, Delivery: delivery, ReplacedBy: -1,
		FuncStart: since(s.t0, mapped(d.Start[k], sl)), FuncEnd: since(s.t0, mapped(d.End[k], sl)),
		Declared: trace.Unknown,
	}
	if d.BytesOut != nil {
		row.BytesOut = d.BytesOut[k]
	}
	if k < len(d.BytesIn) {
		row.BytesIn = d.BytesIn[k]
	}
	f, failed := d.Failures[k]
	sl.timedOut = failed && f.Kind == exchange.FailedTimeout
	switch {
	case failed && s.stopped():
		row.Outcome = trace.Cancelled
	case failed:
		s.failure(&row, cause(f))
	case s.settled[task]:
		row.Outcome = trace.Replaced
	default:
		row.Outcome = trace.Done
		s.settle(task, d.Received)
		if !s.job.Accept(d.Results, d.First+k, task) {
			s.cancelled = true
		}
	}
	s.add(row, f.Text)
}

func (s *schedule) add(row trace.Attempt, errorText string) {
	if errorText != "" {
		if s.trace.Errors == nil {
			s.trace.Errors = make(map[int]string)
		}
		s.trace.Errors[len(s.trace.Attempts)] = errorText
	}
	s.trace.Attempts = append(s.trace.Attempts, row)
}

// settle marks a task as done with.
func (s *schedule) settle(task int, at int64) {
	if !s.settled[task] {
		s.settled[task] = true
		s.left--
		s.last = max(s.last, at)
	}
}

// triesOf counts an attempt at a task that did not go well.
func (s *schedule) triesOf(task int, attempt int32) *tries {
	t := s.tries[task]
	if t == nil {
		t = &tries{}
		s.tries[task] = t
	}
	t.attempts = max(t.attempts, int(attempt)+1)
	return t
}

// failure has a failed task tried again, or settles it as failed.
func (s *schedule) failure(row *trace.Attempt, err error) {
	row.Outcome = trace.Failed
	task := int(row.Task)
	if s.settled[task] {
		return
	}
	t := s.triesOf(task, row.Number)
	t.failed++
	if t.failed <= s.options.FailedRetries {
		s.retry(row, t)
		return
	}
	s.giveUp(task, t, false, err, now())
}

// retry has the row's task run once more, alone in its chunk.
func (s *schedule) retry(row *trace.Attempt, t *tries) {
	row.ReplacedBy = int32(t.attempts)
	s.again = append(s.again, again{row.Task, row.ReplacedBy})
	t.attempts++
	s.feedIdle()
}

func (s *schedule) giveUp(task int, t *tries, lost bool, err error, at int64) {
	s.failed = append(s.failed, &TaskError{Task: task, Label: s.label(task), Attempts: t.attempts, Lost: lost, Err: err})
	s.settle(task, at)
}

// lose takes back the chunks of a worker that is gone. The first chunk was at
// work, and which of its tasks the worker was at cannot be told: the attempts
// at them are lost, all of them. The others had not begun.
func (s *schedule) lose(sl *slot, e *exchange.Event) {
	// A worker that gave up has reported the failure that made it go; an end
	// that only looks like that is a loss.
	gaveUp := e.GaveUp && sl.timedOut
	for i, c := range sl.outstanding {
		charged := i == 0 && !gaveUp && !e.Expected
		for task := c.Lo + c.done; task < c.Hi; task++ {
			row := s.unreceived(c, task, e.At)
			t := s.triesOf(int(task), c.attempt)
			switch {
			case s.stopped() || s.settled[task]:
			case !charged:
				s.retry(&row, t)
			default:
				row.Outcome = trace.Lost
				t.lost++
				if t.lost <= s.options.lostRetries() {
					s.retry(&row, t)
				} else {
					s.giveUp(int(task), t, true, fmt.Errorf("%w: %s", errLost, e.Reason), e.At)
				}
			}
			s.add(row, "")
		}
	}
	sl.outstanding, sl.timedOut = nil, false
}

// unreceived is the row of an attempt of which nothing was heard.
func (s *schedule) unreceived(c *dispatched, task int32, at int64) trace.Attempt {
	return trace.Attempt{
		Task: task, Number: c.attempt, Chunk: c.row, Delivery: -1, ReplacedBy: -1, Outcome: trace.Cancelled,
		FuncStart: trace.Unknown, FuncEnd: trace.Unknown, Declared: since(s.t0, at),
	}
}

// abandon notes the attempts of a cancelled job that gave no result.
func (s *schedule) abandon(sl *slot) {
	for _, c := range sl.outstanding {
		for task := c.Lo + c.done; task < c.Hi; task++ {
			s.add(s.unreceived(c, task, s.last), "")
		}
	}
	sl.outstanding = nil
}
