package runner_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/trace"
)

var (
	// odd fails on multiples of 5.
	odd = runner.NewFunc("odd", func(_ context.Context, x int) (int, error) {
		if x%5 == 0 {
			return 0, fmt.Errorf("no %d", x)
		}
		return x, nil
	})

	// goexit ends its goroutine on 3.
	goexit = runner.NewFunc("goexit", func(_ context.Context, x int) (int, error) {
		if x == 3 {
			runtime.Goexit()
		}
		return x, nil
	})

	// wait waits for the end of its context.
	wait = runner.NewFunc("wait", func(ctx context.Context, x int) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})
)

func upTo(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

// TestMapReduceOrder folds in input order, failures in between left out, while
// workers are lost, slow, and deliver out of turn.
func TestMapReduceOrder(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			p := runner.NewPool(&fakeBackend{workers: 4, seed: seed, faults: faults{die: 0.02}})
			defer p.Close()
			got, err := runner.MapReduce(t.Context(), p, odd, upTo(50), nil, func(acc []int, v int) []int { return append(acc, v) }, runner.JobOptions{LostRetries: 50})
			var failed *runner.TasksError
			if !errors.As(err, &failed) || len(failed.Failed) != 10 {
				t.Fatalf("error %v, want 10 failed tasks", err)
			}
			want := slices.DeleteFunc(upTo(50), func(x int) bool { return x%5 == 0 })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d: folded (-want +got):\n%s", seed, diff)
			}
		})
	}
}

// TestStreamErrors yields all results that there are, then the job's error.
func TestStreamErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 3, seed: 1})
		defer p.Close()
		seen := make(map[int]int)
		var last error
		for r, err := range runner.Stream(t.Context(), p, odd, upTo(1000), runner.JobOptions{}) {
			if last != nil {
				t.Fatalf("%+v, %v behind the error", r, err)
			}
			if last = err; err != nil {
				if r != (runner.Result[int]{Task: -1}) {
					t.Errorf("beside the error: %+v", r)
				}
				continue
			}
			if r.Value != r.Task {
				t.Errorf("task %d: %d", r.Task, r.Value)
			}
			seen[r.Task]++
		}
		var failed *runner.TasksError
		if !errors.As(last, &failed) || len(failed.Failed) != 200 || len(seen) != 800 {
			t.Errorf("%d results, error %v", len(seen), last)
		}
	})
}

// TestStreamCancelled ends the loop with the cause, from outside and by leaving.
func TestStreamCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 3, seed: 1})
		defer p.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		cause := errors.New("enough")
		var last error
		n := 0
		for _, err := range runner.Stream(ctx, p, triple, upTo(5000), runner.JobOptions{}) {
			if n++; n == 10 {
				cancel(cause)
			}
			last = err
		}
		if last != cause || n >= 5000 {
			t.Errorf("after %d results: error %v, want the cause", n, last)
		}
		for r, err := range runner.Stream(t.Context(), p, triple, upTo(5000), runner.JobOptions{}) {
			if err != nil || r.Task < 0 {
				t.Errorf("%+v, %v", r, err)
			}
			break
		}
	})
}

func TestJobTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(runner.InProc(2))
		defer p.Close()
		var tr *trace.Trace
		o := runner.JobOptions{JobTimeout: 3 * time.Second, Trace: func(got *trace.Trace) { tr = got }}
		_, err := runner.Map(t.Context(), p, wait, upTo(5), o)
		if !errors.Is(err, runner.ErrJobTimeout) || err.Error() != "job timeout: not done after 3s" {
			t.Errorf("error %v", err)
		}
		if tr.Makespan != trace.FromSeconds(3) || len(tr.Attempts) != 2 {
			t.Errorf("makespan %v s, %d attempts; want 3 s and one a worker", tr.Makespan.Seconds(), len(tr.Attempts))
		}
		for i, a := range tr.Attempts {
			if a.Outcome != trace.Cancelled || tr.Errors[i] != context.Canceled.Error() {
				t.Errorf("%+v, error %q", a, tr.Errors[i])
			}
		}
	})
}

