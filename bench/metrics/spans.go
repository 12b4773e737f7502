package metrics

import (
	"cmp"
	"slices"

	"corecast/runner/trace"
)

// span is a half-open stretch of time; the zero span is empty.
type span struct{ lo, hi trace.Time }

// newSpan is empty when an end is not known or they are out of order.
func newSpan(lo, hi trace.Time) span {
	if !lo.Known() || !hi.Known() || hi <= lo {
		return span{}
	}
	return span{lo, hi}
}

func (s span) empty() bool { return s.hi <= s.lo }

// byWorker sorts n things by their worker, keeping their order.
func byWorker(workers, n int, workerOf func(i int) int) [][]int32 {
	ends := make([]int, workers+1)
	for i := range n {
		ends[workerOf(i)+1]++
	}
	for k := range workers {
		ends[k+1] += ends[k]
	}
	all := make([]int32, n)
	next := slices.Clone(ends[:workers])
	for i := range n {
		k := workerOf(i)
		all[next[k]] = int32(i)
		next[k]++
	}
	lists := make([][]int32, workers)
	for k := range lists {
		lists[k] = all[ends[k]:ends[k+1]:ends[k+1]]
	}
	return lists
}

// workersBySlot lists the workers of each slot in the order in which they
// were requested.
func workersBySlot(t *trace.Trace) [][]int32 {
	return byWorker(t.Slots, len(t.Workers), func(i int) int { return int(t.Workers[i].Slot) })
}

// sendsByWorker returns the times in which each worker was sending, as
// disjoint spans in order.
func sendsByWorker(t *trace.Trace) [][]span {
	lists := byWorker(len(t.Workers), len(t.Deliveries), func(i int) int { return int(t.Deliveries[i].Worker) })
	sends := make([][]span, len(lists))
	for k, list := range lists {
		spans := make([]span, 0, len(list))
		for _, i := range list {
			d := &t.Deliveries[i]
			if s := newSpan(d.SendStart, d.Stored); !s.empty() {
				spans = append(spans, s)
			}
		}
		sends[k] = union(spans)
	}
	return sends
}

// union merges spans that overlap or touch; it sorts and reuses its argument.
func union(spans []span) []span {
	byStart := func(a, b span) int { return cmp.Compare(a.lo, b.lo) }
	if !slices.IsSortedFunc(spans, byStart) {
		slices.SortFunc(spans, byStart)
	}
	merged := spans[:0]
	for _, s := range spans {
		if n := len(merged); n > 0 && s.lo <= merged[n-1].hi {
			merged[n-1].hi = max(merged[n-1].hi, s.hi)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
