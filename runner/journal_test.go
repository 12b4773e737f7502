package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/runner"
	"corecast/runner/trace"
)

// memoryJournal is a journal that a test looks into.
type memoryJournal struct {
	tasks   []int
	results [][]byte
	// full is after how many results it takes no more; 0: never.
	full int
}

var errFull = errors.New("no space left")

func (j *memoryJournal) Load(yield func(int, []byte) error) error {
	for i, task := range j.tasks {
		lent := slices.Clone(j.results[i])
		if err := yield(task, lent); err != nil {
			return err
		}
		clear(lent)
	}
	return nil
}

func (j *memoryJournal) Append(task int, result []byte) error {
	if j.full > 0 && len(j.tasks) == j.full {
		return errFull
	}
	j.tasks, j.results = append(j.tasks, task), append(j.results, slices.Clone(result))
	return nil
}

// ran notes which tasks ran.
type ran struct {
	mu    sync.Mutex
	tasks []int
}

func (r *ran) add(task int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks = append(r.tasks, task)
}

// noted returns a function that squares its input and notes it; it fails for
// the multiples of 50.
func noted(r *ran) *runner.Func[int, int] {
	return runner.NewFunc("noted", func(_ context.Context, x int) (int, error) {
		if x%50 == 0 {
			return 0, fmt.Errorf("cannot do %d", x)
		}
		r.add(x)
		return x * x, nil
	})
}

// TestJournalGoesOn interrupts a job again and again, at random points, until
// it is done: each task with a result has run once, and the caller of the last
// part has all results.
func TestJournalGoesOn(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) { goesOn(t, rand.New(rand.NewPCG(seed, 3))) })
	}
}

func goesOn(t *testing.T, rng *rand.Rand) {
	var r ran
	f, j := noted(&r), &memoryJournal{}
	n := 1 + rng.IntN(200)
	in := make([]int, n)
	var failing []int
	for i := range in {
		if in[i] = i + 7; in[i]%50 == 0 {
			failing = append(failing, i)
		}
	}
	p := runner.NewPool(&fakeBackend{workers: 3, seed: rng.Uint64()})
	defer p.Close()
	for {
		before := slices.Clone(j.tasks)
		o := runner.JobOptions{Journal: j, Chunk: rng.IntN(5)}
		settled := 0
		o.Progress = func(done, tasks int) {
			if done < len(before) || tasks != n {
				t.Errorf("progress %d of %d with %d results kept", done, tasks, len(before))
			}
			settled = done
		}
		var tr *trace.Trace
		o.Trace = func(x *trace.Trace) { tr = x }
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.Int64N(int64(30*time.Millisecond))))
		got, err := collect(ctx, rng.IntN(3), p, f, in, o)
		cancel()
		checkPart(t, tr, before, n)
		if errors.Is(err, context.DeadlineExceeded) {
			continue
		}
		if settled != n && len(before) < n {
			t.Errorf("progress ended at %d of %d", settled, n)
		}
		wantTasks(t, err, failing)
		for i, x := range in {
			if want := x * x; x%50 != 0 && got[i] != want {
				t.Errorf("task %d: %d, want %d", i, got[i], want)
			}
		}
		break
	}
	slices.Sort(r.tasks)
	if want := slices.DeleteFunc(slices.Clone(in), func(x int) bool { return x%50 == 0 }); !slices.Equal(slices.Compact(slices.Clone(r.tasks)), want) || len(j.tasks) != len(want) {
		t.Errorf("%d tasks have run, %d are kept, want %d", len(r.tasks), len(j.tasks), len(want))
	}
}

// collect runs a job one of three ways and returns its results by task.
func collect(ctx context.Context, how int, p *runner.Pool, f *runner.Func[int, int], in []int, o runner.JobOptions) (map[int]int, error) {
	got := make(map[int]int)
	switch how {
	case 0:
		outs, err := runner.Map(ctx, p, f, in, o)
		for i, out := range outs {
			got[i] = out
		}
		return got, err
	case 1:
		// By their inputs' order: those of failed tasks are left out.
		outs, err := runner.MapReduce(ctx, p, f, in, nil, func(acc []int, v int) []int { return append(acc, v) }, o)
		next := 0
		for i, x := range in {
			if x%50 != 0 && next < len(outs) {
				got[i] = outs[next]
				next++
			}
		}
		return got, err
	}
	for r, err := range runner.Stream(ctx, p, f, in, o) {
		if err != nil {
			return got, err
		}
		if _, twice := got[r.Task]; twice {
			return got, fmt.Errorf("task %d came twice", r.Task)
		}
		got[r.Task] = r.Value
	}
	return got, nil
}

