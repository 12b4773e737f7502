package change

import (
	"math"
	"slices"
)

const (
	// winsor is how many robust standard deviations from the median a value
	// may be before it weighs no more than one that is that far.
	winsor = 2.5
	// A spike is further than spikeAway robust standard deviations from the
	// median of its surroundings, spikeReach values to either side. What is
	// more frequent than spikeShare is no spike but part of the distribution.
	spikeAway  = 4
	spikeReach = 4
	spikeShare = 0.08
)

// quiet returns the values as they are searched: spikes at the median of
// their surroundings, and no value further from the median than winsor robust
// standard deviations. spikes lists the spikes by place.
func quiet(values []float64) (out []float64, spikes []int) {
	out = slices.Clone(values)
	around := make([]float64, len(values))
	away := make([]float64, len(values))
	for i, v := range values {
		from, to := max(0, i-spikeReach), min(len(values), i+spikeReach+1)
		around[i] = median(values[from:to])
		away[i] = v - around[i]
	}
	limit := spikeAway * spread(away)
	for i, d := range away {
		if math.Abs(d) > limit {
			spikes = append(spikes, i)
		}
	}
	if float64(len(spikes)) > spikeShare*float64(len(values)) {
		spikes = nil
	}
	for _, i := range spikes {
		out[i] = around[i]
	}
	center, reach := median(out), winsor*spread(out)
	for i, v := range out {
		out[i] = min(max(v, center-reach), center+reach)
	}
	return out, spikes
}

// spread returns a robust standard deviation: the larger of the median absolute
// deviation from the median and half the distance between the first and last
// decile, each times what makes it the standard deviation of normal values. The
// second is there for values of several modes, of which half can lie close to
// the median. Where nine tenths of the values are alike it is the standard
// deviation itself.
func spread(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	center := median(values)
	away := make([]float64, n)
	most := 0.0
	for i, v := range values {
		away[i] = math.Abs(v - center)
		most = max(most, away[i])
	}
	deciles := sorted[n-1-n/10] - sorted[n/10]
	if s := max(1.4826*median(away), deciles/2.5631); s > 0 || most == 0 {
		return s
	}
	sum := 0.0
	for _, a := range away {
		sum += a / most * (a / most)
	}
	return most * math.Sqrt(sum/float64(n))
}

// median returns the median of values, which must not be empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return sorted[(n-1)/2] + (sorted[n/2]-sorted[(n-1)/2])/2
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