// TestOptionsZero has values that must be as good as none.
func TestOptionsZero(t *testing.T) {
	p := runner.NewPool(runner.InProc(2))
	defer p.Close()
	o := runner.JobOptions{Chunk: -1, TaskTimeout: -1, JobTimeout: -1, FailedRetries: -1, LostRetries: -9}
	got, err := runner.Map(t.Context(), p, triple, upTo(10), o)
	if err != nil || got[9] != 28 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTasksErrorText(t *testing.T) {
	cause := errors.New("boom")
	e := &runner.TasksError{Tasks: 10}
	for i := range 5 {
		e.Failed = append(e.Failed, &runner.TaskError{Task: i, Label: fmt.Sprintf("input %d", i), Attempts: i, Err: cause})
	}
	if got, want := e.Error(), "5 of 10 tasks failed; input 0: boom; input 1: boom; input 2: boom (2 attempts); and 2 more"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	e.Failed = e.Failed[:3]
	if got := e.Error(); strings.Contains(got, "more") {
		t.Errorf("error %q", got)
	}
	var task *runner.TaskError
	if !errors.Is(e, cause) || !errors.As(e, &task) || task.Task != 0 {
		t.Error("the causes are not in the error's tree")
	}
	p := runner.NewPool(runner.InProc(1))
	defer p.Close()
	_, err := runner.Map(t.Context(), p, odd, []int{1, 5}, runner.JobOptions{FailedRetries: 1})
	if want := "1 of 2 tasks failed; task 1: no 5 (2 attempts)"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestGoexit has a function end its goroutine, as a failed test does: the task
// is lost, and the job not held up.
func TestGoexit(t *testing.T) {
	for name, backend := range map[string]runner.Launcher{"inproc": runner.InProc(2), "local": local.New(2, local.Options{})} {
		t.Run(name, func(t *testing.T) {
			p := runner.NewPool(backend)
			defer p.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			got, err := runner.Map(ctx, p, goexit, upTo(6), runner.JobOptions{LostRetries: 1})
			var failed *runner.TasksError
			if !errors.As(err, &failed) || len(failed.Failed) != 1 || failed.Failed[0].Task != 3 || !failed.Failed[0].Lost ||
				!strings.Contains(err.Error(), "a function ended its goroutine") {
				t.Errorf("error %v, want that task 3 was lost", err)
			}
			if diff := cmp.Diff([]int{0, 1, 2, 0, 4, 5}, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoGoroutineStays counts goroutines after a pool is closed, however its
// jobs ended.
func TestNoGoroutineStays(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, backend := range []runner.Launcher{runner.InProc(3), local.New(3, local.Options{})} {
		p := runner.NewPool(backend)
		if _, err := runner.Map(t.Context(), p, odd, upTo(50), runner.JobOptions{FailedRetries: 1}); err == nil {
			t.Error("no task failed")
		}
		if _, err := runner.Map(t.Context(), p, wait, upTo(5), runner.JobOptions{JobTimeout: 10 * time.Millisecond}); err == nil {
			t.Error("no timeout")
		}
		for range runner.Stream(t.Context(), p, odd, upTo(1000), runner.JobOptions{}) {
			break
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPoolTurns has jobs of one pool wait for their turn, and Close for them.
func TestPoolTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 2, task: func(int) time.Duration { return time.Millisecond }})
		errs := make(chan error, 5)
		for range 5 {
			go func() {
				got, err := runner.Map(t.Context(), p, triple, upTo(30), runner.JobOptions{})
				if err == nil && got[29] != 88 {
					err = fmt.Errorf("result %d", got[29])
				}
				errs <- err
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := runner.Map(ctx, p, triple, upTo(1), runner.JobOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v of a job whose turn did not come", err)
		}
		for range 5 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		for range 2 {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := runner.Map(t.Context(), p, triple, upTo(1), runner.JobOptions{}); err == nil {
			t.Error("a closed pool took a job")
		}
	})
}
