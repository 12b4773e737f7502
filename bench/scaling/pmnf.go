package scaling

import (
	"math"
	"slices"
)

// pmnf is the performance model normal form of Extra-P with one term (Calotoiu
// et al., "Using Automated Performance Modeling to Find Scalability Bugs in
// Complex Codes", SC 2013).
type pmnf struct{}

// The parameters of pmnf, in order.
const (
	pmnfC0 = iota
	pmnfC1
	pmnfI
	pmnfJ
)

// pair is an exponent of n and one of log2 n.
type pair struct{ i, j float64 }

// extraP lists the exponent pairs that Extra-P tries for a single parameter
// (extrap/modelers/single_parameter/basic.py, version 4).
func extraP() []pair {
	return []pair{
		{0, 1}, {0, 2},
		{1. / 4, 0}, {1. / 3, 0}, {1. / 4, 1}, {1. / 3, 1}, {1. / 4, 2}, {1. / 3, 2},
		{1. / 2, 0}, {1. / 2, 1}, {1. / 2, 2},
		{2. / 3, 0}, {3. / 4, 0}, {2. / 3, 1}, {3. / 4, 1}, {4. / 5, 0}, {2. / 3, 2}, {3. / 4, 2},
		{1, 0}, {1, 1}, {1, 2},
		{5. / 4, 0}, {5. / 4, 1}, {4. / 3, 0}, {4. / 3, 1},
		{3. / 2, 0}, {3. / 2, 1}, {3. / 2, 2}, {5. / 3, 0}, {7. / 4, 0},
		{2, 0}, {2, 1}, {2, 2}, {9. / 4, 0}, {7. / 3, 0},
		{5. / 2, 0}, {5. / 2, 1}, {5. / 2, 2}, {8. / 3, 0}, {11. / 4, 0},
		{3, 0}, {3, 1},
	}
}

// pmnfPairs are those pairs, and the same with both signs turned, by which
// Extra-P describes times that fall (its "negative exponents").
func pmnfPairs() []pair {
	pairs := extraP()
	for _, p := range extraP() {
		pairs = append(pairs, pair{0 - p.i, 0 - p.j})
	}
	return pairs
}

// About describes the law.
func (pmnf) About() About {
	var is, js []float64
	for _, p := range pmnfPairs() {
		is, js = append(is, p.i), append(js, p.j)
	}
	slices.Sort(is)
	slices.Sort(js)
	inf := math.Inf(1)
	return About{
		Name: "pmnf", Formula: "t = c0 + c1 n^i (log2 n)^j", Response: Seconds, Needs: 3, ByCores: true,
		Estimator: "least squares of relative residuals of seconds with c1 not negative; exponents by leave-one-out over Extra-P's 42 pairs and their negatives",
		Params: []Param{
			{Name: "c0", Lower: -inf, Upper: inf}, {Name: "c1", Upper: inf},
			{Name: "i", Lower: -inf, Upper: inf, Values: slices.Compact(is)},
			{Name: "j", Lower: -inf, Upper: inf, Values: slices.Compact(js)},
		},
	}
}

func (p pair) term(n float64) float64 {
	return math.Pow(n, p.i) * math.Pow(math.Log2(n), p.j)
}

// fits reports whether the pair can be computed at all observations, and
// belongs to what is held.
func (p pair) fits(obs []Observation, holds []Hold) bool {
	if v, ok := held(holds, pmnfI); ok && v != p.i {
		return false
	}
	if v, ok := held(holds, pmnfJ); ok && v != p.j {
		return false
	}
	return !slices.ContainsFunc(obs, func(o Observation) bool { return math.IsInf(p.term(o.Cores), 0) })
}

// choices lists the pairs that can be computed.
func (pmnf) choices(obs []Observation) [][]Hold {
	var all [][]Hold
	for _, p := range pmnfPairs() {
		if p.fits(obs, nil) {
			all = append(all, []Hold{{pmnfI, p.i}, {pmnfJ, p.j}})
		}
	}
	return all
}

// choose holds the exponents with the smallest leave-one-out error.
func (pmnf) choose(obs []Observation) []Hold {
	best, least := pair{}, math.Inf(1)
	for _, p := range pmnfPairs() {
		if !p.fits(obs, nil) {
			continue
		}
		if e := p.leaveOneOut(obs); e < least {
			best, least = p, e
		}
	}
	return []Hold{{pmnfI, best.i}, {pmnfJ, best.j}}
}

// leaveOneOut is the mean symmetric relative error of each observation as
// predicted from all others.
func (p pair) leaveOneOut(obs []Observation) float64 {
	sum := 0.0
	rest := make([]Observation, 0, len(obs))
	for i, o := range obs {
		rest = append(append(rest[:0], obs[:i]...), obs[i+1:]...)
		c0, c1 := p.line(rest, nil)
		t := c0 + c1*p.term(o.Cores)
		sum += 2 * math.Abs(t-o.Y) / (math.Abs(t) + math.Abs(o.Y))
	}
	return sum / float64(len(obs))
}

// line solves for c0 and c1, which is not negative, unless they are held.
func (p pair) line(obs []Observation, holds []Hold) (c0, c1 float64) {
	hold0, is0 := held(holds, pmnfC0)
	hold1, is1 := held(holds, pmnfC1)
	var w, x, y, xx, xy float64
	for _, o := range obs {
		t := p.term(o.Cores)
		w, x, y = w+o.Weight, x+o.Weight*t, y+o.Weight*o.Y
		xx, xy = xx+o.Weight*t*t, xy+o.Weight*t*o.Y
	}
	switch {
	case is0 && is1:
		return hold0, hold1
	case is1:
		return (y - hold1*x) / w, hold1
	case is0:
		if xx > 0 {
			c1 = max(0, (xy-hold0*x)/xx)
		}
		return hold0, c1
	}
	// About the means: the determinant of the plain sums loses digits.
	mx, my := x/w, y/w
	var sxx, sxy float64
	for _, o := range obs {
		d := p.term(o.Cores) - mx
		sxx, sxy = sxx+o.Weight*d*d, sxy+o.Weight*d*(o.Y-my)
	}
	if sxx > 0 {
		c1 = max(0, sxy/sxx)
	}
	return my - c1*mx, c1
}

// Fit returns the least squares over all pairs that are not held.
func (l pmnf) Fit(obs []Observation, holds ...Hold) []float64 {
	best, least := []float64{math.NaN(), 0, 0, 0}, math.Inf(1)
	for _, p := range pmnfPairs() {
		if !p.fits(obs, holds) {
			continue
		}
		c0, c1 := p.line(obs, holds)
		params := []float64{c0, c1, p.i, p.j}
		if s := squares(l, params, obs); s < least {
			best, least = params, s
		}
	}
	return best
}

// Value is seconds for the work that was measured at such a core count.
func (pmnf) Value(p []float64, cores, _ float64) float64 {
	if p[pmnfC1] == 0 {
		return p[pmnfC0]
	}
	return p[pmnfC0] + p[pmnfC1]*pair{p[pmnfI], p[pmnfJ]}.term(cores)
}

// Shape returns work/c0 for a time that falls towards c0; a time that grows is
// least at one core.
func (pmnf) Shape(p []float64, work float64) (peak, asymptote float64) {
	falls := p[pmnfI] < 0 || p[pmnfJ] < 0
	switch {
	case falls && p[pmnfC0] > 0:
		return math.NaN(), work / p[pmnfC0]
	case !falls && p[pmnfC1] > 0:
		return 1, math.NaN()
	}
	return math.NaN(), math.NaN()
}
