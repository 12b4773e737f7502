package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"corecast/internal/cgroup"
	"corecast/internal/cgroup/onv2"
	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/trace"
)

// The functions that these tests fan out.
var (
	// burn keeps a processor busy for so long, by the clock, and returns the
	// groups that it is in.
	burn = runner.NewFunc("local.burn", func(_ context.Context, d time.Duration) (string, error) {
		for end := time.Now().Add(d); time.Now().Before(end); {
		}
		data, err := os.ReadFile("/proc/self/cgroup")
		return string(data), err
	})

	// eat uses so many MiB.
	eat = runner.NewFunc("local.eat", func(_ context.Context, mib int) (int, error) {
		var eaten [][]byte
		for range mib {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			eaten = append(eaten, b)
		}
		return len(eaten), nil
	})

	// wait waits for so long; under 0, it has another process work.
	wait = runner.NewFunc("local.wait", func(_ context.Context, d time.Duration) (int, error) {
		if d < 0 {
			return 0, exec.Command("sh", "-c", "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done").Run()
		}
		time.Sleep(d)
		return 0, nil
	})

	// cores returns the cores that the worker may run on.
	cores = runner.NewFunc("local.cores", func(context.Context, int) ([]int, error) {
		time.Sleep(20 * time.Millisecond) // so that no worker does all
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
			return nil, err
		}
		var list []int
		for cpu := range 1024 {
			if set.IsSet(cpu) {
				list = append(list, cpu)
			}
		}
		return list, nil
	})
)

func limitFuncs() []runner.AnyFunc { return []runner.AnyFunc{whatIsGiven, burn, eat, cores, wait} }

// limitsEnv makes the test program a driver whose workers have limits.
const limitsEnv = "CORECAST_LIMITS_DRIVER"

func limitsDriver() {
	what := os.Getenv(limitsEnv)
	if what == "" {
		return
	}
	name, limits, _ := strings.Cut(what, " ")
	o := local.Options{Name: name, CoreShare: 0.25}
	if limits == "memory" {
		o = local.Options{Name: name, Memory: 64e6}
	}
	fmt.Println("check:", local.Check(2, o))
	p := runner.NewPool(local.New(2, o))
	fmt.Println("warm:", p.Warm(context.Background()))
	fmt.Println("ready")
	io.ReadAll(os.Stdin) // to its end
	p.Close()
	os.Exit(0)
}

