package runnertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"corecast/results"
	"corecast/runner"
)

// drivenSteps are the tasks of a job whose driver is killed or whose disk is
// full: they note each attempt in the folder.
func drivenSteps(seed uint64, has Needs, dir string) (steps []Step, o runner.JobOptions) {
	r := rand.New(rand.NewPCG(seed, 9))
	steps = make([]Step, 1+r.IntN(100))
	for i := range steps {
		steps[i] = Step{Task: i, Out: drawSize(r) % 20_000, Dir: dir, Log: filepath.Join(dir, "attempts")}
		if r.IntN(2) == 0 {
			steps[i].Nap = time.Duration(r.Int64N(int64(6 * time.Millisecond)))
		}
		switch n := r.IntN(40); {
		case n == 0:
			steps[i].Do = deedFail
		case n == 1 && has&Process != 0:
			steps[i].Do, steps[i].Once = deedKill, true
		}
	}
	o.LostRetries = 10
	if r.IntN(2) == 0 {
		o.Chunk = 1 + r.IntN(8)
	}
	return steps, o
}

// openKept opens the journal of the job at a path.
func openKept(steps []Step, path string) (*results.Journal, error) {
	print, err := runner.Fingerprint(step, steps)
	if err != nil {
		return nil, err
	}
	journal, _, err := results.OpenJournal(path, map[string]string{"inputs": print})
	return journal, err
}

// keptJob runs the job with a journal at a path.
func keptJob(ctx context.Context, p *runner.Pool, steps []Step, o runner.JobOptions, path string) (outs []StepResult, err error) {
	journal, err := openKept(steps, path)
	if err != nil {
		return nil, err
	}
	o.Journal = journal
	outs, err = runner.Map(ctx, p, step, steps, o)
	if e := journal.Close(); e != nil && (err == nil || tasksError(err) != nil) {
		err = e
	}
	return outs, err
}

// keptTasks returns the tasks whose results a journal holds.
func keptTasks(steps []Step, path string) ([]int, error) {
	journal, err := openKept(steps, path)
	if err != nil {
		return nil, err
	}
	var kept []int
	err = journal.Load(func(task int, _ []byte) error { kept = append(kept, task); return nil })
	return kept, errors.Join(err, journal.Close())
}

// drivenAnswer is what a driver that came to its end has to say.
type drivenAnswer struct {
	Results []StepResult
	Failed  []int
	Error   string
}

func answerOf(outs []StepResult, err error) drivenAnswer {
	a := drivenAnswer{Results: outs}
	if e := tasksError(err); e != nil {
		for _, f := range e.Failed {
			a.Failed = append(a.Failed, f.Task)
		}
	} else if err != nil {
		a.Error = err.Error()
	}
	return a
}

// check compares the answer with what it must be.
func (a drivenAnswer) check(t *testing.T, steps []Step) {
	t.Helper()
	if len(a.Results) != len(steps) || a.Error != "" {
		t.Fatalf("the answer has %d results of %d, error %q", len(a.Results), len(steps), a.Error)
	}
	var failed []int
	for i, s := range steps {
		var want StepResult
		if s.Do == deedFail {
			failed = append(failed, i)
		} else {
			want = s.want()
		}
		if got := a.Results[i]; !want.equal(got) {
			t.Errorf("task %d: result %d with sum %x and %d bytes, want %d with %x and %d", i, got.Task, got.Sum, len(got.Data), want.Task, want.Sum, len(want.Data))
		}
	}
	if !slices.Equal(a.Failed, failed) {
		t.Errorf("tasks %v failed, want %v", a.Failed, failed)
	}
}

// drive runs the job of a seed in this process, which the suite may kill, and
// writes the answer.
func drive(b Backend, seed uint64, dir string) error {
	steps, o := drivenSteps(seed, b.Has, dir)
	p := runner.NewPool(b.faulty(1+int(seed%4), Setup{}))
	outs, err := keptJob(context.Background(), p, steps, o, filepath.Join(dir, results.JournalFile))
	data, e := json.Marshal(answerOf(outs, err))
	if e = errors.Join(e, p.Close()); e != nil {
		return e
	}
	return os.WriteFile(filepath.Join(dir, "answer"), data, 0o600)
}

// attempt is a line of the file of attempts.
type attempt struct{ task, pid int }

func readAttempts(t *testing.T, dir string) []attempt {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "attempts"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var list []attempt
	for line := range strings.Lines(string(data)) {
		var a attempt
		if _, err := fmt.Sscan(line, &a.task, &a.pid); err != nil {
			t.Fatalf("a line of attempts is %q: %v", line, err)
		}
		list = append(list, a)
	}
	return list
}

