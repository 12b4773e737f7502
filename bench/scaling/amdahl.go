package scaling

import "math"

// amdahl is Amdahl's law (AFIPS 1967): the share sigma of the work is serial.
type amdahl struct{}

// About describes the law.
func (amdahl) About() About {
	return About{
		Name: "amdahl", Formula: "X = lambda n / (1 + sigma (n-1))", Response: Throughput, Needs: 2,
		Estimator: "non-linear least squares of throughput, sigma and lambda free, bounded at 0, by Levenberg-Marquardt",
		Params:    []Param{{Name: "sigma", Upper: math.Inf(1)}, {Name: "lambda", Upper: math.Inf(1)}},
	}
}

// Fit fits the USL without coherency.
func (amdahl) Fit(obs []Observation, holds ...Hold) []float64 {
	all := []Hold{{1, 0}}
	for _, h := range holds {
		all = append(all, Hold{[]int{0, 2}[h.Param], h.Value})
	}
	p := usl{}.Fit(obs, all...)
	return []float64{p[0], p[2]}
}

// Value is work a second.
func (amdahl) Value(p []float64, cores, _ float64) float64 {
	return p[1] * cores / (1 + p[0]*(cores-1))
}

// Shape returns lambda / sigma; there is no peak.
func (amdahl) Shape(p []float64, _ float64) (peak, asymptote float64) {
	return usl{}.Shape([]float64{p[0], 0, p[1]}, 1)
}
