package runner

import (
	"math"
	"slices"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// meanSize is a running mean.
type meanSize struct {
	n   int
	sum float64
}

func (m *meanSize) add(n int, sum float64) { m.n += n; m.sum += sum }
func (m *meanSize) mean() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / float64(m.n)
}

// feed gives a worker chunks until it has enough at hand; flush sends them.
func (s *schedule) feed(sl *slot) {
	for sl.open && s.wants(sl) {
		c, ok := s.take(sl)
		if !ok {
			return
		}
		s.hand(sl, c)
	}
}

// hand gives a worker a chunk.
func (s *schedule) hand(sl *slot, c *dispatched) {
	c.ID = s.pool.chunks
	s.pool.chunks++
	c.arrived = exchange.NotKnown
	at := now()
	if s.log != nil {
		c.row = s.log.addChunk(trace.Chunk{
			Dispatched: since(s.t0, at), ReceiveStart: trace.Unknown, Arrived: trace.Unknown, Worker: sl.row,
		})
	}
	if len(sl.outstanding) == 0 {
		sl.since, sl.handed = at, at
	}
	sl.outstanding = append(sl.outstanding, c)
	sl.out += int(c.Hi - c.Lo)
	sl.link.Send(c.Chunk)
	if !sl.fed {
		sl.fed = true
		s.fed = append(s.fed, sl)
	}
}

// flush sends the chunks that workers were fed.
func (s *schedule) flush() {
	for _, sl := range s.fed {
		if sl.fed = false; sl.link != nil {
			sl.link.Flush()
		}
	}
	s.fed = s.fed[:0]
}

// feedIdle gives work to workers that have none.
func (s *schedule) feedIdle() {
	if s.stopped() {
		return
	}
	for _, sl := range s.pool.slots {
		if len(s.again) == 0 {
			return
		}
		if sl.open && len(sl.outstanding) == 0 {
			s.feed(sl)
		}
	}
}

// wants reports whether a worker should have another chunk now.
func (s *schedule) wants(sl *slot) bool {
	if s.upfront {
		return sl.share > 0 || len(sl.outstanding) == 0 && len(s.again) > 0
	}
	if len(sl.outstanding) == 0 {
		return true
	}
	most := maxOut
	if s.options.Window > 0 {
		most = min(most, s.options.Window)
	}
	if sl.taskTime == 0 || len(sl.outstanding) >= most || sl.outstanding[0].alone {
		return false
	}
	tasks := float64(sl.out)
	if s.inBytes.mean()*tasks >= 2*chunkBytes {
		return false
	}
	return ChunkAhead(s.job.Len()-s.next, len(s.pool.slots), len(sl.outstanding), sl.out, s.size(sl), sl.taskTime)
}

// take takes the next tasks for a worker: those to run again first.
func (s *schedule) take(sl *slot) (*dispatched, bool) {
	if a, ok := s.takeAgain(len(sl.outstanding) == 0); ok {
		return &dispatched{Chunk: exchange.Chunk{Lo: a.lo, Hi: a.hi}, attempt: a.attempt, alone: a.alone}, true
	}
	n := s.size(sl)
	if n == 0 {
		return nil, false
	}
	lo := s.next
	s.next += n
	sl.share -= n
	sl.lastChunk = n
	return &dispatched{Chunk: exchange.Chunk{Lo: int32(lo), Hi: int32(s.next)}}, true
}

// takeAgain takes the first tasks to run again that are not settled yet; those
// to run alone only for a worker that has nothing else.
func (s *schedule) takeAgain(idle bool) (again, bool) {
	for i := 0; i < len(s.again); {
		a := &s.again[i]
		for a.lo < a.hi && s.settled.has(int(a.lo)) {
			a.lo++
		}
		if a.alone && !idle && a.lo < a.hi {
			i++
			continue
		}
		run := *a
		for run.hi = a.lo; run.hi < a.hi && !s.settled.has(int(run.hi)); run.hi++ {
		}
		switch a.lo = run.hi; {
		case a.lo < a.hi:
		case i == 0: // as nearly always: many can wait
			s.again = s.again[1:]
		default:
			s.again = slices.Delete(s.again, i, i+1)
		}
		if run.lo < run.hi {
			return run, true
		}
	}
	return again{}, false
}

// size is how many fresh tasks a worker gets.
func (s *schedule) size(sl *slot) int {
	left := s.job.Len() - s.next
	if s.upfront {
		left = min(left, sl.share)
		if s.options.Chunk == 0 && !s.spec.Prompt {
			return left
		}
	}
	if s.options.Chunk > 0 {
		return min(left, s.options.Chunk)
	}
	if s.spec.Prompt { // a loss must not be for others to pay
		return min(left, 1)
	}
	return ChunkSize(left, len(s.pool.slots), sl.lastChunk, sl.taskTime, s.inBytes.mean())
}

// estimate updates what a task costs this worker, its share of the time
// between tasks included.
func (s *schedule) estimate(sl *slot, d *exchange.Delivery) {
	took := math.Max(float64(d.Ended-d.Began)/float64(d.Count), 10)
	if sl.taskTime == 0 {
		sl.taskTime = took
	} else {
		sl.taskTime += (took - sl.taskTime) / 2
	}
	sum := 0
	for _, b := range d.BytesIn {
		sum += int(b)
	}
	s.inBytes.add(int(d.Count), float64(sum))
}
