package workloads

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/runner"
	"corecast/runner/trace"
)

// smallSweep is a search of a second's fraction.
func smallSweep(search string) *HyperSweep {
	w := NewHyperSweep()
	w.Search, w.Trials, w.Folds, w.Rows = search, 8, 3, 200
	return w
}

// TestHyperSweepSameForAnyWorkers: the answer is the plain loop's to the last
// bit, for every search and kind of target.
func TestHyperSweepSameForAnyWorkers(t *testing.T) {
	for _, search := range []string{"random", "grid", "halving"} {
		for _, task := range []string{"classify", "regress"} {
			w := smallSweep(search)
			w.Task, w.Rows, w.Trials = task, 120, 6
			want := answer(t, w)
			for _, workers := range []int{1, 3} {
				got := fannedOut(t, w, workers, runner.JobOptions{Chunk: workers})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %s, %d workers (-want +got):\n%s", search, task, workers, diff)
				}
			}
		}
	}
}

// TestHyperSweepFindsBetter: the searches find settings that beat the default
// on the generated problem, by more than folds differ.
func TestHyperSweepFindsBetter(t *testing.T) {
	for _, search := range []string{"random", "grid", "halving"} {
		w := NewHyperSweep()
		w.Search = search
		a := answer(t, w).(HyperSweepAnswer)
		if !(a.Best.Score < a.Default.Score) || a.Best.Rank != 1 || a.Gain.Lo <= 0 {
			t.Errorf("%s: best %+v, default %+v, gain %+v", search, a.Best, a.Default, a.Gain)
		}
		if a.Best.Accuracy == nil || a.Best.Accuracy.Mean < a.Default.Accuracy.Mean || a.Best.Lo > a.Best.Score || a.Best.Hi < a.Best.Score {
			t.Errorf("%s: best %+v", search, a.Best)
		}
	}
}

