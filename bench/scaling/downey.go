package scaling

import (
	"cmp"
	"math"
	"slices"
)

// downey is the model of Downey, "A model for speedup of parallel programs"
// (UCB/CSD-97-933, 1997): A is the average parallelism of a program, sigma the
// variation of its parallelism over time.
type downey struct{}

// About describes the law.
func (downey) About() About {
	inf := math.Inf(1)
	return About{
		Name: "downey", Formula: "X = lambda S(n; A, sigma)", Response: Throughput, Needs: 3,
		Estimator: "non-linear least squares of throughput, A from 1, sigma from 0 and lambda free, by Levenberg-Marquardt from a grid of starts",
		Params:    []Param{{Name: "A", Lower: 1, Upper: inf}, {Name: "sigma", Upper: inf}, {Name: "lambda", Upper: inf}},
	}
}

// downeySpeedup returns S with its derivatives by A and sigma: the five
// formulas of the report's equations for low and high variance.
func downeySpeedup(a, sigma, n float64) (s, byA, bySigma float64) {
	switch {
	case sigma <= 1 && n <= a:
		d := a + sigma*(n-1)/2
		return a * n / d, n/d - a*n/(d*d), -a * n * (n - 1) / 2 / (d * d)
	case sigma <= 1 && n < 2*a-1:
		d := sigma*(a-0.5) + n*(1-sigma/2)
		return a * n / d, n/d - a*n*sigma/(d*d), -a * n * (a - 0.5 - n/2) / (d * d)
	case sigma > 1 && n < a+a*sigma-sigma:
		d, top := sigma*(n+a-1)+a, n*a*(sigma+1)
		return top / d, n*(sigma+1)/d - top*(sigma+1)/(d*d), n*a/d - top*(n+a-1)/(d*d)
	}
	return a, 1, 0
}

func downeyCurve(p []float64, o Observation, gradient []float64) float64 {
	s, byA, bySigma := downeySpeedup(p[0], p[1], o.Cores)
	gradient[0], gradient[1], gradient[2] = p[2]*byA, p[2]*bySigma, s
	return p[2] * s
}

// downeyStarts is how many points of the grid a descent begins at: the law has
// kinks, and more than one valley.
const downeyStarts = 4

// Fit descends from the best points of a grid over A and sigma.
func (l downey) Fit(obs []Observation, holds ...Hold) []float64 {
	var best []float64
	least := math.Inf(1)
	for _, start := range l.grid(obs, holds) {
		if p, s := levenbergMarquardt(downeyCurve, obs, l.About().Params, start, holds); s < least || best == nil {
			best, least = p, s
		}
	}
	return best
}

// grid returns the points with the least squares of a grid, each with the
// lambda that suits it best.
func (l downey) grid(obs []Observation, holds []Hold) [][]float64 {
	largest := 1.0
	for _, o := range obs {
		largest = max(largest, o.Cores)
	}
	var as []float64
	for a := 1.0; a <= 8*largest; a *= 1.4 {
		as = append(as, a)
	}
	sigmas := []float64{0, 0.2, 0.5, 0.8, 1, 1.5, 2.5, 5, 20}
	if v, ok := held(holds, 0); ok {
		as = []float64{v}
	}
	if v, ok := held(holds, 1); ok {
		sigmas = []float64{v}
	}
	type point struct {
		p   []float64
		sum float64
	}
	var points []point
	for _, a := range as {
		for _, sigma := range sigmas {
			p := []float64{a, sigma, projected(a, sigma, obs, holds)}
			points = append(points, point{p, squares(l, p, obs)})
		}
	}
	slices.SortStableFunc(points, func(x, y point) int { return cmp.Compare(x.sum, y.sum) })
	var starts [][]float64
	for _, p := range points[:min(downeyStarts, len(points))] {
		starts = append(starts, p.p)
	}
	return starts
}

// projected is the best lambda for A and sigma.
func projected(a, sigma float64, obs []Observation, holds []Hold) float64 {
	if v, ok := held(holds, 2); ok {
		return v
	}
	var xy, xx float64
	for _, o := range obs {
		s, _, _ := downeySpeedup(a, sigma, o.Cores)
		xy, xx = xy+o.Weight*s*o.Y, xx+o.Weight*s*s
	}
	return xy / xx
}

// Value is work a second.
func (downey) Value(p []float64, cores, _ float64) float64 {
	s, _, _ := downeySpeedup(p[0], p[1], cores)
	return p[2] * s
}

// Shape returns the core count from which on the speedup is A, and lambda A.
func (downey) Shape(p []float64, _ float64) (peak, asymptote float64) {
	a, sigma := p[0], p[1]
	if sigma <= 1 {
		return 2*a - 1, p[2] * a
	}
	return a + a*sigma - sigma, p[2] * a
}
