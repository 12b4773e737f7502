package scaling

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// sample is data as a law sees it: the means of cells.
type sample struct {
	data digest
	obs  []Observation
	// within is the weighted sum of squares of each cell's rows about their
	// mean; count is their number.
	within, count []float64
}

// sampleFor makes the sample of a law's response: throughput with equal
// weights, or seconds with weights that make residuals relative.
func sampleFor(r Response, d digest) *sample {
	s := &sample{data: d}
	for _, c := range d {
		m, weight := c.throughput, 1.0
		if r == Seconds {
			m, weight = c.seconds, 1/(c.seconds.mean*c.seconds.mean)
		}
		s.obs = append(s.obs, Observation{Cores: c.cores, Work: c.work, Y: m.mean, Weight: c.rows * weight})
		s.within, s.count = append(s.within, weight*m.squares), append(s.count, c.rows)
	}
	return s
}

// fitted is a law with the parameters that suit a sample.
type fitted struct {
	law    Law
	about  About
	sample *sample
	params []float64
	// least is the weighted sum of squares of the means.
	least float64
	// free counts parameters that are not at a bound.
	free int
	// variance is that of a row's residual, relative its square root over the
	// value; both NaN when the data leave nothing to tell it from. freedom are
	// its degrees of freedom.
	variance, relative, freedom float64
	// se is the residual standard error of all rows; NaN like variance.
	se float64
	// missed is set when the law misses the means by more than their scatter.
	missed bool
}

// fitLaw fits a law to data.
func fitLaw(l Law, d digest) *fitted {
	f := &fitted{law: l, about: l.About(), sample: sampleFor(l.About().Response, d)}
	var holds []Hold
	if s, ok := l.(selector); ok {
		holds = s.choose(f.sample.obs)
	}
	f.params = l.Fit(f.sample.obs, holds...)
	f.least = squares(l, f.params, f.sample.obs)
	for k, p := range f.about.Params {
		if p.Values == nil && !f.atBound(k) {
			f.free++
		}
	}
	f.spread()
	return f
}

// atBound reports whether a parameter rests at a bound.
func (f *fitted) atBound(k int) bool {
	p := f.about.Params[k]
	return f.params[k] <= p.Lower || f.params[k] >= p.Upper
}

// lackAlpha is the level of the test for a lack of fit.
const lackAlpha = 0.1

// spread estimates the variance of a row: from all rows, or, where the means
// lie further from the law than their rows' scatter explains (F test), from
// the means.
func (f *fitted) spread() {
	var rows, within, size float64
	for i, o := range f.sample.obs {
		rows += f.sample.count[i]
		within += f.sample.within[i]
		size += o.Weight * math.Pow(f.law.Value(f.params, o.Cores, o.Work), 2)
	}
	size /= rows // what a variance is relative to
	cells := float64(len(f.sample.obs))
	all, lack, pure := rows-float64(f.free), cells-float64(f.free), rows-cells
	f.variance, f.relative, f.freedom, f.se = math.NaN(), math.NaN(), all, math.NaN()
	if all <= 0 {
		return
	}
	f.variance = (f.least + within) / all
	f.se = math.Sqrt(f.variance)
	f.relative = math.Sqrt(f.variance / size)
	if lack <= 0 || pure <= 0 {
		return
	}
	ratio := (f.least / lack) / (within / pure)
	if f.least > 0 && (within == 0 || distuv.F{D1: lack, D2: pure}.CDF(ratio) > 1-lackAlpha) {
		f.missed = true
		f.variance, f.freedom = f.least/lack, lack
		// A further row misses as one of the means does, and scatters.
		f.relative = math.Sqrt((f.variance*cells/rows + within/pure) / size)
	}
}

// seconds is the time that the law gives a job; NaN where it gives none.
func (f *fitted) seconds(cores, work float64) float64 {
	return f.toSeconds(f.law.Value(f.params, cores, work), cores, work)
}

func (f *fitted) toSeconds(value, cores, work float64) float64 {
	switch {
	case f.about.Response == Throughput:
		return work / value
	case f.about.ByCores:
		measured, _ := f.sample.data.workAt(cores)
		return value * work / measured
	}
	return value
}

// positive reports whether a time can be one.
func positive(seconds float64) bool { return seconds > 0 && !math.IsInf(seconds, 0) }
