package scaling

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// threshold is by how much the sum of squares may rise within the interval:
// s² F(1, freedom). It is NaN when there is no interval.
func (f *fitted) threshold(confidence float64) float64 {
	if !(f.freedom > 0) || math.IsNaN(f.variance) {
		return math.NaN()
	}
	t := distuv.StudentsT{Sigma: 1, Nu: f.freedom}.Quantile(1 - (1-confidence)/2)
	return f.variance * t * t
}

// profile returns the interval of a parameter by profile likelihood: the values
// at which, all others fitted anew, the sum of squares rises by no more than
// the threshold. An end that the data do not bound is infinite; both are NaN
// when there is no interval.
func (f *fitted) profile(k int, confidence float64) (lo, hi float64) {
	rise := f.threshold(confidence)
	if math.IsNaN(rise) {
		return rise, rise
	}
	rise *= f.unequal(f.byParam(k), 0)
	return f.over(rise, f.sample.obs, func(choice []Hold, p []float64) (float64, float64) {
		if f.about.Params[k].Values != nil {
			return p[k], p[k]
		}
		excess := func(v float64) float64 {
			p := f.law.Fit(f.sample.obs, append(choice, Hold{k, v})...)
			return f.excess(squares(f.law, p, f.sample.obs), rise)
		}
		step := 1e-4 * math.Abs(p[k])
		if step == 0 {
			step = 1e-9
		}
		bounds := f.about.Params[k]
		return crossing(excess, p[k], -step, bounds.Lower), crossing(excess, p[k], step, bounds.Upper)
	})
}

// over joins the intervals of all choices of discrete parameters that are
// within the threshold; a law without any has one choice.
func (f *fitted) over(rise float64, obs []Observation, interval func(choice []Hold, p []float64) (lo, hi float64)) (lo, hi float64) {
	s, ok := f.law.(selector)
	if !ok {
		return interval(nil, f.params)
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, choice := range s.choices(obs) {
		p := f.law.Fit(f.sample.obs, choice...)
		if f.excess(squares(f.law, p, f.sample.obs), rise) <= 0 {
			a, b := interval(choice[:len(choice):len(choice)], p)
			lo, hi = min(lo, a), max(hi, b)
		}
	}
	return lo, hi
}

// excess is -1 at the least squares, 0 at the threshold, and about linear in
// the distance between.
func (f *fitted) excess(sum, rise float64) float64 {
	// What rounding leaves of the sum of squares of exact data counts as none.
	floor := 0.0
	for _, o := range f.sample.obs {
		floor += o.Weight * o.Y * o.Y
	}
	rise = max(rise, 1e-18*floor)
	if math.IsNaN(sum) {
		return math.Inf(1)
	}
	return math.Sqrt(max(0, sum-f.least)/rise) - 1
}

// crossing returns where a function that is negative at from and rises away
// from it reaches 0, going in steps of the sign of step; the bound when it does
// not before.
func crossing(f func(float64) float64, from, step, bound float64) float64 {
	inside, outside := from, from
	below, above := min(f(from), -1e-9), 0.0
	for try := 0; ; try++ {
		outside = inside + step
		if past := (outside - bound) * step; past >= 0 {
			outside = bound
		}
		if math.IsInf(outside, 0) || try == 80 {
			return math.Inf(int(math.Copysign(1, step)))
		}
		if above = f(outside); above >= 0 {
			break
		}
		if outside == bound {
			return bound
		}
		inside, below, step = outside, above, step*3
	}
	if math.IsInf(above, 1) {
		above = 1
	}
	side := 0
	for range 60 { // regula falsi, the Illinois way
		x := (inside*above - outside*below) / (above - below)
		if math.Abs(outside-inside) <= 1e-9*math.Abs(from)+1e-300 {
			break
		}
		y := f(x)
		switch {
		case math.Abs(y) < 1e-7:
			return x
		case y < 0:
			inside, below = x, y
			if side == -1 {
				above /= 2
			}
			side = -1
		default:
			outside, above = x, min(y, 1e6)
			if side == 1 {
				below /= 2
			}
			side = 1
		}
	}
	return inside
}

// band returns the interval of one more row at a core count, in the law's
// response, by the same rule: the values that can be added as a row with the
// sum of squares rising by no more than the threshold. For a linear law this
// is the prediction interval of textbooks. The row has the relative noise of
// those that were measured. An end that is not bounded is 0 or infinite; both
// are NaN when there is no interval.
func (f *fitted) band(cores, work, confidence float64) (lo, hi float64) {
	rise := f.threshold(confidence)
	value := f.law.Value(f.params, cores, work)
	if math.IsNaN(rise) || !positive(value) {
		return math.NaN(), math.NaN()
	}
	if f.variance == 0 || f.relative == 0 {
		return value, value
	}
	row := Observation{Cores: cores, Work: work, Weight: f.variance / math.Pow(f.relative*value, 2)}
	obs := append(append(make([]Observation, 0, len(f.sample.obs)+1), f.sample.obs...), row)
	rise *= f.unequal(f.byValue(cores, work), math.Pow(f.relative*value, 2))
	return f.over(rise, obs, func(choice []Hold, p []float64) (float64, float64) {
		excess := func(y float64) float64 {
			obs[len(obs)-1].Y = y
			return f.excess(squares(f.law, f.law.Fit(obs, choice...), obs), rise)
		}
		from := f.law.Value(p, cores, work)
		step := math.Abs(value) * max(f.relative, 1e-12)
		return crossing(excess, from, -step, 0), crossing(excess, from, step, math.Inf(1))
	})
}
