package sim

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/results/lithops"
	"corecast/runner/trace"
)

const traceFolder = "../../../shared/data/traces"

// imported makes a run of real traces, or skips the test where they are absent.
func imported(t *testing.T, names ...string) *results.Run {
	t.Helper()
	if _, err := os.Stat(traceFolder); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal("the real traces are not there: " + traceFolder)
		}
		t.Skip("the real traces are not there: " + traceFolder)
	}
	now := time.Date(2026, 11, 23, 19, 19, 45, 0, time.UTC)
	w, err := results.Create(filepath.Join(t.TempDir(), "run"), results.Header{ID: "traces", Created: now})
	check(t, err)
	for i, name := range names {
		f, err := os.Open(filepath.Join(traceFolder, name+".csv"))
		check(t, err)
		trials, err := lithops.Read(f, lithops.Options{})
		check(t, errors.Join(err, f.Close()))
		trials[0].Trial.Index = i
		check(t, w.Trial(trials[0].Trial, trials[0].Trace))
	}
	check(t, errors.Join(w.End(results.End{Finished: now, Reason: "done", Trials: len(names)}), w.Close()))
	run, err := results.Open(w.Dir())
	check(t, err)
	return run
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func traceOf(t *testing.T, run *results.Run) *trace.Trace {
	t.Helper()
	tr, err := run.Trace(0)
	check(t, err)
	return tr
}

func simulated(t *testing.T, s *Scenario) *Intervals {
	t.Helper()
	outcomes, err := Simulate(t.Context(), s, Options{Seed: 1})
	check(t, err)
	return intervals(s, outcomes, DefaultConfidence)
}

// Calibrated by a trace, a simulation of the same size gives what was measured.
func TestReplay(t *testing.T) {
	for _, c := range []struct {
		name                  string
		makespan, last, start float64 // how far medians may be off
	}{
		{"flops-aws_lambda-1000_flops", 0.03, 0.05, 0.05},
		{"flops-ibm_cf-1000_flops", 0.03, 0.05, 0.05},
		{"object_storage-ibm_cos-1000_read", 0.03, 0.05, 0.05},
		{"object_storage-ibm_cos-1000_write", 0.03, 0.05, 0.05},
		// Of the last start of 100 the largest value alone decides.
		{"flops-ovhcloud_managed_k8s-100_flops", 0.05, 0.05, 0.05},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := imported(t, c.name)
			tr := traceOf(t, run)
			m, err := Calibrate(run, Select{})
			check(t, err)
			got, want := simulated(t, m.Scenario(tr.Slots, 0)), metrics.StartupOf(tr)
			for _, f := range []struct {
				what      string
				got       Interval
				want      float64
				tolerance float64
			}{
				{"makespan", got.Makespan, tr.Makespan.Seconds(), c.makespan},
				{"last start", got.LastStart, want.Last, c.last},
				{"p99 start", got.P99Start, want.P99, c.start},
			} {
				off := f.got.Median/f.want - 1
				t.Logf("%-10s simulated %8.3f s [%.3f, %.3f], measured %8.3f s: %+.2f %%", f.what, f.got.Median, f.got.Lo, f.got.Hi, f.want, 100*off)
				if math.Abs(off) > f.tolerance {
					t.Errorf("%s: off by %.1f %%, more than %.0f %%", f.what, 100*off, 100*f.tolerance)
				}
			}
		})
	}
}

// From the trace of one scale, the interval at another one holds what was
// measured there, and the median is nearer to it than the makespan of the
// first.
func TestForecastAcrossScale(t *testing.T) {
	for _, c := range []struct {
		small, large string
		held         bool
	}{
		{"flops-aws_lambda-100_flops", "flops-aws_lambda-1000_flops", true},
		{"flops-ibm_cf-100_flops", "flops-ibm_cf-1000_flops", true},
		{"object_storage-ibm_cos-100_read", "object_storage-ibm_cos-1000_read", true},
		{"object_storage-ibm_cos-100_write", "object_storage-ibm_cos-1000_write", true},
		// Three pods shared a processor at 100, which nothing at 32 tells of.
		{"flops-ovhcloud_managed_k8s-32_flops", "flops-ovhcloud_managed_k8s-100_flops", false},
	} {
		t.Run(c.small, func(t *testing.T) {
			small, large := imported(t, c.small), imported(t, c.large)
			m, err := Calibrate(small, Select{})
			check(t, err)
			truth := traceOf(t, large)
			before, want := traceOf(t, small).Makespan.Seconds(), truth.Makespan.Seconds()
			got := simulated(t, m.Scenario(truth.Slots, 0))
			start := metrics.StartupOf(truth)
			t.Logf("makespan %.1f s [%.1f, %.1f], measured %.1f s (%.1f s at the scale that it is from); last start %.1f s [%.1f, %.1f], measured %.1f s",
				got.Makespan.Median, got.Makespan.Lo, got.Makespan.Hi, want, before, got.LastStart.Median, got.LastStart.Lo, got.LastStart.Hi, start.Last)
			if held := got.Makespan.Lo <= want && want <= got.Makespan.Hi; held != c.held {
				t.Errorf("the interval holds what was measured: %t, want %t", held, c.held)
			}
			if math.Abs(got.Makespan.Median-want) >= math.Abs(before-want) {
				t.Errorf("the forecast is no better than the makespan at the other scale")
			}
		})
	}
}
