package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/results"
)

// killed runs the command and kills it when a time has passed; ok reports
// whether it came to its end before.
func killed(t *testing.T, limit time.Duration, args ...string) (stdout string, ok bool) {
	t.Helper()
	cmd := exec.Command("corecast", args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	if !late.Stop() {
		return "", false
	}
	if err != nil {
		t.Fatalf("corecast %s: %v\n%s", strings.Join(args, " "), err, said.String())
	}
	return out.String(), true
}

// untilDone begins a run, kills it and goes on with it, a few times at random
// moments, until it is done. before is called before each part.
func untilDone(t *testing.T, dir string, limit time.Duration, before func(), begin, resume []string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(limit), 5))
	args := begin
	for part := 0; ; part++ {
		if before != nil {
			before()
		}
		wait := time.Duration(r.Int64N(int64(limit)))
		if part == 5 {
			wait = 2 * time.Minute
		}
		out, ok := killed(t, wait, args...)
		if ok {
			return out
		}
		if args = resume; !begun(t, dir) { // killed before there was a run
			args = begin
		}
	}
}

// begun reports whether the folder has a run that can go on, and removes what
// else is there.
func begun(t *testing.T, dir string) bool {
	t.Helper()
	w, _, _, err := results.Resume(dir)
	if errors.Is(err, results.ErrComplete) {
		return true
	}
	if err != nil {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		return false
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return true
}

// answerOf returns the answer and the number of resumed tasks of what run
// printed.
func answerOf(t *testing.T, out string) (answer string, tasks, resumed int) {
	t.Helper()
	var r struct {
		Tasks   int             `json:"tasks"`
		Resumed int             `json:"resumed_tasks"`
		Answer  json.RawMessage `json:"answer"`
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return string(r.Answer), r.Tasks, r.Resumed
}

// onlyRecord checks that a run's folder holds its record, and no more.
func onlyRecord(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff([]string{"run.jsonl", "tasks.bin"}, names); diff != "" {
		t.Errorf("the run's folder (-want +got):\n%s", diff)
	}
}

// TestRunKilled kills runs of all kinds at any moment and resumes them: the
// answer is that of a run without a break, and nothing is left beside the
// record.
func TestRunKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("not applicable: left out by -short")
	}
	for _, line := range []string{
		"montecarlo --size 2e7 --task-samples 20000",
		"image --size 60 --resize 200x --output OUT",
		"logsearch --size 6e6 --split 30000 --group ip",
		"hypersweep --size 400 --search halving --trials 12 --folds 3",
		"montecarlo --size 2e7 --task-samples 20000 --backend inproc",
	} {
		t.Run(strings.Fields(line)[0], func(t *testing.T) {
			home := t.TempDir()
			words := func(out string) []string {
				return strings.Fields("run " + strings.ReplaceAll(line, "OUT", filepath.Join(home, out)) + " --format json --cores 2")
			}
			started := time.Now()
			whole, _ := killed(t, time.Minute, append(words("whole"), "--record", filepath.Join(home, "a"))...)
			took := time.Since(started)
			want, tasks, _ := answerOf(t, whole)
			dir := filepath.Join(home, "b")
			begin := append(words("parts"), "--record", dir)
			out := untilDone(t, dir, took, nil, begin, []string{"run", "--resume", dir, "--format", "json"})
			got, n, resumed := answerOf(t, out)
			if got != want || n != tasks {
				t.Errorf("%d tasks with the answer %s, want %d with %s", n, got, tasks, want)
			}
			t.Logf("%d of %d tasks were resumed", resumed, n)
			onlyRecord(t, dir)
			if strings.Contains(line, "OUT") {
				sameFiles(t, filepath.Join(home, "whole"), filepath.Join(home, "parts"))
			}
		})
	}
}

func sameFiles(t *testing.T, want, got string) {
	t.Helper()
	read := func(dir string) map[string]int {
		files := make(map[string]int)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[e.Name()+" "+fmt.Sprintf("%x", data)[:100]] = len(data)
		}
		return files
	}
	if diff := cmp.Diff(read(want), read(got)); diff != "" {
		t.Errorf("files (-want +got):\n%.1000s", diff)
	}
}

// TestCommandKilled also looks at which programs ran: none whose result had
// been kept runs again.
func TestCommandKilled(t *testing.T) {
	home := t.TempDir()
	log := filepath.Join(home, "log")
	dir := filepath.Join(home, "run")
	const n = 80
	begin := []string{"run", "--format", "json", "--record", dir, "--cores", "2", "--tasks", fmt.Sprint(n), "--results", filepath.Join(home, "out.jsonl"),
		"--", "sh", "-c", "echo {} >> " + log + "; sleep 0.01; echo $(({} * {}))"}
	var ran int // before the last part
	count := func() {
		data, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		ran = strings.Count(string(data), "\n")
	}
	out := untilDone(t, dir, 500*time.Millisecond, count, begin, []string{"run", "--resume", dir, "--format", "json"})
	answer, _, resumed := answerOf(t, out)
	if !strings.Contains(answer, fmt.Sprintf(`"succeeded": %d`, n)) && !strings.Contains(answer, fmt.Sprintf(`"succeeded":%d`, n)) {
		t.Errorf("answer %s", answer)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	last := strings.Fields(string(data))[ran:]
	slices.Sort(last)
	if distinct := slices.Compact(last); len(distinct) != n-resumed {
		t.Errorf("the last part ran %d programs and had the results of %d; together %d are wanted", len(distinct), resumed, n)
	}
	written, err := os.ReadFile(filepath.Join(home, "out.jsonl"))
	if err != nil || strings.Count(string(written), "\n") != n || !strings.Contains(string(written), `"stdout":"6241\n"`) {
		t.Errorf("results %v:\n%s", err, written)
	}
	onlyRecord(t, dir)
	// What is done is not done again.
	out, _ = killed(t, time.Minute, "run", "--resume", dir, "--format", "json")
	if again, _, _ := answerOf(t, out); again != answer {
		t.Errorf("resumed when it was done: %s, want %s", again, answer)
	}
	data2, err := os.ReadFile(log)
	if err != nil || !bytes.Equal(data, data2) {
		t.Errorf("programs ran again: %v", err)
	}
}

// TestBenchKilled does the same to a sweep: it ends with each repetition of
// each point once.
func TestBenchKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("not applicable: left out by -short")
	}
	dir := filepath.Join(t.TempDir(), "run")
	begin := []string{"bench", "montecarlo", "--size", "1e6", "--cores", "1,2", "--reps", "2", "--record", dir}
	untilDone(t, dir, 1500*time.Millisecond, nil, begin, []string{"bench", "--resume", dir})
	r, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for _, trial := range r.Trials {
		if trial.Role == results.RoleTrial || trial.Role == results.RoleSerial {
			got[fmt.Sprintf("%s %d %d", trial.Role, trial.Point.Cores, trial.Rep)]++
		}
		if trial.Check != "" || trial.Error != "" {
			t.Errorf("trial %d: %s %s", trial.Index, trial.Check, trial.Error)
		}
	}
	want := map[string]int{"serial 1 0": 1, "serial 1 1": 1, "trial 1 0": 1, "trial 1 1": 1, "trial 2 0": 1, "trial 2 1": 1}
	if diff := cmp.Diff(want, got); diff != "" || !r.Complete() {
		t.Errorf("complete: %v, trials (-want +got):\n%s", r.Complete(), diff)
	}
}
