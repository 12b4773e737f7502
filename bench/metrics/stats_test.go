package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedianInterval(t *testing.T) {
	for _, test := range []struct {
		name   string
		values []float64
		want   Interval
		warns  bool
	}{
		{"one value has no interval", []float64{3}, Interval{3, 3, 3, 0}, true},
		{"two: the range, 1 - 2/4", []float64{4, 2}, Interval{3, 2, 4, 0.5}, true},
		{"five: the range, 1 - 2/32", []float64{5, 1, 4, 2, 3}, Interval{3, 1, 5, 0.9375}, true},
		{"six are enough: 1 - 2/64", []float64{6, 5, 1, 4, 2, 3}, Interval{3.5, 1, 6, 0.96875}, false},
		{"equal values", []float64{2, 2, 2}, Interval{2, 2, 2, 0.75}, true},
	} {
		before := append([]float64(nil), test.values...)
		got, warnings := MedianInterval(test.values, Confidence)
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
		if (len(warnings) > 0) != test.warns {
			t.Errorf("%s: warnings %v", test.name, warnings)
		}
		if d := cmp.Diff(before, test.values); d != "" {
			t.Errorf("%s: the values were reordered: %s", test.name, d)
		}
	}
	_, warnings := MedianInterval([]float64{1, 2, 3}, Confidence)
	if want := "6 samples give 95 %"; warnings[0].Advice != want {
		t.Errorf("advice %q, want %q", warnings[0].Advice, want)
	}
}

// Intervals hold the true median as often as they promise.
func TestMedianIntervalCovers(t *testing.T) {
	const rounds = 4000
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{3, 6, 11, 30, 31, 60} {
		held, promised := 0, 0.0
		for range rounds {
			values := make([]float64, n)
			for i := range values {
				values[i] = rng.ExpFloat64()
			}
			in, _ := MedianInterval(values, Confidence)
			promised = in.Confidence
			if in.Lo <= math.Ln2 && math.Ln2 <= in.Hi {
				held++
			}
		}
		// Four standard deviations of the share below what is promised.
		slack := 4 * math.Sqrt(promised*(1-promised)/rounds)
		if share := float64(held) / rounds; share < promised-slack-0.005 {
			t.Errorf("n = %d: held in %.4f of the rounds, promised %.4f", n, share, promised)
		}
	}
}

func TestRatioInterval(t *testing.T) {
	base := []float64{10, 12, 11}
	values := []float64{5, 4, 6, 5}
	got, warnings, err := RatioInterval(base, values, Confidence)
	if err != nil {
		t.Fatal(err)
	}
	// Ranges 10 to 12 (0.75) and 4 to 6 (0.875): at least 1 - 0.25 - 0.125.
	want := Interval{Median: 11.0 / 5, Lo: 10.0 / 6, Hi: 12.0 / 4, Confidence: 0.625}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(warnings) != 1 || warnings[0].Advice != "7 samples of each give 95 %" {
		t.Errorf("warnings %v", warnings)
	}
	seven := []float64{1, 2, 3, 4, 5, 6, 7} // 1 - 2/128 each: 0.96875 together
	if got, warnings, _ = RatioInterval(seven, seven, Confidence); len(warnings) != 0 || got.Confidence != 0.96875 {
		t.Errorf("seven samples: %+v, %v", got, warnings)
	}
	for _, bad := range [][]float64{nil, {0, 1}, {-1}, {math.NaN()}} {
		if _, _, err := RatioInterval(base, bad, Confidence); err == nil {
			t.Errorf("no error for %v", bad)
		}
	}
}

func TestCompare(t *testing.T) {
	// Four below four: 2 of the 70 splits of eight are as extreme.
	p, warnings := Compare([]float64{4, 3, 2, 1}, []float64{5, 6, 7, 8})
	if math.Abs(p-2.0/70) > 1e-12 || len(warnings) != 0 {
		t.Errorf("p = %v, want %v; %v", p, 2.0/70, warnings)
	}
	// Three and three cannot be told apart at 0.05: 2 of 20.
	p, warnings = Compare([]float64{1, 2, 3}, []float64{4, 5, 6})
	if math.Abs(p-0.1) > 1e-12 || len(warnings) != 1 {
		t.Errorf("p = %v, want 0.1; %v", p, warnings)
	}
	if p, warnings = Compare([]float64{1, 1}, []float64{1, 1}); p != 1 || len(warnings) != 1 {
		t.Errorf("all alike: p = %v, %v", p, warnings)
	}
	if p, warnings = Compare(nil, []float64{1}); p != 1 || len(warnings) != 1 {
		t.Errorf("no samples: p = %v, %v", p, warnings)
	}
}

func TestLowerMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   int
	}{
		{nil, -1},
		{[]float64{7}, 0},
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 3}, // the lower of 2 and 3
		{[]float64{5, 5, 5, 5}, 0}, // the first of equal ones
	} {
		if got := LowerMedian(test.values); got != test.want {
			t.Errorf("%v: %d, want %d", test.values, got, test.want)
		}
	}
}
