package metrics

import (
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corecast/bench/cost"
	"corecast/results"
	"corecast/runner/trace"

	"github.com/google/go-cmp/cmp"
)

const second = trace.Time(1e9)

// builder makes a run in memory, trial by trial.
type builder struct {
	record
	traces []*trace.Trace
}

func newBuilder() *builder {
	b := &builder{}
	b.header = results.Header{ID: "20261123-191945-test"}
	b.end = &results.End{Reason: "done"}
	b.machines = []results.Machine{{ID: "m", Cores: 4}}
	b.trace = func(i int) (*trace.Trace, error) { return b.traces[i], nil }
	return b
}

// add appends a trial of so many workers that takes that long, with a trace
// unless it is serial, and returns it for changes.
func (b *builder) add(role results.Role, workers int, seconds float64) *results.Trial {
	makespan := trace.FromSeconds(seconds)
	var t *trace.Trace
	if role != results.RoleSerial {
		t = simpleTrace(workers, makespan)
	}
	b.traces = append(b.traces, t)
	b.trials = append(b.trials, results.Trial{
		Index: len(b.trials), Role: role, Kind: results.Measured, Machine: "m",
		Point: results.Point{Workload: "pi", Backend: "inproc", Size: 1000, Cores: workers},
		Tasks: workers, Slots: workers, VCPU: 1, Makespan: makespan, DriverCPU: makespan / 2,
	})
	return &b.trials[len(b.trials)-1]
}

// simpleTrace has one task a worker: ready at 0.1 s, running from 0.2 s to
// 0.1 s before the end.
func simpleTrace(workers int, makespan trace.Time) *trace.Trace {
	const tick = second / 10
	t := &trace.Trace{Tasks: workers, Slots: workers, Makespan: makespan}
	for i := range int32(workers) {
		t.Workers = append(t.Workers, trace.Worker{
			Slot: i, Started: 0, Ready: tick, FirstTask: 2 * tick, Ended: no, CPU: second, Billed: no, VCPU: 1,
		})
		t.Chunks = append(t.Chunks, trace.Chunk{Dispatched: tick, ReceiveStart: no, Arrived: no, Worker: i})
		t.Deliveries = append(t.Deliveries, trace.Delivery{SendStart: no, Stored: no, Received: makespan, Worker: i})
		t.Attempts = append(t.Attempts, trace.Attempt{
			FuncStart: 2 * tick, FuncEnd: makespan - tick, Declared: no, Task: i, Chunk: i, Delivery: i, ReplacedBy: -1,
		})
	}
	return t
}

func (b *builder) summarize(t *testing.T, o Options) []Summary {
	t.Helper()
	s, err := summarize(&b.record, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Fatalf("not JSON: %v", err)
	}
	return s
}

