package scaling

import (
	"math"
	"slices"
)

// curve is a law's value with its derivatives by the parameters.
type curve func(p []float64, o Observation, gradient []float64) float64

// levenbergMarquardt returns the parameters at the least weighted sum of
// squares that is downhill of start, within bounds, and that sum. Held
// parameters stay. Damping is scaled by the diagonal (Marquardt, SIAM J. 11,
// 1963), so that units of parameters do not matter; a parameter at a bound
// that the descent would push through rests there.
func levenbergMarquardt(f curve, obs []Observation, params []Param, start []float64, holds []Hold) ([]float64, float64) {
	m := &descent{f: f, obs: obs, params: params, holds: holds, gradient: make([]float64, len(start))}
	p := m.clamp(start)
	sum := m.squares(p)
	damping, calm := 1e-3, 0
	for range 500 {
		a, b := m.equations(p)
		moved := false
		for damping < 1e16 {
			next := m.step(p, a, b, damping)
			if s := m.squares(next); s < sum {
				if sum-s < 1e-14*sum {
					calm++
				} else {
					calm = 0
				}
				p, sum, damping, moved = next, s, max(damping/10, 1e-12), true
				break
			}
			damping *= 10
		}
		if !moved || calm > 2 {
			break
		}
	}
	return p, sum
}

// descent is a least squares problem.
type descent struct {
	f        curve
	obs      []Observation
	params   []Param
	holds    []Hold
	gradient []float64
}

// clamp brings parameters within their bounds, and held ones to their values.
func (m *descent) clamp(p []float64) []float64 {
	p = slices.Clone(p)
	for k := range p {
		p[k] = min(max(p[k], m.params[k].Lower), m.params[k].Upper)
		if v, ok := held(m.holds, k); ok {
			p[k] = v
		}
	}
	return p
}

func (m *descent) squares(p []float64) float64 {
	sum := 0.0
	for _, o := range m.obs {
		r := o.Y - m.f(p, o, m.gradient)
		sum += o.Weight * r * r
	}
	if math.IsNaN(sum) {
		return math.Inf(1)
	}
	return sum
}

// equations returns J'WJ and J'Wr at p.
func (m *descent) equations(p []float64) (a [][]float64, b []float64) {
	n := len(p)
	a, b = make([][]float64, n), make([]float64, n)
	for i := range a {
		a[i] = make([]float64, n)
	}
	for _, o := range m.obs {
		r := o.Y - m.f(p, o, m.gradient)
		for i, gi := range m.gradient {
			for k, gk := range m.gradient[:i+1] {
				a[i][k] += o.Weight * gi * gk
			}
			b[i] += o.Weight * gi * r
		}
	}
	return a, b
}

// step returns the parameters after one damped step.
func (m *descent) step(p []float64, a [][]float64, b []float64, damping float64) []float64 {
	var free []int
	for k := range p {
		_, fixed := held(m.holds, k)
		out := p[k] <= m.params[k].Lower && b[k] < 0 || p[k] >= m.params[k].Upper && b[k] > 0
		if !fixed && !out && a[k][k] > 0 {
			free = append(free, k)
		}
	}
	system, right := make([][]float64, len(free)), make([]float64, len(free))
	for i, k := range free {
		system[i] = make([]float64, len(free))
		for j, l := range free[:i+1] {
			system[i][j] = a[max(k, l)][min(k, l)]
		}
		system[i][i] *= 1 + damping
		right[i] = b[k]
	}
	move, ok := solve(system, right)
	if !ok {
		return p
	}
	next := slices.Clone(p)
	for i, k := range free {
		next[k] += move[i]
	}
	return m.clamp(next)
}
