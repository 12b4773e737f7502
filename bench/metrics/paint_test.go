package metrics

import "corecast/runner/trace"

// paint is an independent reference for Partition: it asks of each unit of
// time of each slot, by the definitions, what it is. Clocks must agree and the
// times be small.
func paint(t *trace.Trace) Parts {
	p := Parts{Slots: t.Slots, Makespan: t.Makespan}
	for slot := range t.Slots {
		for u := trace.Time(0); u < t.Makespan; u++ {
			*p.field(colour(t, int32(slot), u))++
		}
	}
	return p
}

// colour says what slot was doing from u to u+1.
func colour(t *trace.Trace, slot int32, u trace.Time) Part {
	worker := workerAt(t, slot, u)
	if worker < 0 {
		return PartStartup
	}
	w := &t.Workers[worker]
	upcoming := -1
	for i := range t.Attempts {
		if t.WorkerOf(i) != worker {
			continue
		}
		from, to := lived(t, i)
		if from <= u && u < to {
			if t.Attempts[i].Outcome == trace.Done {
				return PartBusy
			}
			return PartLost
		}
		if u < from && upcoming < 0 {
			upcoming = i
		}
	}
	switch {
	case (!w.Ready.Known() || w.Ready > u) && !(w.Ended.Known() && w.Ended <= u):
		return PartStartup
	case sending(t, worker, u, upcoming):
		return PartTransfer
	case upcoming >= 0:
		return PartDispatch
	}
	return PartIdle
}

// workerAt is the worker that has the slot at u: the first that has not been
// lost by then, or the last one.
func workerAt(t *trace.Trace, slot int32, u trace.Time) int {
	last := -1
	for i := range t.Workers {
		if t.Workers[i].Slot != slot {
			continue
		}
		last = i
		if !t.Workers[i].Ended.Known() || u < t.Workers[i].Ended {
			return i
		}
	}
	return last
}

// lived is the time that attempt i had its worker; of a lost chunk, whose
// attempts do not all say when they began, the first such one has it all.
func lived(t *trace.Trace, i int) (from, to trace.Time) {
	a := &t.Attempts[i]
	if a.FuncStart.Known() {
		if a.Outcome == trace.Lost {
			return a.FuncStart, a.Declared
		}
		return a.FuncStart, a.FuncEnd
	}
	if a.Outcome != trace.Lost {
		return 0, 0
	}
	from = max(t.Chunks[a.Chunk].Dispatched, max(t.Workers[t.WorkerOf(i)].Ready, 0))
	for j := range i {
		b := &t.Attempts[j]
		switch {
		case t.WorkerOf(j) != t.WorkerOf(i):
		case b.Chunk == a.Chunk && b.Outcome == trace.Lost && !b.FuncStart.Known():
			return 0, 0
		case b.FuncStart.Known() && b.Outcome == trace.Lost:
			from = max(from, b.Declared)
		case b.FuncEnd.Known():
			from = max(from, b.FuncEnd)
		}
	}
	return from, a.Declared
}

// sending says whether worker was receiving the chunk of the upcoming attempt
// or sending at u.
func sending(t *trace.Trace, worker int, u trace.Time, upcoming int) bool {
	within := func(lo, hi trace.Time) bool { return lo.Known() && hi.Known() && lo <= u && u < hi }
	var last *trace.Delivery
	for i := range t.Attempts {
		a := &t.Attempts[i]
		if a.Outcome == trace.Done && (last == nil || t.Deliveries[a.Delivery].Received >= last.Received) {
			last = &t.Deliveries[a.Delivery]
		}
	}
	for i := range t.Deliveries {
		d := &t.Deliveries[i]
		if int(d.Worker) != worker {
			continue
		}
		if within(d.SendStart, d.Stored) {
			return true
		}
		if d == last && upcoming < 0 && within(d.Stored.Or(d.SendStart), d.Received) {
			return true
		}
	}
	if upcoming < 0 {
		return false
	}
	c := &t.Chunks[t.Attempts[upcoming].Chunk]
	return within(c.ReceiveStart, c.Arrived)
}
