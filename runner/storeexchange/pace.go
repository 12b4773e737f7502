package storeexchange

import "time"

// pace says when to list next. A listing costs what a write does, so they are
// rationed: some at once, then one each interval; while there are some left, a
// listing comes when a share of the time since work was handed out has passed
// again, so that what is short is found soon, and what is long is found late by
// a share of its length only.
type pace struct {
	eager  bool // as often as a disk bears
	tokens float64
	at     time.Time // when tokens was right
	since  time.Time // when work was handed out
}

const (
	paceTokens   = 14              // listings at once
	paceInterval = 8 * time.Second // and one each
	paceShare    = 0.3             // of the time since
	paceNews     = 0.1             // the same, while results come
	paceLeast    = 100 * time.Millisecond
	paceEager    = 10 * time.Millisecond
)

// start begins anew: work was handed out to workers that had none.
func (p *pace) start(now time.Time) {
	*p = pace{eager: p.eager, tokens: paceTokens, at: now, since: now}
}

// wait is how long to wait before the next listing, the last having taken pages
// requests and brought news or not.
func (p *pace) wait(now time.Time, pages int, news bool) time.Duration {
	if p.eager {
		return paceEager
	}
	p.tokens = min(p.tokens+now.Sub(p.at).Seconds()/paceInterval.Seconds(), paceTokens) - float64(pages)
	p.at = now
	share := paceShare
	if news && p.tokens > paceTokens/3 {
		share = paceNews
	}
	wait := max(time.Duration(share*float64(now.Sub(p.since))), paceLeast)
	if p.tokens >= 1 {
		return min(wait, paceInterval)
	}
	return max(min(wait, paceInterval), time.Duration((1-p.tokens)*float64(paceInterval)))
}
