package scaling

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"corecast/bench/metrics"
	"corecast/results"
)

// series makes data of one row a core count.
func series(points ...[2]float64) *Data {
	d := &Data{Name: "data", Unit: "job"}
	for _, p := range points {
		d.Cells = append(d.Cells, Cell{Cores: p[0], Work: 1, Times: []float64{p[1]}})
	}
	return d
}

func codes(list []results.Warning) string {
	var names []string
	for _, w := range list {
		names = append(names, w.Code)
	}
	return strings.Join(names, " ")
}

func TestSelectsTheLawThatPredicts(t *testing.T) {
	for _, w := range []world{
		{usl{}, []float64{0.02, 0.002, 3}, []float64{1, 2, 4, 8, 16, 32, 64}, 1, false},
		{gustafson{}, []float64{0.3, 3}, []float64{1, 2, 4, 8, 16, 32, 64}, 1, false},
		{pmnf{}, []float64{5, 0.2, 1.5, 0}, []float64{1, 2, 4, 8, 16, 32, 64}, 1, false},
	} {
		f, err := New(w.measure(rand.New(rand.NewPCG(1, 1))), Options{Predict: []float64{128}})
		if err != nil {
			t.Fatal(err)
		}
		if name := w.law.About().Name; f.Selected != name {
			t.Errorf("%s is selected in a world of %s: %+v", f.Selected, name, f.Backtest)
		}
		p := f.Predictions[0]
		truth := w.law.Value(w.params, 128, 1)
		if w.law.About().Response == Throughput {
			truth = 1 / truth
		}
		if p.Kind != results.Extrapolated || math.Abs(*p.Seconds/truth-1) > 0.1 || !(*p.Lo <= truth && truth <= *p.Hi) {
			t.Errorf("%s: %v s [%v, %v] at 128 cores, really %v", f.Selected, *p.Seconds, *p.Lo, *p.Hi, truth)
		}
		if *p.Throughput != 1 / *p.Seconds || *p.ThroughputLo != 1 / *p.Hi {
			t.Errorf("throughput %v [%v, %v]", *p.Throughput, *p.ThroughputLo, *p.ThroughputHi)
		}
	}
}

func TestBacktestSplits(t *testing.T) {
	for _, c := range []struct{ counts, want []float64 }{
		{[]float64{1, 2, 4}, []float64{2}},
		{[]float64{1, 2, 4, 8}, []float64{4}},
		{[]float64{1, 2, 4, 8, 16}, []float64{4, 8}},
		{[]float64{1, 2, 3, 4, 5, 6, 7, 8}, []float64{4, 5, 6, 7}},
	} {
		if got := splits(c.counts); !slices.Equal(got, c.want) {
			t.Errorf("splits of %v: %v, want %v", c.counts, got, c.want)
		}
	}
}

// TestWarnings: what gives reason for doubt is a value.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		name string
		data *Data
		laws []Law
		at   float64
		// want are codes that the first fit has, predicted those of the prediction.
		want, predicted string
	}{
		{"three points of three parameters", series([2]float64{1, 10}, [2]float64{2, 6}, [2]float64{4, 4.5}), []Law{usl{}}, 6,
			"few_points no_interval", "no_interval"},
		{"linear scaling leaves sigma and kappa at 0", series([2]float64{1, 8}, [2]float64{2, 4}, [2]float64{4, 2}, [2]float64{8, 1}, [2]float64{16, 0.5}), []Law{usl{}}, 16,
			"bound_reached bound_reached", ""},
		{"far beyond", specSDM91(), []Law{usl{}}, 1000, "", "far_extrapolation"},
		{"a time that falls faster than any work shared", series([2]float64{1, 100}, [2]float64{2, 80}, [2]float64{4, 59}, [2]float64{8, 41}, [2]float64{16, 20}, [2]float64{32, 1}), []Law{pmnf{}}, 64,
			"", "not_positive"},
	} {
		f, err := New(c.data, Options{Laws: c.laws, Predict: []float64{c.at}})
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := codes(f.Fits[0].Warnings); !strings.Contains(got, c.want) {
			t.Errorf("%s: the fit warns of %q, want %q", c.name, got, c.want)
		}
		if got := codes(f.Predictions[0].Warnings); !strings.Contains(got, c.predicted) {
			t.Errorf("%s: the prediction warns of %q, want %q", c.name, got, c.predicted)
		}
	}
}