func codes(warnings []results.Warning) string {
	var list []string
	for _, w := range warnings {
		list = append(list, w.Code)
	}
	return strings.Join(list, " ")
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

func strong() *builder {
	b := newBuilder()
	for _, s := range []float64{10, 12, 11} {
		b.add(results.RoleSerial, 1, s)
	}
	b.add(results.RoleWarmup, 2, 99) // in no figure
	for _, s := range []float64{5, 6, 4, 5.5} {
		b.add(results.RoleTrial, 2, s)
	}
	for _, s := range []float64{0.002, 0.004, 0.006} {
		b.add(results.RoleDispatch, 2, s).Tasks = 1000
		b.traces[len(b.traces)-1].Tasks = 1000
	}
	return b
}

func TestSummarizeByHand(t *testing.T) {
	all := strong().summarize(t, Options{})
	if len(all) != 1 || len(all[0].Points) != 1 {
		t.Fatalf("%+v", all)
	}
	s, p := all[0], all[0].Points[0]
	if s.Workload != "pi" || s.Backend != "inproc" || s.Scaling != "strong" || !s.Complete || s.Machine.Cores != 4 {
		t.Errorf("summary %+v", s)
	}
	if d := cmp.Diff(&Serial{Trials: 3, Size: 1000, Makespan: Interval{11, 10, 12, 0.75}}, s.Serial); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Interval{5.25, 4, 6, 0.875}, p.Makespan); d != "" {
		t.Error(d)
	}
	want := &Speedup{Interval{11 / 5.25, 10.0 / 6, 12.0 / 4, 0.625}, "serial"}
	if d := cmp.Diff(want, p.Speedup); d != "" {
		t.Error(d)
	}
	if got, want := *p.Efficiency, 11/5.25/2; !near(got, want) {
		t.Errorf("efficiency %v, want %v", got, want)
	}
	if got, want := *p.KarpFlatt, (5.25/11-0.5)/0.5; !near(got, want) {
		t.Errorf("Karp-Flatt %v, want %v", got, want)
	}
	// The lower median is the trial of 5 s, the fifth of the run.
	if p.MedianTrial != 4 || !near(p.BusyCore, 2*4.7) || !near(p.Overhead.Total, 0.6) ||
		!near(p.Overhead.Startup, 0.2) || !near(p.Overhead.Dispatch, 0.2) || !near(p.Overhead.Idle, 0.2) {
		t.Errorf("trial %d: busy %v, overhead %+v", p.MedianTrial, p.BusyCore, p.Overhead)
	}
	if !near(p.PerTaskOverhead, 0.3) || !near(*p.DispatchWall, 4e-6) || !near(*p.UsefulShare, 0.94) {
		t.Errorf("per task %v, dispatch wall %v, useful share %v", p.PerTaskOverhead, *p.DispatchWall, *p.UsefulShare)
	}
	if p.Trials != 4 || p.Workers != 2 || p.Tasks != 2 || p.DriverCPUShare != 0.5 || *p.WorkerCPU != 2 || p.Cost != nil {
		t.Errorf("point %+v", p)
	}
	if got, want := codes(p.Warnings), "few_samples few_samples_ratio"; got != want {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestCost(t *testing.T) {
	price, err := cost.Lookup("codeengine")
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder()
	trial := b.add(results.RoleTrial, 2, 10)
	trial.Point.Backend = "codeengine"
	trial.Usage = []results.Usage{{Item: cost.ItemClassA, Quantity: 1000}}
	w := b.traces[0].Workers
	w[0].Billed, w[0].MemoryLimit = 12*second, 4e9                        // by the platform
	w[1].Started, w[1].Ended, w[1].MemoryLimit = 3*second, 11*second, 4e9 // 8 s of life
	s := b.summarize(t, Options{Price: &price})[0]
	p := s.Points[0]
	if want := 20*0.00003431 + 80*0.00000356 + 0.0052; !near(*p.Cost, want) {
		t.Errorf("cost %v, want %v", *p.Cost, want)
	}
	if want := 2 * 9.7 / 20; !near(*p.UsefulShare, want) {
		t.Errorf("useful share %v, want %v", *p.UsefulShare, want)
	}
	if s.Price != "codeengine (2025-09-26)" || !strings.Contains(codes(p.Warnings), "no_rounding") {
		t.Errorf("price %q, warnings %q", s.Price, codes(p.Warnings))
	}
}

// A warm worker's time before the job is not this job's.
func TestLifeOfWarmWorker(t *testing.T) {
	w := trace.Worker{Started: -50, Ready: -40, Ended: no, Warm: true}
	if got := life(&w, 30); got != 30 {
		t.Errorf("warm: %d, want 30", got)
	}
	if got := life(&trace.Worker{Started: no, Ready: no, Ended: 5}, 30); got != 0 {
		t.Errorf("never started: %d, want 0", got)
	}
}

func TestOneWorkerIsTheBase(t *testing.T) {
	b := newBuilder()
	for range 2 {
		b.add(results.RoleTrial, 4, 3)
		b.add(results.RoleTrial, 1, 9)
	}
	points := b.summarize(t, Options{})[0].Points
	if points[0].Cores != 1 || points[0].Speedup.Interval != (Interval{1, 1, 1, 1}) || points[0].KarpFlatt != nil {
		t.Errorf("one worker: %+v", points[0])
	}
	if s := points[1].Speedup; s.Base != "1 worker on inproc" || s.Median != 3 {
		t.Errorf("four workers: %+v", s)
	}
	// A worker held to half a vCPU is not compared with a serial run at full
	// speed while there is one of its own kind; without, the base says so.
	for i := range b.trials {
		b.trials[i].Kind = results.Scaled
	}
	b.add(results.RoleSerial, 1, 5)
	if s := b.summarize(t, Options{})[0].Points[1].Speedup; s.Base != "1 worker on inproc" {
		t.Errorf("scaled cores: base %q", s.Base)
	}
	b.trials[1].Point.Settings = results.Settings{"chunk": 5}
	b.trials[3].Point.Settings = results.Settings{"chunk": 5}
	if s := b.summarize(t, Options{})[0].Points[0].Speedup; s.Base != "serial (measured)" {
		t.Errorf("no single worker with its settings: base %q", s.Base)
	}
}

func TestWeakScaling(t *testing.T) {
	b := newBuilder()
	b.add(results.RoleSerial, 1, 8)
	b.add(results.RoleTrial, 1, 9)
	b.add(results.RoleTrial, 4, 10).Point.Size = 4000
	s := b.summarize(t, Options{})[0]
	if s.Scaling != ScalingWeak || s.Points[1].Label != "" {
		t.Fatalf("scaling %s, label %q", s.Scaling, s.Points[1].Label)
	}
	p := s.Points[1]
	// Gustafson: 4 x 8 s of work in 10 s.
	if !near(p.Speedup.Median, 3.2) || p.Speedup.Base != "serial at size 1000, scaled by size" || !near(*p.Efficiency, 0.8) {
		t.Errorf("speedup %+v", p.Speedup)
	}
	if !strings.Contains(codes(p.Warnings), "scaled_base") || strings.Contains(codes(s.Points[0].Warnings), "scaled_base") {
		t.Errorf("warnings %q", codes(p.Warnings))
	}
	// Measured at its own size, nothing is scaled.
	b.add(results.RoleSerial, 1, 35).Point.Size = 4000
	if p = b.summarize(t, Options{})[0].Points[1]; !near(p.Speedup.Median, 3.5) || p.Speedup.Base != "serial" {
		t.Errorf("speedup %+v", p.Speedup)
	}
	// Without serial runs one worker is scaled.
	b.trials, b.traces = b.trials[1:3], b.traces[1:3]
	for i := range b.trials {
		b.trials[i].Index = i
	}
	if p = b.summarize(t, Options{})[0].Points[1]; !near(p.Speedup.Median, 3.6) ||
		p.Speedup.Base != "1 worker on inproc at size 1000, scaled by size" {
		t.Errorf("speedup %+v", p.Speedup)
	}
}

func TestLabels(t *testing.T) {
	b := newBuilder()
	for _, chunk := range []any{10, 9} {
		for _, cores := range []int{2, 1} {
			b.add(results.RoleTrial, cores, 3).Point.Settings = results.Settings{"chunk": chunk, "same": "x"}
		}
	}
	b.add(results.RoleTrial, 1, 5).Point.Size = 500
	var got []string
	for _, p := range b.summarize(t, Options{})[0].Points {
		got = append(got, p.Label)
	}
	want := []string{"size=500", "size=1000, chunk=9, same=x", "size=1000, chunk=9, same=x",
		"size=1000, chunk=10, same=x", "size=1000, chunk=10, same=x"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Kinds are points of their own, and so are backends summaries.
func TestKindsDoNotMix(t *testing.T) {
	b := newBuilder()
	b.add(results.RoleTrial, 2, 3)
	b.add(results.RoleTrial, 2, 4).Kind = results.Simulated
	b.add(results.RoleTrial, 2, 5).Point.Backend = "local"
	all := b.summarize(t, Options{})
	if len(all) != 2 || len(all[0].Points) != 2 || all[0].Points[1].Kind != results.Simulated || all[0].Points[0].Trials != 1 {
		t.Errorf("%+v", all)
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(b *builder)
		want  string
		not   string
	}{
		{"wrong answers", func(b *builder) { b.trials[4].Check = "3.2 is not pi" }, "wrong_answer", ""},
		{"failed tasks", func(b *builder) { b.trials[4].Failed = 1 }, "failed_tasks", ""},
		{"a failed trial", func(b *builder) { b.trials[4].Error = "interrupted" }, "no_answer", ""},
		{"more workers than cores", func(b *builder) { b.machines[0].Cores = 1 }, "too_few_cores", ""},
		{"elsewhere the driver's cores do not matter", func(b *builder) {
			b.machines[0].Cores = 1
			for i := range b.trials {
				b.trials[i].Point.Backend = "codeengine"
			}
		}, "", "too_few_cores"},
		{"a busy driver of processes", func(b *builder) {
			for i := range b.trials {
				b.trials[i].Point.Backend, b.trials[i].DriverCPU = "local", b.trials[i].Makespan
			}
		}, "driver_starved", ""},
		{"a driver without a core of its own", func(b *builder) {
			b.machines[0].Cores = 2
			for i := range b.trials {
				b.trials[i].Point.Backend = "local"
			}
		}, "driver_competes", "driver_starved"},
		{"a driver in process is its workers", func(b *builder) {
			for i := range b.trials {
				b.trials[i].DriverCPU = 2 * b.trials[i].Makespan
			}
		}, "", "driver_starved"},
		{"clocks", func(b *builder) { b.traces[4].Attempts[0].FuncStart = 1 }, "negative_part", ""},
		{"no task rows", func(b *builder) { b.traces[4] = nil }, "no_tasks", ""},
		{"several machines", func(b *builder) { b.trials[5].Machine = "n" }, "several_machines", ""},
	} {
		b := strong()
		test.spoil(b)
		got := codes(b.summarize(t, Options{})[0].Points[0].Warnings)
		if !strings.Contains(got, test.want) || test.not != "" && strings.Contains(got, test.not) {
			t.Errorf("%s: warnings %q, want %q", test.name, got, test.want)
		}
	}
}

func TestFailedTrialsAreCountedNotAveraged(t *testing.T) {
	b := strong()
	b.trials[6].Error = "job timeout" // the one of 4 s
	p := b.summarize(t, Options{})[0].Points[0]
	if p.Trials != 3 || p.Makespan.Median != 5.5 || p.Makespan.Lo != 5 {
		t.Errorf("%d trials, %+v", p.Trials, p.Makespan)
	}
	for i := range b.trials {
		b.trials[i].Error = "job timeout"
	}
	p = b.summarize(t, Options{})[0].Points[0]
	if p.Trials != 4 || p.Speedup != nil || !strings.Contains(codes(p.Warnings), "no_answer") {
		t.Errorf("all failed: %d trials, %+v, %q", p.Trials, p.Speedup, codes(p.Warnings))
	}
	for i := range b.trials {
		b.trials[i].Makespan = no
	}
	if s := b.summarize(t, Options{})[0]; len(s.Points) != 0 || s.Serial != nil || !strings.Contains(codes(s.Warnings), "no_time") {
		t.Errorf("no times: %+v", s)
	}
}

func TestTrialWarningsAreFolded(t *testing.T) {
	b := strong()
	for i := 4; i < 7; i++ {
		b.trials[i].Warnings = []results.Warning{{Code: "busy_machine", Text: "load " + string(rune('0'+i))}}
	}
	w := b.summarize(t, Options{})[0].Points[0].Warnings
	if w[0].Code != "busy_machine" || w[0].Text != "in 3 of 4 trials, first: load 4" {
		t.Errorf("warnings %+v", w)
	}
}

func TestIncompleteRunsSaySo(t *testing.T) {
	b := strong()
	b.end = nil
	s := b.summarize(t, Options{})[0]
	if s.Complete || !strings.HasPrefix(codes(s.Warnings), "incomplete") || !strings.Contains(s.Warnings[0].Text, "interrupted after 11 trials") {
		t.Errorf("%+v", s.Warnings)
	}
	b.running = true
	if s = b.summarize(t, Options{})[0]; !strings.Contains(s.Warnings[0].Text, "still being measured") {
		t.Errorf("%+v", s.Warnings)
	}
	b.end, b.running = &results.End{Reason: "budget"}, false
	if s = b.summarize(t, Options{})[0]; !s.Complete || !strings.HasPrefix(codes(s.Warnings), "ended_early") {
		t.Errorf("%+v", s.Warnings)
	}
}

func TestSerialOnly(t *testing.T) {
	b := newBuilder()
	b.add(results.RoleSerial, 1, 2)
	s := b.summarize(t, Options{})
	if len(s) != 1 || s[0].Serial.Makespan.Median != 2 || len(s[0].Points) != 0 {
		t.Errorf("%+v", s)
	}
	if s := newBuilder().summarize(t, Options{}); len(s) != 0 {
		t.Errorf("no trials: %+v", s)
	}
}

func TestErrorsNameTheTrial(t *testing.T) {
	b := strong()
	b.trace = func(int) (*trace.Trace, error) { return nil, errors.New("checksum") }
	if _, err := summarize(&b.record, Options{}); err == nil ||
		err.Error() != "summarize pi on inproc: read the tasks of trial 4: checksum" {
		t.Errorf("error %v", err)
	}
	b = strong()
	b.traces[5].Attempts[0].Task = 1
	if _, err := summarize(&b.record, Options{}); err == nil || !strings.Contains(err.Error(), "trial 5: partition of overhead") {
		t.Errorf("error %v", err)
	}
}

// A run that went to disk and back gives the same figures.
func TestSummarizeStoredRun(t *testing.T) {
	b := strong()
	dir := filepath.Join(t.TempDir(), "run")
	b.header.Created = time.Date(2026, 11, 23, 19, 19, 45, 0, time.UTC)
	w, err := results.Create(dir, b.header)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Machine(b.machines[0]); err != nil {
		t.Fatal(err)
	}
	for i, trial := range b.trials {
		if err := w.Trial(trial, b.traces[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.End(results.End{Reason: "done", Trials: len(b.trials)}), w.Close()); err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Summarize(run, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := b.summarize(t, Options{})
	want[0].Dir = dir
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
