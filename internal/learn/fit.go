package learn

import (
	"context"
	"fmt"
	"math"

	"corecast/internal/boost"
)

// Score is how a model did on the rows of one fold.
type Score struct {
	// Rows is the number of rows held out, Trained of those trained on.
	Rows    int `cbor:"1,keyasint"`
	Trained int `cbor:"2,keyasint"`
	// Loss is the sum of log losses, Right the number of rows whose class was
	// the most probable; 0 for numbers.
	Loss  float64 `cbor:"3,keyasint,omitempty"`
	Right int     `cbor:"4,keyasint,omitempty"`
	// Squares is the sum of squared errors; 0 for classes.
	Squares float64 `cbor:"5,keyasint,omitempty"`
}

// LogLoss returns the mean log loss in nats, Accuracy the share of right
// classes, RMSE the root of the mean squared error in units of the target.
func (s Score) LogLoss() float64  { return s.Loss / float64(s.Rows) }
func (s Score) Accuracy() float64 { return float64(s.Right) / float64(s.Rows) }
func (s Score) RMSE() float64     { return math.Sqrt(s.Squares / float64(s.Rows)) }

// R2 returns 1 - mean squared error / variance, with the variance of the target
// over all rows of the table: unlike that of the fold alone, it is never 0.
func (s Score) R2(variance float64) float64 { return 1 - s.Squares/float64(s.Rows)/variance }

// Variance returns the variance of the numbers to predict, over all rows.
func (t *Table) Variance() float64 {
	sum, squares := 0.0, 0.0
	for _, y := range t.Target.Y {
		sum += y
	}
	mean := sum / float64(t.Rows)
	for _, y := range t.Target.Y {
		squares += (y - mean) * (y - mean)
	}
	return squares / float64(t.Rows)
}

// Fit trains a model on a share of the rows outside of fold and scores it on
// those of fold. Chance is of the seed and the fold alone, so that settings are
// compared under the same.
func (p *Problem) Fit(ctx context.Context, s boost.Settings, fold int, share float64, seed uint64) (Score, error) {
	t := p.Table
	rows := p.Folds.Train(fold, share)
	model, err := boost.Train(ctx, boost.Bin(t.Columns, rows), &t.Target, s, seed, uint64(fold))
	if err != nil {
		return Score{}, fmt.Errorf("train on %s without fold %d: %w", t.Name, fold, err)
	}
	held := p.Folds.Held(fold)
	score := Score{Rows: len(held), Trained: len(rows)}
	scores := make([]float64, max(t.Target.Classes, 1))
	if t.Target.Classes == 2 {
		scores = scores[:1]
	}
	for _, row := range held {
		model.Scores(t.Columns, int(row), scores)
		score.add(scores, &t.Target, t.Target.Y[row])
	}
	return score, nil
}

// add adds one row with its raw scores.
func (s *Score) add(scores []float64, target *boost.Target, y float64) {
	if target.Classes == 0 {
		s.Squares += (scores[0] - y) * (scores[0] - y)
		return
	}
	class := int(y)
	s.Loss += boost.LogLoss(scores, class)
	if mostProbable(scores) == class {
		s.Right++
	}
}

// mostProbable returns the class with the highest score, the first of equals.
func mostProbable(scores []float64) int {
	if len(scores) == 1 {
		if scores[0] > 0 {
			return 1
		}
		return 0
	}
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	return best
}
