package metrics

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"corecast/runner/trace"

	"github.com/google/go-cmp/cmp"
)

const no = trace.Unknown

// twoSlots is a trace to be added up by hand: slot 0 runs two tasks, its
// second worker the third; slot 1 comes late and loses a copy.
func twoSlots() *trace.Trace {
	return &trace.Trace{
		Tasks: 3, Slots: 2, Makespan: 100,
		Workers: []trace.Worker{
			{Slot: 0, Requested: 0, Started: 5, Ready: 10, FirstTask: 15, Ended: 50, Lost: true},
			{Slot: 1, Requested: 0, Started: 55, Ready: 60, FirstTask: 70, Ended: no},
			{Slot: 0, Requested: 50, Started: 60, Ready: 65, FirstTask: 70, Ended: no},
		},
		Chunks: []trace.Chunk{
			{Dispatched: 9, ReceiveStart: 11, Arrived: 13, Worker: 0},
			{Dispatched: 60, ReceiveStart: 62, Arrived: 66, Worker: 1},
			{Dispatched: 65, ReceiveStart: no, Arrived: no, Worker: 2},
		},
		Deliveries: []trace.Delivery{
			{SendStart: 25, Stored: 28, Received: 30, Worker: 0},
			{SendStart: 90, Stored: 95, Received: 100, Worker: 2},
		},
		Attempts: []trace.Attempt{
			{FuncStart: 15, FuncEnd: 25, Declared: no, Task: 0, Chunk: 0, Delivery: 0, Outcome: trace.Done},
			{FuncStart: 30, FuncEnd: 35, Declared: no, Task: 1, Chunk: 0, Delivery: 0, Outcome: trace.Failed},
			{FuncStart: no, FuncEnd: no, Declared: 50, Task: 2, Chunk: 0, Delivery: -1, Outcome: trace.Lost},
			{FuncStart: 70, FuncEnd: 130, Declared: no, Task: 2, Number: 1, Chunk: 1, Delivery: -1, Outcome: trace.Replaced},
			{FuncStart: 70, FuncEnd: 80, Declared: no, Task: 1, Number: 1, Chunk: 2, Delivery: 1, Outcome: trace.Done},
			{FuncStart: 80, FuncEnd: 90, Declared: no, Task: 2, Number: 2, Chunk: 2, Delivery: 1, Outcome: trace.Done},
		},
	}
}