// TestHyperSweepHalving: rungs shrink, and the answer is of those with all rows.
func TestHyperSweepHalving(t *testing.T) {
	w := smallSweep("halving")
	w.Trials = 20
	j, err := w.Prepare(t.Context(), Env{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (20 + 8 + 4) * 3; j.Tasks() != want {
		t.Errorf("%d tasks, want %d", j.Tasks(), want)
	}
	pool := runner.NewPool(runner.InProc(2))
	defer pool.Close()
	last := 0
	a, err := j.Run(t.Context(), pool, runner.JobOptions{Progress: func(settled, tasks int) {
		if settled < last || tasks != j.Tasks() {
			t.Errorf("progress %d of %d after %d of %d", settled, tasks, last, j.Tasks())
		}
		last = settled
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := a.(HyperSweepAnswer); got.Evaluated != 20 || got.Ranked != 4 || len(got.Leaderboard) != 4 || last != j.Tasks() {
		t.Errorf("%d evaluated, %d ranked, %d told, %d settled", got.Evaluated, got.Ranked, len(got.Leaderboard), last)
	}
	if err := j.Check(a); err != nil {
		t.Error(err)
	}
}

// TestHyperSweepTimeLimit is of the whole job, not of a rung.
func TestHyperSweepTimeLimit(t *testing.T) {
	w := smallSweep("halving")
	w.Rows, w.Trials = 20_000, 81
	j, err := w.Prepare(t.Context(), Env{})
	if err != nil {
		t.Fatal(err)
	}
	pool := runner.NewPool(runner.InProc(1))
	defer pool.Close()
	tasks := 0
	o := runner.JobOptions{JobTimeout: 50 * time.Millisecond, Trace: func(x *trace.Trace) { tasks = x.Tasks }}
	_, err = j.Run(t.Context(), pool, o)
	if !errors.Is(err, runner.ErrJobTimeout) || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("error %v", err)
	}
	if tasks != j.Tasks() {
		t.Errorf("the trace is of %d tasks, want all %d that were planned", tasks, j.Tasks())
	}
}

// TestHyperSweepCheck: wrong answers are found.
func TestHyperSweepCheck(t *testing.T) {
	w := smallSweep("random")
	w.Rows = 500
	j, err := w.Prepare(t.Context(), Env{})
	if err != nil {
		t.Fatal(err)
	}
	right, err := j.Serial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(right)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(a *HyperSweepAnswer){
		"a setting less": func(a *HyperSweepAnswer) { a.Evaluated-- },
		"a rank less":    func(a *HyperSweepAnswer) { a.Ranked-- },
		"no best":        func(a *HyperSweepAnswer) { a.Best = nil },
		"best is worst":  func(a *HyperSweepAnswer) { a.Best.Score = a.Default.Score * 2 },
		"another gain":   func(a *HyperSweepAnswer) { a.Gain.Mean *= 1.5 },
		"no order":       func(a *HyperSweepAnswer) { l := a.Leaderboard; l[0], l[3] = l[3], l[0] },
		"nothing is learnt": func(a *HyperSweepAnswer) {
			for i := range a.Leaderboard {
				a.Leaderboard[i].Score += 0.6
			}
			a.Best.Score += 0.6
			a.Default.Score += 0.6
		},
	} {
		var wrong HyperSweepAnswer
		if err := json.Unmarshal(data, &wrong); err != nil {
			t.Fatal(err)
		}
		if err := j.Check(wrong); err != nil {
			t.Fatal(err)
		}
		spoil(&wrong)
		if j.Check(wrong) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if j.Check(1) == nil {
		t.Error("an answer of another type is taken")
	}
}

// writeFile writes a file for a test and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestHyperSweepSettings: what the user can mend is a SettingError that names
// the flag.
func TestHyperSweepSettings(t *testing.T) {
	path := writeFile(t, "a.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,0\n")
	file := func(w *HyperSweep) { w.Data, w.Target, w.Folds = path, "y", 3 }
	for want, change := range map[string]func(w *HyperSweep){
		"--task: \"cluster\" is none of auto, classify, regress":                   func(w *HyperSweep) { w.Task = "cluster" },
		"--search: \"bayes\" is none of grid, random, halving":                     func(w *HyperSweep) { w.Search = "bayes" },
		"--trials: 1: give from 2":                                                 func(w *HyperSweep) { w.Trials = 1 },
		"--trials: 1000000 settings x 1000 folds are more than 10000000 trainings": func(w *HyperSweep) { w.Trials, w.Folds, w.Rows = 1_000_000, 1000, 10_000 },
		"--folds: 1: give from 2":                                                  func(w *HyperSweep) { w.Folds = 1 },
		"--target: \"y\": name the file":                                           func(w *HyperSweep) { w.Target = "y" },
		"--drop: z: name the file":                                                 func(w *HyperSweep) { w.Drop = []string{"z"} },
		"--size: ":                                                                 func(w *HyperSweep) { w.Rows = 9 },
		"--size: 10000001 rows are more than 10000000":                             func(w *HyperSweep) { w.Rows = 10_000_001 },
		"--data: stat ":                                                            func(w *HyperSweep) { w.Data, w.Target = path+".gone", "y" },
		"--data: " + filepath.Dir(path) + " is not a file":                         func(w *HyperSweep) { w.Data, w.Target = filepath.Dir(path), "y" },
		"--target: name the column of " + path + " to predict: x, y":               func(w *HyperSweep) { w.Data = path },
		"--target: " + path + " has no column \"z\": it has x, y":                  func(w *HyperSweep) { file(w); w.Target = "z" },
		"--drop: " + path + " has no column \"z\"":                                 func(w *HyperSweep) { file(w); w.Drop = []string{"z"} },
		"--folds: 4 folds, and class 1 of column y has 3 rows":                     func(w *HyperSweep) { file(w); w.Folds = 4 },
		"--folds: 8 folds of the 7 rows of " + path + ": give at most 7":           func(w *HyperSweep) { file(w); w.Folds = 8 },
	} {
		w := NewHyperSweep()
		change(w)
		_, err := w.Prepare(t.Context(), Env{})
		var setting *SettingError
		if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestHyperSweepChangedFile: tasks fail when the file is another than at first,
// and say so.
func TestHyperSweepChangedFile(t *testing.T) {
	rows := strings.Repeat("1,2,a\n3,4,b\n", 10)
	path := writeFile(t, "a.csv", "p,q,y\n"+rows)
	w := NewHyperSweep()
	w.Data, w.Target, w.Folds, w.Trials = path, "y", 2, 3
	j, err := w.Prepare(t.Context(), Env{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := j.Serial(t.Context()); err != nil || a.(HyperSweepAnswer).Best.Accuracy.Mean != 1 {
		t.Fatalf("%+v, error %v", a, err)
	}
	if err := os.WriteFile(path, []byte("p,q,y\n"+rows+"1,2,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "setting 0, fold 0: " + path + " was changed since the run began"
	if _, err := j.Serial(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("serial: error %v, want %s", err, want)
	}
	pool := runner.NewPool(runner.InProc(2))
	defer pool.Close()
	a, err := j.Run(t.Context(), pool, runner.JobOptions{})
	var failed *runner.TasksError
	if !errors.As(err, &failed) || len(failed.Failed) != 6 || failed.Tasks != 6 || !strings.Contains(err.Error(), want) {
		t.Errorf("fanned out: error %v", err)
	}
	if got := a.(HyperSweepAnswer); got.Best != nil || got.Ranked != 0 || got.Evaluated != 3 {
		t.Errorf("answer %+v of nothing", got)
	}
}

// TestHyperSweepFlags: every setting can be given.
func TestHyperSweepFlags(t *testing.T) {
	w := NewHyperSweep()
	fs := flag.NewFlagSet("hypersweep", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	w.Bind(fs)
	err := fs.Parse(strings.Fields("--data a.csv --target y --drop id --drop name --task regress --search grid --trials 9 --folds 4 --seed 3 --size 5k"))
	if err != nil {
		t.Fatal(err)
	}
	want := &HyperSweep{Data: "a.csv", Target: "y", Drop: []string{"id", "name"}, Task: "regress", Search: "grid", Trials: 9, Folds: 4, Seed: 3, Rows: 5000}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if w.Size() != 0 {
		t.Errorf("size %d with a file, want 0", w.Size())
	}
	w.Data = ""
	w.SetSize(7)
	if w.Size() != 7 {
		t.Errorf("size %d, want 7", w.Size())
	}
}

// TestHyperSweepRealLog learns from the shape of lines of a real log which of
// them tell of a failed password, and their length from what else they have.
func TestHyperSweepRealLog(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "logs", "OpenSSH_2k.log"))
	if err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatalf("the log is required: %v", err)
		}
		t.Skipf("without the log: %v", err)
	}
	path := writeFile(t, "ssh.csv", logTable(t, data))
	w := NewHyperSweep()
	w.Data, w.Target, w.Trials, w.Folds = path, "failed", 4, 5
	a := answer(t, w).(HyperSweepAnswer)
	if a.Rows != 2000 || a.Best.Accuracy.Mean < 0.95 || a.Best.Score > 0.1 || cmp.Diff(a.Classes, []string{"no", "yes"}) != "" || a.Target != "failed" {
		t.Errorf("%+v, accuracy %+v", a.Best, a.Best.Accuracy)
	}
	if diff := cmp.Diff(Answer(a), fannedOut(t, w, 3, runner.JobOptions{})); diff != "" {
		t.Errorf("fanned out (-serial +fanned):\n%s", diff)
	}
	w.Target, w.Drop = "length", []string{"failed"}
	a = answer(t, w).(HyperSweepAnswer)
	if a.Metric != "rmse" || a.Best.R2 == nil || a.Best.R2.Mean < 0.9 {
		t.Errorf("%+v, R2 %+v", a.Best, a.Best.R2)
	}
}

// logTable counts what is in each line of a log.
func logTable(t *testing.T, data []byte) string {
	t.Helper()
	digits, capitals := regexp.MustCompile(`[0-9]`), regexp.MustCompile(`[A-Z]`)
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	rows := [][]string{{"length", "words", "digits", "capitals", "dots", "hour", "failed"}}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		failed := "no"
		if strings.Contains(line, "Failed password") {
			failed = "yes"
		}
		rows = append(rows, []string{
			strconv.Itoa(len(line)), strconv.Itoa(len(strings.Fields(line))),
			strconv.Itoa(len(digits.FindAllString(line, -1))), strconv.Itoa(len(capitals.FindAllString(line, -1))),
			strconv.Itoa(strings.Count(line, ".")), strings.Split(strings.Fields(line)[2], ":")[0], failed,
		})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var _ Sized = (*HyperSweep)(nil)
