package runnertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"corecast/runner"
	"corecast/runner/trace"
)

// The environment of the fault part.
const (
	// SeedsEnv says how many seeds are run, whatever time they take; without
	// it, as many as fit into some seconds.
	SeedsEnv = "CORECAST_FAULT_SEEDS"
	// SeedEnv names one seed, which is run alone.
	SeedEnv = "CORECAST_FAULT_SEED"
)

// Without SeedsEnv, so many seeds are run at most, for so long.
const (
	defaultSeeds = 60
	defaultTime  = 12 * time.Second
	mostFailed   = 10
)

// Faults runs the fault part of the suite: scenarios, each drawn from a seed,
// of a job and several faults at once. After each, every task has one right
// result or one named failure that the scenario explains, the trace adds up,
// and no process, goroutine, descriptor or file is left.
func Faults(t *testing.T, b Backend) {
	if one := os.Getenv(SeedEnv); one != "" {
		seed, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			t.Fatalf("%s=%q is not a seed", SeedEnv, one)
		}
		runSeed(t, b, seed)
		return
	}
	seeds, limit := cmp.Or(b.Seeds, defaultSeeds), time.Now().Add(defaultTime)
	if n := os.Getenv(SeedsEnv); n != "" {
		var err error
		if seeds, err = strconv.Atoi(n); err != nil {
			t.Fatalf("%s=%q is not a number", SeedsEnv, n)
		}
		limit = time.Now().Add(24 * time.Hour)
	}
	failed, counts := 0, make(map[string]int)
	for seed := range seeds {
		if time.Now().After(limit) {
			t.Logf("%d of %d seeds fitted into %v", seed, seeds, defaultTime)
			break
		}
		names, ok := runSeed(t, b, uint64(seed))
		for _, name := range names {
			counts[name]++
		}
		if !ok {
			failed++
		}
		if failed == mostFailed {
			t.Fatalf("%d seeds have failed: the others are not run", failed)
		}
	}
	for _, f := range faults() {
		if f.needs&^b.Has == 0 {
			t.Logf("%4d times: %s", counts[f.name], f.name)
		}
	}
}

// runSeed runs a scenario as a subtest and returns the names of its faults.
func runSeed(t *testing.T, b Backend, seed uint64) (names []string, ok bool) {
	s := draw(seed, b.Has)
	ok = t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
		defer func() {
			if t.Failed() {
				t.Logf("%vrun it alone: %s=%d go test -count 1 -run '%s' %s", s, SeedEnv, seed, parent(t.Name()), testedPackage())
			}
		}()
		stuck := time.AfterFunc(scenarioLimit, func() {
			panic(fmt.Sprintf("after %v a scenario is stuck: %v", scenarioLimit, s))
		})
		defer stuck.Stop()
		if os.Getenv(SeedEnv) != "" {
			t.Log(s)
		}
		s.run(t, b)
	})
	return s.faults, ok
}

func parent(name string) string {
	before, _, _ := strings.Cut(name, "/")
	return "^" + before + "$"
}

// testedPackage is the folder of the tests, as go test takes it.
func testedPackage() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	if _, below, ok := strings.Cut(dir, "/runner"); ok {
		return "./runner" + below
	}
	return "."
}

// stage is what a scenario runs on.
type stage struct {
	*scenario
	t    *testing.T
	b    Backend
	spy  *spy
	pool *runner.Pool

	settled chan struct{} // a token when tasks have been settled since
	limit   sync.Mutex    // held by who changes the limit of descriptors
	mu      sync.Mutex
	done    int // tasks settled
}

// run runs the scenario and checks what is left.
func (s *scenario) run(t *testing.T, b Backend) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	for i := range s.steps {
		s.steps[i].Dir = dir
	}
	before := look(t)
	if s.alone != nil {
		s.alone(t, b, s.seed, dir)
		before.compare(t, b, nil)
		return
	}
	g := &stage{scenario: s, t: t, b: b, settled: make(chan struct{}, 1)}
	g.open()
	g.job()
	g.again()
	if err := g.pool.Close(); err != nil {
		t.Errorf("close the pool: %v", err)
	}
	ids, lost := g.spy.all()
	if !g.poisoned() && len(lost) > s.losses {
		t.Errorf("%d workers were lost, the scenario's faults cost %d at most: %q", len(lost), s.losses, lost)
	}
	before.compare(t, b, ids)
}