func TestPartitionByHand(t *testing.T) {
	got, warnings, err := Partition(twoSlots())
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := Parts{
		Slots: 2, Makespan: 100,
		Startup:  10 + 15 + 60,      // slot 0 twice, slot 1
		Dispatch: 1 + 2 + 2 + 5 + 6, // 10-11, 13-15, 28-30; 65-70; 60-62 and 66-70
		Transfer: 2 + 3 + 10 + 4,    // 11-13, 25-28, 90-100; 62-66
		Idle:     0,
		Lost:     5 + 15 + 30, // failed; lost without a start; beaten, to T
		Busy:     10 + 10 + 10,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got.Total() != 170 {
		t.Errorf("total %d, want 170", got.Total())
	}
}

func TestPartitionWithoutWorkers(t *testing.T) {
	got, _, err := Partition(&trace.Trace{Slots: 3, Makespan: 7})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Parts{Slots: 3, Makespan: 7, Startup: 21}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A schedule whose clocks agree has no negative part, and the parts that a
// painter finds unit by unit.
func TestPartitionEqualsPainting(t *testing.T) {
	var seen Parts
	for seed := range uint64(4000) {
		tr := randomSchedule(rand.New(rand.NewPCG(seed, 1)))
		got, warnings, err := Partition(tr)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if want := paint(tr); got != want || len(warnings) > 0 {
			t.Fatalf("seed %d: partition, painting: %s\n%v", seed, cmp.Diff(got, want), warnings)
		}
		checkCuts(t, tr, got)
		for part := range PartCount {
			*seen.field(Part(part)) += got.Of(Part(part))
		}
	}
	for part := range PartCount {
		if seen.Of(Part(part)) == 0 {
			t.Errorf("no schedule had any %v", Part(part))
		}
	}
}

// Whatever the clocks did, the sum is exact in the whole and slot by slot.
func TestPartitionSkewed(t *testing.T) {
	negative := 0
	for seed := range uint64(4000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		tr := randomSchedule(rng)
		disturb(rng, tr)
		got, warnings, err := Partition(tr)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		overhead := got.Startup + got.Dispatch + got.Transfer + got.Idle + got.Lost
		if want := trace.Time(tr.Slots)*tr.Makespan - got.Busy; overhead != want || got.Total() != want {
			t.Fatalf("seed %d: parts %d, total %d, want %d", seed, overhead, got.Total(), want)
		}
		checkCuts(t, tr, got)
		if len(warnings) > 0 && warnings[0].Code == "negative_part" {
			negative++
		}
	}
	if negative < 1000 {
		t.Errorf("only %d of 4000 skewed schedules were warned about", negative)
	}
}

// checkCuts holds Cuts and SlotParts against the whole.
func checkCuts(t *testing.T, tr *trace.Trace, whole Parts) {
	t.Helper()
	at := make([]trace.Time, tr.Slots)
	err := Cuts(tr, func(c Cut) {
		if c.From != at[c.Slot] {
			t.Fatalf("slot %d: cut from %d, want %d", c.Slot, c.From, at[c.Slot])
		}
		if (c.Attempt >= 0) != (c.Part == PartBusy || c.Part == PartLost) {
			t.Fatalf("%v cut with attempt %d", c.Part, c.Attempt)
		}
		at[c.Slot] = c.To
	})
	slots, slotErr := SlotParts(tr)
	if err != nil || slotErr != nil {
		t.Fatal(err, slotErr)
	}
	sum := Parts{Slots: tr.Slots, Makespan: tr.Makespan}
	for slot, p := range slots {
		if at[slot] != tr.Makespan {
			t.Fatalf("slot %d ends at %d, want %d", slot, at[slot], tr.Makespan)
		}
		for part := range PartCount {
			*sum.field(Part(part)) += p.Of(Part(part))
		}
	}
	if sum != whole {
		t.Fatalf("slots add up to %+v, the whole is %+v", sum, whole)
	}
}

func TestPartitionWarnsBeyondUncertainty(t *testing.T) {
	tr := twoSlots()
	tr.Attempts[0].FuncStart = 7 // before ready: dispatch of 10 to 7
	tr.Workers[0].ClockUncertainty = 3
	got, warnings, err := Partition(tr)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("within the uncertainty: %v, %v", warnings, err)
	}
	if want := trace.Time(-3 + 2 + 5 + 6); got.Dispatch != want {
		t.Errorf("dispatch %d, want %d: it is kept", got.Dispatch, want)
	}
	tr.Workers[0].ClockUncertainty = 2
	_, warnings, err = Partition(tr)
	if err != nil || len(warnings) != 1 || warnings[0].Code != "negative_part" {
		t.Fatalf("beyond the uncertainty: %v, %v", warnings, err)
	}
}

func TestPartitionRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*trace.Trace)
		want  string
	}{
		{"unknown makespan", func(t *trace.Trace) { t.Makespan = no }, "makespan"},
		{"two results", func(t *trace.Trace) { t.Attempts[4].Task = 2 }, "task 2 has two accepted results"},
		{"slot", func(t *trace.Trace) { t.Workers[1].Slot = 2 }, "worker 1: slot 2 of 2"},
		{"worker of chunk", func(t *trace.Trace) { t.Chunks[0].Worker = 9 }, "chunk 0: worker 9 of 3"},
		{"worker of delivery", func(t *trace.Trace) { t.Deliveries[1].Worker = -1 }, "delivery 1: worker -1"},
		{"task", func(t *trace.Trace) { t.Attempts[0].Task = 3 }, "task 3 of 3"},
		{"chunk", func(t *trace.Trace) { t.Attempts[0].Chunk = -1 }, "chunk -1 of 3"},
		{"delivery", func(t *trace.Trace) { t.Attempts[0].Delivery = 2 }, "delivery 2 of 2"},
		{"overflow", func(t *trace.Trace) { t.Makespan = 1 << 62 }, "do not fit"},
	} {
		tr := twoSlots()
		test.spoil(tr)
		if _, _, err := Partition(tr); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q in it", test.name, err, test.want)
		}
	}
}

