package report

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/perf/benchmath"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

// TestBenchstatAgrees: the statistics of benchstat, on the exported format,
// give the medians and p-values that compare gives on the runs.
func TestBenchstatAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	run := func(level float64) *results.Run {
		run := &results.Run{Header: results.Header{ID: "x"}, Machines: []results.Machine{{ID: "m"}}}
		for i := range 12 {
			run.Trials = append(run.Trials, results.Trial{
				Index: i, Role: results.RoleSerial, Kind: results.Measured, Machine: "m", Tasks: 1,
				Point:    results.Point{Workload: "w", Backend: "serial", Cores: 1},
				Makespan: trace.FromSeconds(level * (1 + 0.05*r.NormFloat64())),
			})
		}
		return run
	}
	base, next := run(1), run(1.04)
	seconds := func(of *results.Run) *benchmath.Sample {
		var list []float64
		for _, one := range benchResults(t, exported(t, "gobench", of, nil)) {
			v, _ := one.Value("sec/op")
			list = append(list, v)
		}
		return benchmath.NewSample(list, &benchmath.DefaultThresholds)
	}
	x, y := seconds(base), seconds(next)
	got := metrics.CompareSamples(makespans(base), makespans(next), 0)
	want := benchmath.AssumeNothing.Compare(x, y)
	if got.Autocorrelation > 0 {
		t.Fatal("these samples are taken for dependent: choose another seed")
	}
	if !alike(got.P, want.P) || got.P > 0.5 {
		t.Errorf("compare says p = %v, benchstat %v", got.P, want.P)
	}
	for _, m := range []struct {
		sample *benchmath.Sample
		median float64
	}{{x, got.Base.Median}, {y, got.New.Median}} {
		if s := benchmath.AssumeNothing.Summary(m.sample, 0.95); !alike(s.Center, m.median) {
			t.Errorf("benchstat's median is %v, that of compare %v", s.Center, m.median)
		}
	}
}

func makespans(r *results.Run) (list []float64) {
	for _, t := range r.Trials {
		list = append(list, t.Makespan.Seconds())
	}
	return list
}
