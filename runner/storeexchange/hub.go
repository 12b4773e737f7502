package storeexchange

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"corecast/internal/clock"
	"corecast/runner/exchange"
	"corecast/runner/objstore"
)

// hub is the driver's end of all workers.
type hub struct {
	store  objstore.Store
	prefix string
	build  string
	wake   chan struct{} // something to look for
	ctx    context.Context
	end    context.CancelFunc
	gone   sync.WaitGroup

	mu    sync.Mutex
	posts map[string]*postbox
	pace  pace
}

// postbox is what the hub knows of one worker.
type postbox struct {
	slot, generation int
	id               string
	post             exchange.Post
	link             *exchange.Stored

	// Guarded by hub.mu.
	first    []byte // messages until it is started
	waiting  int    // flushes that are not messages yet
	sent     int    // messages
	objects  int    // that were made of them
	done     int    // messages of which it has said that they are
	begun    bool   // it was requested of the platform
	heard    bool
	usage    objstore.Usage
	ended    *exchange.Event // as the platform says
	over     bool            // Exited was posted
	segments int             // taken in
}

func newHub(store objstore.Store, prefix, build string, eager bool) *hub {
	ctx, cancel := context.WithCancel(context.Background())
	h := &hub{store: store, prefix: prefix, build: build, wake: make(chan struct{}, 1), posts: make(map[string]*postbox), ctx: ctx, end: cancel}
	h.pace.eager = eager
	h.gone.Go(h.look)
	return h
}

// close ends the hub's goroutines.
func (h *hub) close() {
	h.end()
	h.gone.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.posts {
		p.link.Close()
		p.exit(exchange.Event{Reason: "the pool was closed", Expected: true})
	}
}

// add makes the link to a worker that is to come.
func (h *hub) add(slot, generation int, post exchange.Post) *postbox {
	p := &postbox{slot: slot, generation: generation, id: exchange.StoredID(slot, generation), post: post}
	p.link = exchange.NewStored(exchange.StoredConfig{
		Slot: slot, Generation: generation, Build: h.build, Post: post,
		Deliver: func(m []byte) { h.deliver(p, m) },
		Kill:    func() { h.abandon(p) },
		Flushed: func() { h.flushed(p) },
	})
	h.mu.Lock()
	h.posts[p.id] = p
	h.mu.Unlock()
	return p
}

// exit posts the worker's end, once. The caller holds mu.
func (p *postbox) exit(e exchange.Event) {
	if p.over {
		return
	}
	p.over = true
	e.Kind, e.Slot, e.Generation = exchange.Exited, p.slot, p.generation
	if e.At == 0 {
		e.At = clock.Now()
	}
	p.post(e)
}

// abandon forgets a worker that cannot be told to end.
func (h *hub) abandon(p *postbox) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.exit(exchange.Event{Reason: "given up: it was at work for a job that is over", Expected: true})
}

// flushed notes that a message is to come.
func (h *hub) flushed(p *postbox) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.waiting++
}

// deliver takes a message: until the worker is started it waits, then it is
// written.
func (h *hub) deliver(p *postbox, m []byte) {
	h.mu.Lock()
	p.waiting--
	if p.over {
		h.mu.Unlock()
		return
	}
	if !h.expecting() {
		h.pace.start(time.Now())
	}
	if !p.begun {
		p.first = append(p.first, m...)
		p.sent++
		h.mu.Unlock()
		return
	}
	seq := p.objects
	p.objects++
	p.sent++
	h.mu.Unlock()
	h.gone.Go(func() {
		if err := h.store.Put(h.ctx, messageKey(h.prefix, p.id, seq), m); err != nil && h.ctx.Err() == nil {
			h.mu.Lock()
			p.exit(exchange.Event{Reason: fmt.Sprintf("its work could not be sent: %v", err)})
			h.mu.Unlock()
		}
	})
	h.nudge()
}

// expects reports whether a worker is going to write something.
func (p *postbox) expects() bool {
	return p.begun && !p.over && (p.done < p.sent || p.sent == 0 && !p.heard || p.ended != nil)
}

// expecting reports whether any does. The caller holds mu.
func (h *hub) expecting() bool {
	for _, p := range h.posts {
		if p.expects() {
			return true
		}
	}
	return false
}

