package runnertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/runner"
	"corecast/runner/trace"
)

// squares checks that Map squares n inputs in order.
func squares(t *testing.T, p *runner.Pool, n int, o runner.JobOptions) {
	t.Helper()
	got, err := runner.Map(t.Context(), p, square, ints(n), o)
	if err != nil {
		t.Fatal(err)
	}
	want := ints(n)
	for i := range want {
		want[i] = i * i
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("squares (-want +got):\n%s", diff)
	}
}

func testOrder(t *testing.T, b Backend)      { squares(t, pool(t, b, 3), 1000, runner.JobOptions{}) }
func testOneInput(t *testing.T, b Backend)   { squares(t, pool(t, b, 2), 1, runner.JobOptions{}) }
func testMoreTasks(t *testing.T, b Backend)  { squares(t, pool(t, b, 2), 101, runner.JobOptions{}) }
func testFewerTasks(t *testing.T, b Backend) { squares(t, pool(t, b, 5), 3, runner.JobOptions{}) }

func testNoInput(t *testing.T, b Backend) {
	o, tr := traced(runner.JobOptions{})
	squares(t, pool(t, b, 2), 0, o)
	if tr.Tasks != 0 || tr.Makespan != 0 || tr.Slots != 2 {
		t.Errorf("trace of no tasks: %+v", tr)
	}
}

func testPoolAgain(t *testing.T, b Backend) {
	p := pool(t, b, 2)
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		o, tr := traced(runner.JobOptions{})
		squares(t, p, 10*n+1, o)
		for _, w := range tr.Workers {
			if !w.Warm {
				t.Errorf("job %d: a worker of a warm pool is cold: %+v", n, w)
			}
		}
	}
}

func testReduce(t *testing.T, b Backend) {
	var want []int
	for i := range 500 {
		want = append(want, i*i)
	}
	got, err := runner.MapReduce(t.Context(), pool(t, b, 3), square, ints(500), nil,
		func(acc []int, v int) []int { return append(acc, v) }, runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fold is not in input order (-want +got):\n%s", diff)
	}
}

func testStream(t *testing.T, b Backend) {
	seen := make(map[int]int)
	for r, err := range runner.Stream(t.Context(), pool(t, b, 3), square, ints(300), runner.JobOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[r.Task]++
		if r.Value != r.Task*r.Task {
			t.Errorf("task %d: %d", r.Task, r.Value)
		}
	}
	for i := range 300 {
		if seen[i] != 1 {
			t.Errorf("task %d came %d times", i, seen[i])
		}
	}
}

func testStreamLeftEarly(t *testing.T, b Backend) {
	p := pool(t, b, 2)
	for range runner.Stream(t.Context(), p, nap, slices.Repeat([]time.Duration{time.Millisecond}, 5000), runner.JobOptions{}) {
		break
	}
	squares(t, p, 10, runner.JobOptions{}) // the pool is still of use
}

// wantFailed checks that just these tasks failed.
func wantFailed(t *testing.T, err error, tasks ...int) []*runner.TaskError {
	t.Helper()
	var failed *runner.TasksError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v, want a *runner.TasksError", err)
	}
	var got []int
	for _, f := range failed.Failed {
		got = append(got, f.Task)
	}
	if diff := cmp.Diff(tasks, got); diff != "" {
		t.Fatalf("failed tasks (-want +got):\n%s", diff)
	}
	return failed.Failed
}

func acts(n int, at int, do, dir string) []Act {
	in := make([]Act, n)
	for i := range in {
		in[i].Value = i
	}
	in[at].Do, in[at].Dir = do, dir
	return in
}

// wantSquares checks the results of acts but for those that failed.
func wantSquares(t *testing.T, got []int, but ...int) {
	t.Helper()
	for i, v := range got {
		if !slices.Contains(but, i) && v != i*i {
			t.Errorf("task %d: %d, want %d", i, v, i*i)
		}
	}
}

func testErrorInTask(t *testing.T, b Backend) {
	o := runner.JobOptions{NoCopies: true, Label: func(i int) string { return "input " + string(rune('a'+i)) }}
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(20, 7, "error", ""), o)
	f := wantFailed(t, err, 7)[0]
	if f.Err.Error() != "cannot do 7" || runner.Detail(f) != "detail of 7" || f.Label != "input h" || f.Attempts != 1 || f.Lost {
		t.Errorf("error %+v", f)
	}
	wantSquares(t, got, 7)
}

