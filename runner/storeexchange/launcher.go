package storeexchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"corecast/runner"
	"corecast/runner/exchange"
	"corecast/runner/objstore"
)

// Platform starts instances that accept no connections. It knows nothing of
// tasks.
type Platform interface {
	// Name is the backend's; Workers is the number of slots, VCPU and
	// MemoryLimit (bytes) are what each instance has.
	Name() string
	Workers() int
	VCPU() float64
	MemoryLimit() int64
	// Start requests instances, each with s in its environment and its index, in
	// the order of ids, and what opens the store; it returns when they are
	// requested. tell, which does not block, must be called with the end of
	// each, once it is known, unless the platform is closed before. The error is
	// that of all.
	Start(ctx context.Context, s Spec, ids []string, tell func(index int, e End)) error
	// Close ends all instances and removes what was made for them.
	Close() error
}

// End is the end of an instance.
type End struct {
	// Reason says why in words; Done is set when it ended by itself without an
	// error.
	Reason string
	Done   bool
	// Unstarted is set when it had not begun with its tasks; Fatal when no
	// other would either.
	Unstarted, Fatal bool
	// GaveUp is set when it ended because a task would not (runner.ExitGaveUp).
	GaveUp bool
}

// Options tune a launcher.
type Options struct {
	// Spec says where the store is for workers; Prefix is required, the rest of
	// what is not of the store is filled in.
	Spec Spec
	// Leave has workers end when they are done with their first tasks: where
	// there are more than run at once, or none is to take over others' tasks.
	Leave bool
	// Eager lists as often as a local disk bears, for tests.
	Eager bool
	// Keep leaves the objects there, for looking into what went wrong.
	Keep bool
}

// flushEach is after how long a worker writes results, for each worker: all of
// them together then take a request each 20 s for writing, and one for reading.
const flushEach = 40 * time.Second

// New makes the launcher of a platform over a store.
func New(p Platform, store objstore.Store, o Options) Launcher {
	o.Spec.Leave = o.Leave
	o.Spec.Flush = cmp.Or(o.Spec.Flush, max(flushEach*time.Duration(p.Workers()), flushEach))
	o.Spec.Poll = cmp.Or(o.Spec.Poll, time.Second)
	o.Spec.PollMost = cmp.Or(o.Spec.PollMost, max(4*time.Second, time.Duration(p.Workers())*400*time.Millisecond))
	o.Spec.Linger = cmp.Or(o.Spec.Linger, 30*time.Second)
	return &launcher{Platform: p, store: store, options: o, hub: newHub(store, o.Spec.Prefix, runner.BuildID(), o.Eager)}
}

// Launcher is what New makes.
type Launcher interface {
	runner.Launcher
	runner.Upfront
	MemoryLimit() int64
	StoreUsage() objstore.Usage
	// Leaves reports whether workers end with their first tasks: there is no
	// pool that stays ready.
	Leaves() bool
}

type launcher struct {
	Platform
	store   objstore.Store
	options Options
	hub     *hub
	starts  sync.WaitGroup
	packs   int
	mu      sync.Mutex // guards packs
}

// Upfront reports that workers are given their shares of the tasks before they
// have begun (runner.Upfront).
func (l *launcher) Upfront() bool { return true }

// Leaves reports whether workers end with their first tasks.
func (l *launcher) Leaves() bool { return l.options.Spec.Leave }

// Launch makes the links, which take chunks at once, and requests the
// instances when the first messages are there.
func (l *launcher) Launch(ctx context.Context, requests []runner.Request, post exchange.Post) {
	boxes := make([]*postbox, len(requests))
	for i, r := range requests {
		boxes[i] = l.hub.add(r.Slot, r.Generation, post)
		post(exchange.Event{Kind: exchange.Linked, Slot: r.Slot, Generation: r.Generation, Link: boxes[i].link})
	}
	l.starts.Go(func() {
		if err := l.start(ctx, boxes, requests[0].Fed); err != nil {
			l.hub.mu.Lock()
			defer l.hub.mu.Unlock()
			for _, p := range boxes {
				p.exit(exchange.Event{Reason: err.Error(), Unstarted: true, Expected: ctx.Err() != nil, Fatal: isFatal(err)})
			}
		}
	})
}

// FatalError marks an error of Platform.Start after which no other try helps.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

func isFatal(err error) bool {
	var f *FatalError
	return errors.As(err, &f) || errors.Is(err, objstore.ErrForbidden) || errors.Is(err, objstore.ErrNotFound)
}

// start writes the first messages as one object and requests the instances.
func (l *launcher) start(ctx context.Context, boxes []*postbox, fed bool) error {
	if err := l.await(ctx, boxes, fed); err != nil {
		return err
	}
	spec := l.options.Spec
	places := make([]place, len(boxes))
	ids := make([]string, len(boxes))
	var pack []byte
	l.hub.mu.Lock()
	for i, p := range boxes {
		places[i] = place{p.slot, p.generation, len(p.first)}
		ids[i] = p.id
		pack = append(pack, p.first...)
		if len(p.first) > 0 {
			p.objects = 1
		}
		p.first, p.begun = nil, true
	}
	l.hub.mu.Unlock()
	spec.Workers = encodeWorkers(places)
	if len(pack) > 0 {
		l.mu.Lock()
		spec.Pack = fmt.Sprintf("%s/in/%06d", spec.Prefix, l.packs)
		l.packs++
		l.mu.Unlock()
		if err := l.store.Put(ctx, spec.Pack, pack); err != nil {
			return err
		}
	}
	err := l.Platform.Start(ctx, spec, ids, func(i int, e End) {
		l.hub.ended(boxes[i], exchange.Event{Reason: e.Reason, Expected: e.Done, Unstarted: e.Unstarted, Fatal: e.Fatal, GaveUp: e.GaveUp})
	})
	if err == nil {
		l.hub.mu.Lock()
		l.hub.pace.start(time.Now())
		l.hub.mu.Unlock()
		l.hub.nudge()
	}
	return err
}

// await waits for the first messages: until nothing is on its way, and each has
// one or no more come.
func (l *launcher) await(ctx context.Context, boxes []*postbox, fed bool) error {
	const quiet = 50 * time.Millisecond
	for last, since := -1, time.Now(); ; {
		here, coming := 0, 0
		l.hub.mu.Lock()
		for _, p := range boxes {
			if p.sent > 0 {
				here++
			}
			coming += p.waiting
		}
		l.hub.mu.Unlock()
		if here != last || coming > 0 {
			last, since = here, time.Now()
		}
		if coming == 0 && (here == len(boxes) || !fed || time.Since(since) > quiet) {
			return nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// StoreUsage is what all clients of the store have used so far (runner.Usage).
func (l *launcher) StoreUsage() objstore.Usage { return l.hub.usage() }

// Close ends all instances and removes all objects.
func (l *launcher) Close() error {
	l.hub.end()
	l.starts.Wait()
	errs := []error{l.Platform.Close()}
	l.hub.close()
	if !l.options.Keep {
		errs = append(errs, Clean(context.Background(), l.store, l.options.Spec.Prefix))
	}
	return errors.Join(errs...)
}

// Clean removes all objects of a prefix.
func Clean(ctx context.Context, store objstore.Store, prefix string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	objects, err := store.List(ctx, prefix+"/", "")
	if err != nil {
		return err
	}
	keys := make([]string, len(objects))
	for i, o := range objects {
		keys[i] = o.Key
	}
	return store.Delete(ctx, keys...)
}
