package sim

import (
	"math"
	"slices"
)

// sameWorker returns the probability with which tasks of one worker must be
// alike for their times to be as correlated as they are: the square root of the
// intraclass correlation of their logarithms (one-way analysis of variance;
// Shrout and Fleiss, Psychological Bulletin 86, 1979, ICC(1)), since two tasks
// are alike only where both are. NaN where fewer than two workers have two
// tasks.
func sameWorker(trials []SampleTrial) float64 {
	var groups [][]float64
	for _, t := range trials {
		for _, w := range t.Workers {
			var logs []float64
			for _, k := range t.Tasks[w.First : w.First+w.Count] {
				if k.Run > 0 {
					logs = append(logs, math.Log(k.Run))
				}
			}
			if len(logs) > 1 {
				groups = append(groups, logs)
			}
		}
	}
	if len(groups) < 2 {
		return math.NaN()
	}
	return math.Sqrt(max(0, intraclass(groups)))
}

// intraclass is the intraclass correlation of groups of two values or more, 0
// where all values are alike.
func intraclass(groups [][]float64) float64 {
	n, sum, squares := 0.0, 0.0, 0.0
	for _, g := range groups {
		n += float64(len(g))
		squares += float64(len(g) * len(g))
		for _, v := range g {
			sum += v
		}
	}
	k, grand := float64(len(groups)), sum/n
	between, within := 0.0, 0.0
	for _, g := range groups {
		mean := 0.0
		for _, v := range g {
			mean += v / float64(len(g))
		}
		between += float64(len(g)) * (mean - grand) * (mean - grand)
		for _, v := range g {
			within += (v - mean) * (v - mean)
		}
	}
	between, within = between/(k-1), within/(n-k)
	size := (n - squares/n) / (k - 1)
	if total := between + (size-1)*within; total > 0 {
		return (between - within) / total
	}
	return 0
}

// slowdownOf fits the logarithm of task times over that of the number of
// workers, a trial a point (least squares). Its error is that of the slope by
// the residuals, or by the spread within trials where that is larger: with two
// numbers of workers and a trial each there are no residuals.
func slowdownOf(points []ModelPoint) SampleSlowdown {
	var x, y, v []float64
	for _, p := range points {
		for i := range p.Trials {
			mean, variance, ok := p.Trials[i].logRun()
			if ok {
				x, y, v = append(x, math.Log(float64(p.Workers))), append(y, mean), append(v, variance)
			}
		}
	}
	if len(x) < 2 || slices.Min(x) == slices.Max(x) {
		return SampleSlowdown{}
	}
	n, mx, my := float64(len(x)), 0.0, 0.0
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	xx, xy := 0.0, 0.0
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		xy += (x[i] - mx) * (y[i] - my)
	}
	s := SampleSlowdown{Known: true, Exponent: xy / xx}
	residual, within := 0.0, 0.0
	for i := range x {
		r := y[i] - my - s.Exponent*(x[i]-mx)
		residual += r * r
		within += (x[i] - mx) * (x[i] - mx) * v[i] / (xx * xx)
	}
	s.Error = math.Sqrt(within)
	if n > 2 {
		s.Error = max(s.Error, math.Sqrt(residual/(n-2)/xx))
	}
	return s
}

// logRun is the mean of the logarithms of task times, and its variance.
func (t *SampleTrial) logRun() (mean, variance float64, ok bool) {
	n := 0.0
	for _, k := range t.Tasks {
		if k.Run > 0 {
			n++
			mean += math.Log(k.Run)
		}
	}
	if n == 0 {
		return 0, 0, false
	}
	spread := t.spread()
	return mean / n, spread * spread / n, true
}
