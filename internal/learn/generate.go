package learn

import (
	"math"
	"math/rand/v2"
	"strconv"

	"corecast/internal/boost"
)

// generatedFeatures is the number of features of generated data, of which five
// say something.
const generatedFeatures = 10

// Generate makes a problem that no straight line solves, from a seed: features
// x1 to x10 uniform from 0 to 1, and
//
//	y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + e
//
// with e standard normal (Friedman, "Multivariate adaptive regression splines",
// 1991, equation 61). For the task regress y is the target, else whether it is
// above 14.4, about its median, is: high or low.
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
			t.Columns[f][row] = random.Float64()
		}
		y[row] = friedman(t.Columns, row) + random.NormFloat64()
	}
	t.Target = boost.Target{Y: y}
	if task == "regress" {
		return t
	}
	const median = 14.4
	t.Classes, t.Target.Classes = []string{"low", "high"}, 2
	for row, v := range y {
		y[row] = 0
		if v > median {
			y[row] = 1
		}
	}
	return t
}

func friedman(x [][]float64, row int) float64 {
	return 10*math.Sin(math.Pi*x[0][row]*x[1][row]) + 20*(x[2][row]-0.5)*(x[2][row]-0.5) + 10*x[3][row] + 5*x[4][row]
}
