package capacity

import (
	"context"
	"math"
	"slices"

	"corecast/bench/scaling"
	"corecast/bench/sim"
)

// Backtest is how well simulation, calibrated by the smaller numbers of workers,
// tells the makespan on the larger ones.
type Backtest struct {
	scaling.Backtest
	// Drift is how fast the error grows with the logarithm of the distance
	// beyond the data: sqrt(sum e² / sum d²), where e is not taken for smaller
	// than the noise of what it is held against.
	Drift float64 `json:"drift"`
}

// backtestDraws is how many outcomes a prediction of the backtest is the median
// of.
const backtestDraws = 50

// NewBacktest tests a model by its own points; nil when it has only one. times
// are the measured makespans in seconds by number of workers.
func NewBacktest(ctx context.Context, m *sim.Model, times map[int][]float64, seed uint64) (*Backtest, error) {
	if len(m.Points) < 2 {
		return nil, nil
	}
	b := &Backtest{Backtest: scaling.Backtest{Law: "simulation", Cases: []scaling.Case{}}}
	var errors, distances, sum float64
	for k := (len(m.Points) + 1) / 2; k < len(m.Points); k++ {
		part := m.UpTo(m.Points[k-1].Workers)
		for _, p := range m.Points[k:] {
			measured := times[p.Workers]
			if len(measured) == 0 {
				continue
			}
			outcomes, err := sim.Simulate(ctx, part.Scenario(p.Workers, p.Tasks), sim.Options{Replications: backtestDraws, Seed: seed})
			if err != nil {
				return nil, err
			}
			t := sim.NewInterval(outcomes, 0.9, func(o *sim.Outcome) float64 { return o.Makespan }).Median
			c := scaling.Case{UpTo: float64(m.Points[k-1].Workers), Cores: float64(p.Workers), Work: float64(p.Tasks), Measured: median(measured), Predicted: &t}
			e := t/c.Measured - 1
			c.Error = &e
			b.Cases = append(b.Cases, c)
			log := math.Abs(math.Log(t / c.Measured))
			sum += log
			errors += math.Pow(max(log, noise(measured)), 2)
			distances += math.Pow(math.Log(c.Cores/c.UpTo), 2)
		}
	}
	if len(b.Cases) == 0 || distances == 0 {
		return nil, nil
	}
	mean := sum / float64(len(b.Cases))
	b.Error, b.Drift = &mean, math.Sqrt(errors/distances)
	return b, nil
}

// noise is the standard error of the median of times, in ln: 1.25 times that of
// a mean.
func noise(times []float64) float64 { return 1.25 * deviation(times) / math.Sqrt(float64(len(times))) }

// deviation is the standard deviation of the logarithms of times; 0 for one.
func deviation(times []float64) float64 {
	if len(times) < 2 {
		return 0
	}
	mean, sum := 0.0, 0.0
	for _, t := range times {
		mean += math.Log(t) / float64(len(times))
	}
	for _, t := range times {
		sum += math.Pow(math.Log(t)-mean, 2)
	}
	return math.Sqrt(sum / float64(len(times)-1))
}

// median is that of values that are not empty.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
