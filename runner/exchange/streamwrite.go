package exchange

import (
	"fmt"
	"slices"
	"time"

	"corecast/internal/clock"
)

// writer is what the goroutine that writes works with.
type writer struct {
	s     *Stream
	spec  Spec
	buf   []byte
	sizes []int32
}

// enough is how many bytes of small frames are written together.
const enough = 64 << 10

// write encodes and writes messages until the link is closed. Small frames
// that wait together go out in one write. A write error is not reported: a
// stream that cannot be written cannot be read to its end either, and Serve
// tells.
func (s *Stream) write(ready Event, start *time.Timer) {
	if !s.greet(ready) {
		return
	}
	start.Stop()
	w := writer{s: s}
	var batch []Message
	for {
		if batch = s.out.Take(batch); batch == nil {
			return
		}
		for i := range batch {
			if !w.synchronize(&batch[i]) || w.message(&batch[i]) != nil {
				return
			}
		}
		if err := w.flush(nil); err != nil {
			return
		}
	}
}

// synchronize compares clocks before a message that wants it. It returns false
// when the stream has ended.
func (w *writer) synchronize(m *Message) bool {
	if w.s.config.SameClock || m.Kind == MessageChunk || m.Kind == MessagePing || m.Kind == MessageFinish && m.Cancel {
		return true
	}
	return w.flush(nil) == nil && w.s.synchronize(*m)
}

// flush writes what is buffered, and raw behind it as the end of its last frame.
func (w *writer) flush(raw []byte) error {
	if len(w.buf) == 0 {
		return nil
	}
	err := w.s.frames.Write(w.buf, raw)
	w.buf = w.buf[:0]
	if cap(w.buf) > 16*enough {
		w.buf = nil
	}
	return err
}

// message encodes a message. An error is that of writing.
func (w *writer) message(m *Message) (err error) {
	switch m.Kind {
	case MessageOpen:
		w.spec = m.Spec
		o := Open{JobID: w.spec.ID, Func: w.spec.Job.Func(), TaskTimeout: w.spec.TaskTimeout, Grace: w.spec.Grace, Stamps: w.spec.Stamps, Prompt: w.spec.Prompt}
		w.buf, err = AppendOpen(w.buf, o)
	case MessageChunk:
		return w.chunk(m.Chunk)
	case MessagePing:
		w.buf, err = AppendPing(w.buf, aliveAsk)
	case MessageFinish:
		w.buf, err = AppendFinish(w.buf, w.spec.ID, m.Cancel)
	}
	if err != nil {
		return err
	}
	if len(w.buf) >= enough {
		return w.flush(nil)
	}
	return nil
}

// chunk encodes a chunk, and writes the frames that are large. The sizes of
// inputs are noted before their results can come.
func (w *writer) chunk(c Chunk) error {
	if n := int(c.Hi - c.Lo); cap(w.sizes)-len(w.sizes) < n {
		w.sizes = make([]int32, 0, max(n, min(2*cap(w.sizes), 1<<12)))
	}
	for lo := c.Lo; lo < c.Hi; {
		first := len(w.sizes)
		p, err := appendChunk(w.buf, w.sizes, w.spec.ID, c, lo, w.spec.Job)
		w.buf, w.sizes, lo = p.buf, p.sizes, p.next
		if err != nil {
			w.s.refuse(w.spec, c, err)
			return nil
		}
		w.s.sized(c.ID, w.sizes[first:len(w.sizes):len(w.sizes)])
		if p.raw != nil || len(w.buf) >= enough {
			if err := w.flush(p.raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// sized notes the sizes of the next inputs of a chunk, when there are any.
func (s *Stream) sized(chunk int32, sizes []int32) {
	if !slices.ContainsFunc(sizes, func(n int32) bool { return n > 0 }) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.sizes[chunk]; ok {
		sizes = append(before, sizes...)
	}
	s.sizes[chunk] = sizes
}

// refuse answers for the worker when a chunk cannot be sent at all: its first
// task fails, and the others with it, since a chunk is one message.
func (s *Stream) refuse(spec Spec, c Chunk, err error) {
	now := clock.Now()
	n := c.Hi - c.Lo
	d := &Delivery{Chunk: c.ID, Lo: c.Lo, Count: n, ReceiveStart: NotKnown, Arrived: NotKnown, SendStart: NotKnown,
		PreviousStored: NotKnown, Received: now, Began: now, Ended: now, Results: spec.Job.NewBlock(int(n)), Failures: make(map[int]Failure)}
	if spec.Stamps {
		d.Start = slices.Repeat([]int64{now}, int(n))
		d.End = d.Start
	}
	for k := range int(n) {
		d.Failures[k] = Failure{Text: fmt.Sprintf("send the input: %v", err), Err: err}
	}
	s.post(Event{Kind: Delivered, At: now, Deliveries: []*Delivery{d}})
}
