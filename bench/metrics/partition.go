package metrics

import (
	"fmt"
	"math"

	"corecast/results"
	"corecast/runner/trace"
)

// Partition cuts the line of every slot and adds the cuts up. The sum of the
// parts is Slots x Makespan exactly, whatever the clocks did; a part that runs
// backwards is kept, and warned about where it is longer than the worker's
// clock uncertainty. An error means that the trace contradicts itself.
func Partition(t *trace.Trace) (Parts, []results.Warning, error) {
	sum := Parts{Slots: t.Slots, Makespan: t.Makespan}
	doubt := newDoubts(t)
	err := walk(t, func(c Cut) { sum.add(c); doubt.see(c) })
	if err == nil {
		err = sum.check()
	}
	if err == nil && doubt.unknown == 0 && sum.Busy != doubt.busy {
		err = fmt.Errorf("busy cuts add up to %d ns, accepted attempts to %d ns", sum.Busy, doubt.busy)
	}
	if err != nil {
		return Parts{}, nil, fmt.Errorf("partition of overhead: %w", err)
	}
	return sum, doubt.warnings(), nil
}

// SlotParts returns the partition of each slot of t.
func SlotParts(t *trace.Trace) ([]Parts, error) {
	if err := validate(t); err != nil {
		return nil, fmt.Errorf("partition of slots: %w", err)
	}
	slots := make([]Parts, t.Slots)
	for i := range slots {
		slots[i] = Parts{Slots: 1, Makespan: t.Makespan}
	}
	if err := walk(t, func(c Cut) { slots[c.Slot].add(c) }); err != nil {
		return nil, fmt.Errorf("partition of slots: %w", err)
	}
	for i := range slots {
		if err := slots[i].check(); err != nil {
			return nil, fmt.Errorf("partition of slot %d: %w", i, err)
		}
	}
	return slots, nil
}

// Cuts calls yield with the cuts of each slot in turn, in the order of the
// slot's line; a timeline draws what Partition adds up.
func Cuts(t *trace.Trace, yield func(Cut)) error {
	if err := walk(t, yield); err != nil {
		return fmt.Errorf("cuts of slots: %w", err)
	}
	return nil
}

// walk is the one algorithm behind Partition, SlotParts and Cuts.
func walk(t *trace.Trace, yield func(Cut)) error {
	if err := validate(t); err != nil {
		return err
	}
	w := walker{
		t: t, yield: yield, last: lastAccepted(t),
		attempts: byWorker(len(t.Workers), len(t.Attempts), t.WorkerOf),
		sends:    sendsByWorker(t),
	}
	for slot, workers := range workersBySlot(t) {
		w.slot(slot, workers)
	}
	return nil
}

// walker cuts one slot after another.
type walker struct {
	t        *trace.Trace
	yield    func(Cut)
	attempts [][]int32 // of each worker, in the order in which it ran them
	sends    [][]span  // of each worker, disjoint and sorted
	last     int       // the delivery with the last accepted result, or -1

	cut  Cut        // the cut being made: slot, worker, attempt
	at   trace.Time // the cursor: all before it is cut
	send int        // index of the first send that may end after the cursor
}

// to cuts from the cursor to end, and moves the cursor there.
func (w *walker) to(end trace.Time, part Part) {
	if end != w.at {
		w.cut.Part, w.cut.From, w.cut.To = part, w.at, end
		w.yield(w.cut)
	}
	w.at = end
}

// gap cuts from the cursor to end: what overlaps the spans of sends, or
// extra, is transfer, the rest is part.
func (w *walker) gap(end trace.Time, part Part, sends []span, extra span) {
	for w.send > 0 && sends[w.send-1].hi > w.at { // the cursor went back
		w.send--
	}
	for w.at < end {
		for w.send < len(sends) && sends[w.send].hi <= w.at {
			w.send++
		}
		next := span{end, end}
		if w.send < len(sends) {
			next = sends[w.send]
		}
		if extra.hi > w.at && extra.lo < next.lo {
			next = extra
		}
		if next.lo >= end {
			break
		}
		w.to(max(next.lo, w.at), part)
		w.to(min(next.hi, end), PartTransfer)
	}
	w.to(end, part)
}

