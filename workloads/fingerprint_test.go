package workloads

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corecast/runner"
)

// prepare makes a job in a folder of its own.
func prepare(t *testing.T, w Workload) Job {
	t.Helper()
	j, err := w.Prepare(t.Context(), Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func fingerprint(t *testing.T, w Workload) string {
	t.Helper()
	print, err := prepare(t, w).Fingerprint()
	if err != nil || print == "" {
		t.Fatalf("fingerprint %q, %v", print, err)
	}
	return print
}

// TestFingerprintOfFiles changes a file that a job reads, in size, in time, or
// by another beside it.
func TestFingerprintOfFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, at time.Time) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	was := time.Now().Add(-time.Hour)
	table := "x,y\n" + strings.Repeat("1,0\n2,1\n", 20)
	for _, test := range []struct {
		name, file, text string
		make             func(path string) Workload
	}{
		{"command", "score.sh", "#!/bin/sh\n", func(path string) Workload { return &Command{Args: []string{path}, Count: 3} }},
		{"command's inputs", "inputs.txt", "a\nb\n", func(path string) Workload {
			return &Command{Args: []string{"cat", "{}"}, Inputs: path}
		}},
		{"logsearch", "a.log", "one line\n", func(path string) Workload {
			w := NewLogSearch()
			w.Input, w.Pattern, w.Group = []string{path}, "line", ""
			return w
		}},
		{"image", "a.jpg", "no image", func(path string) Workload { w := NewImage(); w.Input = []string{path}; return w }},
		{"hypersweep", "a.csv", table, func(path string) Workload {
			w := NewHyperSweep()
			w.Data, w.Target, w.Folds = path, "y", 2
			return w
		}},
	} {
		path := write(test.file, test.text, was)
		first := fingerprint(t, test.make(path))
		if again := fingerprint(t, test.make(path)); again != first {
			t.Errorf("%s: %s, then %s", test.name, first, again)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(test.text, "\n"), "\n")
		write(test.file, test.text+lines[len(lines)-1]+"\n", was)
		if longer := fingerprint(t, test.make(path)); longer == first {
			t.Errorf("%s: a longer file has the same fingerprint", test.name)
		}
		write(test.file, test.text, was.Add(time.Second))
		if later := fingerprint(t, test.make(path)); later == first && test.file != "inputs.txt" { // what is read before counts by its content
			t.Errorf("%s: a file that was written again has the same fingerprint", test.name)
		}
		write(test.file, test.text, was)
	}
}

// TestFingerprintOfSettings holds that other settings are another job.
func TestFingerprintOfSettings(t *testing.T) {
	prints := make(map[string]string)
	for name, w := range map[string]Workload{
		"montecarlo": NewMonteCarlo(), "sleep": NewSleep(), "spin": NewSpin(), "noop": NewNoop(),
		"hypersweep": NewHyperSweep(), "four folds": func() Workload { w := NewHyperSweep(); w.Folds = 4; return w }(),
		"sleep once": &Synthetic{kind: "sleep", Count: 1, Each: Duration(time.Second)},
		"sleep less": &Synthetic{kind: "sleep", Count: 1, Each: Duration(time.Millisecond)},
	} {
		print := fingerprint(t, w)
		if other, ok := prints[print]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		prints[print] = name
	}
}

// memory is a journal in memory.
type memory map[int]string

func (m memory) Load(yield func(int, []byte) error) error {
	for task, result := range m {
		if err := yield(task, []byte(result)); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) Append(task int, result []byte) error { m[task] = string(result); return nil }

// TestRoundsGoOn has a search of several rungs whose results are partly there.
func TestRoundsGoOn(t *testing.T) {
	w := NewHyperSweep()
	w.Search, w.Trials, w.Folds, w.Rows = "halving", 9, 2, 200
	j := prepare(t, w)
	pool := runner.NewPool(runner.InProc(2))
	defer pool.Close()
	all := make(memory)
	want, err := j.Run(t.Context(), pool, runner.JobOptions{Journal: all})
	if err != nil || len(all) != j.Tasks() || len(all) < 24 {
		t.Fatalf("%d of %d results are kept, %v", len(all), j.Tasks(), err)
	}
	for n := 0; n <= len(all); n += 5 {
		some := make(memory)
		for task := range n { // the rungs follow from one another
			some[task] = all[task]
		}
		settled := 0
		got, err := j.Run(t.Context(), pool, runner.JobOptions{Journal: some, Progress: func(s, _ int) { settled = max(settled, s) }})
		if err != nil || len(some) != len(all) {
			t.Errorf("with %d kept: %d are in the end, %v", n, len(some), err)
		}
		if a, b := printed(t, got), printed(t, want); a != b {
			t.Errorf("with %d kept: answer %s, want %s", n, a, b)
		}
	}
}

func printed(t *testing.T, a Answer) string {
	t.Helper()
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
