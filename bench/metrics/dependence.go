package metrics

import (
	"math"

	"corecast/internal/wording"
	"corecast/results"
)

// dependentFrom is the autocorrelation from which samples count as dependent.
// Of two samples of 10 independent values, about one pair in six has as much
// by chance; it is then judged more carefully than it need be.
const dependentFrom = 0.3

// dependence estimates the autocorrelation of first order of two samples in
// the order in which they were measured, each about its own mean, and corrects
// the estimate for what the means take from it, (1 + 3 phi)/n of n values
// (Kendall, "Note on bias in the estimation of autocorrelation", 1954). It is
// 0 for fewer than 8 values of either, which tell too little.
func dependence(a, b []float64) float64 {
	var product, square float64
	for _, values := range [][]float64{a, b} {
		if len(values) < 8 {
			return 0
		}
		mean := 0.0
		for _, v := range values {
			mean += v / float64(len(values))
		}
		last := 0.0
		for i, v := range values {
			square += (v - mean) * (v - mean)
			if i > 0 {
				product += (v - mean) * (last - mean)
			}
			last = v
		}
	}
	if !(square > 0) {
		return 0
	}
	n := float64(len(a)+len(b)) / 2
	return min(max((product/square*n+1)/(n-3), 0), 0.95)
}

// deflated returns the p-value of a test whose samples are as good as
// (1 - phi)/(1 + phi) times as many independent ones: the variance of their
// means is larger by that, and the test's normal deviate smaller by its root.
func deflated(p, phi float64) float64 {
	z := math.Sqrt2 * math.Erfinv(1-p)
	if math.IsInf(z, 0) {
		return p
	}
	return math.Erfc(z * math.Sqrt((1-phi)/(1+phi)) / math.Sqrt2)
}

// dependentDoubt says that samples of some metrics were dependent.
func dependentDoubt(n int) results.Warning {
	return results.Warning{
		Code:   "autocorrelated",
		Text:   wording.Count(n, "metric") + " in which trials resemble those before them: they are worth fewer independent ones, and the test counts them so",
		Advice: "what it cannot tell would need more trials, or some that are further apart in time",
	}
}
