package trace_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/runner/trace"
)

const no = trace.Unknown

// first is a job on two slots: the worker of slot 0 is lost after its task, that
// of slot 1 is not ready in time.
func first() *trace.Trace {
	return &trace.Trace{
		Tasks: 1, Slots: 2, Makespan: 50,
		Workers: []trace.Worker{
			{Slot: 0, ID: "a", Requested: 1, Started: 2, Ready: 5, FirstTask: 10, Ended: 60, Lost: true, CPU: 30, Billed: no, PeakMemory: 9},
			{Slot: 1, Requested: 1, Started: no, Ready: no, FirstTask: no, Ended: no, CPU: no, Billed: no},
		},
		Chunks:     []trace.Chunk{{Dispatched: 6, ReceiveStart: 7, Arrived: 8, Worker: 0}},
		Deliveries: []trace.Delivery{{SendStart: 41, Stored: 45, Received: 50, Worker: 0}},
		Attempts: []trace.Attempt{
			{FuncStart: 10, FuncEnd: 20, Declared: no, Chunk: 0, Delivery: 0, ReplacedBy: 1, Outcome: trace.Failed},
			{FuncStart: 21, FuncEnd: 40, Declared: no, Number: 1, Chunk: 0, Delivery: 0, ReplacedBy: -1, Outcome: trace.Done},
		},
		Errors: map[int]string{0: "no"},
	}
}

// second is the next job of that pool, submitted at 100: slot 1's worker gets
// ready, slot 0 has a new one.
func second() *trace.Trace {
	return &trace.Trace{
		Tasks: 2, Slots: 2, Makespan: 70,
		Workers: []trace.Worker{
			{Slot: 0, ID: "c", Requested: 0, Started: 3, Ready: 4, FirstTask: 30, Ended: no, CPU: 7, Billed: no},
			{Slot: 1, ID: "b", Requested: -99, Started: 10, Ready: 12, FirstTask: 20, Ended: no, CPU: 8, Billed: no, ClockUncertainty: 2},
		},
		Chunks: []trace.Chunk{
			{Dispatched: 13, ReceiveStart: no, Arrived: 15, Worker: 1},
			{Dispatched: 6, ReceiveStart: 7, Arrived: 8, Worker: 0},
		},
		Deliveries: []trace.Delivery{{SendStart: 31, Stored: no, Received: 35, Worker: 1}, {SendStart: 60, Stored: 65, Received: 70, Worker: 0}},
		Attempts: []trace.Attempt{
			{FuncStart: 20, FuncEnd: 30, Declared: no, Task: 0, Chunk: 0, Delivery: 0, ReplacedBy: -1},
			{FuncStart: no, FuncEnd: no, Declared: 69, Task: 1, Chunk: 1, Delivery: -1, ReplacedBy: 1, Outcome: trace.Lost},
			{FuncStart: 30, FuncEnd: 50, Declared: no, Task: 1, Number: 1, Chunk: 1, Delivery: 1, ReplacedBy: -1},
		},
		Errors: map[int]string{1: "lost"},
	}
}

func TestMergeByHand(t *testing.T) {
	a, b := first(), second()
	got, err := trace.Merge(a, b, 12345) // wrong by far: the worker of slot 1 knows better
	if err != nil {
		t.Fatal(err)
	}
	want := first()
	want.Tasks, want.Makespan = 3, 170
	want.Workers[1] = trace.Worker{Slot: 1, ID: "b", Requested: 1, Started: 110, Ready: 112, FirstTask: 120, Ended: no, CPU: no, Billed: no, ClockUncertainty: 2}
	want.Workers = append(want.Workers, trace.Worker{Slot: 0, ID: "c", Requested: 100, Started: 103, Ready: 104, FirstTask: 130, Ended: no, CPU: 7, Billed: no})
	want.Chunks = append(want.Chunks,
		trace.Chunk{Dispatched: 113, ReceiveStart: no, Arrived: 115, Worker: 1},
		trace.Chunk{Dispatched: 106, ReceiveStart: 107, Arrived: 108, Worker: 2})
	want.Deliveries = append(want.Deliveries,
		trace.Delivery{SendStart: 131, Stored: no, Received: 135, Worker: 1},
		trace.Delivery{SendStart: 160, Stored: 165, Received: 170, Worker: 2})
	want.Attempts = append(want.Attempts,
		trace.Attempt{FuncStart: 120, FuncEnd: 130, Declared: no, Task: 1, Chunk: 1, Delivery: 1, ReplacedBy: -1},
		trace.Attempt{FuncStart: no, FuncEnd: no, Declared: 169, Task: 2, Chunk: 2, Delivery: -1, ReplacedBy: 1, Outcome: trace.Lost},
		trace.Attempt{FuncStart: 130, FuncEnd: 150, Declared: no, Task: 2, Number: 1, Chunk: 2, Delivery: 2, ReplacedBy: -1})
	want.Errors = map[int]string{0: "no", 3: "lost"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]*trace.Trace{first(), second()}, []*trace.Trace{a, b}); diff != "" {
		t.Errorf("the merged traces changed:\n%s", diff)
	}
}

