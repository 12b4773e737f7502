package scaling

import "math"

// Least squares of throughput take the noise of all rows for equal, and the
// noise of times goes with the times. The sum of squares then rises too slowly
// in some directions. How much too slowly is told by the two variances that a
// linear function of the parameters has: with equal noise, and with noise in
// proportion to the value (the sandwich of White, Econometrica 48(4), 1980,
// with a model of the noise in place of single residuals).

// byParam is the gradient of a parameter.
func (f *fitted) byParam(k int) []float64 {
	g := make([]float64, len(f.params))
	g[k] = 1
	return g
}

// byValue is the gradient of the law's value at a core count, by central
// differences.
func (f *fitted) byValue(cores, work float64) []float64 {
	g := make([]float64, len(f.params))
	for k, p := range f.about.Params {
		if p.Values != nil {
			continue
		}
		at := append([]float64(nil), f.params...)
		h := 1e-6 * math.Abs(f.params[k])
		if h == 0 {
			h = 1e-9
		}
		at[k] = f.params[k] + h
		up, width := f.law.Value(at, cores, work), h
		if at[k] = f.params[k] - h; at[k] >= p.Lower {
			width = 2 * h
		} else {
			at[k] = f.params[k]
		}
		g[k] = (up - f.law.Value(at, cores, work)) / width
	}
	return g
}

// unequal is by how much the variance of a linear function of the parameters,
// plus that of a further row, is larger under noise in proportion to the value
// than under equal noise; 1 where it is not.
func (f *fitted) unequal(gradient []float64, row float64) float64 {
	var free []int
	for k, p := range f.about.Params {
		if p.Values == nil && !f.atBound(k) {
			free = append(free, k)
		}
	}
	n := len(free)
	a, b := square(n), square(n)
	for i, o := range f.sample.obs {
		g := f.byValue(o.Cores, o.Work)
		noise := math.Pow(f.relative*f.law.Value(f.params, o.Cores, o.Work), 2) / f.sample.count[i]
		for x, kx := range free {
			for y, ky := range free {
				a[x][y] += o.Weight * g[kx] * g[ky]
				b[x][y] += o.Weight * o.Weight * noise * g[kx] * g[ky]
			}
		}
	}
	right := make([]float64, n)
	for x, k := range free {
		right[x] = gradient[k]
	}
	u, ok := solve(a, append([]float64(nil), right...))
	if !ok {
		return 1
	}
	var equal, proportional float64
	for x := range free {
		equal += f.variance * u[x] * right[x]
		for y := range free {
			proportional += u[x] * b[x][y] * u[y]
		}
	}
	if !(equal+row > 0) {
		return 1
	}
	return max(1, (proportional+row)/(equal+row))
}

func square(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}
