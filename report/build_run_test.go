package report

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

// hostile is text that would do harm where it is not escaped.
const hostile = `<script>alert(1)</script>"><img src=http://example.invalid/x onerror=alert(1)>|[a](http://example.invalid)`

// priced gives every point of a source a cost of so much a core-second.
func priced(src *Source, coreSecond float64) *Source {
	src.Summary.Price = "example (2026-11-02)"
	for i := range src.Summary.Points {
		usd := coreTime(src.Summary.Points[i]) * coreSecond
		src.Summary.Points[i].Cost = &usd
	}
	return src
}

func testMachine() results.Machine {
	return results.Machine{ID: "m1", Hostname: "host", OS: "linux", Arch: "amd64", Kernel: "6.1", Processor: "Example Processor 9000 @ 2.40GHz",
		Cores: 8, CoresOnline: 16, CPUQuota: 8, Memory: 32e9, OpenFiles: 20000, Go: "go1.26", Commit: "0123abc", Modified: true}
}

// recorded writes a run of two workloads and reads it back: warm-up, serial,
// dispatch and three repetitions at 1 and 2 cores; trials without an answer
// and with a wrong one; and one of another commit. Settings and warnings hold
// the given text.
func recorded(t testing.TB, text string) *results.Run {
	t.Helper()
	dir := t.TempDir()
	w, err := results.Create(dir, results.Header{ID: "20261102-0930-test", Created: created(), Version: "0.1.0",
		Command: []string{"corecast", "bench", "pi", "--note", text}, Plan: json.RawMessage(`{"sweeps":[{"workload":"pi"}],"seed":1}`),
		Tags: map[string]string{"who": text}})
	must(t, err)
	must(t, w.Machine(testMachine()))
	rng := rand.New(rand.NewPCG(3, 5))
	next := 0
	add := func(role results.Role, workload string, cores, rep int, change func(*results.Trial)) {
		tr := builder{tasks: 40}.trace(rng, cores)
		trial := results.Trial{Index: next, Role: role, Rep: rep, Kind: results.Measured, Machine: "m1", Started: created().Add(time.Duration(next) * time.Second),
			Point: results.Point{Workload: workload, Size: 1000, Backend: "local", Cores: cores, Settings: results.Settings{"note": text, "seed": 1}},
			Tasks: tr.Tasks, Slots: cores, VCPU: 1, Makespan: tr.Makespan, DriverCPU: 5e6,
			Before: results.Load{Busy: 0.02}, During: results.Load{Busy: 0.3, Steal: -1}}
		if change != nil {
			change(&trial)
		}
		if role == results.RoleSerial {
			tr = nil
		}
		must(t, w.Trial(trial, tr))
		next++
	}
	for _, workload := range []string{"pi", "log search"} {
		add(results.RoleWarmup, workload, 1, 0, nil)
		for rep := range 3 {
			add(results.RoleSerial, workload, 1, rep, func(t *results.Trial) { t.Makespan = trace.Time(4e8 + rep*1e6) })
			for _, cores := range []int{1, 2} {
				add(results.RoleTrial, workload, cores, rep, nil)
				add(results.RoleDispatch, workload, cores, rep, func(t *results.Trial) { t.Makespan = 8400 })
			}
		}
	}
	add(results.RoleTrial, "pi", 2, 3, func(t *results.Trial) { t.Error = "no answer: " + text })
	add(results.RoleTrial, "pi", 2, 4, func(t *results.Trial) { t.Check = "3 is not pi" })
	add(results.RoleTrial, "pi", 2, 5, func(t *results.Trial) {
		t.Commit, t.Warnings = "4567def", []results.Warning{{Code: "odd", Text: text, Advice: text}}
	})
	must(t, w.End(results.End{Finished: created().Add(time.Minute), Trials: next, Reason: "done"}))
	must(t, w.Close())
	r, err := results.Open(dir)
	must(t, err)
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// summarized returns the summaries of a run without its folder, which differs
// from test to test.
func summarized(t testing.TB, r *results.Run) []metrics.Summary {
	t.Helper()
	sums, err := metrics.Summarize(r, metrics.Options{})
	must(t, err)
	for i := range sums {
		sums[i].Dir = "runs/test"
	}
	return sums
}