// TestMergeSums: of a worker that served both jobs, processor time is added up
// and its first task stays the first.
func TestMergeSums(t *testing.T) {
	a := &trace.Trace{Slots: 1, Tasks: 0, Makespan: 5, Workers: []trace.Worker{
		{ID: "w", Requested: 0, Started: 1, Ready: 2, FirstTask: 3, Ended: no, CPU: 4, PeakMemory: 7, Billed: no},
	}}
	b := &trace.Trace{Slots: 1, Tasks: 1, Makespan: 9, Workers: []trace.Worker{
		{ID: "w", Requested: -20, Started: -19, Ready: -18, FirstTask: 6, Ended: 30, ExitReason: "asked to", CPU: 5, PeakMemory: 6, Billed: no, Warm: true},
	}}
	got, err := trace.Merge(a, b, no)
	if err != nil {
		t.Fatal(err)
	}
	want := []trace.Worker{{ID: "w", Requested: 0, Started: 1, Ready: 2, FirstTask: 3, Ended: 50, ExitReason: "asked to", CPU: 9, PeakMemory: 7, Billed: no}}
	if diff := cmp.Diff(want, got.Workers); diff != "" || got.Makespan != 29 {
		t.Errorf("makespan %d, want 29; workers (-want +got):\n%s", got.Makespan, diff)
	}
}

// TestMergeMeasured: without a common worker, what was measured counts.
func TestMergeMeasured(t *testing.T) {
	a, b := first(), second()
	a.Workers[1].Ended = 90
	b.Workers[1].Requested = 0
	got, err := trace.Merge(a, b, 200)
	if err != nil {
		t.Fatal(err)
	}
	if got.Makespan != 270 || len(got.Workers) != 4 || got.Workers[3].Ready != 212 {
		t.Errorf("makespan %d, workers %+v", got.Makespan, got.Workers)
	}
}

// TestMergeGoneBetween: a worker that lived when the first job was over, and
// has a successor in the second, ended in between.
func TestMergeGoneBetween(t *testing.T) {
	a, b := first(), second()
	b.Workers[1].Requested, b.Workers[1].ID = 3, "d"
	got, err := trace.Merge(a, b, 200)
	if err != nil {
		t.Fatal(err)
	}
	if w := got.Workers[1]; w.Ended != 203 || !w.Lost || w.ExitReason == "" || len(got.Workers) != 4 {
		t.Errorf("%+v of %d workers", w, len(got.Workers))
	}
}

func TestMergeRefuses(t *testing.T) {
	for name, spoil := range map[string]func(a, b *trace.Trace) trace.Time{
		"slots": func(a, b *trace.Trace) trace.Time { b.Slots++; return 100 },
		"before": func(a, b *trace.Trace) trace.Time {
			b.Workers[1].Requested = 0
			return -1
		},
		"unknown": func(a, b *trace.Trace) trace.Time {
			b.Workers[1].Requested = 0
			return no
		},
		"two pools": func(a, b *trace.Trace) trace.Time {
			a.Workers[0].Ended = no
			b.Workers[0].ID, b.Workers[0].Requested = "a", -50
			return 100
		},
	} {
		a, b := first(), second()
		if got, err := trace.Merge(a, b, spoil(a, b)); err == nil {
			t.Errorf("%s: merged to %+v", name, got)
		}
	}
}
