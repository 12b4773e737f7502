package remote

import (
	"container/list"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// waiter is a connection that has not shown a token.
type waiter struct {
	conn  net.Conn
	since time.Time
}

// accept takes connections until the listener is closed.
func (l *Listener) accept(tcp net.Listener) {
	const most = time.Second
	pause := time.Millisecond
	for {
		conn, err := tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptor left, or one that was gone at once
			time.Sleep(pause)
			pause = min(2*pause, most)
			continue
		}
		pause = time.Millisecond
		w := l.enter(conn)
		if w == nil {
			return
		}
		l.admitting.Go(func() {
			if err := l.admit(conn, w); err != nil {
				l.refused(conn, err)
			}
			l.leave(w)
		})
	}
}

// enter notes a connection that has not shown a token, when there is room; nil
// when the listener was closed.
func (l *Listener) enter(conn net.Conn) *list.Element {
	for {
		w, wait := l.tryEnter(conn)
		if wait == 0 {
			return w
		}
		select {
		case <-l.room:
		case <-time.After(wait):
		}
	}
}

// tryEnter is enter without waiting: it says for how long there may be no room.
func (l *Listener) tryEnter(conn net.Conn) (*list.Element, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return nil, 0
	}
	if l.waiting.Len() >= l.limits.waiting {
		oldest := l.waiting.Front()
		if wait := time.Until(oldest.Value.(*waiter).since.Add(l.limits.patience)); wait > 0 {
			return nil, wait
		}
		oldest.Value.(*waiter).conn.Close()
		l.waiting.Remove(oldest)
	}
	return l.waiting.PushBack(&waiter{conn, time.Now()}), 0
}

// leave forgets a connection that has shown a token, or ended. It returns false
// when it had to make room for another.
func (l *Listener) leave(w *list.Element) bool {
	l.mu.Lock()
	before := l.waiting.Len()
	l.waiting.Remove(w)
	left := l.waiting.Len() < before
	l.mu.Unlock()
	select {
	case l.room <- struct{}{}:
	default:
	}
	return left
}

// refused notes a connection that did not get in.
func (l *Listener) refused(conn net.Conn, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.refusals++
		l.refusal = fmt.Sprintf("%s: %v", conn.RemoteAddr(), why)
	}
}

// Refused says how many connections did not get in, and why the last did not;
// empty when all did.
func (l *Listener) Refused() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusals == 0 {
		return ""
	}
	return strconv.Itoa(l.refusals) + " connections were refused, the last from " + l.refusal
}