func testPanicInTask(t *testing.T, b Backend) {
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(20, 7, "panic", ""), runner.JobOptions{})
	f := wantFailed(t, err, 7)[0]
	var p *runner.PanicError
	if !errors.As(f, &p) || p.Value != "panic over 7" || !bytes.Contains([]byte(p.Stack), []byte("Act.do")) {
		t.Errorf("error %v, want a PanicError with its stack", f)
	}
	wantSquares(t, got, 7)
}

func testFailedRetried(t *testing.T, b Backend) {
	o, tr := traced(runner.JobOptions{FailedRetries: 1})
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(20, 7, "fail-once", t.TempDir()), o)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, got)
	wantOutcomes(t, tr, map[trace.Outcome]int{trace.Done: 20, trace.Failed: 1})
}

func wantOutcomes(t *testing.T, tr *trace.Trace, want map[trace.Outcome]int) {
	t.Helper()
	got := make(map[trace.Outcome]int)
	for _, a := range tr.Attempts {
		got[a.Outcome]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func testTaskTimeout(t *testing.T, b Backend) {
	in := slices.Repeat([]time.Duration{time.Millisecond}, 10)
	in[3] = time.Minute
	_, err := runner.Map(t.Context(), pool(t, b, 2), nap, in, runner.JobOptions{TaskTimeout: 100 * time.Millisecond})
	if f := wantFailed(t, err, 3)[0]; !errors.Is(f, runner.ErrTaskTimeout) {
		t.Errorf("error %v, want ErrTaskTimeout", f)
	}
}

func testTaskTimeoutNotHeeded(t *testing.T, b Backend) {
	in := slices.Repeat([]time.Duration{time.Millisecond}, 10)
	in[3] = 3 * time.Second
	p := pool(t, b, 2)
	o, tr := traced(runner.JobOptions{TaskTimeout: 100 * time.Millisecond})
	_, err := runner.Map(t.Context(), p, stubborn, in, o)
	if f := wantFailed(t, err, 3)[0]; !errors.Is(f, runner.ErrTaskTimeout) {
		t.Errorf("error %v, want ErrTaskTimeout", f)
	}
	most := 2.5
	if b.Upfront { // it is learnt of by and by, and the next worker comes as slowly
		most = 30
	}
	if tr.Makespan > trace.FromSeconds(most) {
		t.Errorf("the job waited %v s for a task whose time was up", tr.Makespan.Seconds())
	}
	squares(t, p, 10, runner.JobOptions{})
}

func testJobTimeout(t *testing.T, b Backend) {
	p := pool(t, b, 2)
	in := slices.Repeat([]time.Duration{20 * time.Millisecond}, 1000)
	_, err := runner.Map(t.Context(), p, nap, in, runner.JobOptions{JobTimeout: 200 * time.Millisecond})
	if !errors.Is(err, runner.ErrJobTimeout) {
		t.Errorf("error %v, want ErrJobTimeout", err)
	}
	squares(t, p, 10, runner.JobOptions{})
}

func testCancel(t *testing.T, b Backend) {
	p := pool(t, b, 2)
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	o, tr := traced(runner.JobOptions{})
	began := time.Now()
	_, err := runner.Map(ctx, p, nap, slices.Repeat([]time.Duration{10 * time.Second}, 4), o)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("cancel took %v", took)
	}
	out := 2
	if b.Upfront {
		out = 4
	}
	wantOutcomes(t, tr, map[trace.Outcome]int{trace.Cancelled: out})
	squares(t, p, 10, runner.JobOptions{})
}

func testChunksFixed(t *testing.T, b Backend) {
	for _, size := range []int{1, 7, 5000} {
		o, tr := traced(runner.JobOptions{Chunk: size, NoCopies: true})
		squares(t, pool(t, b, 2), 1001, o)
		if want := (1001 + size - 1) / size; len(tr.Chunks) != want {
			t.Errorf("chunk size %d: %d chunks, want %d", size, len(tr.Chunks), want)
		}
	}
}

func testManyTasks(t *testing.T, b Backend) {
	const n = 200_000
	o, tr := traced(runner.JobOptions{NoCopies: true})
	if _, err := runner.Map(t.Context(), pool(t, b, 2), noop, make([]struct{}, n), o); err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, tr, map[trace.Outcome]int{trace.Done: n})
	if len(tr.Chunks) > n/20 {
		t.Errorf("%d chunks for %d no-op tasks: chunks do not adapt", len(tr.Chunks), n)
	}
}

