package results

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corecast/runner/trace"
)

func TestRunRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "a")
	traces := writeRun(t, dir, 4, true)
	r, all := openAll(t, dir)
	same(t, testHeader(), all.Header)
	same(t, []Machine{testMachine("m1")}, all.Machines)
	same(t, traces, all.Traces)
	for i, tr := range traces {
		want := testTrial(i, tr)
		want.Blocks = all.Trials[i].Blocks
		same(t, want, all.Trials[i])
		if (tr == nil) != (len(want.Blocks) == 0) {
			t.Errorf("trial %d has %d blocks", i, len(want.Blocks))
		}
	}
	if !r.Complete() || r.Running || len(r.Warnings) > 0 || r.End.Trials != 4 || r.End.Reason != "done" {
		t.Errorf("end %+v, running %t, warnings %v", r.End, r.Running, r.Warnings)
	}
	if _, err := r.Trace(4); err == nil || r.Workers(4) != nil {
		t.Error("there is a trial too many")
	}
}

// A run that is read and written again has the same bytes: nothing that this
// version does not know is lost.
func TestCopyIsIdentical(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	writeRun(t, from, 4, true)
	_, all := openAll(t, from)
	w, err := Create(to, all.Header)
	check(t, err)
	for _, m := range all.Machines {
		check(t, w.Machine(m))
	}
	for i, trial := range all.Trials {
		check(t, w.Trial(trial, all.Traces[i]))
	}
	for _, o := range all.Others {
		check(t, w.Other(o))
	}
	check(t, w.End(*all.End))
	check(t, w.Close())
	for _, name := range []string{linesFile, tasksFile} {
		same(t, string(readFile(t, from, name)), string(readFile(t, to, name)))
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "file", nil)
	for _, c := range []struct{ path, want string }{
		{dir, "is not empty: it holds file"},
		{filepath.Join(dir, "file"), "not a directory"},
		{filepath.Join(dir, "file", "below"), "not a directory"},
	} {
		_, err := Create(c.path, testHeader())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Create(%s): %v, want one line with %q", c.path, err, c.want)
		}
	}
}

func TestTrialsOutOfOrderAreRefused(t *testing.T) {
	w, err := Create(t.TempDir(), testHeader())
	check(t, err)
	defer w.Close()
	tr := randomTrace(1, 5)
	bad := randomTrace(1, 5)
	bad.Attempts[0].Chunk = 99
	wrong := testTrial(0, tr)
	wrong.Tasks++
	for _, c := range []struct {
		trial Trial
		trace *trace.Trace
		want  string
	}{
		{testTrial(0, tr), tr, "has not been written"},
		{testTrial(1, tr), tr, "the next trial is 0"},
		{wrong, tr, "its trace"},
		{testTrial(0, bad), bad, "chunk 99"},
	} {
		if c.want != "has not been written" {
			check(t, w.Machine(testMachine("m1")))
		}
		if err := w.Trial(c.trial, c.trace); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	check(t, w.Trial(testTrial(0, tr), tr))
	check(t, w.End(End{Finished: testTime}))
	if err := w.Trial(testTrial(1, tr), tr); !errors.Is(err, ErrComplete) {
		t.Errorf("a trial after the end: %v", err)
	}
}

func TestOneWriterAtATime(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, testHeader())
	check(t, err)
	if _, _, _, err := Resume(dir); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	r, err := Open(dir)
	check(t, err)
	if !r.Running {
		t.Error("the run is not said to be running")
	}
	check(t, w.Close())
	w, _, warnings, err := Resume(dir)
	check(t, err)
	if len(warnings) > 0 {
		t.Errorf("warnings %v", warnings)
	}
	check(t, w.End(End{}))
	check(t, w.Close())
	if _, _, _, err := Resume(dir); !errors.Is(err, ErrComplete) {
		t.Errorf("got %v", err)
	}
}

// TestMain lets the test binary be the writer that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("RESULTS_TEST_WRITER"); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

func writeUntilKilled(dir string) {
	w, _, _, err := Resume(dir)
	for i := 0; err == nil; i++ {
		tr := randomTrace(uint64(w.trials), 20_000)
		if err = w.Trial(testTrial(w.trials, tr), tr); err == nil {
			os.Stdout.WriteString("trial\n")
		}
	}
	os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

// A writer is killed again and again in the middle of its work; no trial that
// it had told of is lost, and none is wrong.
func TestKilledWriter(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, 3, false)
	said, cuts := 3, 0
	for round := range 6 {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "RESULTS_TEST_WRITER="+dir)
		out, err := command.StdoutPipe()
		check(t, err)
		check(t, command.Start())
		lines := bufio.NewScanner(out)
		for n := 0; n < 2 && lines.Scan(); n++ {
			said++
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		check(t, command.Process.Kill())
		for lines.Scan() {
			said++
		}
		if err := command.Wait(); err == nil || command.ProcessState.ExitCode() == 1 {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		w, run, warnings, err := Resume(dir)
		check(t, err)
		check(t, w.Close())
		if len(warnings) > 0 {
			cuts++
		}
		if len(run.Trials) < said || len(run.Trials) > said+1 {
			t.Fatalf("%d trials told of, %d recorded", said, len(run.Trials))
		}
		said = len(run.Trials)
	}
	t.Logf("%d trials, %d of 6 kills left something to cut", said, cuts)
	_, all := openAll(t, dir)
	for i, tr := range all.Traces[3:] {
		same(t, randomTrace(uint64(i+3), 20_000), tr)
	}
}
