package runner_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/runner"
	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// scripted runs a job of n tasks over scripted workers in virtual time.
func scripted(t *testing.T, b *fakeBackend, n int, o runner.JobOptions) (out []int, tr *trace.Trace, err error) {
	t.Helper()
	p := runner.NewPool(b)
	defer p.Close()
	o.Trace = func(got *trace.Trace) { tr = got }
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // for what would never end
	defer cancel()
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	out, err = runner.Map(ctx, p, triple, in, o)
	return out, tr, err
}

func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name     string
		faults   faults
		options  runner.JobOptions
		lost     bool
		attempts int
	}{
		{"lost, three retries by default", faults{die: 1}, runner.JobOptions{FailedRetries: 9}, true, 4},
		{"lost, one retry", faults{die: 1}, runner.JobOptions{LostRetries: 1}, true, 2},
		{"lost, none", faults{die: 1}, runner.JobOptions{LostRetries: -1}, true, 1},
		{"failed, none by default", faults{fail: 1}, runner.JobOptions{}, false, 1},
		{"failed, two retries", faults{fail: 1}, runner.JobOptions{FailedRetries: 2}, false, 3},
		{"failed, a negative number is none", faults{fail: 1}, runner.JobOptions{FailedRetries: -5}, false, 1},
		// A time that ran out is a failure, and the worker's end no loss.
		{"given up", faults{giveUp: 1}, runner.JobOptions{FailedRetries: 1}, false, 2},
		// A function may end its process with the code of a worker that gives
		// up; without a report that a time ran out that is a loss like any.
		{"went as if given up", faults{mute: 1}, runner.JobOptions{}, true, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.options.Chunk = 1
				_, tr, err := scripted(t, &fakeBackend{workers: 2, faults: test.faults}, 5, test.options)
				var failed *runner.TasksError
				if !errors.As(err, &failed) || len(failed.Failed) != 5 {
					t.Fatalf("error %v, want 5 failed tasks", err)
				}
				for i, f := range failed.Failed {
					if f.Task != i || f.Lost != test.lost {
						t.Errorf("%+v, want task %d, lost %v", f, i, test.lost)
					}
				}
				counted := map[bool]trace.Outcome{true: trace.Lost, false: trace.Failed}[test.lost]
				charged := make([]int, 5)
				for _, a := range tr.Attempts {
					switch a.Outcome {
					case counted:
						charged[a.Task]++
					case trace.Cancelled: // came back before its turn
					default:
						t.Errorf("%+v", a)
					}
				}
				if diff := cmp.Diff(slices.Repeat([]int{test.attempts}, 5), charged); diff != "" {
					t.Errorf("attempts that count, by task (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWorkersDoNotStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBackend{workers: 3, faults: faults{noStart: 1}}
		_, tr, err := scripted(t, b, 5, runner.JobOptions{})
		if err == nil || err.Error() != "backend fake: workers do not start: no luck" {
			t.Errorf("error %v", err)
		}
		if n := b.launched.Load(); n != 12 || len(tr.Workers) != 12 {
			t.Errorf("%d workers were launched and %d are in the trace, want 4 a slot", n, len(tr.Workers))
		}
		p := runner.NewPool(b)
		defer p.Close()
		if err := p.Warm(t.Context()); err == nil {
			t.Error("a pool whose workers do not start is warm")
		}
	})
}

// TestIdleWorkersFlee has workers that are lost as soon as they are ready. They
// are not started for ever, neither to warm a pool nor beside one that works.
func TestIdleWorkersFlee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBackend{workers: 2, faults: faults{flee: 1}}
		p := runner.NewPool(b)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.Warm(ctx); err == nil || err.Error() != "backend fake: workers do not start: fled" || b.launched.Load() > 8 {
			t.Errorf("%d workers were launched, error %v", b.launched.Load(), err)
		}
		p.Close()
		late := &lateBackend{fakeBackend: fakeBackend{workers: 2, fleeing: 1, task: func(int) time.Duration { return time.Hour }}}
		p = runner.NewPool(late)
		defer p.Close()
		if _, err := runner.Map(t.Context(), p, triple, []int{1}, runner.JobOptions{}); err != nil || late.launched.Load() != 5 {
			t.Errorf("%d workers were launched, error %v; want one that works and 4 that flee", late.launched.Load(), err)
		}
	})
}

func TestNoWorkers(t *testing.T) {
	p := runner.NewPool(runner.InProc(0))
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := runner.Map(ctx, p, triple, []int{1}, runner.JobOptions{}); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want one that says that there are no workers", err)
	}
}

func TestTooManyTasks(t *testing.T) {
	p := runner.NewPool(runner.InProc(1))
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := runner.Map(ctx, p, nothing, make([]struct{}, math.MaxInt32+1), runner.JobOptions{})
	if err == nil || !strings.Contains(err.Error(), "2147483648 tasks") {
		t.Errorf("error %v, want a refusal of 2147483648 tasks", err)
	}
}

