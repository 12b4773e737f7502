package scaling

import "math"

// solve solves the symmetric positive definite system a x = b by Cholesky's
// factorization; ok is false when a is not positive definite to working
// precision. a and b are overwritten.
func solve(a [][]float64, b []float64) (x []float64, ok bool) {
	n := len(b)
	for j := range n {
		d := a[j][j]
		scale := d
		for k := range j {
			d -= a[j][k] * a[j][k]
		}
		if !(d > 1e-15*scale) {
			return nil, false
		}
		d = math.Sqrt(d)
		a[j][j] = d
		for i := j + 1; i < n; i++ {
			s := a[i][j]
			for k := range j {
				s -= a[i][k] * a[j][k]
			}
			a[i][j] = s / d
		}
	}
	for i := range n { // forward
		for k := range i {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	for i := n - 1; i >= 0; i-- { // back
		for k := i + 1; k < n; k++ {
			b[i] -= a[k][i] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b, true
}

// normal returns the normal equations of the columns in use: their weighted
// products with each other and with y.
func normal(columns [][]float64, y, weight []float64, use []int) ([][]float64, []float64) {
	a, b := make([][]float64, len(use)), make([]float64, len(use))
	for i, ci := range use {
		a[i] = make([]float64, len(use))
		for k, ck := range use[:i+1] {
			for r := range y {
				a[i][k] += weight[r] * columns[ci][r] * columns[ck][r]
			}
		}
		for r := range y {
			b[i] += weight[r] * columns[ci][r] * y[r]
		}
	}
	for i := range a {
		for k := i + 1; k < len(a); k++ {
			a[i][k] = a[k][i]
		}
	}
	return a, b
}
