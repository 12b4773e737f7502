package change

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noisy gives n values of normal noise of 5 % about 1 with autocorrelation
// phi; from at on, times factor.
func noisy(seed uint64, n, at int, factor, phi float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	state := r.NormFloat64()
	for i := range x {
		if i > 0 {
			state = phi*state + math.Sqrt(1-phi*phi)*r.NormFloat64()
		}
		x[i] = 1 + 0.05*state
		if i >= at {
			x[i] *= factor
		}
	}
	return x
}

// TestFalseAlarms: at most 1 of 8 series without a change has one, where 1 of
// 20 is meant; bench/change/rates measures it closely.
func TestFalseAlarms(t *testing.T) {
	const series = 64
	for _, phi := range []float64{0, 0.6} {
		alarms := 0
		for i := range series {
			if len(Detect(noisy(uint64(i), 100, 0, 1, phi), Options{}).Points) > 0 {
				alarms++
			}
		}
		if alarms > series/8 {
			t.Errorf("autocorrelation %v: %d of %d series without a change have one", phi, alarms, series)
		}
	}
}

func TestFindsStep(t *testing.T) {
	const series = 40
	near, inRange := 0, 0
	for i := range series {
		r := Detect(noisy(uint64(i), 100, 60, 1.1, 0), Options{})
		for _, p := range r.Points {
			if max(p.Index-60, 60-p.Index) <= 3 {
				near++
				if p.First <= 60 && 60 <= p.Last && *p.Lo <= 1.1 && 1.1 <= *p.Hi {
					inRange++
				}
			}
		}
	}
	if near < series*9/10 {
		t.Errorf("a step of 10 %% is found in %d of %d series", near, series)
	}
	if inRange < near*8/10 {
		t.Errorf("place and size lie in their ranges in %d of %d series", inRange, near)
	}
}

func TestShapes(t *testing.T) {
	add := func(x []float64, change func(i int) float64) []float64 {
		for i := range x {
			x[i] *= change(i)
		}
		return x
	}
	plain := func(seed uint64) []float64 { return noisy(seed, 100, 0, 1, 0) }
	for _, c := range []struct {
		name   string
		values []float64
		want   []int // within 3
		drift  bool
	}{
		{"a step down", noisy(2, 100, 30, 0.85, 0), []int{30}, false},
		{"a step back", add(plain(3), func(i int) float64 {
			if i >= 40 && i < 60 {
				return 1.15
			}
			return 1
		}), []int{40, 60}, false},
		{"a staircase", add(plain(4), func(i int) float64 { return 1 + 0.2*float64(i/25) }), []int{25, 50, 75}, false},
		{"a slow drift", add(plain(5), func(i int) float64 { return 1 + 0.003*float64(i) }), nil, true},
		{"one spike", add(plain(6), func(i int) float64 {
			if i == 50 {
				return 5
			}
			return 1
		}), nil, false},
	} {
		r := Detect(c.values, Options{})
		if (r.Drift != nil) != c.drift {
			t.Errorf("%s: drift %+v", c.name, r.Drift)
		}
		if len(r.Points) != len(c.want) {
			t.Errorf("%s: changes %+v, want at %v", c.name, r.Points, c.want)
			continue
		}
		for i, p := range r.Points {
			if max(p.Index-c.want[i], c.want[i]-p.Index) > 3 {
				t.Errorf("%s: a change at %d, want %d", c.name, p.Index, c.want[i])
			}
		}
	}
}

// TestUnchanged checks what does not matter: scale of values, and missing ones
// but for the count of indices.
func TestUnchanged(t *testing.T) {
	base := noisy(7, 60, 40, 1.2, 0)
	want := Detect(base, Options{})
	if len(want.Points) != 1 {
		t.Fatalf("changes %+v", want.Points)
	}
	scaled := make([]float64, len(base))
	for i, v := range base {
		scaled[i] = v * 0x1p-40
	}
	if got := Detect(scaled, Options{}); got.Points[0].Index != want.Points[0].Index || *got.Points[0].Ratio != *want.Points[0].Ratio {
		t.Errorf("scaled: %+v, want %+v", got.Points[0], want.Points[0])
	}
	gaps := append([]float64{math.NaN(), math.Inf(1), 1e200}, base...)
	got := Detect(gaps, Options{})
	moved := want.Points[0]
	moved.Index, moved.First, moved.Last = moved.Index+3, moved.First+3, moved.Last+3
	if diff := cmp.Diff(moved, got.Points[0]); diff != "" || got.Used != 60 {
		t.Errorf("with gaps, %d used: (-want +got)\n%s", got.Used, diff)
	}
	if diff := cmp.Diff(want, Detect(base, Options{})); diff != "" {
		t.Errorf("a second time: %s", diff)
	}
}

func TestEdges(t *testing.T) {
	constant := make([]float64, 50)
	for i := range constant {
		constant[i] = 3
	}
	exact := make([]float64, 50)
	for i := range exact {
		exact[i] = 1 + float64(i/30)
	}
	for name, c := range map[string]struct {
		values []float64
		want   int
	}{
		"none":            {nil, 0},
		"one":             {[]float64{1}, 0},
		"seven":           {[]float64{1, 1, 1, 1, 9, 9, 9}, 0},
		"constant":        {constant, 0},
		"zero":            {make([]float64, 50), 0},
		"exact step":      {exact, 1},
		"nothing but NaN": {[]float64{math.NaN(), math.NaN()}, 0},
		"extremes":        {[]float64{1e150, -1e150, 1e150, -1e150, 5e-324, 0, 1e150, 1, 2, 3}, 0},
	} {
		r := Detect(c.values, Options{})
		if len(r.Points) != c.want {
			t.Errorf("%s: changes %+v", name, r.Points)
		}
		if name == "exact step" && (r.Points[0].Index != 30 || *r.Points[0].Ratio != 2) {
			t.Errorf("%s: %+v", name, r.Points[0])
		}
	}
	negative := noisy(9, 60, 30, 1.5, 0)
	for i := range negative {
		negative[i] -= 3
	}
	if r := Detect(negative, Options{}); len(r.Points) != 1 || r.Points[0].Ratio != nil {
		t.Errorf("negative values: %+v", r.Points)
	}
}

func BenchmarkDetect(b *testing.B) {
	x := noisy(1, 100, 60, 1.1, 0)
	for b.Loop() {
		Detect(x, Options{})
	}
}
