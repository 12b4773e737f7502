package exchange

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"sync"

	"corecast/internal/clock"
)

// StoredConfig describes one worker that takes messages from a store.
type StoredConfig struct {
	Slot, Generation int
	// Build is what the worker's build must be.
	Build string
	Post  Post
	// Deliver takes a message for the worker: whole frames, the next behind
	// those before. It does not block. The calls come one after another.
	Deliver func(message []byte)
	// Flushed says that a message is to come; nil: nobody wants to know.
	Flushed func()
	// Kill has the worker ended, and everything that it still says ignored.
	Kill func()
}

// Stored is the Link to a worker that can be left messages, and whose answers
// are found later: one whose driver it cannot be asked for. A message is whole
// by itself: it opens the job, has chunks, and ends the job, so that the worker
// says what the job took without being asked once more. Chunks can be handed
// over before the worker has begun.
type Stored struct {
	s      *Stream
	config StoredConfig
	closed sync.Once

	mu      sync.Mutex
	spec    Spec
	pending []Message
	batches *Mailbox[[]Message]
	stats   Stats // of the open job, summed over its messages
	told    bool  // there are stats
	dones   int   // messages that the worker has done

	// Of who calls Receive, one at a time.
	sum     Sum
	greeted bool
	in      receiver
}

// StoredSeed is what the sums of the messages to a worker go on from, so that
// no message fits another's.
func StoredSeed(slot, generation int) Sum {
	return Sum(uint64(slot)+1)*mix1 ^ Sum(uint64(generation))*mix2
}

// NewStored makes the link.
func NewStored(config StoredConfig) *Stored {
	l := &Stored{config: config, batches: NewMailbox[[]Message]()}
	l.s = &Stream{
		config: StreamConfig{Slot: config.Slot, Generation: config.Generation, Build: config.Build, SameClock: true, Post: config.Post},
		sizes:  make(map[int32][]int32),
	}
	l.in = receiver{s: l.s}
	go l.write()
	return l
}

// Open announces a job.
func (l *Stored) Open(spec Spec) {
	l.s.mu.Lock()
	l.s.spec = spec
	clear(l.s.sizes)
	l.s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spec, l.pending, l.told = spec, nil, false
	l.stats = UnknownStats(spec.ID)
}

// Send hands over a chunk.
func (l *Stored) Send(c Chunk) {
	if n := c.Hi - c.Lo; n > l.s.largest.Load() {
		l.s.largest.Store(n)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, Message{Kind: MessageChunk, Chunk: c})
}

// Flush has the chunks that were handed over become a message.
func (l *Stored) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > 0 {
		if l.config.Flushed != nil {
			l.config.Flushed()
		}
		l.batches.Push(append([]Message{{Kind: MessageOpen, Spec: l.spec}}, l.pending...))
		l.pending = nil
	}
}

// Finish ends the job. A worker that has said all needs no word; one that is
// still at something cannot be told, and is given up.
func (l *Stored) Finish(cancel bool) {
	l.mu.Lock()
	stats := l.stats
	l.mu.Unlock()
	l.s.post(Event{Kind: Closed, At: clock.Now(), Stats: &stats})
	if cancel {
		l.Kill()
	}
}

// Kill gives the worker up.
func (l *Stored) Kill() {
	l.Close()
	l.config.Kill()
}

// Close ends the link's goroutine.
func (l *Stored) Close() { l.closed.Do(l.batches.Close) }

// write makes messages until the link is closed.
func (l *Stored) write() {
	var out bytes.Buffer
	l.s.frames = NewFrameWriter(&out, StoredSeed(l.config.Slot, l.config.Generation))
	var taken [][]Message
	for {
		if taken = l.batches.Take(taken); taken == nil {
			return
		}
		for _, batch := range taken {
			w := writer{s: l.s}
			for i := range batch {
				w.message(&batch[i]) // a buffer takes all
			}
			w.message(&Message{Kind: MessageFinish})
			w.flush(nil)
			l.config.Deliver(bytes.Clone(out.Bytes()))
			if out.Reset(); out.Cap() > 16*enough {
				out = bytes.Buffer{}
			}
		}
	}
}

// Receive takes in what the worker says next: whole frames. offset and
// uncertainty bring its clock to the driver's. The error says that the worker
// cannot be used; fatal, that no worker of this program can.
func (l *Stored) Receive(frames []byte, offset, uncertainty int64) (fatal bool, err error) {
	r := NewFrameReader(bytes.NewReader(frames), l.sum)
	defer l.in.post()
	for {
		kind, body, err := r.Next(nil)
		if err == io.EOF {
			l.sum = r.Sum()
			return false, nil
		}
		switch {
		case err != nil:
		case kind == FrameHello:
			if fatal, err = l.hello(body, offset, uncertainty); err == nil {
				continue
			}
		case !l.greeted:
			err = fmt.Errorf("%w: type %d where a hello was expected", ErrFrame, kind)
		case kind == FrameDone:
			l.in.post()
			err = l.done(body)
		default:
			err = l.in.receive(kind, body)
		}
		if err != nil {
			return fatal, err
		}
	}
}

func (l *Stored) hello(body []byte, offset, uncertainty int64) (fatal bool, err error) {
	h, err := ParseHello(body)
	if err != nil {
		return true, fmt.Errorf("read its hello: %w", err)
	}
	if h.Build != l.config.Build {
		return true, fmt.Errorf("the worker's build is %q, the driver's %q: both must be the same program", h.Build, l.config.Build)
	}
	l.greeted = true
	l.s.post(Event{Kind: Ready, At: h.Ready + offset, Link: l, ClockOffset: offset, ClockUncertainty: uncertainty + h.Uncertainty + clock.Uncertainty()})
	return false, nil
}

// done adds up what a job took over its messages.
func (l *Stored) done(body []byte) error {
	stats, err := ParseDone(body)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dones++
	if stats.JobID != l.spec.ID {
		return nil
	}
	if l.told {
		stats.CPU = sumKnown(stats.CPU, l.stats.CPU)
		stats.Voluntary = sumKnown(stats.Voluntary, l.stats.Voluntary)
		stats.Involuntary = sumKnown(stats.Involuntary, l.stats.Involuntary)
		stats.Throttled = sumKnown(stats.Throttled, l.stats.Throttled)
		stats.Waited = sumKnown(stats.Waited, l.stats.Waited)
		stats.PeakMemory = max(stats.PeakMemory, l.stats.PeakMemory)
	}
	l.stats, l.told = stats, true
	return nil
}

// Dones is how many messages the worker is known to have done.
func (l *Stored) Dones() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dones
}

func sumKnown(a, b int64) int64 {
	if a == NotKnown || b == NotKnown {
		return NotKnown
	}
	return a + b
}

// CountFrames counts the frames of a kind in buf, from one's beginning on, and
// returns where the first begins that is not whole.
func CountFrames(buf []byte, from int, kind FrameType) (n, end int) {
	for len(buf)-from >= frameHeader {
		size := frameHeader + int(binary.LittleEndian.Uint32(buf[from:]))
		if len(buf)-from < size {
			break
		}
		if FrameType(buf[from+4]) == kind {
			n++
		}
		from += size
	}
	return n, from
}

// StoredID names a worker by its slot and generation.
func StoredID(slot, generation int) string {
	return strconv.Itoa(slot) + "." + strconv.Itoa(generation)
}
