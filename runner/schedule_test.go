package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"corecast/runner"
	"corecast/runner/trace"
)

// triple is fanned out over scripted workers.
var triple = runner.NewFunc("triple", func(_ context.Context, x int) (int, error) { return 3*x + 1, nil })

// TestScheduleProperty runs jobs on workers that delay, split, repeat, fail,
// die and give up at random, and checks what must hold whatever they do. Time
// is virtual: a job that would wait for ever, or a goroutine that is left
// behind, fails the test at once.
func TestScheduleProperty(t *testing.T) {
	runs := 1500
	if testing.Short() {
		runs = 300
	}
	for seed := range runs {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomRun(t, uint64(seed)) })
		})
		if !ok {
			return
		}
	}
}

// randomRun runs a few jobs on one pool.
func randomRun(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	b := &fakeBackend{workers: 1 + rng.IntN(5), seed: seed, faults: randomFaults(rng)}
	p := runner.NewPool(b)
	if rng.IntN(3) == 0 {
		if err := p.Warm(t.Context()); err != nil && !startFailed(err, b) {
			t.Errorf("warm: %v", err)
		}
	}
	for range 1 + rng.IntN(3) {
		randomJob(t, rng, p, b)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, s := range b.broken {
		t.Error(s)
	}
}

func randomFaults(rng *rand.Rand) faults {
	var f faults
	for _, p := range []*float64{&f.noStart, &f.fatal, &f.flee, &f.die, &f.giveUp, &f.mute, &f.fail, &f.stuck, &f.split, &f.repeat, &f.nonsense} {
		if rng.IntN(2) == 0 {
			*p = 0.15 * rng.Float64()
		}
	}
	return f
}

func startFailed(err error, b *fakeBackend) bool {
	for reason, p := range map[string]float64{"no luck": b.faults.noStart, "another build": b.faults.fatal, "fled": b.faults.flee} {
		if p > 0 && err.Error() == "backend fake: workers do not start: "+reason {
			return true
		}
	}
	return false
}

// randomJob runs one job, cancelled at a random point or not, and checks it.
func randomJob(t *testing.T, rng *rand.Rand, p *runner.Pool, b *fakeBackend) {
	in := make([]int, rng.IntN(60))
	for i := range in {
		in[i] = rng.Int()
	}
	var tr *trace.Trace
	settled := 0
	o := runner.JobOptions{
		Chunk: max(0, rng.IntN(12)-4), FailedRetries: rng.IntN(3), LostRetries: rng.IntN(4) - 1,
		Trace: func(got *trace.Trace) { tr = got },
		Progress: func(n, tasks int) {
			if n < settled || n > tasks || tasks != len(in) {
				t.Errorf("progress %d of %d after %d of %d", n, tasks, settled, len(in))
			}
			settled = n
		},
	}
	ctx, limit := t.Context(), time.Duration(rng.Int64N(int64(100*time.Millisecond)))
	mayStop := rng.IntN(3) == 0
	if mayStop {
		var cancel context.CancelFunc
		if rng.IntN(2) == 0 {
			o.JobTimeout = limit + 1
		} else {
			ctx, cancel = context.WithTimeout(ctx, limit+1)
			defer cancel()
		}
	}
	out, err := runner.Map(ctx, p, triple, in, o)
	if tr == nil {
		t.Fatalf("no trace; error %v", err)
	}
	var failed *runner.TasksError
	complete := err == nil || errors.As(err, &failed)
	switch {
	case complete, startFailed(err, b):
	case mayStop && (errors.Is(err, runner.ErrJobTimeout) || errors.Is(err, context.DeadlineExceeded)):
	default:
		t.Fatalf("error %v", err)
	}
	if complete && settled != len(in) {
		t.Errorf("progress ended at %d of %d", settled, len(in))
	}
	checkRows(t, tr, len(in), b.workers)
	checkTasks(t, tr, o, in, out, failed, complete)
}

// checkRows checks that each row of a trace is consistent in itself.
func checkRows(t *testing.T, tr *trace.Trace, tasks, slots int) {
	t.Helper()
	if tr.Tasks != tasks || tr.Slots != slots {
		t.Errorf("trace of %d tasks on %d slots, want %d on %d", tr.Tasks, tr.Slots, tasks, slots)
	}
	for i, w := range tr.Workers {
		if w.Slot < 0 || int(w.Slot) >= slots || !w.Requested.Known() || w.Warm != (w.Ready.Known() && w.Ready <= 0) {
			t.Errorf("worker %d: %+v", i, w)
		}
	}
	for i, c := range tr.Chunks {
		if c.Worker < 0 || int(c.Worker) >= len(tr.Workers) || c.Dispatched < 0 || c.ReceiveStart.Known() != c.Arrived.Known() {
			t.Errorf("chunk %d: %+v", i, c)
		}
		if c.Arrived.Known() && c.Arrived < c.Dispatched {
			t.Errorf("chunk %d arrived before it was dispatched: %+v", i, c)
		}
	}
	ended := make(map[int]trace.Time)
	for i, a := range tr.Attempts {
		if a.Chunk < 0 || int(a.Chunk) >= len(tr.Chunks) || int(a.Delivery) >= len(tr.Deliveries) || a.Delivery < -1 {
			t.Fatalf("attempt %d: %+v", i, a)
		}
		received := a.Delivery >= 0
		if received == a.Declared.Known() || received != a.FuncStart.Known() || received != a.FuncEnd.Known() {
			t.Errorf("attempt %d has the stamps of another outcome: %+v", i, a)
		}
		if got := tr.Errors[i] != ""; got != (received && (a.Outcome == trace.Failed || a.Outcome == trace.Cancelled)) {
			t.Errorf("attempt %d: %+v, error %q", i, a, tr.Errors[i])
		}
		if !received {
			continue
		}
		w := tr.WorkerOf(i)
		d := tr.Deliveries[a.Delivery]
		if int(d.Worker) != w || a.FuncStart < ended[w] || a.FuncEnd < a.FuncStart || d.SendStart < a.FuncEnd || d.Received < d.SendStart {
			t.Errorf("attempt %d: %+v, delivery %+v", i, a, d)
		}
		if tr.Workers[w].FirstTask > a.FuncStart {
			t.Errorf("attempt %d began before the first task of its worker: %+v", i, a)
		}
		ended[w] = a.FuncEnd
	}
}

// doneByAnother reports whether another attempt than that of the number gave
// the task's result: the one was faster as the other's copy.
func doneByAnother(attempts map[int32]trace.Attempt, number int32) bool {
	for n, a := range attempts {
		if n != number && a.Outcome == trace.Done {
			return true
		}
	}
	return false
}

// suspicions is how often a task may be lost together with others: with all that
// its worker had (60 at most), and with an eighth of them.
const suspicions = 2

// checkTasks checks that each task was settled once and tried as often as the
// options allow.
func checkTasks(t *testing.T, tr *trace.Trace, o runner.JobOptions, in, out []int, failed *runner.TasksError, complete bool) {
	t.Helper()
	given := make(map[int]*runner.TaskError)
	if failed != nil {
		for _, f := range failed.Failed {
			given[f.Task] = f
		}
	}
	byTask := make([]map[int32]trace.Attempt, len(in))
	var last trace.Time
	lostWith := make(map[int]int) // lost attempts, by worker
	for i, a := range tr.Attempts {
		if a.Outcome == trace.Lost {
			lostWith[tr.WorkerOf(i)]++
		}
		if byTask[a.Task] == nil {
			byTask[a.Task] = make(map[int32]trace.Attempt)
		}
		if _, twice := byTask[a.Task][a.Number]; twice {
			t.Errorf("attempt %d: a second row for task %d, number %d", i, a.Task, a.Number)
		}
		byTask[a.Task][a.Number] = a
		if a.Outcome == trace.Done {
			last = max(last, tr.Deliveries[a.Delivery].Received)
		}
	}
	lostRetries := map[int]int{-1: 0, 0: 3}
	maxLost, ok := lostRetries[o.LostRetries]
	if !ok {
		maxLost = o.LostRetries
	}
	copies := 1 // attempts at once beyond the first
	if o.NoCopies || maxLost == 0 {
		copies = 0
	}
	for task, attempts := range byTask {
		var n [trace.Outcomes]int
		charged := 0 // losses that can only be this task's
		for number, a := range attempts {
			n[a.Outcome]++
			if a.Outcome == trace.Lost && (maxLost == 0 || lostWith[int(tr.Chunks[a.Chunk].Worker)] == 1) {
				charged++
			}
			next, found := attempts[a.ReplacedBy]
			if a.ReplacedBy >= 0 && (a.ReplacedBy <= number || complete && !found && !doneByAnother(attempts, number) || found && next.Number != a.ReplacedBy) {
				t.Errorf("task %d: %+v is replaced by no later attempt", task, a)
			}
			if complete && a.Outcome != trace.Done && a.ReplacedBy < 0 && given[task] == nil && !doneByAnother(attempts, number) {
				t.Errorf("task %d: %+v was not replaced, and the task not given up", task, a)
			}
		}
		if n[trace.Done] > 1 || n[trace.Replaced] > n[trace.Done] || n[trace.Failed] > o.FailedRetries+1+copies || charged > maxLost+1+copies || n[trace.Lost] > charged+suspicions {
			t.Errorf("task %d: outcomes %v, %d times alone, with %d retries of failed, %d of lost", task, n, charged, o.FailedRetries, maxLost)
		}
		if n[trace.Done] == 1 && out[task] != 3*in[task]+1 {
			t.Errorf("task %d: %d, want %d", task, out[task], 3*in[task]+1)
		}
		f := given[task]
		if complete && (n[trace.Done] == 1) == (f != nil) {
			t.Errorf("task %d: outcomes %v, error %v", task, n, f)
		}
		if f != nil && (f.Attempts != len(attempts) || f.Lost && charged < maxLost+1 || !f.Lost && n[trace.Failed] < o.FailedRetries+1) {
			t.Errorf("task %d was given up too early or late: outcomes %v, %+v", task, n, f)
		}
	}
	if tr.Makespan < last || complete && failed == nil && tr.Makespan != last {
		t.Errorf("makespan %d, last result at %d", tr.Makespan, last)
	}
}
