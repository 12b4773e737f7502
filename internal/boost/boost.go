// Package boost trains gradient-boosted decision trees: binary and multi-class
// classification by logistic loss, regression by squared error.
//
// [Bin] sorts the values of some rows of a table into histogram bins, [Train]
// grows trees on them one after another, each fitted to the gradient of the
// loss (Friedman, "Greedy function approximation: a gradient boosting machine",
// 2001) with leaves and splits of second order (Chen and Guestrin, "XGBoost",
// 2016), and [Model] predicts rows by their values. Missing values (NaN) have a
// bin of their own, and every split learns the side that they go to.
//
// All sums run in a fixed order and chance comes from the seed: the same input
// gives the same model to the last bit on one kind of processor.
package boost

import (
	"fmt"
	"math"
)

// Settings are what a model is tuned by.
type Settings struct {
	// Trees is the number of rounds; a round grows one tree, or one a class
	// when there are more than two.
	Trees int `json:"trees" cbor:"1,keyasint"`
	// Rate scales each tree's contribution, above 0 and at most 1.
	Rate float64 `json:"rate" cbor:"2,keyasint"`
	// Depth is the largest number of splits between root and leaf.
	Depth int `json:"depth" cbor:"3,keyasint"`
	// MinLeaf is the smallest number of rows in a leaf.
	MinLeaf int `json:"min_leaf" cbor:"4,keyasint"`
	// L2 is added to the hessian of every leaf, 0 or more.
	L2 float64 `json:"l2" cbor:"5,keyasint"`
	// Rows and Columns are the shares of rows and features, above 0 and at
	// most 1, that are drawn for each round.
	Rows    float64 `json:"row_share" cbor:"6,keyasint"`
	Columns float64 `json:"column_share" cbor:"7,keyasint"`
}

// MaxDepth bounds Settings.Depth, MaxTrees Settings.Trees.
const (
	MaxDepth = 30
	MaxTrees = 100_000
)

// Check says which setting is out of its range.
func (s Settings) Check() error {
	switch {
	case s.Trees < 1 || s.Trees > MaxTrees:
		return fmt.Errorf("trees %d: not from 1 to %d", s.Trees, MaxTrees)
	case !(s.Rate > 0 && s.Rate <= 1):
		return fmt.Errorf("rate %v: not above 0 and at most 1", s.Rate)
	case s.Depth < 1 || s.Depth > MaxDepth:
		return fmt.Errorf("depth %d: not from 1 to %d", s.Depth, MaxDepth)
	case s.MinLeaf < 1:
		return fmt.Errorf("min_leaf %d: less than 1", s.MinLeaf)
	case !(s.L2 >= 0) || math.IsInf(s.L2, 0):
		return fmt.Errorf("l2 %v: not a number of 0 or more", s.L2)
	case !(s.Rows > 0 && s.Rows <= 1):
		return fmt.Errorf("row_share %v: not above 0 and at most 1", s.Rows)
	case !(s.Columns > 0 && s.Columns <= 1):
		return fmt.Errorf("column_share %v: not above 0 and at most 1", s.Columns)
	}
	return nil
}

// Target is what is to be predicted.
type Target struct {
	// Classes is the number of classes, 2 or more; 0: a number is predicted.
	Classes int
	// Y has the value of each row of the table: a finite number, or the index
	// of its class.
	Y []float64
}

// outputs is the number of scores that a model gives a row: one for regression
// and two classes, else one a class.
func (t *Target) outputs() int {
	if t.Classes > 2 {
		return t.Classes
	}
	return 1
}

// Model predicts a target from the features of a row.
type Model struct {
	start []float64 // of each output, before any tree
	trees []tree    // round by round, the outputs of a round in order
}

// Scores writes the raw scores of one row of columns to out, which has one
// place for regression and for two classes, else one a class. A raw score is
// the predicted number, the log odds of class 1, or the log probabilities of
// the classes up to a common term.
func (m *Model) Scores(columns [][]float64, row int, out []float64) {
	k := copy(out, m.start)
	for i := range m.trees {
		out[i%k] += m.trees[i].value(columns, row)
	}
}

// Number returns the prediction of a regression for one row of columns.
func (m *Model) Number(columns [][]float64, row int) float64 {
	var out [1]float64
	m.Scores(columns, row, out[:])
	return out[0]
}

// Probabilities writes the probability of each class for one row of columns to
// out, which has one place a class.
func (m *Model) Probabilities(columns [][]float64, row int, out []float64) {
	m.Scores(columns, row, out[:len(m.start)])
	probabilities(out[:len(m.start)], out)
}

// probabilities turns raw scores into probabilities: the logistic function for
// one score, softmax for more. The two may share memory.
func probabilities(scores, out []float64) {
	if len(scores) == 1 {
		p := 1 / (1 + math.Exp(-scores[0]))
		out[0], out[1] = 1-p, p
		return
	}
	top := math.Inf(-1)
	for _, s := range scores {
		top = max(top, s)
	}
	sum := 0.0
	for i, s := range scores {
		out[i] = math.Exp(s - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
}

// LogLoss returns minus the logarithm of the probability that raw scores give
// to a class. It is computed from the scores, so that it is finite however
// small the probability is.
func LogLoss(scores []float64, class int) float64 {
	if len(scores) == 1 {
		s := scores[0]
		if class == 1 {
			s = -s
		}
		return max(s, 0) + math.Log1p(math.Exp(-math.Abs(s)))
	}
	top, sum := math.Inf(-1), 0.0
	for _, s := range scores {
		top = max(top, s)
	}
	for _, s := range scores {
		sum += math.Exp(s - top)
	}
	return top + math.Log(sum) - scores[class]
}