// permitted skips a test where limits cannot be set.
func permitted(t *testing.T, o local.Options) local.Options {
	t.Helper()
	o.Name = strings.ReplaceAll(t.Name(), "/", "-")
	err := local.Check(1, o)
	if errors.Is(err, cgroup.ErrNotPermitted) || errors.Is(err, cgroup.ErrNotSupported) {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// groupsOf finds the folders of groups with a name, wherever they are mounted.
func groupsOf(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(d.Name(), name) {
			found = append(found, path)
		}
		return nil // what goes away meanwhile is of others
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// limited makes a pool, and sees that its groups are gone behind it.
func limited(t *testing.T, workers int, o local.Options) *runner.Pool {
	t.Helper()
	p := runner.NewPool(local.New(workers, o))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if left := groupsOf(t, o.Name); len(left) > 0 {
			t.Errorf("groups are left: %q", left)
		}
	})
	return p
}

// TestCoreShare has four workers of an eighth of a core that want all they can
// get: each is in a group of its own, and none gets more.
func TestCoreShare(t *testing.T) {
	o := permitted(t, local.Options{CoreShare: 0.125})
	p := limited(t, 4, o)
	if p.VCPU() != 0.125 {
		t.Errorf("a worker has %v vCPU", p.VCPU())
	}
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(groupsOf(t, o.Name)) == 0 {
		t.Error("there are no groups of that name")
	}
	var tr *trace.Trace
	groups, err := runner.Map(t.Context(), p, burn, slices.Repeat([]time.Duration{150 * time.Millisecond}, 12),
		runner.JobOptions{Chunk: 1, Trace: func(x *trace.Trace) { tr = x }})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(groups)
	if n := len(slices.Compact(groups)); n != 4 {
		t.Errorf("tasks ran in %d sets of groups, want 4", n)
	}
	wall := tr.Makespan.Seconds()
	for _, w := range tr.Workers {
		if w.VCPU != 0.125 || w.MemoryLimit != 0 {
			t.Errorf("worker %d has %v vCPU and a limit of %d bytes", w.Slot, w.VCPU, w.MemoryLimit)
		}
		// A period and a tick may be over.
		if used := w.CPU.Seconds(); used <= 0 || used > 0.125*wall+0.03 {
			t.Errorf("worker %d used %.3f s in %.3f s", w.Slot, used, wall)
		}
	}
}

// TestUsage has tasks that work, wait, and have another process work: what
// each used is told, of long tasks, and what the worker used in all.
func TestUsage(t *testing.T) {
	p := runner.NewPool(local.New(1, local.Options{}))
	defer p.Close()
	run := func(f *runner.Func[time.Duration, int], in ...time.Duration) *trace.Trace {
		t.Helper()
		var tr *trace.Trace
		if _, err := runner.Map(t.Context(), p, f, in, runner.JobOptions{Trace: func(x *trace.Trace) { tr = x }}); err != nil {
			t.Fatal(err)
		}
		return tr
	}
	const ms = time.Millisecond
	tr := run(wait, 30*ms, 30*ms, 0, 0, 0, -1, -1)
	w := &tr.Workers[0]
	if w.CPU < trace.Time(5*ms) || w.VoluntarySwitches < 4 || w.PeakMemory <= 0 {
		t.Errorf("the worker used %+v", w)
	}
	if w.Throttled.Known() || w.Waited.Known() {
		t.Errorf("no quota holds the worker, and it waited: %+v", w)
	}
	measured := make(map[int32]trace.TaskUsage)
	for _, u := range tr.Usages {
		measured[tr.Attempts[u.Attempt].Task] = u
	}
	for task, deep := range map[int32]bool{0: false, 1: true, 2: true} {
		u, ok := measured[task]
		if !ok || u.CPU < 0 || u.CPU > trace.Time(25*ms) || (u.PeakMemory > 0) != deep || u.Throttled.Known() {
			t.Errorf("task %d used %+v, %v", task, u, ok)
		}
	}
	if u := measured[1]; u.Voluntary < 1 {
		t.Errorf("it slept: %+v", u)
	}
	for _, task := range []int32{3, 4} { // behind short ones
		if u, ok := measured[task]; ok {
			t.Errorf("task %d, which was short, was measured: %+v", task, u)
		}
	}
	if u, ok := measured[6]; !ok || u.CPU < trace.Time(5*ms) { // behind a long one
		t.Errorf("a process was started that used %+v, %v", u, ok)
	}
}

// TestUsageUnderQuota: a quota's account is told with the rest.
func TestUsageUnderQuota(t *testing.T) {
	p := limited(t, 1, permitted(t, local.Options{CoreShare: 0.125}))
	var tr *trace.Trace
	_, err := runner.Map(t.Context(), p, burn, slices.Repeat([]time.Duration{150 * time.Millisecond}, 3),
		runner.JobOptions{Trace: func(x *trace.Trace) { tr = x }})
	if err != nil {
		t.Fatal(err)
	}
	w := &tr.Workers[0]
	if !w.Throttled.Known() || w.Throttled < 0 || w.Throttled > tr.Makespan || w.CPU <= 0 {
		t.Errorf("the worker used %+v in %v s", w, tr.Makespan.Seconds())
	}
	if w.Waited.Known() && w.Waited+w.CPU > tr.Makespan*5/4 {
		t.Errorf("it waited for %v s and ran for %v s in %v s", w.Waited.Seconds(), w.CPU.Seconds(), tr.Makespan.Seconds())
	}
	if n := len(tr.Usages); n != 3 || !tr.Usages[2].Throttled.Known() || tr.Usages[2].CPU <= 0 {
		t.Errorf("%d tasks were measured: %+v", n, tr.Usages)
	}
}

// TestOutOfMemory has a task that needs more than its worker may have.
func TestOutOfMemory(t *testing.T) {
	o := permitted(t, local.Options{Memory: 40e6})
	p := limited(t, 1, o)
	var tr *trace.Trace
	got, err := runner.Map(t.Context(), p, eat, []int{1, 64, 2},
		runner.JobOptions{Chunk: 1, LostRetries: 1, Trace: func(x *trace.Trace) { tr = x }})
	var failed *runner.TasksError
	if !errors.As(err, &failed) || len(failed.Failed) != 1 {
		t.Fatalf("error %v, want one failed task", err)
	}
	f := failed.Failed[0]
	if !f.Lost || f.Task != 1 || f.Attempts != 2 || !strings.Contains(f.Error(), "out of memory (limit 40 MB)") {
		t.Errorf("error %q of task %d", f, f.Task)
	}
	if got[0] != 1 || got[2] != 2 {
		t.Errorf("the other tasks gave %v", got)
	}
	for _, w := range tr.Workers {
		if w.MemoryLimit != 40e6 {
			t.Errorf("a worker's limit is %d", w.MemoryLimit)
		}
		if w.Lost != strings.HasPrefix(w.ExitReason, "out of memory") {
			t.Errorf("lost %v: %q", w.Lost, w.ExitReason)
		}
	}
}

// TestKilledOtherwise: not every kill is for memory.
func TestKilledOtherwise(t *testing.T) {
	o := permitted(t, local.Options{Memory: 200e6})
	p := limited(t, 1, o)
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() {
		for _, dir := range groupsOf(t, "w0-1") {
			data, _ := os.ReadFile(dir + "/cgroup.procs")
			var pid int
			if n, _ := fmt.Sscan(string(data), &pid); n == 1 && strings.Contains(dir, o.Name) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	var tr *trace.Trace
	_, err := runner.Map(t.Context(), p, burn, []time.Duration{300 * time.Millisecond}, runner.JobOptions{Trace: func(x *trace.Trace) { tr = x }})
	if err != nil {
		t.Fatal(err)
	}
	if why := tr.Workers[0].ExitReason; !tr.Workers[0].Lost || !strings.Contains(why, "signal: killed") || strings.Contains(why, "memory") {
		t.Errorf("it went because: %s", why)
	}
}

// TestPin has each worker on one core.
func TestPin(t *testing.T) {
	n := allowed(t)
	p := runner.NewPool(local.New(n, local.Options{Pin: true}))
	defer p.Close()
	lists, err := runner.Map(t.Context(), p, cores, make([]int, 4*n), runner.JobOptions{Chunk: 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]bool)
	for _, list := range lists {
		if len(list) != 1 {
			t.Fatalf("a worker may run on cores %v", list)
		}
		seen[list[0]] = true
	}
	if len(seen) != n {
		t.Errorf("%d workers are on cores %v", n, seen)
	}
	// The driver is not pinned.
	if now := allowed(t); now != n {
		t.Errorf("this process may run on %d cores, before on %d", now, n)
	}
}

// allowed is how many cores this thread may run on.
func allowed(t *testing.T) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	return set.Count()
}

// TestCheck has what cannot be had.
func TestCheck(t *testing.T) {
	n := allowed(t)
	for _, c := range []struct {
		workers int
		o       local.Options
		want    string // in the error; empty: it is fine
	}{
		{n, local.Options{}, ""},
		{n, local.Options{Pin: true}, ""},
		{n + 1, local.Options{Pin: true}, fmt.Sprintf("pin workers to cores: %d workers of 1 vCPU need %d cores", n+1, n+1)},
		{n, local.Options{Pin: true, VCPU: 2}, "of 2 vCPU need"},
		{1, local.Options{CoreShare: 0.01}, "a core share of 0.01: between 0.05 (1 ms in 20 ms) and below 1"},
		{1, local.Options{CoreShare: 1}, "a core share of 1"},
		{1, local.Options{CoreShare: -0.5}, "a core share of -0.5"},
		{1, local.Options{CoreShare: math.NaN()}, "a core share of NaN"},
		{1, local.Options{Memory: -1}, "negative"},
	} {
		err := local.Check(c.workers, c.o)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d workers, %+v: %v, want %q", c.workers, c.o, err, c.want)
		}
	}
	o := permitted(t, local.Options{CoreShare: 0.125, Memory: 64e6, Pin: true})
	if err := local.Check(16*n, o); err != nil {
		t.Errorf("shares of pinned cores: %v", err)
	}
	if left := groupsOf(t, o.Name); len(left) > 0 {
		t.Errorf("checking left groups: %q", left)
	}
}

// driver starts the test program as a driver.
func driver(t *testing.T, what string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), limitsEnv+"="+what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// readUntil reads until a word comes.
func readUntil(t *testing.T, r io.Reader, word string) string {
	t.Helper()
	var said strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(said.String(), word) {
		n, err := r.Read(buf)
		said.Write(buf[:n])
		if err != nil {
			t.Fatalf("it said %q: %v", &said, err)
		}
	}
	return said.String()
}

// TestKilledDriverLeavesGroups: the next driver removes them.
func TestKilledDriverLeavesGroups(t *testing.T) {
	o := permitted(t, local.Options{CoreShare: 0.25})
	name := t.Name() + "-dead"
	cmd, out := driver(t, name)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, out, "ready")
	if len(groupsOf(t, name)) == 0 {
		t.Error("the driver has no groups")
	}
	cmd.Process.Kill()
	cmd.Wait()
	p := limited(t, 1, o)
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := groupsOf(t, name); len(left) > 0 {
		t.Errorf("of the killed driver are left: %q", left)
	}
}

