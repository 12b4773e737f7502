package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"corecast/internal/clock"
)

// StreamConfig describes one worker at the other end of a byte stream.
type StreamConfig struct {
	Slot, Generation int
	// Build is what the worker's build must be.
	Build string
	// SameClock is set when the worker stamps with this machine's monotonic
	// clock; its stamps then need no offset. Otherwise the clocks are compared
	// (sync.go).
	SameClock bool
	Post      Post
	// Kill ends the worker's process.
	Kill func()
}

// Stream is the Link to a worker behind a byte stream. It owns one goroutine
// that writes; Serve is the one that reads.
type Stream struct {
	config StreamConfig
	conn   io.ReadWriteCloser
	// frames is where the goroutine that writes does.
	frames *FrameWriter

	out *Mailbox[Message]
	// clock is of the goroutine that writes; pongs and ended (closed with the
	// stream) reach it. It closes greeted when it will post Ready no more.
	clock          comparison
	pongs          chan pong
	ended, greeted chan struct{}

	mu   sync.Mutex
	spec Spec
	// sizes holds the encoded sizes of the inputs of chunks that are out.
	sizes map[int32][]int64
}

// NewStream makes the link over conn; the caller then runs Serve.
func NewStream(conn io.ReadWriteCloser, config StreamConfig) *Stream {
	return &Stream{
		config: config, conn: conn, out: NewMailbox[Message](), sizes: make(map[int32][]int64),
		pongs: make(chan pong, 1), ended: make(chan struct{}), greeted: make(chan struct{}),
	}
}

// Open announces a job.
func (s *Stream) Open(spec Spec) {
	s.mu.Lock()
	s.spec = spec
	clear(s.sizes)
	s.mu.Unlock()
	s.out.Push(Message{Kind: MessageOpen, Spec: spec})
}

// Send hands over a chunk.
func (s *Stream) Send(c Chunk) { s.out.Push(Message{Kind: MessageChunk, Chunk: c}) }

// Finish ends the job.
func (s *Stream) Finish(cancel bool) { s.out.Push(Message{Kind: MessageFinish, Cancel: cancel}) }

// Kill ends the worker.
func (s *Stream) Kill() { s.config.Kill() }

// write encodes and writes messages until the link is closed. Small frames
// that wait together go out in one write. A write error is not reported: a
// stream that cannot be written cannot be read to its end either, and Serve
// tells.
func (s *Stream) write(ready Event) {
	if !s.greet(ready) {
		return
	}
	const enough = 64 << 10
	var buf []byte
	var batch []Message
	var spec Spec
	for {
		if batch = s.out.Take(batch); batch == nil {
			return
		}
		buf = buf[:0]
		for i, m := range batch {
			if m.Kind == MessageOpen {
				spec = m.Spec
			}
			if !s.config.SameClock && (m.Kind == MessageOpen || m.Kind == MessageFinish && !m.Cancel) {
				if err := s.frames.Write(buf); err != nil || !s.synchronize(m) {
					return
				}
				buf = buf[:0]
			}
			var err error
			if buf, err = s.encode(buf, spec, m); err != nil {
				s.refuse(spec, m.Chunk, err)
			}
			if len(buf) < enough && i < len(batch)-1 {
				continue
			}
			if err := s.frames.Write(buf); err != nil {
				return
			}
			buf = buf[:0]
		}
		if cap(buf) > 16*enough {
			buf = nil
		}
	}
}

func (s *Stream) encode(dst []byte, spec Spec, m Message) ([]byte, error) {
	switch m.Kind {
	case MessageOpen:
		return AppendOpen(dst, Open{JobID: spec.ID, Func: spec.Job.Func(), TaskTimeout: spec.TaskTimeout, Grace: spec.Grace})
	case MessageChunk:
		sized := &sizing{Job: spec.Job}
		dst, err := AppendChunk(dst, spec.ID, m.Chunk, sized)
		if sized.any && err == nil {
			s.mu.Lock()
			s.sizes[m.Chunk.ID] = sized.sizes
			s.mu.Unlock()
		}
		return dst, err
	default:
		return AppendFinish(dst, spec.ID, m.Cancel)
	}
}

// sizing notes the size of each input that it encodes.
type sizing struct {
	Job
	sizes []int64
	any   bool
}

func (z *sizing) AppendInput(dst []byte, task int) ([]byte, error) {
	before := len(dst)
	dst, err := z.Job.AppendInput(dst, task)
	n := int64(len(dst) - before)
	z.sizes = append(z.sizes, n)
	z.any = z.any || n > 0
	return dst, err
}