// testTrace checks what any trace of a job that went well must show.
func testTrace(t *testing.T, b Backend) {
	o, tr := traced(runner.JobOptions{})
	in := slices.Repeat([]time.Duration{25 * time.Millisecond}, 60)
	if _, err := runner.Map(t.Context(), pool(t, b, 3), nap, in, o); err != nil {
		t.Fatal(err)
	}
	tasks := make(map[int32]bool)
	end := make(map[int]trace.Time)
	var last trace.Time
	for i, a := range tr.Attempts {
		c, d := tr.Chunks[a.Chunk], tr.Deliveries[a.Delivery]
		w := tr.Workers[c.Worker]
		tasks[a.Task] = true
		slack := max(1_000_000, 2*w.ClockUncertainty) // what clocks of other machines may be apart
		cuts := []trace.Time{w.Requested, w.Started, w.Ready, c.ReceiveStart, c.Arrived, a.FuncStart, a.FuncEnd, d.SendStart, d.Received, tr.Makespan}
		for k := 1; k < len(cuts); k++ {
			if !cuts[k].Known() || cuts[k] < cuts[k-1]-slack {
				t.Errorf("task %d: cuts are out of order at %d: %v", a.Task, k, cuts)
				break
			}
		}
		if took := a.FuncEnd - a.FuncStart; took < 25_000_000 {
			t.Errorf("task %d: a nap of 25 ms took %d ns", a.Task, took)
		}
		// Over a store, a worker says when its last delivery was stored with the
		// next one, and there may be none.
		if c.Dispatched > c.Arrived+slack || !d.Stored.Known() && !b.Upfront || d.Stored.Known() && d.Stored < d.SendStart {
			t.Errorf("task %d: chunk %+v, delivery %+v", a.Task, c, d)
		}
		if worker := tr.WorkerOf(i); a.FuncStart < end[worker]-slack {
			t.Errorf("task %d overlaps another of its worker", a.Task)
		} else {
			end[worker] = a.FuncEnd
		}
		last = max(last, d.Received)
	}
	if len(tasks) != 60 || last != tr.Makespan {
		t.Errorf("%d tasks, last result at %d, makespan %d", len(tasks), last, tr.Makespan)
	}
	for _, w := range tr.Workers {
		if !w.FirstTask.Known() || w.Warm || w.Lost {
			t.Errorf("worker %+v", w)
		}
	}
}

// testUneven checks that a long task does not hold up the others.
func testUneven(t *testing.T, b Backend) {
	if b.Upfront {
		t.Skip("not applicable: tasks are handed out before it shows how long they take")
	}
	in := slices.Repeat([]time.Duration{time.Millisecond}, 100)
	in[0] = 400 * time.Millisecond
	o, tr := traced(runner.JobOptions{})
	if _, err := runner.Map(t.Context(), pool(t, b, 2), nap, in, o); err != nil {
		t.Fatal(err)
	}
	mine, tail := -1, 0
	var end trace.Time
	for i, a := range tr.Attempts {
		if a.Task == 0 && a.Number == 0 { // another worker may run a copy
			mine, end = tr.WorkerOf(i), a.FuncEnd
		}
	}
	for i, a := range tr.Attempts { // those that it was given before its end
		if tr.WorkerOf(i) == mine && a.Task != 0 && a.FuncStart >= end && tr.Chunks[a.Chunk].Dispatched < end {
			tail++
		}
	}
	if tail > 10 {
		t.Errorf("%d tasks waited behind one of 400 ms", tail)
	}
}

func testLarge(t *testing.T, b Backend) {
	in := make([]byte, 64<<20)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(in)
	got, err := runner.Map(t.Context(), pool(t, b, 1), echo, [][]byte{in, {}, in[:1]}, runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range got[0] {
		got[0][i] = ^got[0][i]
	}
	if sha256.Sum256(got[0]) != sha256.Sum256(in) || got[1] == nil || len(got[1]) != 0 || len(got[2]) != 1 {
		t.Error("64 MiB did not come back as they went out")
	}
}

func testRecords(t *testing.T, b Backend) {
	in := []Record{{Name: "a"}, {Name: "", Parts: []float64{2}, Next: &Record{Name: "b"}}}
	want := []Record{
		{Name: "a", Parts: []float64{1.5}, Sum: sha256.Sum256([]byte("a"))},
		{Parts: []float64{1.5, 2}, Sum: sha256.Sum256(nil), Next: &Record{Name: "b"}},
	}
	got, err := runner.Map(t.Context(), pool(t, b, 2), record, in, runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func testUnknownFunction(t *testing.T, b Backend) {
	_, err := runner.Map(t.Context(), pool(t, b, 1), unknown, ints(1), runner.JobOptions{})
	f := wantFailed(t, err, 0)[0]
	if want := `the worker does not know the function "runnertest.unknown": pass it to runner.Main`; f.Err.Error() != want {
		t.Errorf("error %q, want %q", f.Err, want)
	}
}