func TestChunksAdapt(t *testing.T) {
	for _, test := range []struct {
		name    string
		task    time.Duration
		bytesIn int32
		largest int32 // bound of a chunk
		reached int32 // some chunk is at least as large
	}{
		{"short tasks: a share of what is left", 100 * time.Nanosecond, 0, 2500, 1000},
		{"bounded by 2 ms", 20 * time.Microsecond, 0, 100, 90},
		{"bounded by 1 MiB", 100 * time.Nanosecond, 50_000, 20, 15},
		{"long tasks go out one by one", 5 * time.Millisecond, 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 10_000
				b := &fakeBackend{workers: 2, bytesIn: test.bytesIn, task: func(int) time.Duration { return test.task }}
				if _, _, err := scripted(t, b, n, runner.JobOptions{}); err != nil {
					t.Fatal(err)
				}
				var largest int32
				next := int32(0)
				for _, c := range b.sent {
					size := c.Hi - c.Lo
					largest = max(largest, size)
					// The share of 2 slots: a quarter of what is left, rounded up.
					if left := n - c.Lo; c.Lo != next || size > max(1, (left+3)/4) {
						t.Errorf("chunk %+v with %d tasks left", c, left)
					}
					next = c.Hi
				}
				if next != n || largest > test.largest || largest < test.reached {
					t.Errorf("chunks up to task %d, the largest of %d, want %d to %d", next, largest, test.reached, test.largest)
				}
				if last := b.sent[len(b.sent)-1]; last.Hi-last.Lo != 1 {
					t.Errorf("the last chunk is %+v", last)
				}
			})
		})
	}
}

// TestReadyBetweenJobs has a worker become ready when no job runs.
func TestReadyBetweenJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &lateBackend{fakeBackend: fakeBackend{workers: 2}}
		p := runner.NewPool(b)
		defer p.Close()
		if _, err := runner.Map(t.Context(), p, triple, []int{1}, runner.JobOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		var tr *trace.Trace
		o := runner.JobOptions{Trace: func(got *trace.Trace) { tr = got }}
		if _, err := runner.Map(t.Context(), p, triple, make([]int, 20), o); err != nil {
			t.Fatal(err)
		}
		checkRows(t, tr, 20, 2)
		if diff := cmp.Diff([]string(nil), b.broken); diff != "" {
			t.Error(diff)
		}
	})
}

// lateBackend is a fakeBackend whose second worker takes 5 s to start.
type lateBackend struct{ fakeBackend }

func (b *lateBackend) Launch(ctx context.Context, requests []runner.Request, post exchange.Post) {
	b.fakeBackend.Launch(ctx, requests[:1], post)
	if len(requests) == 1 {
		return
	}
	b.wg.Go(func() {
		time.Sleep(5 * time.Second)
		b.fakeBackend.Launch(ctx, requests[1:], post)
	})
}

// TestPanicInReduce leaves a job in the middle, from the driver's side; what
// its workers still deliver must not be taken for results of the next.
func TestPanicInReduce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 3, task: func(int) time.Duration { return time.Millisecond }})
		defer p.Close()
		func() {
			defer func() {
				if recover() != "scripted" {
					t.Error("the panic of reduce did not come through")
				}
			}()
			runner.MapReduce(t.Context(), p, triple, make([]int, 50), 0, func(int, int) int { panic("scripted") }, runner.JobOptions{})
		}()
		in := slices.Repeat([]int{5}, 50)
		out, err := runner.Map(t.Context(), p, triple, in, runner.JobOptions{})
		if diff := cmp.Diff(slices.Repeat([]int{16}, 50), out); err != nil || diff != "" {
			t.Errorf("error %v, results (-want +got):\n%s", err, diff)
		}
	})
}

// TestLostWithoutRetries has each lost worker cost one task, and no other begin
// again.
func TestLostWithoutRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 300
		_, tr, err := scripted(t, &fakeBackend{workers: 3, faults: faults{die: 0.05}}, n, runner.JobOptions{LostRetries: -1})
		var failed *runner.TasksError
		if !errors.As(err, &failed) || len(failed.Failed) < 2 {
			t.Fatalf("error %v, want failed tasks", err)
		}
		lost := 0
		for _, w := range tr.Workers {
			if w.Lost {
				lost++
			}
		}
		if lost != len(failed.Failed) {
			t.Errorf("%d workers were lost with %d tasks", lost, len(failed.Failed))
		}
		for _, a := range tr.Attempts {
			if a.Outcome == trace.Lost && a.ReplacedBy >= 0 {
				t.Errorf("task %d may have begun and began again: %+v", a.Task, a)
			}
		}
	})
}

// TestStalledConsumer has a loop over a stream that takes no results: the
// job's time runs out all the same, and the pool is free.
func TestStalledConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 2, task: func(int) time.Duration { return time.Microsecond }})
		defer p.Close()
		free := make(chan time.Duration, 1)
		began := time.Now()
		taken := 0
		var last error
		for r, err := range runner.Stream(t.Context(), p, triple, make([]int, 5000), runner.JobOptions{JobTimeout: time.Minute}) {
			if last = err; err != nil {
				break
			}
			if taken++; taken == 1 {
				go func() {
					_, err := runner.Map(t.Context(), p, triple, []int{1}, runner.JobOptions{})
					if err != nil {
						t.Error(err)
					}
					free <- time.Since(began)
				}()
				time.Sleep(time.Hour)
			}
			_ = r
		}
		if after := <-free; after > 2*time.Minute {
			t.Errorf("the pool was free after %v", after)
		}
		if !errors.Is(last, runner.ErrJobTimeout) || taken < 100 || taken > 1000 {
			t.Errorf("error %v after %d results", last, taken)
		}
	})
}
