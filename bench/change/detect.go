package change

import (
	"math"
	"math/rand/v2"
)

// Alpha is the level of tests when [Options] does not say: the chance of a
// change in a series without one.
const Alpha = 0.05

// Options say how changes are looked for.
type Options struct {
	// Alpha is the level of tests; 0 means the constant Alpha.
	Alpha float64
	// Seed is of the resampled series; the same seed gives the same answer.
	Seed uint64
}

// Point is a change of level.
type Point struct {
	// Index is the first value after the change, from 0, missing ones counted.
	Index int `json:"index"`
	// Ratio is the median after the change over that before it, as far as to
	// the neighbouring changes; nil where one is not positive.
	Ratio *float64 `json:"ratio"`
	// P is the chance of a split as clear as this one, wherever it is looked
	// for, in a series without a change; at least 1/1000.
	P float64 `json:"p_value"`
	// Lo and Hi are the interval of Ratio, at 95 %.
	Lo *float64 `json:"lo"`
	Hi *float64 `json:"hi"`
	// Before and After are the medians.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
	// First and Last are the range in which Index lies, at 95 %.
	First int `json:"first_index"`
	Last  int `json:"last_index"`
}

// Drift is a slow change of level, all along a series.
type Drift struct {
	// Ratio is the line's last value over its first; nil where one is not
	// positive. From and To are these values.
	Ratio *float64 `json:"ratio"`
	From  float64  `json:"from"`
	To    float64  `json:"to"`
	P     float64  `json:"p_value"`
}

// Result is what was found in a series.
type Result struct {
	Points []Point
	// Drift is nil when there is none; changes besides it are steps on a line.
	Drift *Drift
	// Autocorrelation is the coefficient that was taken into account.
	Autocorrelation float64
	// Used counts the values that are finite; Spikes lists those that are far
	// from their surroundings, by index. They are in all medians.
	Used   int
	Spikes []int
}

// Largest is the largest magnitude of a value; what is beyond counts as
// infinite.
const Largest = 1e150

// Shortest is the number of finite values below which no change can be found:
// both sides need 4.
const Shortest = 2 * least

// Detect finds the changes of values, in the order in which they were
// measured. Values that are not numbers, or beyond [Largest], are missing ones:
// they take part in nothing but the count of indices.
func Detect(values []float64, o Options) Result {
	if o.Alpha == 0 {
		o.Alpha = Alpha
	}
	var used []float64
	var index []int
	for i, v := range values {
		if math.Abs(v) <= Largest {
			used, index = append(used, v), append(index, i)
		}
	}
	res := Result{Points: []Point{}, Used: len(used)}
	if len(used) < Shortest {
		return res
	}
	scaled, _ := unit(used)
	calm, spikes := quiet(scaled)
	for _, i := range spikes {
		res.Spikes = append(res.Spikes, index[i])
	}
	s := search{alpha: o.Alpha, rand: rand.New(rand.NewPCG(o.Seed, 0x6368616e6765))}
	res.Autocorrelation = autocorrelation(calm)
	list := s.settle(calm, s.divide(calm, res.Autocorrelation))
	if l, p, yes := s.drifting(calm, list); yes {
		res.Drift = driftOf(fitLine(used), len(used), p)
		calm = l.less(calm)
		list = s.settle(calm, s.divide(calm, res.Autocorrelation))
	}
	for i := range list {
		res.Points = append(res.Points, s.point(used, calm, list, i, index))
	}
	return res
}

// unit brings values to a scale where squares neither vanish nor overflow.
func unit(values []float64) (scaled []float64, by float64) {
	for _, v := range values {
		by = max(by, math.Abs(v))
	}
	scaled = make([]float64, len(values))
	for i, v := range values {
		if by > 0 {
			scaled[i] = v / by
		}
	}
	return scaled, by
}

func driftOf(l line, n int, p float64) *Drift {
	d := &Drift{From: l.at(0), To: l.at(n - 1), P: p}
	if d.From > 0 && d.To > 0 {
		r := d.To / d.From
		d.Ratio = &r
	}
	return d
}

// point describes a change.
func (o search) point(used, calm []float64, list []split, i int, index []int) Point {
	from, to := neighbours(list, i, len(used))
	at := list[i].at
	phi := autocorrelation(calm[from:to])
	_, first, last := locate(calm[from:to], phi)
	p := Point{
		Index: index[at], P: list[i].p, Before: median(used[from:at]), After: median(used[at:to]),
		First: index[from+min(first, at-from)], Last: index[from+max(last, at-from)],
	}
	p.Ratio, p.Lo, p.Hi = size(used[from:at], used[at:to], phi, o.rand)
	return p
}
