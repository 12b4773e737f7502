package scaling

import "math"

// ernest is the model of Venkataraman et al., "Ernest: Efficient Performance
// Prediction for Large-Scale Advanced Analytics" (NSDI 2016): a fixed time,
// work shared by the cores, a tree of log n steps, and a cost of each core.
type ernest struct{}

// About describes the law.
func (ernest) About() About {
	inf := math.Inf(1)
	return About{
		Name: "ernest", Formula: "t = a + b work/n + c ln n + d n", Response: Seconds, Needs: 3,
		Estimator: "non-negative least squares (Lawson-Hanson) of relative residuals of seconds",
		Params:    []Param{{Name: "a", Upper: inf}, {Name: "b", Upper: inf}, {Name: "c", Upper: inf}, {Name: "d", Upper: inf}},
	}
}

func ernestTerms(cores, work float64) [4]float64 {
	return [4]float64{1, work / cores, math.Log(cores), cores}
}

// Fit solves for the coefficients that are not held.
func (ernest) Fit(obs []Observation, holds ...Hold) []float64 {
	columns, y, weight := make([][]float64, 4), []float64{}, []float64{}
	for _, o := range obs {
		rest := o.Y
		for k, term := range ernestTerms(o.Cores, o.Work) {
			if v, ok := held(holds, k); ok {
				rest -= v * term
				term = 0
			}
			columns[k] = append(columns[k], term)
		}
		y, weight = append(y, rest), append(weight, o.Weight)
	}
	p := nnls(columns, y, weight)
	for _, h := range holds {
		p[h.Param] = h.Value
	}
	return p
}

// Value is seconds.
func (ernest) Value(p []float64, cores, work float64) float64 {
	sum := 0.0
	for k, term := range ernestTerms(cores, work) {
		sum += p[k] * term
	}
	return sum
}

// Shape returns where the time is least, and work/a where nothing grows with
// the cores.
func (ernest) Shape(p []float64, work float64) (peak, asymptote float64) {
	a, b, c, d := p[0], p[1]*work, p[2], p[3]
	switch {
	case d > 0:
		return max(1, (-c+math.Sqrt(c*c+4*b*d))/(2*d)), math.NaN()
	case c > 0:
		return max(1, b/c), math.NaN()
	case a > 0:
		return math.NaN(), work / a
	}
	return math.NaN(), math.NaN()
}
