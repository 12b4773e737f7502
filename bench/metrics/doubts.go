package metrics

import (
	"fmt"
	"time"

	"corecast/results"
	"corecast/runner/trace"
)

// doubts gathers what is to be warned about in a partition.
type doubts struct {
	t        *trace.Trace
	negative [PartCount]negative
	unknown  int        // accepted attempts without their own times
	busy     trace.Time // the sum of those that have them
}

// negative counts cuts that ran backwards by more than their worker's clock
// uncertainty.
type negative struct {
	cuts         int
	worst, bound trace.Time
}

func newDoubts(t *trace.Trace) *doubts {
	d := &doubts{t: t}
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch {
		case a.Outcome != trace.Done:
		case a.FuncStart.Known() && a.FuncEnd.Known():
			d.busy += a.FuncEnd - a.FuncStart
		default:
			d.unknown++
		}
	}
	return d
}

func (d *doubts) see(c Cut) {
	back := c.From - c.To
	if back <= 0 || c.Worker < 0 {
		return
	}
	bound := max(d.t.Workers[c.Worker].ClockUncertainty, 0)
	if back <= bound {
		return
	}
	n := &d.negative[c.Part]
	n.cuts++
	if back > n.worst {
		n.worst, n.bound = back, bound
	}
}

func (d *doubts) warnings() []results.Warning {
	var list []results.Warning
	for part, n := range d.negative {
		if n.cuts > 0 {
			list = append(list, results.Warning{
				Code: "negative_part",
				Text: fmt.Sprintf("%s: %d stretches run backwards, the longest by %v where clocks are known to %v",
					Part(part), n.cuts, time.Duration(n.worst), time.Duration(n.bound)),
				Advice: "the worker's clock drifted or was mapped wrongly; the parts still add up, but trust their split less than this",
			})
		}
	}
	if d.unknown > 0 {
		list = append(list, results.Warning{
			Code:   "unknown_task_times",
			Text:   fmt.Sprintf("%d accepted attempts have no times of their own; they count from the worker's turn to the receipt of the result", d.unknown),
			Advice: "take busy time as an upper bound",
		})
	}
	return list
}