func (w *walker) slot(slot int, workers []int32) {
	w.at = 0
	w.cut = Cut{Slot: slot, Worker: -1, Attempt: -1}
	for i, k := range workers {
		w.cut.Worker, w.send = int(k), 0
		end := w.t.Makespan
		if i+1 < len(workers) {
			end = w.handover(k, workers[i+1])
		}
		w.worker(k, end)
	}
	if len(workers) == 0 {
		w.to(w.t.Makespan, PartStartup)
	}
}

// handover is when the line goes from worker k to its successor next: k's
// end, or when that was not observed the request for the successor; unknown
// when neither was.
func (w *walker) handover(k, next int32) trace.Time {
	end := w.t.Workers[k].Ended.Or(w.t.Workers[next].Requested)
	if !end.Known() {
		return end
	}
	return min(max(end, 0), w.t.Makespan)
}

// worker cuts from the cursor to end with the life of worker k; an unknown end
// is the end of its last attempt.
func (w *walker) worker(k int32, end trace.Time) {
	w.to(w.ready(k), PartStartup)
	blind := int32(-1) // the chunk whose loss has been counted
	for _, i := range w.attempts[k] {
		a := &w.t.Attempts[i]
		c := &w.t.Chunks[a.Chunk]
		from, to := w.bounds(a, c, blind)
		if !a.FuncStart.Known() && a.Outcome == trace.Lost {
			blind = a.Chunk
		}
		w.gap(from, PartDispatch, w.sends[k], newSpan(c.ReceiveStart, c.Arrived))
		w.cut.Attempt = int(i)
		if a.Outcome == trace.Done {
			w.to(to, PartBusy)
		} else {
			w.to(to, PartLost)
		}
		w.cut.Attempt = -1
	}
	w.gap(end.Or(w.at), PartIdle, w.sends[k], w.lastLeg(k))
}

// ready is where the start-up of worker k ends. A worker that was ready
// before the job was submitted is ready when its turn comes. One whose moment
// was not observed was ready at its first task if it had one; if it had none
// it never was, and its start-up ends with it or with the window.
func (w *walker) ready(k int32) trace.Time {
	r := &w.t.Workers[k]
	ready := r.Ready
	if !ready.Known() && len(w.attempts[k]) > 0 {
		ready = r.FirstTask
	}
	switch {
	case ready.Known() && ready <= 0:
		return w.at
	case ready.Known() && ready <= w.t.Makespan:
		return ready
	case r.Ended.Known() && r.Ended < w.t.Makespan:
		return max(r.Ended, 0)
	}
	return w.t.Makespan
}

// bounds returns from when to when an attempt had its worker: its function's
// start and end, or what is known instead of them. Attempts that were not
// accepted count to the end of the window at most. A lost chunk (blind: it
// was met before) takes its time once, and what never started takes none.
func (w *walker) bounds(a *trace.Attempt, c *trace.Chunk, blind int32) (from, to trace.Time) {
	if !a.FuncStart.Known() {
		if a.Outcome == trace.Cancelled || a.Outcome == trace.Lost && blind == a.Chunk {
			return w.at, w.at
		}
	}
	from = a.FuncStart.Or(max(c.Dispatched, w.at))
	to = a.FuncEnd.Or(a.Declared)
	if !to.Known() && a.Delivery >= 0 {
		to = w.t.Deliveries[a.Delivery].Received
	}
	to = to.Or(w.t.Makespan)
	if a.Outcome != trace.Done {
		from, to = min(from, w.t.Makespan), min(to, w.t.Makespan)
	}
	if !a.FuncStart.Known() { // the worker may have been gone when the chunk was sent
		from = min(from, to)
	}
	return from, to
}

// lastLeg is the way of the last accepted result from worker k to the driver:
// from stored, or when that is not known from the start of sending.
func (w *walker) lastLeg(k int32) span {
	if w.last < 0 || w.t.Deliveries[w.last].Worker != k {
		return span{}
	}
	d := &w.t.Deliveries[w.last]
	return newSpan(d.Stored.Or(d.SendStart), min(d.Received, w.t.Makespan))
}

// lastAccepted returns the delivery that brought the last accepted result, -1
// where none is known.
func lastAccepted(t *trace.Trace) int {
	last, at := -1, trace.Time(math.MinInt64)
	for i := range t.Attempts {
		a := &t.Attempts[i]
		if a.Outcome != trace.Done || a.Delivery < 0 {
			continue
		}
		if r := t.Deliveries[a.Delivery].Received; r.Known() && r >= at {
			last, at = int(a.Delivery), r
		}
	}
	return last
}
