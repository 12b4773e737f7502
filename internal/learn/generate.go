package learn

import (
	"math/rand/v2"
	"strconv"

	"corecast/internal/boost"
)

// generatedFeatures is the number of features of generated data. All say
// something.
const generatedFeatures = 10

// medianSquares is the median of the sum of ten squared standard normals: that
// of the chi-squared distribution with ten degrees of freedom.
const medianSquares = 9.34

// Generate makes the problem of nested spheres from a seed: features x1 to x10
// are standard normal, and y is the sum of their squares. For the task regress
// y is the target, else whether it is above its median: high or low (Hastie,
// Tibshirani and Friedman, "The Elements of Statistical Learning", 2nd edition,
// equation 10.2).
//
// It is a problem where settings matter: no feature says much alone, so that a
// hundred small steps, which is what is common, are too few, and larger or more
// ones do clearly better.
func Generate(rows int, task string, seed uint64) *Table {
	random := rand.New(rand.NewPCG(seed, 0xda7a))
	t := &Table{Name: "generated data", Rows: rows, Goal: "y", Columns: make([][]float64, generatedFeatures)}
	for f := range t.Columns {
		t.Features = append(t.Features, "x"+strconv.Itoa(f+1))
		t.Columns[f] = make([]float64, rows)
	}
	y := make([]float64, rows)
	for row := range rows {
		for f := range t.Columns {
			x := random.NormFloat64()
			t.Columns[f][row] = x
			y[row] += float64(x * x) // rounded, so that no machine fuses it with the sum
		}
	}
	t.Target = boost.Target{Y: y}
	if task == "regress" {
		return t
	}
	t.Classes, t.Target.Classes = []string{"low", "high"}, 2
	for row, v := range y {
		y[row] = 0
		if v > medianSquares {
			y[row] = 1
		}
	}
	return t
}
