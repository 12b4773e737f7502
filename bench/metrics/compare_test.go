package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"corecast/results"
	"corecast/runner/trace"
)

// runOf makes a run of trials without task rows: makespans of a serial base
// and of points of 1 and 2 cores, and dispatch times, all scaled.
func runOf(r *rand.Rand, reps int, scale float64) *results.Run {
	run := &results.Run{Header: results.Header{ID: "test"}, End: &results.End{Reason: "done"}, Machines: []results.Machine{{ID: "m"}}}
	add := func(role results.Role, backend string, cores int, seconds float64) {
		run.Trials = append(run.Trials, results.Trial{
			Index: len(run.Trials), Role: role, Kind: results.Measured, Tasks: 100, Machine: "m",
			Point:    results.Point{Workload: "w", Backend: backend, Cores: cores},
			Makespan: trace.FromSeconds(seconds * scale * (1 + 0.05*r.NormFloat64())),
		})
	}
	for range reps {
		add(results.RoleSerial, "serial", 1, 1)
		for _, cores := range []int{1, 2} {
			add(results.RoleTrial, "local", cores, 1/float64(cores))
			add(results.RoleDispatch, "local", cores, 1e-4)
		}
	}
	return run
}

// TestCompareSame compares pairs of runs of the same thing: at most 12 of 200
// may differ clearly.
func TestCompareSame(t *testing.T) {
	for _, reps := range []int{6, 10, 30} {
		r := rand.New(rand.NewPCG(1, uint64(reps)))
		alarms := 0
		for range 200 {
			c, err := CompareRuns(runOf(r, reps, 1), runOf(r, reps, 1), CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if c.Tests != 5 {
				t.Fatalf("%d tests, want 5", c.Tests)
			}
			if c.Verdict != Same && c.Verdict != Unknown {
				alarms++
			}
		}
		if alarms > 12 {
			t.Errorf("%d repetitions: %d of 200 pairs of the same thing differ clearly", reps, alarms)
		}
	}
}

// TestCompareFindsDifferences checks that a change of 20 % is found, in the
// right direction.
func TestCompareFindsDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for scale, want := range map[float64]string{1.2: Worse, 0.8: Better} {
		found := 0
		for range 50 {
			c, err := CompareRuns(runOf(r, 10, 1), runOf(r, 10, scale), CompareOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if c.Verdict == want {
				found++
			}
			if ratio := c.Points[0].Metrics[0].Ratio; math.Abs(ratio.Median/scale-1) > 0.15 || ratio.Lo > ratio.Median {
				t.Errorf("ratio %+v, want about %v", ratio, scale)
			}
		}
		if found < 48 {
			t.Errorf("a change by %v is found in %d of 50 pairs", scale, found)
		}
	}
}

// TestCompareHolm checks Holm's adjusted p-values by hand: 0.01, 0.02, 0.04
// become 0.03, 0.04, 0.04.
func TestCompareHolm(t *testing.T) {
	c := Comparison{Alpha: 0.05, Points: []PointComparison{{Metrics: []MetricComparison{
		{Name: "b", P: 0.02, powerful: true}, {Name: "c", P: 0.04, powerful: true}, {Name: "a", P: 0.01, powerful: true, New: Interval{Median: 1}},
	}}}}
	c.judge()
	for i, want := range []float64{0.04, 0.04, 0.03} {
		if got := c.Points[0].Metrics[i].Adjusted; math.Abs(got-want) > 1e-12 {
			t.Errorf("adjusted p-value %d: %v, want %v", i, got, want)
		}
	}
	if c.Verdict != Worse {
		t.Errorf("verdict %q", c.Verdict)
	}
}

func TestCompareEdges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	c, err := CompareRuns(runOf(r, 2, 1), runOf(r, 2, 5), CompareOptions{})
	if err != nil || c.Verdict != Unknown {
		t.Errorf("two repetitions: %q, %v; want cannot tell", c.Verdict, err)
	}
	other := runOf(r, 6, 1)
	for i := range other.Trials {
		other.Trials[i].Point.Workload = "another"
	}
	if _, err := CompareRuns(runOf(r, 6, 1), other, CompareOptions{}); err == nil || !strings.Contains(err.Error(), "no point in common") {
		t.Errorf("error %v", err)
	}
	elsewhere := runOf(r, 6, 1)
	elsewhere.Machines[0].ID = "other"
	elsewhere.End = nil
	elsewhere.Trials = elsewhere.Trials[:len(elsewhere.Trials)-1]
	c, err = CompareRuns(runOf(r, 6, 1), elsewhere, CompareOptions{})
	if err != nil || len(c.Warnings) != 2 || c.Warnings[0].Code != "unlike_machines" || c.Warnings[1].Code != "incomplete" {
		t.Errorf("warnings %+v, %v", c.Warnings, err)
	}
}

