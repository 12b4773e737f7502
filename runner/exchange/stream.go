package exchange

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

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
	// StartTimeout is how long it may take to be ready; 0 means 30 s.
	StartTimeout time.Duration
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
	// largest is the number of tasks of the largest chunk that was sent.
	largest atomic.Int32

	count atomic.Uint64 // signs of life

	mu    sync.Mutex
	watch watch
	spec  Spec
	// sizes holds the encoded sizes of the inputs of chunks that are out.
	sizes map[int32][]int32
}

// NewStream makes the link over conn; the caller then runs Serve.
func NewStream(conn io.ReadWriteCloser, config StreamConfig) *Stream {
	s := &Stream{
		config: config, out: NewMailbox[Message](), sizes: make(map[int32][]int32),
		pongs: make(chan pong, 1), ended: make(chan struct{}), greeted: make(chan struct{}),
	}
	s.conn = signs{conn, &s.count}
	return s
}

// Open announces a job.
func (s *Stream) Open(spec Spec) {
	s.mu.Lock()
	s.spec = spec
	clear(s.sizes)
	s.watchJob(spec.Silence)
	s.mu.Unlock()
	s.out.Push(Message{Kind: MessageOpen, Spec: spec})
}

// Send hands over a chunk.
func (s *Stream) Send(c Chunk) {
	if n := c.Hi - c.Lo; n > s.largest.Load() {
		s.largest.Store(n) // only the goroutine that schedules does
	}
	s.out.Queue(Message{Kind: MessageChunk, Chunk: c})
}

// Flush has the chunks that were handed over sent.
func (s *Stream) Flush() { s.out.Wake() }

// Finish ends the job.
func (s *Stream) Finish(cancel bool) { s.out.Push(Message{Kind: MessageFinish, Cancel: cancel}) }

// Kill ends the worker.
func (s *Stream) Kill() { s.config.Kill() }

func (s *Stream) post(e Event) {
	e.Slot, e.Generation = s.config.Slot, s.config.Generation
	s.config.Post(e)
}

// errRefused marks a worker of another build.
var errRefused = errors.New("another build")

// Serve reads from the worker until the stream ends, and posts what it says:
// Ready, Delivered and Closed events. It returns nil at the end of the stream,
// and whether no worker of this program can be used. It closes the stream; the
// caller posts Exited when the worker is really gone. A worker of which nothing
// was heard is killed, and the error is ErrSilent.
func (s *Stream) Serve() (fatal bool, err error) {
	start := s.watchStart()
	defer start.Stop()
	fatal, err = s.serve(start)
	return fatal, s.reason(err)
}

func (s *Stream) serve(start *time.Timer) (fatal bool, err error) {
	r := NewFrameReader(s.conn, 0)
	ready, err := s.hello(r)
	if err != nil {
		s.end()
		return errors.Is(err, errRefused), err
	}
	if s.config.SameClock {
		s.post(ready)
	}
	// From the hello's sum on, so that no frame fits another worker's stream.
	s.frames = NewFrameWriter(s.conn, r.Sum())
	go s.write(ready, start)
	defer func() {
		s.end()
		<-s.greeted // so that Ready does not follow a worker's end
	}()
	in := receiver{s: s}
	for {
		kind, body, err := r.Next(nil)
		if err == nil {
			err = in.receive(kind, body)
		}
		if err != nil || !r.More() {
			in.post()
		}
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
	}
}

func (s *Stream) end() {
	s.mu.Lock()
	s.watchJob(0)
	s.mu.Unlock()
	close(s.ended)
	s.out.Close()
	s.conn.Close()
}

// hello reads a worker's first frame and makes the Ready event of it.
func (s *Stream) hello(r *FrameReader) (Event, error) {
	r.most = maxHello
	kind, body, err := r.Next(nil)
	r.most = MaxFrame
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
