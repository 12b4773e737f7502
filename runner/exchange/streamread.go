package exchange

import (
	"fmt"

	"corecast/internal/clock"
)

// receiver takes in what a worker sends. Deliveries that came together are
// posted together.
type receiver struct {
	s     *Stream
	parse deliveries
	job   uint32
	came  []*Delivery
}

func (r *receiver) receive(kind FrameType, body []byte) error {
	now := clock.Now()
	switch kind {
	case FrameResult:
		return r.results(body, now)
	case FrameDone:
		r.post()
		stats, err := ParseDone(body)
		if err != nil {
			return err
		}
		r.s.jobDone(stats.JobID)
		r.s.post(Event{Kind: Closed, At: now, Stats: &stats})
	case FramePong:
		number, at, err := ParsePong(body)
		if err != nil {
			return err
		}
		if number != aliveAsk {
			r.s.answered(pong{number, at, now})
		}
	default:
		return fmt.Errorf("%w: type %d from a worker", ErrFrame, kind)
	}
	return nil
}

func (r *receiver) results(body []byte, now int64) error {
	r.s.mu.Lock()
	spec := r.s.spec
	r.s.mu.Unlock()
	if spec.Job == nil {
		return fmt.Errorf("%w: results without a job", ErrFrame)
	}
	if r.job != spec.ID {
		r.job, r.parse = spec.ID, deliveries{}
	}
	r.parse.most = max(int(r.s.largest.Load()), 1)
	d, err := r.parse.parse(body, spec.ID, spec.Job)
	if err != nil || d == nil {
		return err
	}
	if (d.Start != nil) != spec.Stamps && d.Count > 0 {
		return fmt.Errorf("%w: results with the times of tasks, or without, when the other was asked for", ErrFrame)
	}
	d.Received = now
	d.BytesIn = r.s.sizesOf(d)
	r.came = append(r.came, d)
	return nil
}

// post posts what came.
func (r *receiver) post() {
	if len(r.came) == 0 {
		return
	}
	r.s.post(Event{Kind: Delivered, At: r.came[len(r.came)-1].Received, Deliveries: r.came})
	r.came = nil
}

// sizesOf takes the encoded input sizes of the delivery's tasks.
func (s *Stream) sizesOf(d *Delivery) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sizes := s.sizes[d.Chunk]
	n := min(int(d.Count), len(sizes))
	if n == len(sizes) {
		delete(s.sizes, d.Chunk)
	} else {
		s.sizes[d.Chunk] = sizes[n:]
	}
	return sizes[:n]
}