// TestCompareGates checks the threshold, the refusal, and dependent samples.
func TestCompareGates(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	a, b := runOf(r, 30, 1), runOf(r, 30, 1.2)
	c, err := CompareRuns(a, b, CompareOptions{Threshold: 0.5})
	if err != nil || c.Verdict == Worse || !c.Points[0].Metrics[0].Small {
		t.Errorf("20 %% beside a threshold of 50 %%: %q, %v", c.Verdict, err)
	}
	b.Machines[0].ID = "other"
	c, err = CompareRuns(a, b, CompareOptions{Alike: true})
	if err != nil || c.Verdict != Unknown || c.Refused == "" || c.Points[0].Metrics[0].Verdict != Unknown {
		t.Errorf("unlike machines: %q (%s), %v", c.Verdict, c.Refused, err)
	}
	c, err = CompareRuns(a, b, CompareOptions{News: 5})
	if err != nil || c.Verdict != Worse || c.Alpha != CompareAlpha/5 {
		t.Errorf("forced: %q at %v, %v", c.Verdict, c.Alpha, err)
	}
}

// TestDependence: autocorrelated samples of the same thing are seldom clearly
// different, where the plain test finds a difference in a third of them.
func TestDependence(t *testing.T) {
	alarms, plain := 0, 0
	for i := range 400 {
		r := rand.New(rand.NewPCG(5, uint64(i)))
		draw := func() []float64 {
			x, state := make([]float64, 10), r.NormFloat64()
			for k := range x {
				state = 0.6*state + 0.8*r.NormFloat64()
				x[k] = 1 + 0.05*state
			}
			return x
		}
		a, b := draw(), draw()
		if p, _ := Compare(a, b); p < CompareAlpha {
			plain++
		}
		if v := CompareSamples(a, b, 0).Verdict; v == Better || v == Worse {
			alarms++
		}
	}
	if plain < 60 || alarms > 34 {
		t.Errorf("of 400 pairs %d differ by the plain test, %d by the verdict", plain, alarms)
	}
	if p := deflated(0.05, 0); math.Abs(p-0.05) > 1e-12 {
		t.Errorf("without autocorrelation p = 0.05 becomes %v", p)
	}
}

// TestNoise: the spread is that of the noise, and the smallest visible change
// is found about four times out of five.
func TestNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	n, err := NoiseOf(runOf(r, 400, 1))
	if err != nil || len(n.Metrics) < 4 {
		t.Fatalf("%d metrics, %v", len(n.Metrics), err)
	}
	for _, m := range n.Metrics {
		if math.Abs(m.Spread-0.05) > 0.01 {
			t.Errorf("%s: spread %v, want about 0.05", m.Series, m.Spread)
		}
	}
	found, visible := 0, n.Metrics[0].Visible[2]
	for range 400 {
		var a, b []float64
		for range visible.Reps {
			a, b = append(a, 1+n.Metrics[0].Spread*r.NormFloat64()), append(b, 1+visible.Change+n.Metrics[0].Spread*r.NormFloat64())
		}
		if p, _ := Compare(a, b); p < CompareAlpha {
			found++
		}
	}
	if found < 290 || found > 350 {
		t.Errorf("a change of %v is found in %d of 400 pairs, want about 320", visible.Change, found)
	}
}
