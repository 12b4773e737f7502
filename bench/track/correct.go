package track

import (
	"math"
	"strings"

	"corecast/results/history"
)

// IsReference reports whether a series is of the work that tells how fast the
// machine was on a day: spin or noop in a plain loop, with no runner in it.
func IsReference(series string) bool {
	return (strings.HasPrefix(series, "spin/serial/") || strings.HasPrefix(series, "noop/serial/")) && strings.HasSuffix(series, "/makespan_s")
}

// slowness returns for each run by how much the references took longer than in
// their median, as a logarithm: the mean over the references that it has.
func slowness(all map[string][]history.Point) map[string]float64 {
	sum, count := map[string]float64{}, map[string]float64{}
	for name, points := range all {
		if !IsReference(name) {
			continue
		}
		var medians history.Values
		for _, p := range points {
			medians = append(medians, p.Values.Median())
		}
		level := medians.Median()
		for i, p := range points {
			if v := math.Log(medians[i] / level); !math.IsNaN(v) && !math.IsInf(v, 0) {
				sum[p.Run] += v
				count[p.Run]++
			}
		}
	}
	for run, n := range count {
		sum[run] /= n
	}
	return sum
}

// exponent estimates how much of the machine's slowness goes into a metric, 0
// to 1, by least squares over the steps from each run to the next: a change of
// the program moves one step only, while days move many.
func exponent(logs, slow []float64) float64 {
	var xy, xx float64
	for i := 1; i < len(logs); i++ {
		x, y := slow[i]-slow[i-1], logs[i]-logs[i-1]
		if math.IsNaN(x) || math.IsNaN(y) {
			continue
		}
		// A step as large as a change of the program says nothing of days.
		if math.Abs(y) > 0.5 || math.Abs(x) > 0.5 {
			continue
		}
		xy += x * y
		xx += x * x
	}
	if xx == 0 {
		return 0
	}
	return min(max(xy/xx, 0), 1)
}

// corrected returns values as they would have been on a day like most, and the
// exponent that was used. Runs without a reference, and metrics that days do
// not move, stay as they are.
func corrected(points []history.Point, raw []float64, slow map[string]float64) ([]float64, float64) {
	logs, days := make([]float64, len(raw)), make([]float64, len(raw))
	known := 0
	for i, v := range raw {
		logs[i], days[i] = math.Log(v), math.NaN()
		if s, ok := slow[points[i].Run]; ok {
			days[i] = s
			known++
		}
	}
	out := append([]float64{}, raw...)
	if known < len(raw) || known < 8 {
		return out, 0 // a mixture of corrected and raw values would have steps of its own
	}
	b := exponent(logs, days)
	for i := range out {
		out[i] = raw[i] * math.Exp(-b*days[i])
	}
	return out, b
}