// driverKilled kills the driver of a job at any point, and resumes, until the
// job is done: the answer is that of a job that nothing happened to, and no
// task whose result was kept ran again.
func driverKilled(t *testing.T, b Backend, seed uint64, dir string) {
	r := rand.New(rand.NewPCG(seed, 10))
	steps, _ := drivenSteps(seed, b.Has, dir)
	journal := filepath.Join(dir, results.JournalFile)
	var kept []int
	seen := 0 // attempts of earlier parts
	for part := 0; ; part++ {
		limit := time.Duration(r.Int64N(int64(250 * time.Millisecond)))
		if part == 8 {
			limit = scenarioLimit / 2
		}
		done := driverPart(t, seed, dir, limit)
		attempts := readAttempts(t, dir)
		gone(t, b, attempts[seen:])
		attempts = readAttempts(t, dir) // what was written until then
		for _, a := range attempts[seen:] {
			if slices.Contains(kept, a.task) {
				t.Errorf("part %d: task %d ran, whose result had been kept", part, a.task)
			}
		}
		seen = len(attempts)
		if done || t.Failed() {
			break
		}
		tear(t, r, journal)
		var err error
		if kept, err = keptTasks(steps, journal); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "answer"))
	if err != nil {
		t.Fatal(err)
	}
	var a drivenAnswer
	if err := json.Unmarshal(data, &a); err != nil {
		t.Fatal(err)
	}
	a.check(t, steps)
}

// driverPart starts the driver and kills it when the limit has passed; true
// when it came to its end before.
func driverPart(t *testing.T, seed uint64, dir string, limit time.Duration) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", DriverEnv, seed, dir))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if late.Stop() && err != nil {
		t.Fatalf("the driver ended: %v\n%s", err, said.String())
	}
	return err == nil
}

// gone waits until the processes that made the attempts are gone.
func gone(t *testing.T, b Backend, attempts []attempt) {
	t.Helper()
	for _, a := range attempts {
		if !eventually(func() bool { return !alive(a.pid) }) {
			t.Fatalf("process %d is there after its driver was killed", a.pid)
		}
	}
}

// tear cuts something off the journal, sometimes, as when the machine had lost
// its power.
func tear(t *testing.T, r *rand.Rand, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if r.IntN(3) > 0 || errors.Is(err, os.ErrNotExist) {
		return
	}
	if err == nil {
		err = os.Truncate(path, info.Size()-r.Int64N(min(info.Size(), 2000)+1))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// diskFull runs a job whose journal has a disk that is too small, and again
// when there is room.
func diskFull(t *testing.T, b Backend, seed uint64, dir string) {
	steps, o := drivenSteps(seed, b.Has, dir)
	for i := range steps { // more than the disk holds
		steps[i].Out = 4000
	}
	disk, more := smallDisk(t)
	path := filepath.Join(disk, results.JournalFile)
	p := runner.NewPool(b.faulty(1+int(seed%4), Setup{}))
	defer func() {
		if err := p.Close(); err != nil {
			t.Errorf("close the pool: %v", err)
		}
	}()
	outs, err := keptJob(t.Context(), p, steps, o, path)
	if full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EFBIG); !full && (err != nil && tasksError(err) == nil || len(steps) > 60) {
		t.Errorf("error %v, want one that says that the disk is full", err)
	} else if full {
		more()
		before := len(readAttempts(t, dir))
		kept, e := keptTasks(steps, path)
		if e != nil {
			t.Fatal(e)
		}
		outs, err = keptJob(t.Context(), p, steps, o, path)
		for _, a := range readAttempts(t, dir)[before:] {
			if slices.Contains(kept, a.task) {
				t.Errorf("task %d ran, whose result had been kept", a.task)
			}
		}
	}
	answerOf(outs, err).check(t, steps)
}

// smallDisk returns a folder that holds 64 kB, and what makes it larger: a file
// system of its own, or for others than root a limit on the size of files.
func smallDisk(t *testing.T) (dir string, more func()) {
	t.Helper()
	dir = t.TempDir()
	if mountSmall(dir) == nil {
		t.Cleanup(func() { unmount(dir) })
		return dir, func() { growSmall(dir) }
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := before
	limit.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	more = func() {
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
		signal.Reset(syscall.SIGXFSZ)
	}
	t.Cleanup(more)
	return dir, more
}

// drivenBy reads what DriverEnv says: a seed and a folder.
func drivenBy(value string) (seed uint64, dir string, ok bool) {
	first, dir, ok := strings.Cut(value, " ")
	if !ok {
		return 0, "", false
	}
	seed, err := strconv.ParseUint(first, 10, 64)
	return seed, dir, err == nil
}
