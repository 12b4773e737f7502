package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner"
	"corecast/runner/trace"
	"corecast/workloads"
)

func TestMain(m *testing.M) {
	runner.Main(append(workloads.Funcs(), double)...)
	os.Exit(m.Run())
}

// planOf makes a plan of one sweep of a workload with settings as JSON.
func planOf(t *testing.T, workload, settings, backend string, cores ...int) Plan {
	t.Helper()
	w, err := workloads.New(workload)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(settings), w); err != nil {
		t.Fatal(err)
	}
	s, err := NewSweep(w, backend, cores)
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Sweeps: []Sweep{s}, Reps: 2, MaxReps: 2, Seed: 7}
}

// quick looks at the machine too briefly to judge it.
var quick = Options{LookBefore: time.Millisecond}

// runPlan runs a plan into a new folder and reads what was recorded.
func runPlan(t *testing.T, p Plan) *results.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w := create(t, dir, p)
	if _, err := Run(t.Context(), p, w, nil, quick); err != nil {
		t.Fatal(err)
	}
	return closeAndOpen(t, w)
}

func create(t *testing.T, dir string, p Plan) *results.Writer {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	w, err := results.Create(dir, results.Header{ID: "test", Created: time.Now(), Plan: data})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func closeAndOpen(t *testing.T, w *results.Writer) *results.Run {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := results.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// roles counts trials by role and cores.
func roles(r *results.Run) map[string]int {
	n := make(map[string]int)
	for _, t := range r.Trials {
		n[string(t.Role)+" "+t.Point.Backend+" "+string(rune('0'+t.Point.Cores))]++
	}
	return n
}

const tiny = `{"size": 2000000, "task_samples": 100000}`

func TestSweepRecordsWhatItRan(t *testing.T) {
	for _, backend := range []string{"local", "inproc"} {
		r := runPlan(t, planOf(t, "montecarlo", tiny, backend, 1, 3))
		want := map[string]int{"serial serial 1": 2, "trial " + backend + " 1": 2, "trial " + backend + " 3": 2,
			"dispatch " + backend + " 1": 2, "dispatch " + backend + " 3": 2}
		got := roles(r)
		warm := got["warmup "+backend+" 1"] + got["warmup "+backend+" 3"]
		delete(got, "warmup "+backend+" 1")
		delete(got, "warmup "+backend+" 3")
		if diff := cmp.Diff(want, got); diff != "" || warm != 1 {
			t.Errorf("%s: %d warm-ups; trials (-want +got):\n%s", backend, warm, diff)
		}
		if !r.Complete() || r.End.Reason != "done" || r.End.Trials != len(r.Trials) {
			t.Errorf("%s: end %+v", backend, r.End)
		}
		checkTrials(t, r)
	}
}

// checkTrials checks each trial: its answer, its times, and that the parts of
// its overhead add up to the nanosecond.
func checkTrials(t *testing.T, r *results.Run) {
	t.Helper()
	answers := make(map[string]bool)
	for _, trial := range r.Trials {
		if trial.Error != "" || trial.Check != "" || trial.Makespan <= 0 {
			t.Errorf("trial %d: %+v", trial.Index, trial)
		}
		if trial.Role != results.RoleDispatch {
			answers[string(trial.Answer)] = true
		}
		tr, err := r.Trace(trial.Index)
		if err != nil {
			t.Fatal(err)
		}
		if tr == nil {
			continue
		}
		parts, _, err := metrics.Partition(tr)
		if err != nil {
			t.Errorf("trial %d: %v", trial.Index, err)
		}
		sum := parts.Startup + parts.Dispatch + parts.Transfer + parts.Idle + parts.Lost + parts.Busy
		if want := tr.Makespan * trace.Time(tr.Slots); sum != want || tr.Makespan != trial.Makespan {
			t.Errorf("trial %d: parts add up to %d, want %d", trial.Index, sum, want)
		}
		if len(tr.Attempts) < trial.Tasks {
			t.Errorf("trial %d: %d attempts of %d tasks", trial.Index, len(tr.Attempts), trial.Tasks)
		}
	}
	if len(answers) != 1 {
		t.Errorf("trials disagree on the answer: %v", answers)
	}
}

// TestResume interrupts a run at many places and finishes it.
func TestResume(t *testing.T) {
	p := planOf(t, "montecarlo", tiny, "inproc", 1, 2)
	for stopAfter := range 9 {
		dir := filepath.Join(t.TempDir(), "run")
		w := create(t, dir, p)
		ctx, cancel := context.WithCancel(t.Context())
		begun := 0
		_, err := Run(ctx, p, w, nil, Options{LookBefore: time.Millisecond, Progress: func(n Progress) {
			if strings.Contains(n.Trial, "montecarlo on") || strings.Contains(n.Trial, "serially") {
				if begun++; begun > stopAfter {
					cancel()
				}
			}
		}})
		cancel()
		if begun <= stopAfter {
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !Interrupted(err) {
			t.Fatalf("error %v, want an interrupt", err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w, before, _, err := results.Resume(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), p, w, before.Trials, quick); err != nil {
			t.Fatal(err)
		}
		r := closeAndOpen(t, w)
		n := roles(r)
		if n["serial serial 1"] != 2 || n["trial inproc 1"] != 2 || n["trial inproc 2"] != 2 || !r.Complete() {
			t.Errorf("stopped after %d trials: %v", stopAfter, n)
		}
		checkTrials(t, r)
	}
}

func TestBudget(t *testing.T) {
	p := planOf(t, "sleep", `{"tasks": 4, "duration": "100ms"}`, "inproc", 1, 2, 4)
	p.Reps, p.MaxReps, p.Budget = 1000, 1000, workloads.Duration(4*time.Second)
	began := time.Now()
	r := runPlan(t, p)
	if took := time.Since(began); took > 7*time.Second {
		t.Errorf("a budget of 4 s took %v", took)
	}
	n := roles(r)
	for _, key := range []string{"serial serial 1", "trial inproc 1", "trial inproc 2", "trial inproc 4"} {
		if n[key] < 1 {
			t.Errorf("no %s", key)
		}
	}
	if r.End == nil || r.End.Reason != "budget" {
		t.Errorf("end %+v, want budget", r.End)
	}
}

func TestPrecisionAddsRepetitions(t *testing.T) {
	p := planOf(t, "sleep", `{"tasks": 2, "duration": "5ms"}`, "inproc", 1)
	p.Reps, p.MaxReps, p.Precision = 1, 12, 0.5
	n := roles(runPlan(t, p))
	if got := n["trial inproc 1"]; got < 6 || got > 12 {
		t.Errorf("%d repetitions, want at least the 6 that an interval of 95 %% needs", got)
	}
	p.Precision, p.MaxReps = 1e-9, 8
	if got := roles(runPlan(t, p))["trial inproc 1"]; got != 8 {
		t.Errorf("%d repetitions for an interval that cannot be had, want 8", got)
	}
}

func TestOrderIsInterleavedAndSeeded(t *testing.T) {
	order := func(seed uint64) []int {
		p := planOf(t, "noop", `{"tasks": 10}`, "inproc", 1, 2, 3, 4, 5, 6, 7, 8)
		p.Seed = seed
		var cores []int
		for _, trial := range runPlan(t, p).Trials {
			if trial.Role == results.RoleTrial {
				cores = append(cores, trial.Point.Cores)
			}
		}
		return cores
	}
	a, b, c := order(1), order(1), order(2)
	if !slices.Equal(a, b) || slices.Equal(a, c) {
		t.Errorf("orders of seeds 1, 1, 2: %v %v %v", a, b, c)
	}
	if first := slices.Sorted(slices.Values(a[:8])); !slices.Equal(first, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("the first round has %v", a[:8])
	}
}

func TestWeakScaling(t *testing.T) {
	p := planOf(t, "sleep", `{"tasks": 3, "duration": "20ms"}`, "inproc", 1, 4)
	p.Sweeps[0].Scaling = Weak
	r := runPlan(t, p)
	for _, trial := range r.Trials {
		if want := 3 * trial.Point.Cores; trial.Role == results.RoleTrial && trial.Tasks != want {
			t.Errorf("%d cores: %d tasks, want %d", trial.Point.Cores, trial.Tasks, want)
		}
	}
	s, err := metrics.Summarize(r, metrics.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s[0].Scaling != "weak" || s[0].Points[1].Speedup == nil || math.Abs(s[0].Points[1].Speedup.Median-4) > 0.8 {
		t.Errorf("summary %+v", s[0])
	}
}

// TestSleepAndSpinAreTrue checks durations that are known: sleep's by wall
// time, spin's by processor time.
func TestSleepAndSpinAreTrue(t *testing.T) {
	for _, c := range []struct{ workload, settings string }{
		{"sleep", `{"tasks": 4, "duration": "250ms"}`},
		{"spin", `{"tasks": 4, "duration": "250ms"}`},
	} {
		for _, cores := range []int{1, 2} {
			p := planOf(t, c.workload, c.settings, "local", cores)
			p.Once, p.Reps, p.MaxReps = true, 1, 1
			r := runPlan(t, p)
			s, err := metrics.Summarize(r, metrics.Options{})
			if err != nil {
				t.Fatal(err)
			}
			point := s[0].Points[0]
			got := point.BusyCore
			if c.workload == "spin" {
				got = *point.WorkerCPU
			}
			// On a quiet machine it is within 1 %; tests run beside others.
			if got < 1 || got > 1.6 {
				t.Errorf("%s on %d cores: %.4f s, want 1 s", c.workload, cores, got)
			}
			if r.Trials[0].DriverCPU <= 0 {
				t.Errorf("the driver's processor time is %v", r.Trials[0].DriverCPU)
			}
		}
	}
}

func TestFailedTasksAreNamed(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.log")
	bad := filepath.Join(t.TempDir(), "bad.log.gz")
	for name, text := range map[string]string{good: "an error\n", bad: "\x1f\x8b\x08\x00 not gzip"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := json.Marshal(map[string]any{"input": []string{good, bad}, "pattern": "error"})
	if err != nil {
		t.Fatal(err)
	}
	p := planOf(t, "logsearch", string(settings), "local", 2)
	p.Once, p.Reps, p.MaxReps = true, 1, 1
	w := create(t, filepath.Join(t.TempDir(), "run"), p)
	failed, err := Run(t.Context(), p, w, nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	if failed == nil || len(failed.Failed) != 1 || !strings.Contains(failed.Failed[0].Error(), "bad.log.gz") {
		t.Errorf("failed tasks %v, want one that names bad.log.gz", failed)
	}
	trial := closeAndOpen(t, w).Trials[0]
	if trial.Failed != 1 || !strings.Contains(trial.Error, "bad.log.gz") || !strings.Contains(string(trial.Answer), `"matches":1`) {
		t.Errorf("trial %+v", trial)
	}
}

func TestValidate(t *testing.T) {
	m := results.Machine{Cores: 2, OpenFiles: 1000}
	good := planOf(t, "noop", `{}`, "local", 2)
	for name, c := range map[string]struct {
		change func(*Plan)
		want   string
	}{
		"no sweep":        {func(p *Plan) { p.Sweeps = nil }, "nothing to measure"},
		"no repetition":   {func(p *Plan) { p.Reps = 0 }, "at least 1"},
		"backend":         {func(p *Plan) { p.Sweeps[0].Backend = "moon" }, `unknown backend "moon"`},
		"workload":        {func(p *Plan) { p.Sweeps[0].Workload = "moon" }, `unknown workload "moon"`},
		"no core count":   {func(p *Plan) { p.Sweeps[0].Cores = nil }, "no core counts"},
		"negative cores":  {func(p *Plan) { p.Sweeps[0].Cores = []int{-1} }, "core count -1"},
		"open files":      {func(p *Plan) { p.Sweeps[0].Cores = []int{900} }, "ulimit -n"},
		"part of a core":  {func(p *Plan) { p.Sweeps[0].VCPU = 0.5 }, "0.5 vCPU"},
		"does not divide": {func(p *Plan) { p.Sweeps[0].VCPU = 4 }, "workers of 4 vCPU"},
		"chunk":           {func(p *Plan) { p.Sweeps[0].Chunk = -1 }, "chunk -1"},
		"scaling":         {func(p *Plan) { p.Sweeps[0].Scaling = "odd" }, `scaling "odd"`},
		"precision":       {func(p *Plan) { p.Precision = 2 }, "precision 2"},
		"budget":          {func(p *Plan) { p.Budget = -1 }, "negative"},
		"settings":        {func(p *Plan) { p.Sweeps[0].Settings = []byte(`{"tasks":"many"}`) }, "settings of noop"},
	} {
		p := good
		p.Sweeps = slices.Clone(good.Sweeps)
		c.change(&p)
		err := p.Validate(m)
		var input *InputError
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &input) {
			t.Errorf("%s: error %v, want an InputError with %q", name, err, c.want)
		}
	}
	if err := good.Validate(m); err != nil {
		t.Error(err)
	}
}

func TestParseCores(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []int
		err  string
	}{
		{"1", []int{1}, ""},
		{"4,1,2,1", []int{1, 2, 4}, ""},
		{"1..16x2", []int{1, 2, 4, 8, 16}, ""},
		{"1..20x2", []int{1, 2, 4, 8, 16}, ""},
		{"1..4", []int{1, 2, 3, 4}, ""},
		{"1..9+4, 64", []int{1, 5, 9, 64}, ""},
		{"0", nil, "less than 1"},
		{"-1", nil, "less than 1"},
		{"two", nil, "not a whole number"},
		{"10000000", nil, "more than 100000"},
		{"1..16x1", nil, "step"},
		{"8..2", nil, "ends before it begins"},
		{"1..", nil, "not a whole number"},
		{"", nil, "not a whole number"},
		{"1,,2", nil, "not a whole number"},
	} {
		got, err := ParseCores(c.in)
		if diff := cmp.Diff(c.want, got); diff != "" || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("ParseCores(%q) = %v, %v; want %v, %q", c.in, got, err, c.want, c.err)
		}
	}
	if diff := cmp.Diff([]int{1, 2, 4, 6}, DefaultCores(6)); diff != "" {
		t.Errorf("default core counts of 6 (-want +got):\n%s", diff)
	}
}

func FuzzParseCores(f *testing.F) {
	for _, s := range []string{"1,2,4", "1..16x2", "1..9+4", "0", "..", "1..100000x3", "99999..100000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cores, err := ParseCores(s)
		if (err == nil) != (len(cores) > 0) || !slices.IsSorted(cores) {
			t.Errorf("ParseCores(%q) = %v, %v", s, cores, err)
		}
	})
}

func TestOverhead(t *testing.T) {
	o := OverheadPlan{Backend: "inproc", Cores: 2, Tasks: 20_000, Reps: 1}
	p, err := o.Plan()
	if err != nil {
		t.Fatal(err)
	}
	got, err := SummarizeOverhead(runPlan(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if got.DispatchWall.Median <= 0 || got.DispatchWall.Median > 1e-4 || got.Tasks != 20_000 || len(got.Points) < 10 {
		t.Errorf("overhead %+v", got)
	}
	for i, point := range got.Points {
		if point.Efficiency <= 0 || point.Efficiency > 1 || point.MeanTask < point.Requested || i > 0 && point.MeanTask > got.Points[i-1].MeanTask {
			t.Errorf("point %+v", point)
		}
	}
}