// checkPart checks that no task ran whose result had been kept before.
func checkPart(t *testing.T, tr *trace.Trace, before []int, n int) {
	t.Helper()
	if tr == nil {
		return // it never had its turn
	}
	if tr.Tasks != n {
		t.Errorf("the trace is of %d tasks, want %d", tr.Tasks, n)
	}
	for _, a := range tr.Attempts {
		if slices.Contains(before, int(a.Task)) {
			t.Errorf("task %d was attempted though its result was kept", a.Task)
		}
	}
}

func wantTasks(t *testing.T, err error, failing []int) {
	t.Helper()
	var failed *runner.TasksError
	var got []int
	if errors.As(err, &failed) {
		for _, f := range failed.Failed {
			got = append(got, f.Task)
			if want := fmt.Sprintf("task %d", f.Task); f.Label != want {
				t.Errorf("label %q, want %q", f.Label, want)
			}
		}
	} else if err != nil {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(failing, got); diff != "" {
		t.Errorf("failed tasks (-want +got):\n%s", diff)
	}
}

func TestJournalFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runner.NewPool(&fakeBackend{workers: 2})
		defer p.Close()
		j := &memoryJournal{full: 5}
		_, err := runner.Map(t.Context(), p, triple, make([]int, 100), runner.JobOptions{Journal: j})
		if !errors.Is(err, errFull) || len(j.tasks) != 5 || !strings.Contains(err.Error(), "keep the result of task") {
			t.Errorf("error %v with %d results kept", err, len(j.tasks))
		}
		j.full = 0
		if _, err := runner.Map(t.Context(), p, triple, make([]int, 100), runner.JobOptions{Journal: j}); err != nil || len(j.tasks) != 100 {
			t.Errorf("error %v with %d results kept", err, len(j.tasks))
		}
	})
}

func TestJournalOfAnother(t *testing.T) {
	p := runner.NewPool(runner.InProc(1))
	defer p.Close()
	for _, test := range []struct {
		journal memoryJournal
		want    string
	}{
		{memoryJournal{tasks: []int{3}, results: [][]byte{{2}}}, "of task 3, and the job has 3"},
		{memoryJournal{tasks: []int{-1}, results: [][]byte{{2}}}, "of task -1"},
		{memoryJournal{tasks: []int{1}, results: [][]byte{nil}}, "decode that of task 1"},
	} {
		if _, err := runner.Map(t.Context(), p, triple, ints3, runner.JobOptions{Journal: &test.journal}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want one with %q", err, test.want)
		}
	}
	// A result twice is one.
	j := &memoryJournal{tasks: []int{1, 1}, results: [][]byte{{8}, {10}}}
	out, err := runner.Map(t.Context(), p, triple, ints3, runner.JobOptions{Journal: j})
	if diff := cmp.Diff([]int{1, 4, 7}, out); err != nil || diff != "" {
		t.Errorf("error %v, results (-want +got):\n%s", err, diff)
	}
}

var ints3 = []int{0, 1, 2}

func TestFingerprint(t *testing.T) {
	prints := make(map[string]string)
	add := func(name, print string, err error) {
		if other, ok := prints[print]; ok || err != nil {
			t.Errorf("%s has the fingerprint of %s, %v", name, other, err)
		}
		prints[print] = name
	}
	print, err := runner.Fingerprint(triple, ints3)
	add("three", print, err)
	print, err = runner.Fingerprint(triple, ints3[:2])
	add("two", print, err)
	print, err = runner.Fingerprint(triple, nil)
	add("none", print, err)
	print, err = runner.Fingerprint(runner.NewFunc("other", triple.Call), ints3)
	add("another function", print, err)
	if again, _ := runner.Fingerprint(triple, []int{0, 1, 2}); prints[again] != "three" {
		t.Errorf("equal jobs have %v and %q", prints, again)
	}
}