// TestNothingAtOrBelowZeroWithoutWarning on random data, at any core count; and
// every forecast can be written as JSON.
func TestNothingAtOrBelowZeroWithoutWarning(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	negative := 0
	for range 25 {
		d := &Data{Name: "random", Unit: "job"}
		n := 1.0
		for range 3 + rng.IntN(6) {
			d.Cells = append(d.Cells, Cell{Cores: n, Work: 1, Times: []float64{math.Exp(2*rng.NormFloat64()) / math.Pow(n, rng.Float64())}})
			n += 1 + float64(rng.IntN(int(n)+3))
		}
		f, err := New(d, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(f); err != nil {
			t.Fatal(err)
		}
		for _, fit := range f.Fits {
			for _, cores := range []float64{1, 2, n, 10 * n, 1e6} {
				p := f.AtBy(fit.Law, cores, 0)
				if p.Seconds == nil || *p.Seconds <= 0 {
					negative++
					if !strings.Contains(codes(p.Warnings), "not_positive") {
						t.Errorf("%s at %g cores: %v s without a warning", fit.Law, cores, p.Seconds)
					}
				}
				if _, err := json.Marshal(p); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if negative == 0 {
		t.Error("no law predicted a time at or below zero: the test shows nothing")
	}
}

// TestMoreRepetitionsDoNotHideAMisfit: intervals of a law that misses the
// points stay wide however often they are repeated.
func TestMoreRepetitionsDoNotHideAMisfit(t *testing.T) {
	width := func(reps int) float64 {
		rng := rand.New(rand.NewPCG(4, 4))
		d := &Data{Name: "misfit", Unit: "job"}
		for i, n := range []float64{1, 2, 4, 8, 16, 32} {
			c := Cell{Cores: n, Work: 1}
			for range reps {
				wave := 1 + 0.1*float64(1-2*(i%2))
				c.Times = append(c.Times, (1/n+0.02)*wave*math.Exp(0.001*rng.NormFloat64()))
			}
			d.Cells = append(d.Cells, c)
		}
		f := fitLaw(amdahl{}, d.digest())
		if reps > 1 && !f.missed {
			t.Errorf("%d repetitions: the lack of fit is not seen", reps)
		}
		lo, hi := f.profile(0, 0.95)
		return hi - lo
	}
	if few, many := width(2), width(200); many < 0.8*few {
		t.Errorf("200 repetitions narrow the interval from %g to %g", few, many)
	}
}

// TestWeakScaling: work in proportion to the cores goes with predictions.
func TestWeakScaling(t *testing.T) {
	d := &Data{Name: "weak", Unit: "task"}
	for _, n := range []float64{1, 2, 4, 8, 16} {
		d.Cells = append(d.Cells, Cell{Cores: n, Work: 100 * n, Times: []float64{10 + 0.1*n}})
	}
	f, err := New(d, Options{Predict: []float64{32}})
	if err != nil {
		t.Fatal(err)
	}
	p := f.Predictions[0]
	if p.Work != 3200 || math.Abs(*p.Seconds-13.2) > 0.3 {
		t.Errorf("%+v: %v s by %s, want about 13.2", p, *p.Seconds, f.Selected)
	}
	if half := f.AtBy("pmnf", 32, 1600); math.Abs(*half.Seconds-6.6) > 0.3 {
		t.Errorf("half of the work by pmnf takes %v s", *half.Seconds)
	}
}

func TestHeldOut(t *testing.T) {
	f, err := New(specSDM91(), Options{UpTo: 108})
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Points) != 5 || len(f.Predictions) != 2 || f.Predictions[1].Cores != 216 {
		t.Fatalf("%d points, predictions %+v", len(f.Points), f.Predictions)
	}
	for _, p := range f.Predictions {
		if p.Measured == nil || math.Abs(*p.Error-(*p.Seconds / *p.Measured - 1)) > 1e-12 || *p.Inside != (*p.Lo <= *p.Measured && *p.Measured <= *p.Hi) {
			t.Errorf("%+v", p)
		}
	}
}

func TestMixedWork(t *testing.T) {
	d := &Data{Name: "mixed", Unit: "task"}
	for _, c := range [][2]float64{{1, 100}, {2, 100}, {4, 100}, {4, 800}, {8, 800}, {16, 800}} {
		d.Cells = append(d.Cells, Cell{Cores: c[0], Work: c[1], Times: []float64{2 + 0.5*c[1]/c[0]}})
	}
	f, err := New(d, Options{Predict: []float64{32}})
	if err != nil {
		t.Fatal(err)
	}
	if f.Selected != "ernest" || !strings.Contains(codes(f.Warnings), "not_fitted") || codes(f.Predictions[0].Warnings) != "work_assumed" {
		t.Errorf("selected %s, warnings %v, %v", f.Selected, f.Warnings, f.Predictions[0].Warnings)
	}
	if p := f.At(32, 3200); math.Abs(*p.Seconds-52) > 0.01 {
		t.Errorf("3,200 tasks on 32 cores take %v s", *p.Seconds)
	}
	if _, err := New(d, Options{Laws: []Law{pmnf{}}}); err == nil || !strings.Contains(err.Error(), "knows nothing of work") {
		t.Errorf("pmnf alone: %v", err)
	}
}

func TestTooFewCoreCounts(t *testing.T) {
	for _, c := range []struct {
		data *Data
		want string
	}{
		{series(), "no rows"},
		{series([2]float64{4, 1}), "at one core count, 4"},
		{series([2]float64{4, 1}, [2]float64{8, 1}), "2 core counts, 4 and 8: a fit needs at least 3"},
	} {
		if _, err := New(c.data, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

func TestFindLaws(t *testing.T) {
	laws, err := FindLaws("usl", "amdahl")
	if err != nil || len(laws) != 2 || laws[0].About().Name != "amdahl" {
		t.Errorf("%v, %v", laws, err)
	}
	if all, err := FindLaws("all"); err != nil || len(all) != len(Laws()) {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := FindLaws("moore"); err == nil || !strings.Contains(err.Error(), `"moore": there are amdahl, gustafson, usl`) {
		t.Errorf("%v", err)
	}
}

func TestFromSummary(t *testing.T) {
	s := &metrics.Summary{Workload: "sleep", Backend: "local", Points: []metrics.Point{
		{Cores: 2, Tasks: 10, Kind: results.Measured, Times: []float64{2, 3}},
		{Cores: 1, Tasks: 10, Kind: results.Measured, Times: []float64{4}},
		{Cores: 4, Tasks: 10, Kind: results.Scaled, Times: []float64{1}},
		{Cores: 4, Tasks: 10, Kind: results.Measured, Makespan: metrics.Interval{Median: 1}},
		{Cores: 8, Tasks: 10, Kind: results.Measured, Times: []float64{math.NaN()}},
	}}
	data, names := FromSummary(s)
	if len(data) != 2 || names[0] != "" || data[1].Kind != results.Scaled {
		t.Fatalf("%d series, %q", len(data), names)
	}
	if got := data[0].CoreCounts(); !slices.Equal(got, []float64{1, 2, 4}) || data[0].Cells[1].Work != 10 {
		t.Errorf("%+v", data[0].Cells)
	}
}

func BenchmarkForecast(b *testing.B) {
	d := specSDM91()
	for b.Loop() {
		if _, err := New(d, Options{Predict: []float64{300}}); err != nil {
			b.Fatal(err)
		}
	}
}
