package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each distribution has the mean that it says, and no value below 0.
func TestMeans(t *testing.T) {
	const n = 200_000
	for _, d := range []Dist{
		Constant(3), Uniform{2, 5}, Exponential{4}, Normal{1, 2}, Normal{3, 0}, LogNormal{2, 0.5}, Weibull{3, 1.6}, Pareto{2, 3.5},
		Empirical{1, 2, 6}, Mixture{{3, Constant(1)}, {1, Exponential{5}}}, Shifted{2, Exponential{1}}, Scaled{Uniform{1, 3}, LogNormal{1, 0.3}},
	} {
		check(t, d.check())
		rng := rand.New(rand.NewPCG(7, 7))
		sum, squares := 0.0, 0.0
		for range n {
			x := d.Draw(rng)
			if x < 0 {
				t.Fatalf("%#v drew %g", d, x)
			}
			sum, squares = sum+x, squares+x*x
		}
		mean := sum / n
		if error := 5*math.Sqrt(squares/n-mean*mean)/math.Sqrt(n) + 1e-9; !near(mean, d.Mean(), error) {
			t.Errorf("%#v: mean %g, says %g", d, mean, d.Mean())
		}
	}
	if m := (Pareto{1, 1}).Mean(); !math.IsInf(m, 1) {
		t.Errorf("mean %g of a tail that has none", m)
	}
}

// Speeds keep their distribution, and have the wished rank correlation with
// start delays.
func TestCouple(t *testing.T) {
	for _, want := range []float64{-1, -0.5, 0.3, 0.8, 1} {
		rng := rand.New(rand.NewPCG(3, 4))
		d := drawn{delays: make([]float64, 20_000), factors: make([]float64, 20_000)}
		for i := range d.delays {
			d.delays[i], d.factors[i] = Pareto{1, 1.5}.Draw(rng), LogNormal{1, 1}.Draw(rng)
		}
		before := slices.Sorted(slices.Values(d.factors))
		d.couple(want, rng)
		if got := rankCorrelation(d.delays, d.factors); !near(got, want, 0.02) {
			t.Errorf("rank correlation %g, want %g", got, want)
		}
		if !slices.Equal(before, slices.Sorted(slices.Values(d.factors))) {
			t.Error("the factors are others")
		}
	}
}

// rankCorrelation is Spearman's.
func rankCorrelation(a, b []float64) float64 {
	ranks := func(v []float64) []float64 {
		order := make([]int, len(v))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(x, y int) int { return cmp.Compare(v[x], v[y]) })
		r := make([]float64, len(v))
		for k, i := range order {
			r[i] = float64(k)
		}
		return r
	}
	x, y := ranks(a), ranks(b)
	mean, xy, xx := float64(len(a)-1)/2, 0.0, 0.0
	for i := range x {
		xy += (x[i] - mean) * (y[i] - mean)
		xx += (x[i] - mean) * (x[i] - mean)
	}
	return xy / xx
}

// Streams of other purposes, replications and seeds have nothing in common.
func TestStreams(t *testing.T) {
	seen := make(map[uint64]bool)
	for seed := range uint64(20) {
		for replication := range 20 {
			for p := forParameters; p <= forNetwork; p++ {
				x := stream(seed, replication, p).Uint64()
				if seen[x] {
					t.Fatalf("seed %d, replication %d, purpose %d begins like another", seed, replication, p)
				}
				seen[x] = true
			}
		}
	}
}

func TestGamma(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, shape := range []float64{1, 2.5, 9} {
		sum, squares := 0.0, 0.0
		const n = 100_000
		for range n {
			x := gamma(shape, rng)
			sum, squares = sum+x, squares+x*x
		}
		mean := sum / n
		if variance := squares/n - mean*mean; !near(mean, shape, 0.05) || !near(variance, shape, 0.05*shape+0.05) {
			t.Errorf("shape %g: mean %g, variance %g", shape, mean, variance)
		}
	}
}
