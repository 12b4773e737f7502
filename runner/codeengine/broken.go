package codeengine

import (
	"context"

	"corecast/runner"
	"corecast/runner/exchange"
)

// broken is a backend whose settings are wrong: it says so to who needs workers.
type broken struct {
	workers int
	vcpu    float64
	err     error
}

func (b broken) Name() string  { return Name }
func (b broken) Workers() int  { return b.workers }
func (b broken) VCPU() float64 { return b.vcpu }
func (b broken) Close() error  { return nil }

func (b broken) Launch(_ context.Context, requests []runner.Request, post exchange.Post) {
	for _, r := range requests {
		post(exchange.Event{Kind: exchange.Exited, Slot: r.Slot, Generation: r.Generation, Reason: b.err.Error(), Fatal: true})
	}
}
