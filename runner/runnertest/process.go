package runnertest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"corecast/runner"
	"corecast/runner/trace"
)

func testWorkerPrints(t *testing.T, b Backend) {
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(5, 2, "chatter", ""), runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, got)
}

func testWorkerExits(t *testing.T, b Backend) {
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(30, 7, "exit", ""), runner.JobOptions{LostRetries: -1, Chunk: 1})
	f := wantFailed(t, err, 7)[0]
	if !f.Lost || !strings.Contains(f.Error(), "exit status 3") {
		t.Errorf("error %q, want a lost task and exit status 3", f)
	}
	wantSquares(t, got, 7)
}

func testWorkerKilled(t *testing.T, b Backend) {
	o, tr := traced(runner.JobOptions{})
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(30, 7, "die-once", t.TempDir()), o)
	if err != nil {
		t.Fatal(err)
	}
	wantSquares(t, got)
	lost := 0
	for _, w := range tr.Workers {
		if w.Lost {
			lost++
		}
	}
	if lost != 1 || len(tr.Workers) != 3 {
		t.Errorf("%d of %d workers lost, want 1 of 3", lost, len(tr.Workers))
	}
}

func testKilledOutside(t *testing.T, b Backend) {
	p := pool(t, b, 3)
	first, err := runner.Map(t.Context(), p, nap, slices.Repeat([]time.Duration{10 * time.Millisecond}, 12), runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pids := slices.Compact(slices.Sorted(slices.Values(first)))
	time.AfterFunc(100*time.Millisecond, func() { syscall.Kill(pids[0], syscall.SIGKILL) })
	o, tr := traced(runner.JobOptions{})
	if _, err := runner.Map(t.Context(), p, nap, slices.Repeat([]time.Duration{50 * time.Millisecond}, 24), o); err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, tr, map[trace.Outcome]int{trace.Done: 24, trace.Lost: 1})
}

func testPoison(t *testing.T, b Backend) {
	got, err := runner.Map(t.Context(), pool(t, b, 2), act, acts(30, 7, "kill", ""), runner.JobOptions{LostRetries: 2})
	f := wantFailed(t, err, 7)[0]
	if !f.Lost || f.Attempts < 3 { // more while others were suspected with it
		t.Errorf("error %+v, want a task lost after 3 attempts at least", f)
	}
	wantSquares(t, got, 7)
}

// alive reports whether a process runs (a zombie does not).
func alive(pid int) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func anyAlive(pids []int) bool { return slices.ContainsFunc(pids, alive) }

func workerPIDs(t *testing.T, tr *trace.Trace) []int {
	t.Helper()
	var pids []int
	for _, w := range tr.Workers {
		pid, err := strconv.Atoi(w.ID)
		if err != nil || pid <= 1 {
			t.Fatalf("worker %+v has no process id", w)
		}
		pids = append(pids, pid)
	}
	return pids
}

func testCancelLeavesNothing(t *testing.T, b Backend) {
	p := pool(t, b, 2)
	if err := p.Warm(t.Context()); err != nil { // a worker that is not ready has nothing to heed
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	o, tr := traced(runner.JobOptions{})
	_, err := runner.Map(ctx, p, stubborn, slices.Repeat([]time.Duration{time.Minute}, 4), o)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	pids := workerPIDs(t, tr)
	if len(pids) != 2 {
		t.Fatalf("%d workers, want 2", len(pids))
	}
	soon(t, time.Second, "the workers that heed nothing are gone", func() bool { return !anyAlive(pids) })
}

func testCloseLeavesNothing(t *testing.T, b Backend) {
	p := runner.NewPool(b.New(4))
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	o, tr := traced(runner.JobOptions{})
	squares(t, p, 100, o)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if pids := workerPIDs(t, tr); len(pids) != 4 || anyAlive(pids) {
		t.Errorf("after Close some of %v are alive", pids)
	}
	if _, err := runner.Map(t.Context(), p, square, ints(1), runner.JobOptions{}); err == nil {
		t.Error("a closed pool took a job")
	}
}

// DriverEnv makes a test program a driver that the suite kills; see [Drive].
const DriverEnv = "CORECAST_RUNNERTEST_DRIVER"

// Drive is to be called in TestMain after runner.Main: when the suite started
// this process as a driver, it runs the job that the suite asks for, or prints
// its workers' process ids and keeps them busy with a task that heeds nothing.
// Then it never returns.
func Drive(b Backend) {
	value := os.Getenv(DriverEnv)
	if value == "" {
		return
	}
	if seed, dir, ok := drivenBy(value); ok {
		if err := drive(b, seed, dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	p := runner.NewPool(b.New(3))
	pids, err := runner.Map(context.Background(), p, nap, slices.Repeat([]time.Duration{50 * time.Millisecond}, 12), runner.JobOptions{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(strings.Trim(fmt.Sprint(slices.Compact(slices.Sorted(slices.Values(pids)))), "[]"))
	runner.Map(context.Background(), p, stubborn, slices.Repeat([]time.Duration{time.Hour}, 3), runner.JobOptions{})
	os.Exit(1)
}

func testDriverKilled(t *testing.T, _ Backend) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), DriverEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the driver said %q: %v", line, err)
	}
	var pids []int
	for _, field := range strings.Fields(line) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the driver said %q", line)
		}
		pids = append(pids, pid)
	}
	time.Sleep(100 * time.Millisecond) // until they are in the task that heeds nothing
	if len(pids) != 3 || !alive(pids[0]) || !alive(pids[1]) || !alive(pids[2]) {
		t.Fatalf("workers %v, want 3 that run", pids)
	}
	cmd.Process.Kill()
	cmd.Wait()
	soon(t, time.Second, "the workers of a killed driver are gone", func() bool { return !anyAlive(pids) })
}

// foreignPool makes a pool of another program's workers.
func foreignPool(t *testing.T, b Backend, program string) *runner.Pool {
	p := runner.NewPool(b.Foreign(2, program))
	t.Cleanup(func() { p.Close() })
	return p
}

func testOtherBuild(t *testing.T, b Backend) {
	dir := t.TempDir()
	source := `package main

import (
	"corecast/runner/remote"
	"corecast/runner/runnertest"
)

func main() { remote.Main(runnertest.Funcs()...) }
`
	if err := os.WriteFile(dir+"/main.go", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", dir+"/other", dir+"/main.go").CombinedOutput(); err != nil {
		t.Fatalf("build another program: %v\n%s", err, out)
	}
	_, err := runner.Map(t.Context(), foreignPool(t, b, dir+"/other"), square, ints(5), runner.JobOptions{})
	if err == nil || !strings.Contains(err.Error(), "both must be the same program") {
		t.Errorf("error %v, want a refusal of the other build", err)
	}
}

func testProgramMissing(t *testing.T, b Backend) {
	_, err := runner.Map(t.Context(), foreignPool(t, b, "/nowhere/program"), square, ints(5), runner.JobOptions{})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/program") {
		t.Errorf("error %v, want one that names the program", err)
	}
}
