package change

import "math"

// rangeGain is the 95 % quantile of twice the log-likelihood ratio of a change's
// place: P(r <= x) = (1 - exp(-x/2))^2 (Hansen, "Sample splitting and threshold
// estimation", 2000).
const rangeGain = 7.35

// locate returns the first value after the change of level that explains
// values best, as an autoregression with phi, by generalised least squares;
// and the first and last place that are likely for it, at 95 %. There must be
// 2 least values or more.
func locate(values []float64, phi float64) (at, first, last int) {
	gain, rest := gains(values, phi)
	n := len(values)
	at = least
	for t := least; t <= n-least; t++ {
		if gain[t] > gain[at] {
			at = t
		}
	}
	variance := (rest - gain[at]) / float64(n)
	first, last = at, at
	for t := least; t <= n-least; t++ {
		if gain[at]-gain[t] <= rangeGain*variance {
			first, last = min(first, t), max(last, t)
		}
	}
	return at, first, last
}

// gains returns for each place by how much a change there lowers the sum of
// squares, and the sum without any.
func gains(values []float64, phi float64) (gain []float64, rest float64) {
	n := len(values)
	e, level := whitened(values, mean(values), phi), 1-phi
	f := math.Sqrt(1 - phi*phi)
	aa := f*f + float64(n-1)*level*level
	ay := f * e[0]
	yy := e[0] * e[0]
	for _, v := range e[1:] {
		ay += level * v
		yy += v * v
	}
	gain = make([]float64, n)
	after := 0.0
	for t := n - 1; t > 0; t-- {
		m := float64(n-t-1) * level * level
		ss, as := 1+m, level+m
		if d := ss - as*as/aa; d > 1e-12 {
			sy := e[t] + level*after - as*ay/aa
			gain[t] = sy * sy / d
		}
		after += e[t]
	}
	return gain, max(0, yy-ay*ay/aa)
}

// whitened returns the innovations of an autoregression with phi about a
// level, the first on the scale of the others.
func whitened(values []float64, level, phi float64) []float64 {
	e := make([]float64, len(values))
	for i, v := range values {
		if i == 0 {
			e[0] = (v - level) * math.Sqrt(1-phi*phi)
		} else {
			e[i] = v - level - phi*(values[i-1]-level)
		}
	}
	return e
}