// refuse answers for the worker when a chunk cannot be sent at all: its first
// task fails, and the others with it, since a chunk is one message.
func (s *Stream) refuse(spec Spec, c Chunk, err error) {
	now := clock.Now()
	n := int(c.Hi - c.Lo)
	d := &Delivery{Chunk: c.ID, Lo: c.Lo, ReceiveStart: NotKnown, Arrived: NotKnown, SendStart: NotKnown,
		PreviousStored: NotKnown, Received: now, Results: spec.Job.NewBlock(n), Failures: make(map[int]Failure)}
	for k := range n {
		d.Start, d.End = append(d.Start, now), append(d.End, now)
		d.Failures[k] = Failure{Text: fmt.Sprintf("send the input: %v", err), Err: err}
	}
	s.post(Event{Kind: Delivered, At: now, Delivery: d})
}

func (s *Stream) post(e Event) {
	e.Slot, e.Generation = s.config.Slot, s.config.Generation
	s.config.Post(e)
}

// errRefused marks a worker of another build.
var errRefused = errors.New("another build")

// Serve reads from the worker until the stream ends, and posts what it says:
// Ready, Delivered and Closed events. It returns nil at the end of the stream,
// and whether no worker of this program can be used. It closes the stream; the
// caller posts Exited when the worker is really gone.
func (s *Stream) Serve() (fatal bool, err error) {
	r := bufio.NewReaderSize(s.conn, 64<<10)
	var sum Sum
	ready, err := s.hello(r, &sum)
	if err != nil {
		s.end()
		return errors.Is(err, errRefused), err
	}
	if s.config.SameClock {
		s.post(ready)
	}
	// From the hello's sum on, so that no frame fits another worker's stream.
	s.frames = NewFrameWriter(s.conn, sum)
	go s.write(ready)
	defer func() {
		s.end()
		<-s.greeted // so that Ready does not follow a worker's end
	}()
	for {
		kind, body, err := ReadFrame(r, &sum, nil)
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return false, err
		}
		if err := s.receive(kind, body); err != nil {
			return false, err
		}
	}
}

func (s *Stream) end() {
	close(s.ended)
	s.out.Close()
	s.conn.Close()
}

// hello reads a worker's first frame and makes the Ready event of it.
func (s *Stream) hello(r *bufio.Reader, sum *Sum) (Event, error) {
	kind, body, err := ReadFrame(r, sum, nil)
	if err != nil {
		return Event{}, fmt.Errorf("it ended before it was ready: %w", err)
	}
	if kind != FrameHello {
		return Event{}, fmt.Errorf("%w: type %d where a hello was expected", ErrFrame, kind)
	}
	h, err := ParseHello(body)
	if err != nil {
		return Event{}, fmt.Errorf("%w: read its hello: %w", errRefused, err)
	}
	if h.Build != s.config.Build {
		return Event{}, fmt.Errorf("%w: the worker's build is %q, the driver's %q: both must be the same program", errRefused, h.Build, s.config.Build)
	}
	return Event{Kind: Ready, At: h.Ready, ID: strconv.Itoa(h.PID), Link: s, ClockUncertainty: h.Uncertainty + clock.Uncertainty()}, nil
}

func (s *Stream) receive(kind FrameType, body []byte) error {
	now := clock.Now()
	switch kind {
	case FrameResult:
		s.mu.Lock()
		spec := s.spec
		s.mu.Unlock()
		if spec.Job == nil {
			return fmt.Errorf("%w: results without a job", ErrFrame)
		}
		d, err := ParseResult(body, spec.ID, spec.Job)
		if err != nil || d == nil {
			return err
		}
		d.Received = now
		d.BytesIn = s.sizesOf(d)
		s.post(Event{Kind: Delivered, At: now, Delivery: d})
	case FrameDone:
		stats, err := ParseDone(body)
		if err != nil {
			return err
		}
		s.post(Event{Kind: Closed, At: now, Stats: &stats})
	case FramePong:
		number, at, err := ParsePong(body)
		if err != nil {
			return err
		}
		s.answered(pong{number, at, now})
	default:
		return fmt.Errorf("%w: type %d from a worker", ErrFrame, kind)
	}
	return nil
}

// sizesOf takes the encoded input sizes of the delivery's tasks.
func (s *Stream) sizesOf(d *Delivery) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sizes := s.sizes[d.Chunk]
	n := min(len(d.Start), len(sizes))
	if n == len(sizes) {
		delete(s.sizes, d.Chunk)
	} else {
		s.sizes[d.Chunk] = sizes[n:]
	}
	return sizes[:n]
}
