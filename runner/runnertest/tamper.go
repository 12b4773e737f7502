package runnertest

import (
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"corecast/runner/exchange"
)

// harm is something that happens to a stream between driver and worker: when
// a frame passes, counted in its direction from 0.
type harm struct {
	stream int  // counted from 0 in the order in which workers came
	out    bool // to the worker; else to the driver
	frame  int
	what   string
	// at is where in the frame, as a share of its length; wait how long.
	at   float64
	wait time.Duration
}

// The kinds of harm.
const (
	harmCut     = "cut"     // the stream ends within the frame
	harmDrop    = "drop"    // the frame is lost
	harmRepeat  = "repeat"  // it comes twice
	harmSwap    = "swap"    // it comes behind the next one
	harmFlip    = "flip"    // one of its bits is changed
	harmForeign = "foreign" // a frame of another worker comes instead
	harmStall   = "stall"   // nothing passes from here on
	harmDelay   = "delay"   // it comes late
	harmDribble = "dribble" // it comes byte by byte
)

// harmless reports whether a worker survives: what arrives is what was sent.
func (h harm) harmless() bool { return h.what == harmDelay || h.what == harmDribble }

func (h harm) String() string {
	way := "from"
	if h.out {
		way = "to"
	}
	return fmt.Sprintf("%s frame %d %s worker %d (at %.2f, %v)", h.what, h.frame, way, h.stream, h.at, h.wait)
}

// tamper makes wires that do harm.
type tamper struct {
	harms []harm

	mu    sync.Mutex
	wires []*wire
	// last is the last frame of a worker that went each way.
	last map[bool]lastFrame
}

type lastFrame struct {
	stream int
	frame  []byte
}

// wrap puts a wire between the driver and its end of a worker's stream.
func (t *tamper) wrap(conn io.ReadWriteCloser) io.ReadWriteCloser {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &wire{tamper: t, inner: conn, number: len(t.wires), closed: make(chan struct{})}
	w.in.wire, w.out.wire, w.out.out = w, w, true
	t.wires = append(t.wires, w)
	return w
}

// exchange notes the frame as the last of its stream and returns the last of
// another; nil when there is none.
func (t *tamper) exchange(stream int, out bool, frame []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.last[out]
	if t.last == nil {
		t.last = make(map[bool]lastFrame)
	}
	t.last[out] = lastFrame{stream, frame}
	if before.frame == nil || before.stream == stream {
		return nil
	}
	return before.frame
}

// wire is a stream that harm is done to.
type wire struct {
	tamper  *tamper
	inner   io.ReadWriteCloser
	number  int
	in, out direction
	once    sync.Once
	closed  chan struct{}
}

// direction is one way of a wire. One goroutine uses it at a time.
type direction struct {
	wire    *wire
	out     bool
	frames  int
	partial []byte // of a frame
	held    []byte // a frame that comes behind the next
	ready   []byte // to go on
	err     error  // behind what is ready
	slow    int    // so many bytes of it go one by one
}

// Read reads what has come and passed.
func (w *wire) Read(p []byte) (int, error) {
	d := &w.in
	for len(d.ready) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		chunk := make([]byte, 64<<10)
		n, err := w.inner.Read(chunk)
		d.pass(chunk[:n])
		if err != nil && d.err == nil {
			d.ready, d.err = append(d.ready, d.partial...), err
		}
	}
	return copy(p, d.next(len(p))), nil
}

// next takes what goes on at once of what is ready, at most so many bytes.
func (d *direction) next(most int) []byte {
	n := min(most, len(d.ready))
	if d.slow > 0 {
		n, d.slow = 1, d.slow-1
	}
	next := d.ready[:n]
	d.ready = d.ready[n:]
	return next
}

// Write writes what passes.
func (w *wire) Write(p []byte) (int, error) {
	d := &w.out
	if d.err != nil {
		return 0, d.err
	}
	d.pass(p)
	for len(d.ready) > 0 {
		if _, err := w.inner.Write(d.next(len(d.ready))); err != nil {
			d.err = err
		}
	}
	if d.err != nil {
		w.inner.Close() // both sides learn of it
		return 0, d.err
	}
	return len(p), nil
}

// Close ends the stream, and what waits.
func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.inner.Close()
}

// pass takes bytes in and makes ready what passes of them.
func (d *direction) pass(p []byte) {
	d.partial = append(d.partial, p...)
	for d.err == nil {
		n, ok := exchange.FrameSize(d.partial)
		if !ok || n > len(d.partial) {
			return
		}
		frame := d.partial[:n:n]
		d.partial = d.partial[n:]
		d.frame(frame)
		d.frames++
	}
}

// frame passes one frame, with the harm that comes to it.
func (d *direction) frame(frame []byte) {
	w := d.wire
	foreign := w.tamper.exchange(w.number, d.out, frame)
	for _, h := range w.tamper.harms {
		if h.stream == w.number && h.out == d.out && h.frame == d.frames {
			frame = d.harm(h, frame, foreign)
		}
	}
	d.ready = append(d.ready, frame...)
	if len(frame) > 0 && d.held != nil {
		d.ready, d.held = append(d.ready, d.held...), nil
	}
}

// harm returns what passes of a frame.
func (d *direction) harm(h harm, frame, foreign []byte) []byte {
	at := int(h.at * float64(len(frame)))
	switch h.what {
	case harmCut:
		d.end()
		return frame[:at]
	case harmDrop:
		return nil
	case harmRepeat:
		return append(frame, frame...)
	case harmSwap:
		d.held = frame
		return nil
	case harmFlip:
		changed := append([]byte(nil), frame...)
		changed[at] ^= 1 << (len(frame) % 8)
		return changed
	case harmForeign:
		return foreign
	case harmStall:
		<-d.wire.closed
		d.end()
		return nil
	case harmDelay:
		select {
		case <-time.After(h.wait):
		case <-d.wire.closed:
		}
	case harmDribble:
		d.slow = min(len(frame), 2000)
	}
	return frame
}

// end lets nothing pass any more, as if the other side were gone.
func (d *direction) end() {
	if d.err = io.EOF; d.out {
		d.err = syscall.EPIPE
	}
}