func (h *hub) nudge() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// ended takes the platform's word that a worker is gone: Exited follows when
// what it wrote is in.
func (h *hub) ended(p *postbox, e exchange.Event) {
	h.mu.Lock()
	if p.ended == nil {
		p.ended = &e
	}
	h.mu.Unlock()
	h.nudge()
}

// look lists while a worker is expected to write.
func (h *hub) look() {
	for {
		h.mu.Lock()
		expecting := h.expecting()
		h.mu.Unlock()
		if !expecting {
			select {
			case <-h.wake:
				continue
			case <-h.ctx.Done():
				return
			}
		}
		pages, news := h.list()
		h.mu.Lock()
		wait := h.pace.wait(time.Now(), pages, news)
		h.mu.Unlock()
		timer := time.NewTimer(wait)
		for waiting := true; waiting; {
			select {
			case <-timer.C:
				waiting = false
			case <-h.wake:
				waiting = !h.someEnded() || !h.mayList()
			case <-h.ctx.Done():
				timer.Stop()
				return
			}
		}
		timer.Stop()
	}
}

// mayList reports whether a listing is left that need not wait.
func (h *hub) mayList() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pace.eager || h.pace.tokens >= paceTokens/2
}

// someEnded reports whether the platform has said that a worker is gone whose
// last words are not in.
func (h *hub) someEnded() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.posts {
		if p.ended != nil && !p.over {
			return true
		}
	}
	return false
}

// list finds new segments and takes them in. What the platform said to be gone
// before it, is gone then.
func (h *hub) list() (pages int, news bool) {
	h.mu.Lock()
	var gone []*postbox
	for _, p := range h.posts {
		if p.ended != nil && !p.over {
			gone = append(gone, p)
		}
	}
	h.mu.Unlock()
	objects, err := h.store.List(h.ctx, h.prefix+"/out/", "")
	if err != nil {
		return 1, false // it was tried for long, and is tried again
	}
	found := make(map[*postbox]int) // segments there are
	for _, o := range objects {
		if p, seq := h.parseKey(o.Key); p != nil {
			found[p] = max(found[p], seq+1)
		}
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 32)
	for p, n := range found {
		h.mu.Lock()
		from, over := p.segments, p.over
		h.mu.Unlock()
		if over || from >= n {
			continue
		}
		news = true
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			for seq := from; seq < n; seq++ {
				if !h.take(p, seq) {
					return
				}
			}
		})
	}
	wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range gone {
		p.exit(*p.ended)
	}
	return max(1, (len(objects)+999)/1000), news
}

// parseKey tells whose segment an object is.
func (h *hub) parseKey(key string) (*postbox, int) {
	id, number, ok := strings.Cut(strings.TrimPrefix(key, h.prefix+"/out/"), "/")
	seq, err := strconv.Atoi(number)
	if !ok || err != nil || seq < 0 {
		return nil, 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.posts[id], seq
}

// take reads a segment and hands on what is in it. It returns false when no
// more of this worker is to be read now.
func (h *hub) take(p *postbox, seq int) bool {
	body, err := h.store.Get(h.ctx, segmentKey(h.prefix, p.id, seq), 0, -1)
	if err != nil {
		return false // it stays to be read
	}
	head, frames, err := parseSegment(body)
	fatal := false
	if err == nil {
		offset, uncertainty := head.offset()
		h.mu.Lock()
		first := !p.heard
		p.heard = true
		p.usage = head.Usage
		h.mu.Unlock()
		if first {
			p.post(exchange.Event{Kind: exchange.Started, Slot: p.slot, Generation: p.generation, At: head.Started + offset, ID: p.id})
		}
		fatal, err = p.link.Receive(frames, offset, uncertainty)
	}
	done := p.link.Dones() // not under mu: the link calls flushed under its own
	h.mu.Lock()
	defer h.mu.Unlock()
	p.segments = seq + 1
	p.done = done
	switch {
	case err != nil:
		p.exit(exchange.Event{Reason: err.Error(), Fatal: fatal})
		return false
	case head.Flags&leaving != 0:
		p.exit(exchange.Event{Reason: "it was done", Expected: true})
		return false
	}
	return true
}

// usage is what all clients have used: the driver's, and the workers' as far as
// they have said.
func (h *hub) usage() objstore.Usage {
	u := h.store.Usage()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.posts {
		u = u.Add(p.usage)
	}
	return u
}
