package runner

import (
	"corecast/runner/exchange"
	"corecast/runner/trace"
	"corecast/runner/work"
)

// delivered takes a delivery in: the worker gets its next chunk first, then
// its results are settled.
func (s *schedule) delivered(sl *slot, d *exchange.Delivery) {
	c := sl.chunk(d)
	if c == nil {
		return // not of this job, or not what this worker has to do
	}
	sl.used, sl.startFailures = true, 0
	s.arrived(sl, c, d)
	c.done += d.Count
	sl.out -= int(d.Count)
	sl.since = d.Received
	if c.done == c.Hi-c.Lo {
		sl.remove(c)
		sl.turnaround = d.Received - sl.handed
	}
	s.estimate(sl, d)
	if !s.stopped() {
		s.feed(sl)
	}
	delivery := s.addDelivery(sl, d)
	if w := &s.workers[sl.row]; !w.FirstTask.Known() {
		w.FirstTask = since(s.t0, d.Began+sl.life.offset)
	}
	if lo, hi := int(d.Lo), int(d.Lo+d.Count); d.Failures == nil && s.settled.none(lo, hi) {
		s.accept(sl, c, d, delivery)
		return
	}
	for k := range int(d.Count) {
		s.result(sl, c, d, k, delivery)
	}
}

// accept settles all tasks of a delivery.
func (s *schedule) accept(sl *slot, c *dispatched, d *exchange.Delivery, delivery int32) {
	sl.timedOut = false
	s.settle(int(d.Lo), int(d.Lo+d.Count), d.Received)
	if !s.job.Accept(d.Results, d.First, int(d.Lo), int(d.Count)) {
		s.cancelled = true
	}
	if s.log != nil {
		s.log.accepted(d, c, delivery, sl.life.offset-s.t0)
	}
}

// chunk finds the chunk that a delivery continues; nil when the delivery does
// not fit what is out.
func (sl *slot) chunk(d *exchange.Delivery) *dispatched {
	for _, c := range sl.outstanding {
		if c.ID == d.Chunk {
			if d.Lo != c.Lo+c.done || d.Count <= 0 || d.Count > c.Hi-d.Lo {
				return nil
			}
			return c
		}
	}
	return nil
}

func (sl *slot) remove(c *dispatched) {
	for i, o := range sl.outstanding {
		switch {
		case o != c:
		case i == 0: // as nearly always
			sl.outstanding = sl.outstanding[1:]
			return
		default:
			sl.outstanding = append(sl.outstanding[:i], sl.outstanding[i+1:]...)
			return
		}
	}
}

// arrived notes when the worker had the chunk. A chunk that travelled in parts
// has a row for each part.
func (s *schedule) arrived(sl *slot, c *dispatched, d *exchange.Delivery) {
	if c.arrived == d.Arrived || s.log == nil {
		return
	}
	if c.arrived != exchange.NotKnown {
		c.row = s.log.addChunk(*s.log.chunk(c.row))
	}
	c.arrived = d.Arrived
	row := s.log.chunk(c.row)
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

// addDelivery adds a row for the delivery, and tells those before it of this
// worker when they were out of the worker's hands.
func (s *schedule) addDelivery(sl *slot, d *exchange.Delivery) int32 {
	if s.log == nil {
		return -1
	}
	s.stored(sl, d.PreviousStored)
	row := s.log.addDelivery(trace.Delivery{
		Worker: sl.row, Bytes: d.Bytes,
		SendStart: since(s.t0, mapped(d.SendStart, sl)), Stored: trace.Unknown,
		Received: since(s.t0, d.Received),
	})
	sl.unstored = append(sl.unstored, row)
	return row
}

// stored sets when the worker's last deliveries were out of its hands.
func (s *schedule) stored(sl *slot, at int64) {
	if at == exchange.NotKnown || s.log == nil {
		return
	}
	for _, row := range sl.unstored {
		s.log.delivery(row).Stored = since(s.t0, mapped(at, sl))
	}
	sl.unstored = sl.unstored[:0]
}

// result settles the task of the k-th result of a delivery, or has it tried
// again.
func (s *schedule) result(sl *slot, c *dispatched, d *exchange.Delivery, k int, delivery int32) {
	task := int(d.Lo) + k
	row := trace.Attempt{
		Task: int32(task), Number: c.attempt, Chunk: c.row, Delivery: delivery, ReplacedBy: -1,
		FuncStart: trace.Unknown, FuncEnd: trace.Unknown, Declared: trace.Unknown,
	}
	if d.Start != nil {
		row.FuncStart, row.FuncEnd = since(s.t0, mapped(d.Start[k], sl)), since(s.t0, mapped(d.End[k], sl))
	}
	if d.BytesOut != nil {
		row.BytesOut = int64(d.BytesOut[k])
	}
	if k < len(d.BytesIn) {
		row.BytesIn = int64(d.BytesIn[k])
	}
	f, failed := d.Failures[k]
	sl.timedOut = failed && f.Kind == exchange.FailedTimeout
	switch {
	case s.settled.has(task): // a copy was faster, and this one perhaps told to end
		row.Outcome, f.Text = trace.Replaced, ""
	case failed && s.stopped():
		row.Outcome = trace.Cancelled
	case failed:
		s.failure(&row, work.Cause(f))
	default:
		row.Outcome = trace.Done
		s.settle(task, task+1, d.Received)
		if !s.job.Accept(d.Results, d.First+k, task, 1) {
			s.cancelled = true
		}
	}
	if s.log != nil && d.Usages != nil {
		s.log.used(&d.Usages[k], s.log.attempts)
	}
	s.add(row, f.Text)
}

func (s *schedule) add(row trace.Attempt, errorText string) {
	if s.log != nil {
		s.log.add(row, errorText)
	}
}

// settle marks the tasks lo to before hi as done with.
func (s *schedule) settle(lo, hi int, at int64) {
	if n := s.settled.add(lo, hi); n > 0 {
		s.left -= n
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
	t := s.triesOf(task, row.Number)
	t.failed++
	if s.elsewhere(task) {
		return
	}
	if t.failed <= s.options.FailedRetries {
		row.ReplacedBy = t.next()
		s.repeat(again{lo: row.Task, hi: row.Task + 1, attempt: row.ReplacedBy, alone: t.alone})
		return
	}
	s.giveUp(task, t, false, err, now())
}
