package sim

// gate lets workers start as the platform does: by quota, rate and waves.
type gate struct {
	p       *Provisioning
	due     float64 // when the next would start by rate alone
	granted int
	live    int
	waiting []int32 // slots that wait for the quota
}

func (g *gate) reset(p *Provisioning) { *g = gate{p: p, waiting: g.waiting[:0]} }

// full reports whether the quota lets no further worker in.
func (g *gate) full() bool { return g.p.Quota > 0 && g.live >= g.p.Quota }

// grant returns when a worker that is requested now begins its start. Calls
// must be in the order of now.
func (g *gate) grant(now float64) float64 {
	p, at := g.p, now
	if p.Rate > 0 {
		// The generic cell rate algorithm, with room for a burst.
		g.due = max(g.due, now)
		at = max(now, g.due-float64(max(p.Burst, 1)-1)/p.Rate)
		g.due += 1 / p.Rate
	}
	if p.Wave > 0 {
		at = max(at, float64(g.granted/p.Wave)*p.WaveEvery)
	}
	g.granted++
	g.live++
	return at
}

// leave takes a worker out, and returns the slot that may be admitted for it,
// -1 when none waits.
func (g *gate) leave() int32 {
	g.live--
	if len(g.waiting) == 0 || g.full() {
		return -1
	}
	slot := g.waiting[0]
	g.waiting = g.waiting[1:]
	return slot
}
