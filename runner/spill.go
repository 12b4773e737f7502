package runner

import (
	"math"
	"slices"

	"corecast/runner/trace"
)

// spillRows is how many attempts are kept in memory before they spill: some
// 10 MB of them.
const spillRows = 1 << 18

// spill brings rows to a sink on a goroutine of its own. When the sink is
// slower than the job, the job waits for it: what is kept is bounded.
type spill struct {
	parts chan spilled
	err   chan error // gets one value when all has been brought
	rows  []trace.Attempt
}

// spilled is what is spilled together.
type spilled struct {
	chunks     []trace.Chunk
	deliveries []trace.Delivery
	batches    []batch
	usages     []trace.TaskUsage
	errors     map[int]string
}

func newSpill(sink trace.Sink) *spill {
	p := &spill{parts: make(chan spilled, 1), err: make(chan error, 1)}
	go p.run(sink)
	return p
}

// run brings what comes to the sink; after an error nothing more.
func (p *spill) run(sink trace.Sink) {
	var err error
	for part := range p.parts {
		if err == nil {
			err = p.bring(sink, part)
		}
	}
	p.err <- err
}

func (p *spill) bring(sink trace.Sink, part spilled) error {
	n := 0
	for i := range part.batches {
		n += part.batches[i].count()
	}
	p.rows = slices.Grow(p.rows[:0], n)[:n]
	fillPart(p.rows, part.batches)
	return sink.Rows(trace.Rows{Chunks: part.chunks, Deliveries: part.deliveries, Attempts: p.rows, Usages: part.usages, Errors: part.errors})
}

// close waits until all was brought.
func (p *spill) close() error {
	close(p.parts)
	return <-p.err
}

// spillOver has the log's rows spilled when they are many: all attempts, and
// the chunks and deliveries before the first that may still change.
func (s *schedule) spillOver() {
	l := s.log
	if l == nil || l.spill == nil || l.attempts < spillRows {
		return
	}
	chunks, deliveries := int32(math.MaxInt32), int32(math.MaxInt32)
	for _, sl := range s.pool.slots {
		for _, c := range sl.outstanding {
			chunks = min(chunks, c.row)
		}
		for _, row := range sl.unstored {
			deliveries = min(deliveries, row)
		}
	}
	var part spilled
	part.chunks, l.chunks = split(l.chunks, int(chunks)-l.gone.chunks)
	part.deliveries, l.deliveries = split(l.deliveries, int(deliveries)-l.gone.deliveries)
	part.batches, l.batches = l.batches, nil
	part.usages, l.usages = l.usages, nil
	part.errors, l.errors = l.errors, nil
	l.gone.chunks += len(part.chunks)
	l.gone.deliveries += len(part.deliveries)
	l.gone.attempts += l.attempts
	l.attempts = 0
	l.spill.parts <- part
}

// split cuts rows at n, or at their end; the second part is a copy.
func split[R any](rows []R, n int) (first, rest []R) {
	n = min(n, len(rows))
	return rows[:n:n], append([]R(nil), rows[n:]...)
}
