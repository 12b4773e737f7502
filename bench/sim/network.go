package sim

// limiter lets one thing after another through, rate a second; it is virtual
// scheduling (the generic cell rate algorithm, ITU-T I.371) without tolerance.
type limiter struct {
	every float64 // 1/rate; 0: no limit
	due   float64 // when the next may pass
}

func newLimiter(rate float64) limiter {
	if rate <= 0 {
		return limiter{}
	}
	return limiter{every: 1 / rate}
}

// pass returns when what comes now may pass. Calls must be in the order of now.
func (l *limiter) pass(now float64) float64 {
	if l.every == 0 {
		return now
	}
	at := max(now, l.due)
	l.due = at + l.every
	return at
}

// link is a bandwidth that transfers share equally (processor sharing), each
// bounded as well. All transfers have the same rate, so that one clock tells
// how many bytes a transfer has moved since the link began; a transfer that
// starts at clock c ends at c + its bytes.
type link struct {
	total, each float64 // bytes a second; 0: no limit
	clock       float64
	at          float64 // the time that clock is of
	flows       []flow  // a binary heap by end
}

// flow is the transfer of a chunk.
type flow struct {
	end   float64 // on the link's clock
	chunk int32
}

// free reports that transfers take no time.
func (l *link) free() bool { return l.total == 0 && l.each == 0 }

func (l *link) reset(total, each float64) {
	*l = link{total: total, each: each, flows: l.flows[:0]}
}

// rate is that of each transfer.
func (l *link) rate() float64 {
	n := float64(len(l.flows))
	switch {
	case l.total == 0:
		return l.each
	case l.each == 0:
		return l.total / n
	}
	return min(l.each, l.total/n)
}

// advance moves the clock to a time.
func (l *link) advance(now float64) {
	if len(l.flows) > 0 {
		l.clock += (now - l.at) * l.rate()
	}
	l.at = now
}

// add begins a transfer.
func (l *link) add(now, bytes float64, chunk int32) {
	l.advance(now)
	l.flows = append(l.flows, flow{l.clock + bytes, chunk})
	i := len(l.flows) - 1
	f := l.flows[i]
	for i > 0 && f.end < l.flows[(i-1)/2].end {
		l.flows[i] = l.flows[(i-1)/2]
		i = (i - 1) / 2
	}
	l.flows[i] = f
}

// next returns when the next transfer ends, if nothing changes before.
func (l *link) next() (at float64, ok bool) {
	if len(l.flows) == 0 {
		return 0, false
	}
	return l.at + max(0, l.flows[0].end-l.clock)/l.rate(), true
}

// end ends the transfer that next told of.
func (l *link) end(now float64) (chunk int32) {
	l.advance(now)
	f := l.flows[0]
	l.clock = max(l.clock, f.end)
	last := len(l.flows) - 1
	moved := l.flows[last]
	l.flows = l.flows[:last]
	if last == 0 {
		l.clock = 0 // an idle link begins anew, so that the clock stays exact
		return f.chunk
	}
	i := 0
	for {
		c := 2*i + 1
		if c >= last {
			break
		}
		if c+1 < last && l.flows[c+1].end < l.flows[c].end {
			c++
		}
		if moved.end <= l.flows[c].end {
			break
		}
		l.flows[i] = l.flows[c]
		i = c
	}
	l.flows[i] = moved
	return f.chunk
}