// poisoned reports whether some task is given up for the workers that it cost.
func (s *scenario) poisoned() bool { return len(s.lost) > 0 }

// open makes the pool over the backend that the scenario needs.
func (g *stage) open() {
	g.spy = &spy{Launcher: g.launcher(), repeats: g.repeats, rng: rand.New(rand.NewPCG(g.seed, 8)), onStart: g.newborn}
	g.pool = runner.NewPool(g.spy)
}

func (g *stage) launcher() runner.Launcher {
	setup := Setup{Memory: g.memory, StartTimeout: g.start}
	if len(g.harms) > 0 {
		setup.Wrap = (&tamper{harms: g.harms}).wrap
	}
	return g.b.faulty(g.workers, setup)
}

// newborn kills workers that are to die as they start.
func (g *stage) newborn(n int, id string) {
	for _, o := range g.outside {
		if o.what == strikeNewborn && o.worker == n {
			g.b.signal(id, syscall.SIGKILL)
		}
	}
}

// job runs the scenario's job, struck from outside, and checks what came of it.
func (g *stage) job() {
	ctx, cancel := context.WithTimeout(g.t.Context(), scenarioLimit-10*time.Second)
	defer cancel()
	var strikes sync.WaitGroup
	for _, o := range g.outside {
		if o.what != strikeNewborn {
			strikes.Go(func() { g.strike(ctx, o) })
		}
	}
	var tr *trace.Trace
	o := g.options
	o.Trace = func(x *trace.Trace) { tr = x }
	o.Progress = g.progress
	var err error
	if len(g.steps) > 0 {
		err = runAll(ctx, g, step, g.steps, o, func(i int, got StepResult) {
			if want := g.steps[i].want(); !want.equal(got) {
				g.t.Errorf("task %d: result %d with sum %x and %d bytes, want %d with %x and %d", i, got.Task, got.Sum, len(got.Data), want.Task, want.Sum, len(want.Data))
			}
		})
	} else {
		err = runAll(ctx, g, square, ints(g.squares), o, func(i, got int) {
			if got != i*i {
				g.t.Errorf("task %d: %d, want %d", i, got, i*i)
			}
		})
	}
	cancel() // for strikes at what never came
	strikes.Wait()
	g.check(err)
	if err != nil && tasksError(err) == nil {
		return // check has told
	}
	for _, wrong := range Audit(tr, g.tasks(), g.workers, err) {
		g.t.Error(wrong)
	}
}

// progress wakes those who strike after some results.
func (g *stage) progress(settled, _ int) {
	g.mu.Lock()
	g.done = settled
	g.mu.Unlock()
	select {
	case g.settled <- struct{}{}:
	default:
	}
}

// runAll runs a job the way the scenario says, and checks that each task that
// does not fail comes once. check sees each result.
func runAll[In, Out any](ctx context.Context, g *stage, f *runner.Func[In, Out], inputs []In, o runner.JobOptions, check func(int, Out)) error {
	var err error
	switch g.how {
	case "stream":
		seen := make([]int, len(inputs))
		n := 0
		for r, e := range runner.Stream(ctx, g.pool, f, inputs, o) {
			if e != nil {
				err = e
				break
			}
			check(r.Task, r.Value)
			seen[r.Task]++
			time.Sleep(g.pauses[n])
			n++
		}
		g.once(seen, err)
	case "reduce":
		var outs []Out
		outs, err = runner.MapReduce(ctx, g.pool, f, inputs, nil, func(acc []Out, v Out) []Out { return append(acc, v) }, o)
		g.inOrder(len(outs), err)
		next := 0
		failed := failedTasks(err)
		for i := range inputs {
			if !failed[i] && next < len(outs) {
				check(i, outs[next])
				next++
			}
		}
	default:
		var outs []Out
		outs, err = runner.Map(ctx, g.pool, f, inputs, o)
		failed := failedTasks(err)
		for i, out := range outs {
			if !failed[i] && (err == nil || tasksError(err) != nil) {
				check(i, out)
			}
		}
	}
	return err
}

