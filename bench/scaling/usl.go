package scaling

import "math"

// usl is the Universal Scalability Law with three parameters (Gunther,
// "Guerrilla Capacity Planning", 2007): sigma is contention, kappa coherency,
// lambda the throughput of one core.
type usl struct{}

// About describes the law.
func (usl) About() About {
	return About{
		Name: "usl", Formula: "X = lambda n / (1 + sigma (n-1) + kappa n (n-1))", Response: Throughput, Needs: 3,
		Estimator: "non-linear least squares of throughput, sigma, kappa and lambda free, bounded at 0, by Levenberg-Marquardt",
		Params: []Param{
			{Name: "sigma", Upper: math.Inf(1)}, {Name: "kappa", Upper: math.Inf(1)}, {Name: "lambda", Upper: math.Inf(1)},
		},
	}
}

// Fit solves the law where it is linear, n/X = 1/lambda + sigma/lambda (n-1) +
// kappa/lambda n (n-1), and goes on from there.
func (l usl) Fit(obs []Observation, holds ...Hold) []float64 {
	p, _ := levenbergMarquardt(uslCurve, obs, l.About().Params, uslStart(obs, holds), holds)
	return p
}

func uslCurve(p []float64, o Observation, gradient []float64) float64 {
	sigma, kappa, lambda, n := p[0], p[1], p[2], o.Cores
	d := 1 + sigma*(n-1) + kappa*n*(n-1)
	x := lambda * n / d
	gradient[0] = -x * (n - 1) / d
	gradient[1] = -x * n * (n - 1) / d
	gradient[2] = n / d
	return x
}

// uslStart solves the linear form without negative coefficients. A residual of
// n/X is one of X times n/X², and is weighted so.
func uslStart(obs []Observation, holds []Hold) []float64 {
	lambda, known := held(holds, 2)
	columns, y, weight := make([][]float64, 3), []float64{}, []float64{}
	for _, o := range obs {
		if !(o.Y > 0) {
			continue
		}
		n, inverse := o.Cores, o.Cores/o.Y
		if known {
			inverse -= 1 / lambda
		}
		y = append(y, inverse)
		weight = append(weight, o.Weight*math.Pow(o.Y*o.Y/n, 2))
		columns[0] = append(columns[0], n-1)
		columns[1] = append(columns[1], n*(n-1))
		columns[2] = append(columns[2], 1)
	}
	if known {
		x := nnls(columns[:2], y, weight)
		return []float64{x[0] * lambda, x[1] * lambda, lambda}
	}
	x := nnls(columns, y, weight)
	if x[2] <= 0 { // no core count near 1 says what one core does
		for _, o := range obs {
			x[2] = max(x[2], o.Cores/math.Max(o.Y, 1e-300)/2)
		}
	}
	return []float64{x[0] / x[2], x[1] / x[2], 1 / x[2]}
}

// Value is work a second.
func (usl) Value(p []float64, cores, _ float64) float64 {
	return p[2] * cores / (1 + p[0]*(cores-1) + p[1]*cores*(cores-1))
}

// Shape returns sqrt((1 - sigma) / kappa) and lambda / sigma.
func (usl) Shape(p []float64, _ float64) (peak, asymptote float64) {
	sigma, kappa, lambda := p[0], p[1], p[2]
	peak, asymptote = math.NaN(), math.NaN()
	switch {
	case sigma > 1:
		peak = 1
	case kappa > 0:
		peak = max(1, math.Sqrt((1-sigma)/kappa))
	}
	if sigma > 0 {
		asymptote = lambda / sigma
	}
	return peak, asymptote
}
