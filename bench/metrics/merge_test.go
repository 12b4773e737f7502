package metrics

import (
	"math/rand/v2"
	"testing"

	"corecast/runner/trace"
)

// TestPartitionOfMerged: merging random jobs of one pool leaves nothing out:
// busy time adds up, no part is negative, and the parts fill the whole window.
func TestPartitionOfMerged(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for range 2000 {
		a, b := randomSchedule(rng), randomSchedule(rng)
		a.Slots = max(a.Slots, b.Slots)
		b.Slots = a.Slots
		by := lastStamp(a) + 1 + trace.Time(rng.IntN(30))
		goOn(a, b, by)
		merged, err := trace.Merge(a, b, by)
		if err != nil {
			t.Fatal(err)
		}
		var parts [3]Parts
		for i, x := range []*trace.Trace{a, b, merged} {
			if parts[i], _, err = Partition(x); err != nil {
				t.Fatal(err)
			}
		}
		whole := parts[2]
		var sum trace.Time
		for part := range Part(PartCount) {
			sum += whole.Of(part)
			if whole.Of(part) < 0 {
				t.Fatalf("%v is negative: %+v", part, whole)
			}
		}
		if sum != trace.Time(a.Slots)*(by+b.Makespan) {
			t.Fatalf("%+v is not %d slots x %d", whole, a.Slots, by+b.Makespan)
		}
		if want := busyOf(a) + busyOf(b); whole.Busy != want {
			t.Fatalf("busy %d, want %d", whole.Busy, want)
		}
	}
}

// goOn makes b the next job of a's pool, submitted by later: the last worker of
// each slot that lives serves on.
func goOn(a, b *trace.Trace, by trace.Time) {
	last := make(map[int32]*trace.Worker)
	for i := range a.Workers {
		last[a.Workers[i].Slot] = &a.Workers[i]
	}
	seen := make(map[int32]bool)
	for i := range b.Workers {
		w := &b.Workers[i]
		before := last[w.Slot]
		if first := !seen[w.Slot]; !first || before == nil || before.Ended.Known() || !before.Ready.Known() {
			if w.Warm { // it was warmed by nobody
				w.Requested, w.Started, w.Ready, w.Warm = 0, 0, 0, false
			}
			seen[w.Slot] = true
			continue
		}
		seen[w.Slot] = true
		w.Requested, w.Started, w.Ready, w.Warm = before.Requested-by, before.Started-by, before.Ready-by, true
	}
}

func lastStamp(t *trace.Trace) trace.Time {
	last := t.Makespan
	for i := range t.Workers {
		w := &t.Workers[i]
		last = max(last, w.Requested, w.Ready, w.Ended)
	}
	for i := range t.Attempts {
		last = max(last, t.Attempts[i].FuncStart, t.Attempts[i].FuncEnd, t.Attempts[i].Declared)
	}
	for i := range t.Deliveries {
		last = max(last, t.Deliveries[i].Stored, t.Deliveries[i].Received)
	}
	return last
}

func busyOf(t *trace.Trace) trace.Time {
	var sum trace.Time
	for i := range t.Attempts {
		if a := &t.Attempts[i]; a.Outcome == trace.Done {
			sum += a.FuncEnd - a.FuncStart
		}
	}
	return sum
}
