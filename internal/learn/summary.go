package learn

import "math"

// Summary is what folds say together.
type Summary struct {
	// Mean is that of the folds, StandardError its standard error, Lo and Hi
	// the 95 % interval by Student's t with folds - 1 degrees of freedom.
	//
	// Folds share training rows, so that the interval is somewhat too narrow
	// (Bengio and Grandvalet, "No unbiased estimator of the variance of k-fold
	// cross-validation", 2004).
	Mean          float64 `json:"mean"`
	StandardError float64 `json:"standard_error"`
	Lo            float64 `json:"lo"`
	Hi            float64 `json:"hi"`
}

// Summarize summarizes the values of folds, of which there must be two or more.
func Summarize(values []float64) Summary {
	n := float64(len(values))
	sum, squares := 0.0, 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / n
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	se := math.Sqrt(squares / (n - 1) / n)
	half := quantile975(len(values)-1) * se
	return Summary{Mean: mean, StandardError: se, Lo: mean - half, Hi: mean + half}
}

// quantile975 returns the 97.5 % quantile of Student's t, by bisection.
func quantile975(degrees int) float64 {
	lo, hi := 0.0, 13.0 // 12.71 for one degree
	for range 60 {
		mid := (lo + hi) / 2
		if within(mid, degrees) < 0.95 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// within returns the probability that Student's t is between -t and t, by the
// finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and
// 26.7.4).
func within(t float64, degrees int) float64 {
	theta := math.Atan(t / math.Sqrt(float64(degrees)))
	sin, cos := math.Sincos(theta)
	sum, term := 0.0, 1.0
	if degrees%2 == 0 {
		for j := 0; j <= degrees-2; j += 2 {
			sum += term
			term *= cos * cos * float64(j+1) / float64(j+2)
		}
		return sin * sum
	}
	term = cos
	for j := 1; j <= degrees-2; j += 2 {
		sum += term
		term *= cos * cos * float64(j+1) / float64(j+2)
	}
	return 2 / math.Pi * (theta + sin*sum)
}
