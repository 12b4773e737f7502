package trace

import "fmt"

// Merge returns the trace of two jobs that one pool ran one after the other,
// as if they had been one job of all their tasks: b's tasks follow a's, and its
// times are moved to count from the submission of a. What a worker does between
// the jobs is part of its line, so that a partition of the merged trace counts
// waiting for the second job as a gap before an attempt, or as idle time.
//
// A worker that served both jobs has one row; its request, which is in both
// traces, tells to the nanosecond when b was submitted. Where no worker served
// both, measured stands for it: the time from the submission of a to that of b.
// a and b stay as they are. It is an error when they are not of one pool.
func Merge(a, b *Trace, measured Time) (*Trace, error) {
	if a.Slots != b.Slots {
		return nil, fmt.Errorf("merge traces: of %d and %d slots", a.Slots, b.Slots)
	}
	same := survivors(a, b)
	by, exact := measured, false
	for k, i := range same {
		if i < 0 {
			continue
		}
		lag := a.Workers[i].Requested - b.Workers[k].Requested
		if exact && lag != by {
			return nil, fmt.Errorf("merge traces: the second job was submitted %v s after the first by one worker, %v s by another", by.Seconds(), lag.Seconds())
		}
		by, exact = lag, true
	}
	if by < 0 || !by.Known() {
		return nil, fmt.Errorf("merge traces: the second job was submitted %v s after the first", by.Seconds())
	}
	m := merging{by: by, rows: same, chunks: int32(len(a.Chunks)), deliveries: int32(len(a.Deliveries)), tasks: int32(a.Tasks), workers: len(a.Workers)}
	return m.merge(a, b), nil
}

// survivors returns for each worker of b its row in a, or -1. A worker that was
// requested before b was submitted is the last of its slot in a, unless that
// had ended.
func survivors(a, b *Trace) []int {
	last := make(map[int32]int)
	for i := range a.Workers {
		last[a.Workers[i].Slot] = i
	}
	same := make([]int, len(b.Workers))
	for k := range b.Workers {
		w := &b.Workers[k]
		same[k] = -1
		i, ok := last[w.Slot]
		if !ok || !w.Requested.Known() || w.Requested >= 0 {
			continue
		}
		before := &a.Workers[i]
		if before.Ended.Known() || !before.Requested.Known() || before.ID != w.ID && before.ID != "" {
			continue
		}
		same[k] = i
		delete(last, w.Slot)
	}
	return same
}

// merging is how the second trace fits behind the first.
type merging struct {
	by                        Time  // the second job's submission
	rows                      []int // of its workers in the merged trace; -1: to be added
	chunks, deliveries, tasks int32 // of the first
	workers                   int   // of the first
}

// later moves a time of the second trace.
func (m *merging) later(t Time) Time {
	if !t.Known() {
		return t
	}
	return t + m.by
}

func (m *merging) merge(a, b *Trace) *Trace {
	t := &Trace{
		Tasks: a.Tasks + b.Tasks, Slots: a.Slots, Makespan: m.later(b.Makespan),
		Workers:    append([]Worker(nil), a.Workers...),
		Chunks:     append([]Chunk(nil), a.Chunks...),
		Deliveries: append([]Delivery(nil), a.Deliveries...),
		Attempts:   append([]Attempt(nil), a.Attempts...),
	}
	if b.Tasks == 0 { // nothing was submitted
		t.Makespan = a.Makespan
	}
	for k := range b.Workers {
		m.worker(t, k, b.Workers[k])
	}
	m.messages(t, b)
	for _, x := range b.Attempts {
		x.FuncStart, x.FuncEnd, x.Declared = m.later(x.FuncStart), m.later(x.FuncEnd), m.later(x.Declared)
		x.Task += m.tasks
		x.Chunk += m.chunks
		if x.Delivery >= 0 {
			x.Delivery += m.deliveries
		}
		t.Attempts = append(t.Attempts, x)
	}
	t.Usages = append([]TaskUsage(nil), a.Usages...)
	for _, u := range b.Usages {
		u.Attempt += int32(len(a.Attempts))
		t.Usages = append(t.Usages, u)
	}
	for _, part := range []struct {
		errors map[int]string
		shift  int
	}{{a.Errors, 0}, {b.Errors, len(a.Attempts)}} {
		for i, text := range part.errors {
			if t.Errors == nil {
				t.Errors = make(map[int]string)
			}
			t.Errors[i+part.shift] = text
		}
	}
	return t
}