// million is a trace of a million tasks in chunks of ten on 100 slots.
func million() *trace.Trace {
	const tasks, slots, chunk = 1_000_000, 100, 10
	t := &trace.Trace{Tasks: tasks, Slots: slots}
	at := make([]trace.Time, slots)
	for k := range slots {
		t.Workers = append(t.Workers, trace.Worker{Slot: int32(k), Ready: trace.Time(k), Ended: no})
		at[k] = trace.Time(k)
	}
	for i := 0; i < tasks; i += chunk {
		k := i / chunk % slots
		now := at[k] + 1000
		t.Chunks = append(t.Chunks, trace.Chunk{Dispatched: at[k], ReceiveStart: at[k] + 100, Arrived: at[k] + 900, Worker: int32(k)})
		for j := i; j < i+chunk; j++ {
			t.Attempts = append(t.Attempts, trace.Attempt{FuncStart: now, FuncEnd: now + 500, Declared: no,
				Task: int32(j), Chunk: int32(len(t.Chunks) - 1), Delivery: int32(len(t.Deliveries))})
			now += 510
		}
		t.Deliveries = append(t.Deliveries, trace.Delivery{SendStart: now, Stored: now + 300, Received: now + 400, Worker: int32(k)})
		at[k], t.Makespan = now, max(t.Makespan, now+400)
	}
	return t
}

func TestPartitionIsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("a million attempts: left out by -short")
	}
	tr := million()
	start := time.Now()
	if _, _, err := Partition(tr); err != nil {
		t.Fatal(err)
	}
	// A quadratic algorithm would need hours; 5 s leaves room for a loaded
	// machine and the race detector.
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("a million attempts took %v", took)
	}
}

func BenchmarkPartitionMillion(b *testing.B) {
	tr := million()
	for b.Loop() {
		if _, _, err := Partition(tr); err != nil {
			b.Fatal(err)
		}
	}
}

// Of a lost chunk the first attempt without a start takes the time, the others
// none, also when each was given up at a moment of its own.
func TestPartitionLostChunkCountsOnce(t *testing.T) {
	tr := twoSlots()
	tr.Attempts[1] = tr.Attempts[2] // two lost attempts after the first
	tr.Attempts[1].Task, tr.Attempts[1].Declared = 1, 45
	got, _, err := Partition(tr)
	if err != nil {
		t.Fatal(err)
	}
	// 25-45 lost, 45-50 idle before the successor, 70-100 lost in slot 1.
	if got.Lost != 20+30 || got.Idle != 5 {
		t.Errorf("lost %d, idle %d, want 50, 5", got.Lost, got.Idle)
	}
}

// A send counts again where the cursor went back over it.
func TestPartitionCursorGoesBack(t *testing.T) {
	tr := &trace.Trace{
		Tasks: 3, Slots: 1, Makespan: 50,
		Workers:    []trace.Worker{{Ready: -1, Ended: no}},
		Chunks:     []trace.Chunk{{Dispatched: 0, ReceiveStart: no, Arrived: no}},
		Deliveries: []trace.Delivery{{SendStart: 10, Stored: 20, Received: no}},
		Attempts: []trace.Attempt{
			{FuncStart: 0, FuncEnd: 30, Task: 0, Delivery: -1},
			{FuncStart: 35, FuncEnd: 5, Task: 1, Delivery: -1}, // busy for -30
			{FuncStart: 30, FuncEnd: 50, Task: 2, Delivery: -1},
		},
	}
	got, warnings, err := Partition(tr)
	if err != nil {
		t.Fatal(err)
	}
	want := Parts{Slots: 1, Makespan: 50, Dispatch: 5 + 15, Transfer: 10, Busy: 20} // busy for 30, -30 and 20
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0].Text, "busy: 1 stretches") {
		t.Errorf("warnings %v", warnings)
	}
}