// once checks that each task came once, and those that failed never.
func (g *stage) once(seen []int, err error) {
	failed := failedTasks(err)
	for i, n := range seen {
		if want := 1; n != want && !failed[i] && (err == nil || tasksError(err) != nil) || failed[i] && n > 0 {
			g.t.Errorf("task %d came %d times, failed: %v", i, n, failed[i])
		}
	}
}

func (g *stage) inOrder(n int, err error) {
	if want := g.tasks() - len(failedTasks(err)); n != want && (err == nil || tasksError(err) != nil) {
		g.t.Errorf("%d results were reduced, want %d", n, want)
	}
}

func tasksError(err error) *runner.TasksError {
	var e *runner.TasksError
	errors.As(err, &e)
	return e
}

func failedTasks(err error) map[int]bool {
	failed := make(map[int]bool)
	if e := tasksError(err); e != nil {
		for _, f := range e.Failed {
			failed[f.Task] = true
		}
	}
	return failed
}

// check checks that just those tasks were given up that had to be, and for the
// right reason.
func (g *stage) check(err error) {
	e := tasksError(err)
	if err != nil && e == nil {
		g.t.Errorf("error %v", err)
		return
	}
	got := make(map[int]bool)
	if e != nil {
		for _, f := range e.Failed {
			got[f.Task] = true
			switch {
			case g.lost[f.Task] && f.Lost, g.failed[f.Task] && !f.Lost:
			case g.failed[f.Task] || g.lost[f.Task]:
				g.t.Errorf("task %d was given up for another reason than it has: %v", f.Task, f)
			default:
				g.t.Errorf("task %d was given up: %v", f.Task, f)
			}
		}
	}
	for _, want := range []map[int]bool{g.lost, g.failed} {
		for task := range want {
			if !got[task] {
				g.t.Errorf("task %d was not given up", task)
			}
		}
	}
}

// again checks that the pool is still of use: what is left of the harms may
// still come.
func (g *stage) again() {
	ctx, cancel := context.WithTimeout(g.t.Context(), scenarioLimit/3)
	defer cancel()
	got, err := runner.Map(ctx, g.pool, square, ints(30), runner.JobOptions{LostRetries: max(1, g.losses), Silence: g.options.Silence})
	if err != nil {
		g.t.Errorf("the next job on the pool: %v", err)
		return
	}
	for i, v := range got {
		if v != i*i {
			g.t.Errorf("the next job on the pool: task %d: %d", i, v)
		}
	}
}

// strike strikes a worker from outside, when its time has come.
func (g *stage) strike(ctx context.Context, o outside) {
	if !g.await(ctx, o.after) {
		return
	}
	select {
	case <-time.After(o.wait):
	case <-ctx.Done():
		return
	}
	alive := g.spy.living()
	if len(alive) == 0 {
		return
	}
	id := alive[o.worker%len(alive)]
	switch o.what {
	case strikeKill:
		g.b.signal(id, syscall.SIGKILL)
	case strikeStop:
		g.b.signal(id, syscall.SIGSTOP)
	case strikePause:
		g.b.signal(id, syscall.SIGSTOP)
		time.Sleep(o.hold)
		g.b.signal(id, syscall.SIGCONT)
	case strikeDescriptors:
		g.limit.Lock() // the limit is the whole process's
		defer g.limit.Unlock()
		giveBack, err := takeDescriptors()
		if err != nil {
			g.t.Error(err)
			return
		}
		g.b.signal(id, syscall.SIGKILL)
		time.Sleep(o.hold)
		giveBack()
	}
}

// await waits until so many tasks are settled.
func (g *stage) await(ctx context.Context, n int) bool {
	for {
		g.mu.Lock()
		done := g.done
		g.mu.Unlock()
		if done >= n && (n > 0 || len(g.spy.living()) > 0) {
			return true
		}
		select {
		case <-g.settled:
			select { // for others who wait
			case g.settled <- struct{}{}:
				time.Sleep(time.Millisecond)
			default:
			}
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return false
		}
	}
}
