package sim

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"corecast/runner/trace"
)

// DefaultReplications gives the 5th and 95th percentile of the makespan about
// as well as anyone can read them off.
const DefaultReplications = 200

// Options say how a scenario is simulated; the zero value is what most want.
type Options struct {
	// Replications is how often; 0 means DefaultReplications.
	Replications int
	// Seed decides all random numbers: the same seed gives the same outcomes,
	// whatever Parallel is.
	Seed uint64
	// Parallel is how many replications run at a time; 0: one a core.
	Parallel int
	// Progress is called, from one goroutine at a time, when another
	// replication is done.
	Progress func(done int)
}

func (o *Options) replications() int {
	if o.Replications == 0 {
		return DefaultReplications
	}
	return o.Replications
}

// Simulate returns the outcomes of a scenario's replications, in their order.
// An error says what about the scenario is not possible, or that ctx is over.
func Simulate(ctx context.Context, s *Scenario, o Options) ([]Outcome, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	n := o.replications()
	if n < 1 || n > MaxReplications {
		return nil, fmt.Errorf("simulate: %d replications: from 1 to %d are possible", n, MaxReplications)
	}
	outcomes := make([]Outcome, n)
	var next, done atomic.Int64
	var report sync.Mutex
	var group sync.WaitGroup
	for range min(n, parallel(o.Parallel)) {
		group.Go(func() {
			e := newEngine(s)
			e.stop = ctx.Done()
			for r := int(next.Add(1)) - 1; r < n && ctx.Err() == nil; r = int(next.Add(1)) - 1 {
				outcomes[r] = e.replicate(o.Seed, r)
				if o.Progress != nil {
					report.Lock()
					o.Progress(int(done.Add(1)))
					report.Unlock()
				}
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	for i := range outcomes {
		if !(outcomes[i].Makespan < longest) {
			return nil, fmt.Errorf("simulate: replication %d takes more than %g years: are its times and rates right?", i, math.Floor(longest/(365.25*86400)))
		}
	}
	return outcomes, nil
}

// parallel is how many replications run at a time when nobody says.
func parallel(asked int) int {
	if asked > 0 {
		return asked
	}
	return runtime.GOMAXPROCS(0)
}

// Trace simulates one replication again and returns what every worker and task
// did, with its outcome.
func Trace(ctx context.Context, s *Scenario, seed uint64, replication int) (*trace.Trace, Outcome, error) {
	if err := s.Check(); err != nil {
		return nil, Outcome{}, fmt.Errorf("simulate: %w", err)
	}
	e := newEngine(s)
	e.rec, e.stop = &recorder{}, ctx.Done()
	o := e.replicate(seed, replication)
	if err := ctx.Err(); err != nil {
		return nil, Outcome{}, fmt.Errorf("simulate: %w", err)
	}
	return e.rec.finish(e, &o), o, nil
}
