package change

import (
	"math"
	"slices"
)

// levels is the number of steps in which distribution functions are compared.
const levels = 48

// grid cuts the line at order statistics of a sample; what is compared of two
// samples is their empirical distribution functions at the cuts.
type grid struct {
	cuts  []float64 // ascending, distinct
	width []float64 // from each cut to the next; the last has none
}

// newGrid returns the grid of a sample's order statistics, at most levels.
func newGrid(values []float64) grid {
	sorted := slices.Compact(slices.Sorted(slices.Values(values)))
	n := len(sorted)
	k := min(n, levels)
	var g grid
	for i := range k {
		at := i
		if n > levels {
			at = int(math.Round(float64(i) * float64(n-1) / float64(levels-1)))
		}
		g.cuts = append(g.cuts, sorted[at])
	}
	for i := 1; i < k; i++ {
		g.width = append(g.width, g.cuts[i]-g.cuts[i-1])
	}
	return g
}

// place returns the index of the first cut that is not below v, the last for
// those above all.
func (g grid) place(v float64) int {
	i, _ := slices.BinarySearch(g.cuts, v)
	return min(i, len(g.cuts)-1)
}

// places returns the place of each value.
func (g grid) places(values []float64, to []int) []int {
	to = to[:0]
	for _, v := range values {
		to = append(to, g.place(v))
	}
	return to
}

// scanner finds the split of a piece whose sides differ most. Its buffers are
// used again, so it must not be shared.
type scanner struct {
	width       []float64
	left, total []float64
}

func (g grid) scanner() *scanner {
	k := len(g.width)
	return &scanner{width: g.width, left: make([]float64, k), total: make([]float64, k)}
}

// best returns the split of a piece, given as places on the grid, with the
// largest E-divisive statistic
//
//	Q = m n / (m + n) 2 int (F - G)^2 dx
//
// F and G being the distribution functions of the m values before and the n
// after it, and the integral the energy distance of one-dimensional samples
// (Szekely and Rizzo, "Energy statistics", 2013; Matteson and James, "A
// nonparametric approach for multiple change point analysis of multivariate
// data", 2014, with their exponent 1). Either side has least values or more;
// at is 0 when none can.
func (s *scanner) best(places []int, least int) (at int, q float64) {
	n := len(places)
	for i := range s.left {
		s.left[i], s.total[i] = 0, 0
	}
	for _, p := range places {
		if p < len(s.total) {
			s.total[p]++
		}
	}
	for i := 1; i < len(s.total); i++ {
		s.total[i] += s.total[i-1]
	}
	for t := 1; t <= n-least; t++ {
		for i := places[t-1]; i < len(s.left); i++ {
			s.left[i]++
		}
		if t < least {
			continue
		}
		// F - G = (left n - total m) / (m (n - m))
		m, all := float64(t), float64(n)
		sum := 0.0
		for i, w := range s.width {
			d := s.left[i]*all - s.total[i]*m
			sum += w * d * d
		}
		if v := 2 * sum / (m * (all - m) * all); v > q {
			at, q = t, v
		}
	}
	return at, q
}
