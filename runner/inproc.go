package runner

import (
	"context"
	"sync"

	"corecast/runner/exchange"
	"corecast/runner/work"
)

// InProc is the backend inproc: workers are goroutines of this process.
// Inputs and results are handed over as they are, without a copy: a function
// must not change what its input points to. A goroutine cannot be killed: a
// task that heeds neither its context nor its timeout is left behind, and
// runs on until it returns.
func InProc(workers int) Launcher { return &inproc{workers: workers} }

type inproc struct {
	workers int
	mu      sync.Mutex
	live    []*work.Goroutine
}

func (p *inproc) Name() string  { return "inproc" }
func (p *inproc) Workers() int  { return p.workers }
func (p *inproc) VCPU() float64 { return 1 }

// Launch starts a goroutine a slot.
func (p *inproc) Launch(_ context.Context, requests []Request, post exchange.Post) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range requests {
		p.live = append(p.live, work.NewGoroutine(r.Slot, r.Generation, post))
	}
}

// Close ends the goroutines and waits for them, but for those given up.
func (p *inproc) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.live {
		g.Leave("the pool was closed")
	}
	for _, g := range p.live {
		g.Wait()
	}
	p.live = nil
	return nil
}
