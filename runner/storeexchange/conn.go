package storeexchange

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"corecast/runner/exchange"
	"corecast/runner/objstore"
)

// segmentBytes is from how many bytes on results are written.
const segmentBytes = 8 << 20

// conn is a worker's stream, made of objects: what it reads are its messages,
// what it writes are segments. A message's work is done when the worker has
// written a frame of type Done; only then does it look for the next.
type conn struct {
	ctx     context.Context
	store   objstore.Store
	spec    *Spec
	id      string
	started int64

	// Of the goroutine that reads.
	message  []byte
	messages int // taken so far

	mu    sync.Mutex
	ready sync.Cond // owed or err has changed
	buf   []byte    // what was written since the last segment
	whole int       // of it, in whole frames
	since time.Time // when its first byte was
	seq   int       // segments written
	owed  int       // frames of type Done that are to come
	err   error     // of writing a segment
}

func newConn(ctx context.Context, store objstore.Store, spec *Spec, id string, started int64, first []byte) *conn {
	c := &conn{ctx: ctx, store: store, spec: spec, id: id, started: started, message: first}
	c.ready.L = &c.mu
	if len(first) > 0 {
		c.messages = 1
		c.owed, _ = exchange.CountFrames(first, 0, exchange.FrameFinish)
	}
	return c
}

// Read reads messages, one after another; io.EOF when no more is to come.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.message) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.message)
	c.message = c.message[n:]
	return n, nil
}

// next waits until all is done, and then for a message.
func (c *conn) next() error {
	if err := c.awaitIdle(); err != nil {
		return err
	}
	if c.messages > 0 && c.spec.Leave {
		return io.EOF
	}
	if c.messages == 0 { // the driver waits for a word
		if err := c.flush(0); err != nil {
			return err
		}
	}
	wait := c.spec.Poll
	if c.messages == 0 { // nothing else to do
		wait /= 10
	}
	// The second look of many workers is late already: each costs a request.
	longer := func() time.Duration { return min(max(wait*2, c.spec.PollMost/4), max(c.spec.PollMost, c.spec.Poll)) }
	for waited := time.Duration(0); waited < c.spec.Linger; wait = longer() {
		wait = min(wait, c.spec.Linger-waited)
		select {
		case <-time.After(wait):
			waited += wait
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
		m, err := c.store.Get(c.ctx, c.spec.messageKey(c.id, c.messages), 0, -1)
		if errors.Is(err, objstore.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		c.mu.Lock()
		c.owed, _ = exchange.CountFrames(m, 0, exchange.FrameFinish)
		c.mu.Unlock()
		c.message = m
		c.messages++
		return nil
	}
	return io.EOF
}

func (c *conn) awaitIdle() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.owed > 0 && c.err == nil {
		c.ready.Wait()
	}
	return c.err
}

// Write takes frames, the last of which may go on in the next call.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	if len(c.buf) == 0 {
		c.since = time.Now()
		time.AfterFunc(c.spec.Flush, func() { c.late(c.seq) })
	}
	c.buf = append(c.buf, b...)
	dones, end := exchange.CountFrames(c.buf, c.whole, exchange.FrameDone)
	c.whole = end
	c.owed -= dones
	switch {
	case dones > 0 && c.owed <= 0:
		flags := uint32(0)
		if c.spec.Leave {
			flags = leaving
		}
		c.err = c.put(flags)
		c.ready.Broadcast()
	case end == len(c.buf) && (end >= segmentBytes || time.Since(c.since) >= c.spec.Flush):
		if c.err = c.put(0); c.err != nil {
			c.ready.Broadcast()
		}
	}
	return len(b), c.err
}

// late writes what has waited for long since segment seq was to be written.
func (c *conn) late(seq int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seq == seq && c.err == nil && len(c.buf) > 0 && c.whole == len(c.buf) && time.Since(c.since) >= c.spec.Flush {
		if c.err = c.put(0); c.err != nil {
			c.ready.Broadcast()
		}
	}
}

// Flush writes what there is, before the process ends.
func (c *conn) Flush() error { return c.flush(0) }

// flush writes what there is.
func (c *conn) flush(flags uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.buf) == 0 {
		return c.err
	}
	c.err = c.put(flags)
	return c.err
}

// put writes a segment. The caller holds mu: what is written meanwhile waits.
func (c *conn) put(flags uint32) error {
	h := newHeader(c.started)
	h.Flags = flags
	h.Usage = c.store.Usage().Add(objstore.Usage{Writes: 1, Up: int64(headerSize + len(c.buf))})
	body := append(h.appendTo(make([]byte, 0, headerSize+len(c.buf))), c.buf...)
	if err := c.store.Put(c.ctx, c.spec.segmentKey(c.id, c.seq), body); err != nil {
		return err
	}
	c.seq++
	c.buf, c.whole = c.buf[:0], 0
	if cap(c.buf) > segmentBytes/8 {
		c.buf = nil
	}
	return nil
}

// Close is for io.Closer.
func (c *conn) Close() error { return nil }
