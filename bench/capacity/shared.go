package capacity

import (
	"context"
	"slices"
)

// outcomeKey is a forecast that was made.
type outcomeKey struct{ workers, tasks int }

// remembering keeps the forecasts of another.
type remembering struct {
	Forecaster
	known map[outcomeKey]Draws
}

func remember(f Forecaster) *remembering {
	return &remembering{Forecaster: f, known: make(map[outcomeKey]Draws)}
}

// Forecast returns the first draws of what is known, or asks.
func (r *remembering) Forecast(ctx context.Context, workers, tasks, draws int) (Draws, error) {
	key := outcomeKey{workers, tasks}
	d, ok := r.known[key]
	if !ok || len(d.Makespan) < draws {
		var err error
		if d, err = r.Forecaster.Forecast(ctx, workers, tasks, draws); err != nil {
			return d, err
		}
		r.known[key] = d
	}
	return d.copied(draws, 1, 1), nil
}

// repriced is the forecast of another whose workers take the same time and have
// another rate: costs are in proportion, since rounding is of time.
type repriced struct {
	Forecaster
	cost, cores float64
}

// Forecast multiplies costs and core-seconds.
func (r *repriced) Forecast(ctx context.Context, workers, tasks, draws int) (Draws, error) {
	d, err := r.Forecaster.Forecast(ctx, workers, tasks, draws)
	if err != nil {
		return d, err
	}
	return d.copied(draws, r.cost, r.cores), nil
}

// copied returns the first draws, costs and core-seconds multiplied.
func (d Draws) copied(draws int, cost, cores float64) Draws {
	times := func(values []float64, factor float64) []float64 {
		if values == nil {
			return nil
		}
		out := slices.Clone(values[:min(draws, len(values))])
		for i := range out {
			out[i] *= factor
		}
		return out
	}
	return Draws{Makespan: times(d.Makespan, 1), Cost: times(d.Cost, cost), CoreSeconds: times(d.CoreSeconds, cores), Warnings: slices.Clone(d.Warnings)}
}
