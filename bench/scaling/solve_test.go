package scaling

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestNNLS compares with the best of all subsets of columns, each solved
// without bounds: the optimum is one of those that are not negative.
func TestNNLS(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for trial := range 500 {
		rows, n := 3+rng.IntN(8), 1+rng.IntN(4)
		columns := make([][]float64, n)
		y, weight := make([]float64, rows), make([]float64, rows)
		for r := range rows {
			for k := range columns {
				columns[k] = append(columns[k], rng.NormFloat64()*math.Pow(10, float64(k)))
			}
			y[r], weight[r] = rng.NormFloat64(), rng.Float64()+0.1
		}
		sum := func(x []float64) float64 {
			s := 0.0
			for r := range y {
				d := y[r] - combine(columns, x, r)
				s += weight[r] * d * d
			}
			return s
		}
		best := math.Inf(1)
		for set := range 1 << n {
			var use []int
			for k := range n {
				if set>>k&1 == 1 {
					use = append(use, k)
				}
			}
			a, b := normal(columns, y, weight, use)
			z, ok := solve(a, b)
			x, feasible := make([]float64, n), ok
			for i, k := range use {
				if ok {
					x[k] = z[i]
					feasible = feasible && z[i] >= 0
				}
			}
			if feasible {
				best = min(best, sum(x))
			}
		}
		x := nnls(columns, y, weight)
		for k, v := range x {
			if v < 0 || math.IsNaN(v) {
				t.Fatalf("trial %d: coefficient %d is %v", trial, k, v)
			}
		}
		if got := sum(x); got > best*(1+1e-9)+1e-12 {
			t.Errorf("trial %d: sum of squares %v, best %v", trial, got, best)
		}
	}
}

func TestNNLSDependentColumns(t *testing.T) {
	ones := []float64{1, 1, 1, 1}
	x := nnls([][]float64{ones, ones, {0, 0, 0, 0}}, []float64{2, 2, 2, 2}, ones)
	if math.Abs(x[0]+x[1]-2) > 1e-12 || x[2] != 0 {
		t.Errorf("coefficients %v", x)
	}
}

// TestDescentFromAfar: the USL comes out from starts that are far off, and
// never with a parameter below 0.
func TestDescentFromAfar(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for trial := range 200 {
		truth := []float64{rng.Float64() * 0.3, math.Pow(10, -2-4*rng.Float64()), math.Pow(10, 6*rng.Float64()-3)}
		var obs []Observation
		for _, n := range []float64{1, 2, 4, 8, 16, 32, 64} {
			obs = append(obs, Observation{Cores: n, Work: 1, Y: usl{}.Value(truth, n, 1), Weight: 1})
		}
		p := usl{}.Fit(obs)
		for k := range truth {
			if math.Abs(p[k]-truth[k]) > 1e-5*truth[k]+1e-9 {
				t.Errorf("trial %d: parameters %v, not %v", trial, p, truth)
				break
			}
		}
		start := []float64{rng.Float64(), rng.Float64() * 0.01, truth[2] * math.Pow(10, 2*rng.Float64()-1)}
		if _, s := levenbergMarquardt(uslCurve, obs, usl{}.About().Params, start, nil); s > 1e-12*truth[2]*truth[2] {
			t.Errorf("trial %d: from %v the sum of squares is %v", trial, start, s)
		}
	}
}

// TestDerivatives compares exact derivatives with differences.
func TestDerivatives(t *testing.T) {
	for name, c := range map[string]struct {
		f curve
		p []float64
	}{
		"usl": {uslCurve, []float64{0.1, 0.003, 7}}, "low variance": {downeyCurve, []float64{20, 0.5, 3}},
		"high variance": {downeyCurve, []float64{20, 2.5, 3}},
	} {
		for _, n := range []float64{1, 5, 19, 25, 38, 200} {
			exact, scratch := make([]float64, 3), make([]float64, 3)
			c.f(c.p, Observation{Cores: n}, exact)
			for k := range c.p {
				h := 1e-6 * c.p[k]
				up, down := append([]float64(nil), c.p...), append([]float64(nil), c.p...)
				up[k], down[k] = up[k]+h, down[k]-h
				d := (c.f(up, Observation{Cores: n}, scratch) - c.f(down, Observation{Cores: n}, scratch)) / (2 * h)
				if math.Abs(d-exact[k]) > 1e-5*(1+math.Abs(d)) {
					t.Errorf("%s at %g cores: derivative %d is %v, by differences %v", name, n, k, exact[k], d)
				}
			}
		}
	}
}

// TestDowneyIsContinuous at the ends of its pieces.
func TestDowneyIsContinuous(t *testing.T) {
	for _, sigma := range []float64{0, 0.5, 1, 1.0000001, 3} {
		for _, n := range []float64{1, 9.5, 10, 19, 20, 10 + 9*sigma} {
			a, _, _ := downeySpeedup(10, sigma, n-1e-9)
			b, _, _ := downeySpeedup(10, sigma, n+1e-9)
			if math.Abs(a-b) > 1e-6 {
				t.Errorf("sigma %g jumps at %g cores: %v, %v", sigma, n, a, b)
			}
		}
	}
}

func TestExtraPHas42Pairs(t *testing.T) {
	seen := map[pair]bool{}
	for _, p := range pmnfPairs() {
		seen[p] = true
	}
	if len(extraP()) != 42 || len(seen) != 84 {
		t.Errorf("%d pairs, %d with their negatives", len(extraP()), len(seen))
	}
}
