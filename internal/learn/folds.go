package learn

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Folds divides the rows of a table into parts of about equal size, and, for
// classes, of about equal shares of each.
type Folds struct {
	// Count is the number of parts, Of the part of each row.
	Count int
	Of    []int32
	// order has all rows, so that a beginning of it has about the classes of
	// the whole.
	order []int32
}

// MaxFolds bounds the number of folds.
const MaxFolds = 1000

// Divide deals the rows out over n folds, in a random order from seed. Errors
// are too few rows, and a class with fewer rows than folds.
func Divide(t *Table, n int, seed uint64) (*Folds, error) {
	groups := make([][]int32, max(t.Target.Classes, 1))
	for row := range t.Rows {
		g := 0
		if t.Target.Classes > 0 {
			g = int(t.Target.Y[row])
		}
		groups[g] = append(groups[g], int32(row))
	}
	if t.Rows < n {
		return nil, inputError(AboutFolds, "%d folds of the %d rows of %s: give at most %d, or more rows", n, t.Rows, t.Name, t.Rows)
	}
	for g, rows := range groups {
		if t.Target.Classes > 0 && len(rows) < n {
			return nil, inputError(AboutFolds, "%d folds, and class %s of column %s has %d rows: give fewer folds (2 or more), or take its rows out", n, t.Classes[g], t.Goal, len(rows))
		}
	}
	return deal(t.Rows, groups, n, seed), nil
}

// place is where a row stands among those of its group, from 0 to 1.
type place struct {
	row, group int32
	at         float64
}

func deal(rows int, groups [][]int32, n int, seed uint64) *Folds {
	f := &Folds{Count: n, Of: make([]int32, rows), order: make([]int32, rows)}
	random := rand.New(rand.NewPCG(seed, 0xf01d5))
	var places []place
	next := 0
	for g, group := range groups {
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		for i, row := range group {
			f.Of[row] = int32(next % n)
			next++
			places = append(places, place{row, int32(g), (float64(i) + 0.5) / float64(len(group))})
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.at != b.at {
			return int(math.Copysign(1, a.at-b.at))
		}
		return int(a.group - b.group)
	})
	for i, p := range places {
		f.order[i] = p.row
	}
	return f
}

// fewRows is how many rows a share of the training rows has at least, if there
// are as many.
const fewRows = 20

// Train returns the rows to train on when fold is held out: the given share of
// them, the same ones first for every share, in the table's order.
func (f *Folds) Train(fold int, share float64) []int32 {
	var rows []int32
	for _, row := range f.order {
		if int(f.Of[row]) != fold {
			rows = append(rows, row)
		}
	}
	n := max(int(math.Ceil(share*float64(len(rows)))), min(fewRows, len(rows)))
	rows = rows[:min(n, len(rows))]
	slices.Sort(rows)
	return rows
}

// Held returns the rows of fold.
func (f *Folds) Held(fold int) []int32 {
	var rows []int32
	for row, of := range f.Of {
		if int(of) == fold {
			rows = append(rows, int32(row))
		}
	}
	return rows
}
