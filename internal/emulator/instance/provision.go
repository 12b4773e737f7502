package instance

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"corecast/bench/sim"
)

// Provisioning is how admitted instances come to start. The zero value starts
// them at once.
type Provisioning struct {
	// Delay is drawn, in seconds, for each instance; nil: none.
	Delay sim.Dist
	// Latency, in seconds, is added to each delay. Growth makes delays longer
	// the more instances a run has: Delay x (1 + Growth x instances).
	Latency, Growth float64
	// Rate is how many instances a second begin to start; 0: any number.
	Rate float64
}

// provisioner tells when instances start.
type provisioner struct {
	p    Provisioning
	mu   sync.Mutex
	rng  *rand.Rand
	next time.Time // when the rate lets another one begin
}

// wait returns when an instance of a run of so many may start, or with the
// context's error.
func (v *provisioner) wait(ctx context.Context, instances int) error {
	d := time.Until(v.reserve(instances))
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *provisioner) reserve(instances int) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := time.Now()
	if v.p.Rate > 0 {
		if v.next.After(at) {
			at = v.next
		}
		v.next = at.Add(time.Duration(float64(time.Second) / v.p.Rate))
	}
	seconds := v.p.Latency
	if v.p.Delay != nil {
		seconds += v.p.Delay.Draw(v.rng) * (1 + v.p.Growth*float64(instances))
	}
	return at.Add(time.Duration(seconds * float64(time.Second)))
}
