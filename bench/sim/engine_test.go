package sim

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/cost"
	"corecast/bench/metrics"
	"corecast/runner/trace"
)

// exact makes the scenario of a list.
func exact(l *List) *Scenario {
	return &Scenario{
		Workers: l.Workers, Tasks: Tasks{Count: len(l.Service), Times: l.Service},
		Provisioning: Provisioning{RequestRate: l.Rate, Delays: l.Delays},
		Chunks:       Chunks{Size: 1, NoAhead: true},
	}
}

// A scenario without extras is the list, to the last bit.
func TestScenarioAgreesWithList(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 500 {
		l := randomList(rng)
		want, err := l.Run()
		if err != nil {
			t.Fatal(err)
		}
		outcomes, err := Simulate(t.Context(), exact(l), Options{Replications: 1})
		if err != nil {
			t.Fatal(err)
		}
		o := outcomes[0]
		got := ListResult{o.Makespan, o.FirstStart, o.WorkersUsed}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("list %d (%+v) (-list +scenario):\n%s", i, l, diff)
		}
	}
}

// everything is a scenario with all extras.
func everything(workers, tasks int) *Scenario {
	price, err := cost.Lookup("codeengine")
	if err != nil {
		panic(err)
	}
	return &Scenario{
		Workers: workers, VCPU: 1, Memory: 4e9,
		Tasks: Tasks{
			Count: tasks,
			Time:  Mixture{{99, LogNormal{5, 0.3}}, {1, Shifted{10, Pareto{5, 2.5}}}},
			In:    LogNormal{1e6, 0.5}, Out: Constant(1e5),
		},
		Speed: Speed{Factor: LogNormal{1, 0.1}, StartCorrelation: 0.5},
		Provisioning: Provisioning{
			RequestRate: 2000, Rate: 500, Burst: 100, Wave: 2000, WaveEvery: 3, Quota: workers - workers/50,
			Delay: LogNormal{2, 0.5}, DelayGrowth: 1e-5, Latency: 1, Failure: 0.01,
		},
		Slowdown: Slowdown{Contention: 1e-6, Coherency: 1e-10},
		Driver:   Driver{Dispatch: 20e-6, DispatchTask: 1e-6, Receive: 10e-6, Latency: LogNormal{1e-3, 0.3}, Poll: 0.5},
		Store:    Store{Bandwidth: 20e9, PerTransfer: 80e6, Latency: LogNormal{20e-3, 0.4}, RequestRate: 9000},
		Faults:   Faults{TaskFailure: 0.001, FailedRetries: 3, WorkerLife: 20000, Detect: 10, LostRetries: 3},
		Copies:   Copies{Factor: 2, Quantile: 0.9},
		Billing:  Billing{Price: &price, StartUp: 1},
	}
}

// Whatever happens, each task is settled once, workers are within the quota,
// and the parts of the recorded trace add up.
func TestEverythingAddsUp(t *testing.T) {
	for seed := range uint64(30) {
		s := everything(40+int(seed)*7, 600)
		s.Faults.WorkerLife, s.Faults.TaskFailure = 60, 0.05
		s.Provisioning.Wave = 20
		tr, o, err := Trace(t.Context(), s, seed, 0)
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for _, a := range tr.Attempts {
			if a.Outcome == 0 {
				done++
			}
		}
		if done+o.Failed != s.Tasks.Count {
			t.Fatalf("seed %d: %d tasks are done and %d failed, of %d", seed, done, o.Failed, s.Tasks.Count)
		}
		parts, warnings, err := metrics.Partition(tr)
		if err != nil || len(warnings) > 0 {
			t.Fatalf("seed %d: %v %v", seed, err, warnings)
		}
		if !near(parts.Busy.Seconds(), o.Busy, 1e-3) {
			t.Errorf("seed %d: busy for %g s by the trace, %g s by the outcome", seed, parts.Busy.Seconds(), o.Busy)
		}
		if most := concurrentWorkers(tr.Workers, tr.Makespan); most > s.Provisioning.Quota {
			t.Errorf("seed %d: %d workers at a time, quota %d", seed, most, s.Provisioning.Quota)
		}
		if o.WorkersLost == 0 || o.Repeated == 0 || math.IsNaN(o.Cost) || o.Cost <= 0 {
			t.Errorf("seed %d: %+v", seed, o)
		}
	}
}

func BenchmarkEverything(b *testing.B) {
	s := everything(10_000, 1_000_000)
	e := newEngine(s)
	r := 0
	for b.Loop() {
		o := e.replicate(1, r)
		if r++; r == 1 {
			b.Logf("%+v", o)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/replication")
}

func BenchmarkSimple(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	l := List{Workers: 1000, Rate: 500, Service: make([]float64, 1_000_000), Delays: make([]float64, 1000)}
	for i := range l.Service {
		l.Service[i] = rng.ExpFloat64()
	}
	for i := range l.Delays {
		l.Delays[i] = 1 + rng.ExpFloat64()
	}
	e := newEngine(exact(&l))
	for b.Loop() {
		e.replicate(1, 0)
	}
	b.ReportMetric(float64(b.N)*float64(len(l.Service))/b.Elapsed().Seconds()/1e6, "Mtasks/s")
}

// concurrentWorkers is the most workers that were there at a time, from their
// request to their end.
func concurrentWorkers(workers []trace.Worker, makespan trace.Time) int {
	type change struct {
		at trace.Time
		by int
	}
	var changes []change
	for _, w := range workers {
		changes = append(changes, change{w.Requested, 1}, change{w.Ended.Or(makespan + 1), -1})
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp2(a.at, b.at, a.by, b.by) })
	now, most := 0, 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}

func cmp2(a, b trace.Time, x, y int) int {
	switch {
	case a != b && a < b, a == b && x < y:
		return -1
	case a == b && x == y:
		return 0
	}
	return 1
}
