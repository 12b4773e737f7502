package metrics

import (
	"fmt"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"corecast/internal/wording"
	"corecast/results"
)

// Confidence is the confidence that intervals are asked for.
const Confidence = 0.95

// MedianInterval returns the median of values and an interval that holds the
// median of what they were drawn from with at least the given confidence (in
// 0 to 1), by the binomial distribution of order statistics; nothing is
// assumed of the values' distribution (benchmath.AssumeNothing). When there
// are too few values for that, the interval is their range, its Confidence is
// the real one, 1 - 2 (1/2)^n, and a warning says how many would do. A single
// value is its own interval with confidence 0; no value at all gives zeros, and
// a warning.
func MedianInterval(values []float64, confidence float64) (Interval, []results.Warning) {
	if len(values) == 0 {
		return Interval{}, []results.Warning{{
			Code: "few_samples", Text: "there is no sample", Advice: "run the point at least once",
		}}
	}
	sorted := slices.Sorted(slices.Values(values))
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(sorted, &benchmath.DefaultThresholds), confidence)
	if !math.IsInf(s.Lo, 0) && !math.IsInf(s.Hi, 0) && len(sorted) > 1 {
		return Interval{Median: s.Center, Lo: s.Lo, Hi: s.Hi, Confidence: s.Confidence}, nil
	}
	n := len(sorted)
	interval := Interval{Median: s.Center, Lo: sorted[0], Hi: sorted[n-1], Confidence: rangeConfidence(n)}
	return interval, []results.Warning{fewSamples(n, confidence)}
}

// rangeConfidence is the confidence with which the range of n samples holds
// the median: all lie on one side of it with probability 2 (1/2)^n.
func rangeConfidence(n int) float64 { return max(0, 1-math.Exp2(float64(1-n))) }

// SamplesFor returns the smallest number of samples whose range holds the
// median with the given confidence, below 1: 6 for 0.95.
func SamplesFor(confidence float64) int {
	n := 2
	for rangeConfidence(n) < confidence && n < 64 {
		n++
	}
	return n
}

func fewSamples(n int, confidence float64) results.Warning {
	need := SamplesFor(confidence)
	text := fmt.Sprintf("%s: the interval is their range and holds the median with %.3g %% only", wording.Count(n, "sample"), 100*rangeConfidence(n))
	if n == 1 {
		text = "1 sample: there is no interval"
	}
	return results.Warning{
		Code: "few_samples", Text: text,
		Advice: fmt.Sprintf("%d samples give %.3g %%", need, 100*confidence),
	}
}

// RatioInterval returns median(base) / median(values), as for a speedup, with
// an interval from those of the two medians: [base.Lo/values.Hi,
// base.Hi/values.Lo]. Each median's interval is made at 1 - alpha/2 for a
// confidence of 1 - alpha in both at once (Bonferroni: the chance that at
// least one misses is at most the sum of both), so the ratio lies within with
// at least that confidence, whatever the distributions. Its Confidence is
// 1 - (1 - c1) - (1 - c2), at least 0, of the intervals' real ones. It is a
// ratio of medians, never a mean of ratios. All samples must be positive;
// otherwise the error says so.
func RatioInterval(base, values []float64, confidence float64) (Interval, []results.Warning, error) {
	if len(base) == 0 || len(values) == 0 {
		return Interval{}, nil, fmt.Errorf("ratio of medians: %d and %d samples", len(base), len(values))
	}
	if least := min(slices.Min(base), slices.Min(values)); !(least > 0) {
		return Interval{}, nil, fmt.Errorf("ratio of medians: a sample is %g, not positive", least)
	}
	each := 1 - (1-confidence)/2
	b, _ := MedianInterval(base, each)
	v, _ := MedianInterval(values, each)
	ratio := Interval{
		Median: b.Median / v.Median, Lo: b.Lo / v.Hi, Hi: b.Hi / v.Lo,
		Confidence: max(0, b.Confidence+v.Confidence-1),
	}
	var warnings []results.Warning
	if ratio.Confidence < confidence {
		warnings = append(warnings, results.Warning{
			Code:   "few_samples_ratio",
			Text:   fmt.Sprintf("%d and %d samples: the ratio's interval holds with %.3g %% only", len(base), len(values), 100*ratio.Confidence),
			Advice: fmt.Sprintf("%d samples of each give %.3g %%", SamplesFor(each), 100*confidence),
		})
	}
	return ratio, warnings, nil
}

// CompareAlpha is the level below which a difference counts as one.
const CompareAlpha = 0.05

// Compare returns the probability p of samples that differ in location as much
// as a and b do, or more, if both came from one distribution: the two-sided
// Mann-Whitney U test, which assumes nothing else of it. p is 1, with a
// warning, when the test cannot be made (no samples, or all alike). A warning
// says when there are too few samples to find any difference at CompareAlpha.
func Compare(a, b []float64) (p float64, warnings []results.Warning) {
	sample := func(v []float64) *benchmath.Sample {
		return benchmath.NewSample(slices.Clone(v), &benchmath.Thresholds{CompareAlpha: CompareAlpha})
	}
	c := benchmath.AssumeNothing.Compare(sample(a), sample(b))
	for _, w := range c.Warnings {
		warnings = append(warnings, results.Warning{
			Code:   "weak_comparison",
			Text:   fmt.Sprintf("%d and %d samples: %v", len(a), len(b), w),
			Advice: "repeat both sides more often",
		})
	}
	return c.P, warnings
}

// LowerMedian returns the index of the lower median of values: of the middle
// two the smaller, of equal ones the first; -1 when there are none.
func LowerMedian(values []float64) int {
	if len(values) == 0 {
		return -1
	}
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case values[i] < values[j]:
			return -1
		case values[i] > values[j]:
			return 1
		}
		return 0
	})
	middle := values[order[(len(order)-1)/2]]
	return slices.Index(values, middle)
}

// median returns the median of values, which must not be empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
