package scaling

import (
	"math"
	"slices"
)

// nnls returns the coefficients, none below 0, for which the weighted sum of
// squares of y - sum coefficient x column is least, by the active-set method of
// Lawson and Hanson, "Solving Least Squares Problems" (1974), chapter 23.
// Columns are scaled to the same length first, so that their units do not
// matter. A coefficient that is not needed is exactly 0.
func nnls(columns [][]float64, y, weight []float64) []float64 {
	scaled, lengths := unitColumns(columns, weight)
	n := len(columns)
	x, passive := make([]float64, n), make([]bool, n)
	tolerance := 1e-12 * length(y, weight)
	for range 10 * (n + 1) {
		k := steepest(scaled, y, weight, x, passive, tolerance)
		if k < 0 {
			break
		}
		passive[k] = true
		if !descend(scaled, y, weight, x, passive) {
			passive[k] = false // it depends on the columns in use
			break
		}
	}
	for i := range x {
		if lengths[i] > 0 {
			x[i] /= lengths[i]
		}
	}
	return x
}

// steepest returns the column whose coefficient would reduce the sum of squares
// the most if it grew from 0; -1 when none would.
func steepest(columns [][]float64, y, weight, x []float64, passive []bool, tolerance float64) int {
	best, most := -1, tolerance
	for i, c := range columns {
		if passive[i] {
			continue
		}
		slope := 0.0
		for r := range y {
			slope += weight[r] * c[r] * (y[r] - combine(columns, x, r))
		}
		if slope > most {
			best, most = i, slope
		}
	}
	return best
}

func combine(columns [][]float64, x []float64, row int) float64 {
	sum := 0.0
	for i, c := range columns {
		sum += x[i] * c[row]
	}
	return sum
}

// descend moves x to the least squares of the passive columns, and takes out of
// them what would fall below 0 on the way. It reports false, with x as it was,
// when the passive columns depend on each other.
func descend(columns [][]float64, y, weight, x []float64, passive []bool) bool {
	before := slices.Clone(x)
	for {
		var use []int
		for i, p := range passive {
			if p {
				use = append(use, i)
			}
		}
		if len(use) == 0 {
			return true
		}
		a, b := normal(columns, y, weight, use)
		z, ok := solve(a, b)
		if !ok {
			copy(x, before)
			return false
		}
		step, limit := 1.0, -1
		for i, k := range use {
			if z[i] > 0 {
				continue
			}
			share := 0.0
			if x[k] > 0 {
				share = x[k] / (x[k] - z[i])
			}
			if share < step || limit < 0 {
				step, limit = share, k
			}
		}
		for i, k := range use {
			x[k] += step * (z[i] - x[k])
		}
		if limit < 0 {
			return true
		}
		x[limit], passive[limit] = 0, false
	}
}

// unitColumns returns the columns divided by their weighted lengths.
func unitColumns(columns [][]float64, weight []float64) (scaled [][]float64, lengths []float64) {
	for _, c := range columns {
		l := length(c, weight)
		unit := make([]float64, len(c))
		if l > 0 {
			for r := range c {
				unit[r] = c[r] / l
			}
		}
		scaled, lengths = append(scaled, unit), append(lengths, l)
	}
	return scaled, lengths
}

func length(v, weight []float64) float64 {
	sum := 0.0
	for r := range v {
		sum += weight[r] * v[r] * v[r]
	}
	return math.Sqrt(sum)
}
