package runner_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"corecast/bench/metrics"
	"corecast/runner"
	"corecast/runner/trace"
)

// slowOne is ten workers, the first of which is ten times slower.
func slowOne(each time.Duration) *fakeBackend {
	return &fakeBackend{workers: 10, slow: 10, calm: true, task: func(int) time.Duration { return each }}
}

// TestTail holds that one slow worker in ten does not set the pace: the
// makespan is within 1.3 of what ten workers of those speeds need at best, and
// what is done twice is lost work of the partition.
func TestTail(t *testing.T) {
	for _, test := range []struct {
		name  string
		tasks int
		each  time.Duration
		chunk int
	}{
		{"tasks of 100 ms", 200, 100 * time.Millisecond, 0},
		{"few tasks of 1 s", 40, time.Second, 0},
		{"one by one", 200, 100 * time.Millisecond, 1},
		{"short tasks in chunks", 100_000, time.Millisecond, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, tr, err := scripted(t, slowOne(test.each), test.tasks, runner.JobOptions{Chunk: test.chunk})
				if err != nil {
					t.Fatal(err)
				}
				ideal := float64(test.tasks) * test.each.Seconds() / 9.1
				if got := tr.Makespan.Seconds() / ideal; got > 1.3 {
					t.Errorf("makespan %.3f s is %.2f of the ideal", tr.Makespan.Seconds(), got)
				}
				parts, _, err := metrics.Partition(tr)
				if err != nil {
					t.Fatal(err)
				}
				copied := slices.ContainsFunc(tr.Attempts, func(a trace.Attempt) bool { return a.Outcome == trace.Replaced })
				if copied != (parts.Lost > 0) {
					t.Errorf("copies: %v, lost work %v", copied, parts.Lost.Seconds())
				}
			})
		})
	}
}

// TestNoCopies holds that no task is at two workers at once where that is
// forbidden.
func TestNoCopies(t *testing.T) {
	for _, o := range []runner.JobOptions{{NoCopies: true, Chunk: 1}, {LostRetries: -1, Chunk: 1}} {
		synctest.Test(t, func(t *testing.T) {
			_, tr, err := scripted(t, slowOne(100*time.Millisecond), 200, o)
			if err != nil || len(tr.Attempts) != 200 {
				t.Errorf("%d attempts at 200 tasks, %v", len(tr.Attempts), err)
			}
		})
	}
}

// TestNoNeedlessCopies holds that workers alike run no task twice, though
// their tasks differ by half.
func TestNoNeedlessCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBackend{workers: 4, task: func(task int) time.Duration { return time.Duration(50+task*37%50) * time.Millisecond }}
		_, tr, err := scripted(t, b, 101, runner.JobOptions{})
		if err != nil || len(tr.Attempts) != 101 {
			t.Errorf("%d attempts at 101 tasks, %v", len(tr.Attempts), err)
		}
	})
}
