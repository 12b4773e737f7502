package exchange

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// defaultStart is how long a worker may take from its stream's begin to
	// being ready.
	defaultStart = 30 * time.Second
	// looks is how often a worker is looked at within the time of silence that
	// it is allowed. From the first look without a sign on it is asked for one.
	looks = 3
	// aliveAsk is the number of such a question; those about clocks have
	// others.
	aliveAsk = 0
	// piece is how much is written at once. A piece behind the first of a
	// message is a sign of life: what lies between fills up, and is emptied by
	// the worker alone.
	piece = 1 << 20
)

// ErrSilent is in the error of a worker that was given up because nothing was
// heard of it.
var ErrSilent = errors.New("it fell silent")

// signs is a stream that counts signs of life of who is at its other end.
type signs struct {
	io.ReadWriteCloser
	count *atomic.Uint64
}

func (s signs) Read(p []byte) (int, error) {
	n, err := s.ReadWriteCloser.Read(p)
	if n > 0 {
		s.count.Add(1)
	}
	return n, err
}

func (s signs) Write(p []byte) (int, error) {
	written := 0
	for len(p) > piece {
		n, err := s.ReadWriteCloser.Write(p[:piece])
		written += n
		if err != nil {
			return written, err
		}
		if written > piece {
			s.count.Add(1)
		}
		p = p[piece:]
	}
	n, err := s.ReadWriteCloser.Write(p)
	return written + n, err
}

// watch looks whether a worker lives. The stream's mutex guards it.
type watch struct {
	limit  time.Duration // of silence; 0: nobody looks
	timer  *time.Timer
	last   uint64 // signs that were counted
	misses int    // looks without another
	// gaveUp is why the worker was given up; nil: it was not.
	gaveUp error
}

// watchStart gives the worker up when it is not ready in time; the caller
// stops the timer.
func (s *Stream) watchStart() *time.Timer {
	limit := s.config.StartTimeout
	if limit <= 0 {
		limit = defaultStart
	}
	return time.AfterFunc(limit, func() {
		s.giveUp(fmt.Errorf("%w: it was not ready after %v; does it call runner.Main first thing?", ErrSilent, limit))
	})
}

// watchJob looks at the worker from now on, as long as the job may be silent;
// 0 and less: no longer. s.mu is held.
func (s *Stream) watchJob(limit time.Duration) {
	w := &s.watch
	if w.timer != nil {
		w.timer.Stop()
	}
	w.limit, w.last, w.misses = max(0, limit), s.count.Load(), 0
	if w.limit > 0 {
		w.timer = time.AfterFunc(w.limit/looks, s.look)
	}
}

// jobDone ends the looking when a worker is done with the present job.
func (s *Stream) jobDone(id uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == s.spec.ID {
		s.watchJob(0)
	}
}

// look looks for a sign of life since the last time.
func (s *Stream) look() {
	s.mu.Lock()
	w := &s.watch
	if w.limit == 0 {
		s.mu.Unlock()
		return
	}
	n := s.count.Load()
	if w.misses++; n != w.last {
		w.last, w.misses = n, 0
	}
	silent := w.misses >= looks
	limit, ask := w.limit, w.misses > 0
	if !silent {
		w.timer.Reset(limit / looks)
	}
	s.mu.Unlock()
	switch {
	case silent:
		s.giveUp(fmt.Errorf("%w: nothing was heard of it for %v, though it was asked", ErrSilent, limit))
	case ask:
		s.out.Push(Message{Kind: MessagePing})
	}
}

// giveUp ends a worker and its stream. Serve returns the reason.
func (s *Stream) giveUp(reason error) {
	s.mu.Lock()
	if s.watch.gaveUp == nil {
		s.watch.gaveUp = reason
	}
	s.watchJob(0)
	s.mu.Unlock()
	s.config.Kill()
	s.conn.Close()
}

// reason returns why the worker was given up, or else err.
func (s *Stream) reason(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watch.gaveUp != nil {
		return s.watch.gaveUp
	}
	return err
}
