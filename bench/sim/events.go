package sim

import (
	"math"
	"math/bits"
)

// What happens at an event.
const (
	evRequest = iota // a worker is asked for; ref is the slot's generation
	evReady          // a worker is ready; ref is the slot's generation
	evReceive        // a chunk begins to arrive at its worker; ref is the chunk, as below
	evFetch          // the transfer of its inputs begins
	evDone           // its last task ends
	evSend           // the transfer of its results begins
	evBack           // its results are with the driver
	evDie            // its worker dies at it
	evLost           // a loss is noticed; ref is the slot's generation
	evCopy           // look whether a task should be copied
	kindBits  = 4
)

// event is something that happens to a slot, in 16 bytes: four children of the
// heap share a cache line. Events are ordered by time, at the same time by slot,
// as a list orders workers. Times are not negative, so that their bits are
// ordered as they are.
type event struct {
	when uint64 // bits of the time
	who  uint64 // slot << 32 | ref << kindBits | kind
}

func newEvent(at float64, slot int32, kind, ref uint32) event {
	return event{math.Float64bits(at), uint64(slot)<<32 | uint64(ref)<<kindBits | uint64(kind)}
}

func (e event) at() float64  { return math.Float64frombits(e.when) }
func (e event) slot() int32  { return int32(e.who >> 32) }
func (e event) kind() uint32 { return uint32(e.who) & (1<<kindBits - 1) }
func (e event) ref() uint32  { return uint32(e.who) >> kindBits }

// before returns 1 when e comes before o, and 0 otherwise, without a branch:
// which child of a heap is the least is as good as random.
func (e *event) before(o *event) uint64 {
	_, borrow := bits.Sub64(e.who, o.who, 0)
	_, borrow = bits.Sub64(e.when, o.when, borrow)
	return borrow
}

// eventHeap is a 4-ary heap whose root may be a hole: the event that is being
// handled. The first push fills it, which saves a pop for most events.
type eventHeap struct {
	events []event
	hole   bool
}

func (h *eventHeap) reset() { h.events, h.hole = h.events[:0], false }

// top returns the next event; ok is false when there is none.
func (h *eventHeap) top() (e event, ok bool) {
	if h.hole {
		h.fill()
	}
	if len(h.events) == 0 {
		return event{}, false
	}
	return h.events[0], true
}

// take makes the root a hole: its event is being handled.
func (h *eventHeap) take() { h.hole = true }

func (h *eventHeap) push(e event) {
	if h.hole {
		h.hole = false
		h.down(e)
		return
	}
	h.events = append(h.events, e)
	i := len(h.events) - 1
	for i > 0 {
		p := (i - 1) / 4
		if e.before(&h.events[p]) == 0 {
			break
		}
		h.events[i] = h.events[p]
		i = p
	}
	h.events[i] = e
}

// fill puts the last event into the hole.
func (h *eventHeap) fill() {
	h.hole = false
	last := len(h.events) - 1
	e := h.events[last]
	if h.events = h.events[:last]; last > 0 {
		h.down(e)
	}
}

// down puts e at the root and lets it sink.
func (h *eventHeap) down(e event) {
	events, i := h.events, 0
	for {
		first := 4*i + 1
		if first+4 > len(events) {
			break
		}
		four := events[first : first+4 : first+4]
		left := four[1].before(&four[0])
		right := 2 + four[3].before(&four[2])
		least := left + four[right&3].before(&four[left&3])*(right-left)
		if four[least&3].before(&e) == 0 {
			events[i] = e
			return
		}
		events[i] = four[least&3]
		i = first + int(least)
	}
	for c := 4*i + 1; c < len(events); c++ { // fewer than four, without children
		if events[c].before(&e) == 1 && h.least(4*i+1) == c {
			events[i] = events[c]
			i = c
			break
		}
	}
	events[i] = e
}

// least returns the least event from index i on.
func (h *eventHeap) least(i int) int {
	least := i
	for c := i + 1; c < len(h.events); c++ {
		if h.events[c].before(&h.events[least]) == 1 {
			least = c
		}
	}
	return least
}
