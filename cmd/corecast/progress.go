package main

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"corecast/bench"
)

// progress shows on a terminal how far a run is; elsewhere it is silent.
type progress struct {
	bars *mpb.Progress
	bar  *mpb.Bar
	what atomic.Value // string
}

// newProgress makes the display on standard error.
func (a *app) newProgress() *progress {
	p := &progress{}
	p.what.Store("")
	if !isTerminal(a.stderr) {
		return p
	}
	p.bars = mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(30))
	p.bar = p.bars.AddBar(0, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.CountersNoUnit("trial %d of %d ")),
		mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_GO), decor.Any(func(decor.Statistics) string {
			return "  " + p.what.Load().(string)
		})))
	return p
}

// update takes news of the run.
func (p *progress) update(n bench.Progress) {
	if p.bar == nil {
		return
	}
	if n.Trial != "" {
		p.what.Store(n.Trial)
	}
	if n.Tasks > 0 {
		what, _, _ := strings.Cut(p.what.Load().(string), ": ")
		p.what.Store(fmt.Sprintf("%s: %d of %d tasks", what, n.Settled, n.Tasks))
	}
	p.bar.SetTotal(int64(max(n.Planned, n.Done+1)), false)
	p.bar.SetCurrent(int64(n.Done))
}

// stop takes the display away.
func (p *progress) stop() {
	if p.bar == nil {
		return
	}
	p.bar.Abort(true)
	p.bars.Wait()
}
