package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"corecast/bench/cost"
	"corecast/results"
	"corecast/runner"
	"corecast/runner/codeengine"
	"corecast/runner/objstore"
)

// workerOptions are those of a sweep's workers in the next trial. What is made
// for a trial in a cloud has a name of its own, by the run's.
func (s *sweeping) workerOptions(w *Sweep) WorkerOptions {
	o := w.workerOptions(s.name())
	if w.Backend == codeengine.Name {
		o.Cloud = s.options.Cloud
		o.Run = fmt.Sprintf("%s-%d", cloudName(o.Run), s.trials)
	}
	return o
}

// cloudName is a run's name as names in a cloud may be.
func cloudName(run string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, run)
	return strings.Trim(name[:min(len(name), 28)], "-")
}

// guard ends a trial when its instances may have cost what is left; paid notes
// what they may have.
func (s *sweeping) guard(ctx context.Context, w *Sweep, workers int) (guarded context.Context, paid func()) {
	if s.options.MaxCost <= 0 || s.options.Price == nil {
		return ctx, func() {}
	}
	o := w.workerOptions("").codeengine()
	rate := float64(workers) * s.options.Price.Second(o.VCPU, codeengine.MemoryOf(o))
	left := time.Duration(max(s.options.MaxCost-s.paid, 0) / rate * float64(time.Second))
	ctx, cancel := context.WithTimeoutCause(ctx, left, fmt.Errorf("%w: %.4g USD, if all instances that were asked for were billed", ErrMaxCost, s.options.MaxCost))
	began := time.Now()
	return ctx, func() {
		cancel()
		s.paid += time.Since(began).Seconds() * rate
	}
}

// storeUsage is what a backend has asked of its object store.
func storeUsage(l runner.Launcher) []results.Usage {
	u, ok := l.(interface{ StoreUsage() objstore.Usage })
	if !ok {
		return nil
	}
	used := u.StoreUsage()
	return []results.Usage{
		{Item: cost.ItemClassA, Quantity: float64(used.ClassA())}, {Item: cost.ItemClassB, Quantity: float64(used.ClassB())},
		{Item: "delete_requests", Quantity: float64(used.Deletes)}, {Item: "request_retries", Quantity: float64(used.Retries)},
		{Item: "store_bytes_up", Quantity: float64(used.Up)}, {Item: "store_bytes_down", Quantity: float64(used.Down)},
	}
}

// leaves reports whether a backend's workers end with their first tasks, so that
// there is no ready pool to measure dispatch on.
func leaves(l runner.Launcher) bool {
	b, ok := l.(interface{ Leaves() bool })
	return ok && b.Leaves()
}
