package change

import "math"

const (
	// driftAlpha is the level at which a slope without steps counts.
	driftAlpha = 0.01
	// driftGain is by how much of twice the log-likelihood a line must be
	// better than one step before it is believed; each further step costs
	// 3 log n, for its place and its size (Zhang and Siegmund, "A modified Bayes
	// information criterion with applications to the analysis of comparative
	// genomic hybridization data", 2007).
	driftGain = 6
)

// line is a straight line through a series.
type line struct {
	level, slope float64 // at place 0, and for each place
}

func (l line) at(i int) float64 { return l.level + l.slope*float64(i) }

// less returns values less the line, about its middle.
func (l line) less(values []float64) []float64 {
	rest := make([]float64, len(values))
	middle := l.at(0) + l.slope*float64(len(values)-1)/2
	for i, v := range values {
		rest[i] = v - l.at(i) + middle
	}
	return rest
}

// fitLine returns the line with the least squares.
func fitLine(values []float64) line {
	n := float64(len(values))
	middle, level := (n-1)/2, mean(values)
	var xy, xx float64
	for i, v := range values {
		x := float64(i) - middle
		xy += x * (v - level)
		xx += x * x
	}
	if xx == 0 {
		return line{level: level}
	}
	return line{level: level - xy/xx*middle, slope: xy / xx}
}

// drifting fits a line and says whether it explains values better than the
// changes do, or without changes, whether its slope is clear; p is that of the
// slope, by series without any.
func (o search) drifting(values []float64, list []split) (l line, p float64, yes bool) {
	n := len(values)
	if n < 2*shortest {
		return l, 1, false
	}
	l = fitLine(values)
	rest := l.less(values)
	phi := autocorrelation(rest)
	w, drawn := newWorld(rest, mean(rest), phi, o.rand), make([]float64, n)
	over := 1
	for range draws {
		w.draw(drawn)
		if math.Abs(fitLine(drawn).slope) >= math.Abs(l.slope) {
			over++
		}
	}
	p = float64(over) / (draws + 1)
	if p > driftAlpha || l.slope == 0 {
		return l, p, false
	}
	if len(list) == 0 {
		return l, p, true
	}
	// The same whitening for both: that of the richer model's errors.
	levels := leveled(values, list)
	phi = min(phi, autocorrelation(levels))
	steps := float64(n)*math.Log(squares(whitened(levels, 0, phi))) + 3*math.Log(float64(n))*float64(len(list)-1)
	return l, p, float64(n)*math.Log(squares(whitened(rest, mean(rest), phi)))+driftGain < steps
}

// leveled returns values less their means between changes.
func leveled(values []float64, list []split) []float64 {
	rest, from := make([]float64, 0, len(values)), 0
	for i := 0; i <= len(list); i++ {
		to := len(values)
		if i < len(list) {
			to = list[i].at
		}
		level := mean(values[from:to])
		for _, v := range values[from:to] {
			rest = append(rest, v-level)
		}
		from = to
	}
	return rest
}

func squares(values []float64) float64 {
	sum := math.SmallestNonzeroFloat64
	for _, v := range values {
		sum += v * v
	}
	return sum
}
