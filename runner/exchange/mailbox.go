package exchange

import "sync"

// MessageKind says what a Message is.
type MessageKind uint8

// The kinds of messages to a worker.
const (
	MessageOpen MessageKind = iota
	MessageChunk
	MessageFinish
	MessagePing // are you there?
)

// Message is what a link's method hands to the goroutine that carries it out.
type Message struct {
	Kind   MessageKind
	Spec   Spec  // of MessageOpen
	Chunk  Chunk // of MessageChunk
	Cancel bool  // of MessageFinish
}

// Mailbox is a queue without a bound: Push never blocks, Take waits. Its bound
// is that of what is pushed: a driver has few chunks out a worker.
type Mailbox[T any] struct {
	mu     sync.Mutex
	wake   sync.Cond
	queue  []T
	closed bool
}

// NewMailbox makes an empty mailbox.
func NewMailbox[T any]() *Mailbox[T] {
	m := &Mailbox[T]{}
	m.wake.L = &m.mu
	return m
}

// Push appends v.
func (m *Mailbox[T]) Push(v T) {
	m.Queue(v)
	m.Wake()
}

// Queue appends v without waking who waits, for more to come: Wake does.
func (m *Mailbox[T]) Queue(v T) {
	m.mu.Lock()
	m.queue = append(m.queue, v)
	m.mu.Unlock()
}

// Wake wakes who waits in Take.
func (m *Mailbox[T]) Wake() { m.wake.Signal() }

// Take waits for something and takes all there is; nil when the mailbox is
// closed. It keeps reuse, an earlier result that is done with, for later.
func (m *Mailbox[T]) Take(reuse []T) []T {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.queue) == 0 && !m.closed {
		m.wake.Wait()
	}
	if m.closed {
		return nil
	}
	taken := m.queue
	clear(reuse)
	m.queue = reuse[:0]
	return taken
}

// Drop removes what waits and is dropped by the test, and keeps the rest.
func (m *Mailbox[T]) Drop(test func(T) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.queue[:0]
	for _, v := range m.queue {
		if !test(v) {
			kept = append(kept, v)
		}
	}
	clear(m.queue[len(kept):])
	m.queue = kept
}

// Len returns how many wait.
func (m *Mailbox[T]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.queue)
}

// Close ends the mailbox: Take returns nil, what waits is dropped.
func (m *Mailbox[T]) Close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.wake.Broadcast()
}
