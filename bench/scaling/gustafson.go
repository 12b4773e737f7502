package scaling

import "math"

// gustafson is Gustafson's scaled speedup (CACM 31(5), 1988): the work grows
// with the cores, and the share alpha of a job's time is serial.
type gustafson struct{}

// About describes the law.
func (gustafson) About() About {
	return About{
		Name: "gustafson", Formula: "X = lambda (n - alpha (n-1))", Response: Throughput, Needs: 2,
		Estimator: "least squares of throughput, alpha in 0 to 1 and lambda free",
		Params:    []Param{{Name: "alpha", Upper: 1}, {Name: "lambda", Upper: math.Inf(1)}},
	}
}

// Fit solves X = u + v n with u = lambda alpha, v = lambda (1 - alpha), neither
// negative.
func (gustafson) Fit(obs []Observation, holds ...Hold) []float64 {
	if alpha, ok := held(holds, 0); ok {
		var xy, xx float64
		for _, o := range obs {
			x := o.Cores - alpha*(o.Cores-1)
			xy, xx = xy+o.Weight*x*o.Y, xx+o.Weight*x*x
		}
		return []float64{alpha, max(0, xy/xx)}
	}
	if lambda, ok := held(holds, 1); ok {
		var xy, xx float64
		for _, o := range obs {
			x := -lambda * (o.Cores - 1)
			xy, xx = xy+o.Weight*x*(o.Y-lambda*o.Cores), xx+o.Weight*x*x
		}
		if xx == 0 {
			return []float64{0, lambda}
		}
		return []float64{min(max(xy/xx, 0), 1), lambda}
	}
	columns, y, weight := make([][]float64, 2), []float64{}, []float64{}
	for _, o := range obs {
		columns[0], columns[1] = append(columns[0], 1), append(columns[1], o.Cores)
		y, weight = append(y, o.Y), append(weight, o.Weight)
	}
	x := nnls(columns, y, weight)
	lambda := x[0] + x[1]
	if lambda == 0 {
		return []float64{0, 0}
	}
	return []float64{x[0] / lambda, lambda}
}

// Value is work a second.
func (gustafson) Value(p []float64, cores, _ float64) float64 {
	return p[1] * (cores - p[0]*(cores-1))
}

// Shape: throughput grows without end, unless all is serial.
func (gustafson) Shape(p []float64, _ float64) (peak, asymptote float64) {
	if p[0] >= 1 {
		return math.NaN(), p[1]
	}
	return math.NaN(), math.NaN()
}