// messages adds the chunks and deliveries of b.
func (m *merging) messages(t, b *Trace) {
	for _, c := range b.Chunks {
		c.Dispatched, c.ReceiveStart, c.Arrived = m.later(c.Dispatched), m.later(c.ReceiveStart), m.later(c.Arrived)
		c.Worker = int32(m.rows[c.Worker])
		t.Chunks = append(t.Chunks, c)
	}
	for _, d := range b.Deliveries {
		d.SendStart, d.Stored, d.Received = m.later(d.SendStart), m.later(d.Stored), m.later(d.Received)
		d.Worker = int32(m.rows[d.Worker])
		t.Deliveries = append(t.Deliveries, d)
	}
}

// worker adds the k-th worker of b, or what it did for b to its row.
func (m *merging) worker(t *Trace, k int, w Worker) {
	w.Requested, w.Started, w.Ready = m.later(w.Requested), m.later(w.Started), m.later(w.Ready)
	w.FirstTask, w.Ended = m.later(w.FirstTask), m.later(w.Ended)
	w.Phases = append([]Phase(nil), w.Phases...)
	for i := range w.Phases {
		w.Phases[i].At = m.later(w.Phases[i].At)
	}
	i := m.rows[k]
	if i < 0 {
		m.succeed(t, &w)
		w.Warm = w.Ready.Known() && w.Ready <= 0
		m.rows[k] = len(t.Workers)
		t.Workers = append(t.Workers, w)
		return
	}
	t.Workers[i] = joined(t.Workers[i], w)
}

// succeed ends the predecessor of w when neither trace saw it end: it was gone
// when w was requested, between the jobs, without having been asked to.
func (m *merging) succeed(t *Trace, w *Worker) {
	for i := len(t.Workers) - 1; i >= 0; i-- {
		before := &t.Workers[i]
		if before.Slot != w.Slot {
			continue
		}
		if !before.Ended.Known() && i < m.workers {
			before.Ended, before.Lost, before.ExitReason = w.Requested, true, "gone between two jobs; when it ended was not seen"
		}
		return
	}
}

// joined is the row of a worker that served both jobs, in the first as a says
// and in the second as b does, on the same clock. What was used for each job is
// the sum, when both are known; what is told of the whole life is as last told.
func joined(a, b Worker) Worker {
	w := b
	w.Requested, w.Started, w.Ready = a.Requested, a.Started.Or(b.Started), a.Ready.Or(b.Ready)
	w.FirstTask, w.Billed = a.FirstTask.Or(b.FirstTask), b.Billed.Or(a.Billed)
	w.Warm, w.PeakMemory = a.Warm, max(a.PeakMemory, b.PeakMemory)
	w.CPU, w.Throttled, w.Waited = both(a.CPU, b.CPU), both(a.Throttled, b.Throttled), both(a.Waited, b.Waited)
	w.VoluntarySwitches, w.InvoluntarySwitches = 0, 0
	if a.VoluntarySwitches > 0 && b.VoluntarySwitches > 0 {
		w.VoluntarySwitches = a.VoluntarySwitches + b.VoluntarySwitches
		w.InvoluntarySwitches = a.InvoluntarySwitches + b.InvoluntarySwitches
	}
	if len(b.Phases) == 0 {
		w.Phases = a.Phases
	}
	w.ClockUncertainty = max(a.ClockUncertainty, b.ClockUncertainty)
	return w
}

// both is the sum of two times, when both are known.
func both(a, b Time) Time {
	if !a.Known() || !b.Known() {
		return Unknown
	}
	return a + b
}