// TestNotPermitted has a driver of another user: one clear error, at once.
func TestNotPermitted(t *testing.T) {
	permitted(t, local.Options{CoreShare: 0.25, Memory: 64e6})
	if os.Getuid() != 0 {
		t.Skip("not applicable: this user may set limits without being root")
	}
	for what, want := range map[string]string{
		"x share":  "hold workers to 25 % of a core: ",
		"x memory": "hold workers to 64 MB of memory: ",
	} {
		cmd, out := driver(t, what)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		program, err := os.Open("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		cmd.ExtraFiles = []*os.File{program}
		cmd.Path = "/proc/self/fd/3" // its folder may be another user's
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		program.Close()
		said := readUntil(t, out, "ready")
		cmd.Process.Kill()
		cmd.Wait()
		t.Log(said)
		lines := strings.Split(said, "\n")
		if !strings.HasPrefix(lines[0], "check: "+want) || !strings.HasPrefix(lines[1], "warm: backend local: workers do not start: "+want) ||
			!strings.Contains(lines[1], "not permitted") || !strings.Contains(lines[1], "run it as root") {
			t.Errorf("it said\n%s", said)
		}
	}
}

// TestLimitsOnVersion2 runs these tests on control groups of version 2.
func TestLimitsOnVersion2(t *testing.T) {
	onv2.Run(t, "^(TestCoreShare|TestOutOfMemory|TestKilledDriverLeavesGroups|TestNotPermitted)$")
}
