package runnertest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"corecast/runner"
	"corecast/runner/exchange"
)

// spy stands between a pool and its backend. It knows the workers that there
// were, and can repeat what they post, late, and as another's.
type spy struct {
	runner.Launcher
	// onStart is called with the number of each worker that has started, from
	// 0, and its ID; nil: nobody is told.
	onStart func(n int, id string)
	// repeats is the share of deliveries that come twice.
	repeats float64

	late sync.WaitGroup // deliveries that are to come again

	mu       sync.Mutex
	rng      *rand.Rand
	ids      []string // of all workers that started
	alive    []string
	others   []origin // of workers that were there
	repeated int
	lost     []string // why workers were that had started
}

// origin is where an event comes from.
type origin struct{ slot, generation int }

// Launch launches with posts that the spy reads.
func (s *spy) Launch(ctx context.Context, requests []runner.Request, post exchange.Post) {
	s.Launcher.Launch(ctx, requests, func(e exchange.Event) {
		s.see(e)
		post(e)
		if e.Kind == exchange.Delivered {
			s.again(e, post)
		}
	})
}

// see notes who is there.
func (s *spy) see(e exchange.Event) {
	s.mu.Lock()
	n := len(s.ids)
	switch e.Kind {
	case exchange.Started:
		s.ids, s.alive = append(s.ids, e.ID), append(s.alive, e.ID)
		s.others = append(s.others, origin{e.Slot, e.Generation})
	case exchange.Exited:
		if i := slices.Index(s.others, origin{e.Slot, e.Generation}); i >= 0 {
			id := s.ids[i]
			s.alive = slices.DeleteFunc(s.alive, func(a string) bool { return a == id })
			if !e.Expected {
				s.lost = append(s.lost, e.Reason)
			}
		}
	}
	onStart := s.onStart
	s.mu.Unlock()
	if e.Kind == exchange.Started && onStart != nil {
		onStart(n, e.ID)
	}
}

// again posts a delivery once more, as its own or another worker's, now or
// later.
func (s *spy) again(e exchange.Event, post exchange.Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.repeats == 0 || s.rng.Float64() >= s.repeats {
		return
	}
	s.repeated++
	if s.rng.IntN(3) == 0 {
		o := s.others[s.rng.IntN(len(s.others))]
		e.Slot, e.Generation = o.slot, o.generation
	}
	if s.rng.IntN(2) == 0 {
		post(e)
		return
	}
	wait := time.Duration(s.rng.Int64N(int64(50 * time.Millisecond)))
	s.late.Go(func() {
		time.Sleep(wait)
		post(e)
	})
}

// living returns the IDs of the workers that are there now.
func (s *spy) living() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.alive)
}

// all returns the IDs of all workers that there were, and why some were lost.
func (s *spy) all() (ids, lost []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids), slices.Clone(s.lost)
}

// Close closes the backend and waits for what is still to come.
func (s *spy) Close() error {
	err := s.Launcher.Close()
	s.late.Wait()
	return err
}
