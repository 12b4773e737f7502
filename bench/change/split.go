package change

import (
	"math/rand/v2"
	"slices"
)

const (
	least = 4   // values on either side of a change
	draws = 999 // resampled series a test
	// shortest is the smallest number of values that a part is searched of.
	shortest = 4 * least
	// Of the level of a test, the share for a change in the whole piece; the
	// rest is for one in a part of it, which a change back hides from the
	// first.
	wholeShare = 0.7
)

// parts lists the parts of a piece of n values in which a change is looked for
// besides the whole: halves and quarters, each overlapping its neighbour by
// half (the seeded intervals of Kovacs, Buehlmann, Li and Munk, "Seeded binary
// segmentation", 2023).
func parts(n int) [][2]int {
	var list [][2]int
	for _, k := range []int{2, 4} {
		length := n / k
		if length < shortest {
			break
		}
		for from := 0; from+length <= n; from += (length + 1) / 2 {
			list = append(list, [2]int{from, from + length})
		}
	}
	return list
}

// split is a change that a test found.
type split struct {
	at int     // first value after it; 0 when there is none
	p  float64 // of the test
}

// search holds what the tests of one series share.
type search struct {
	alpha float64
	rand  *rand.Rand
}

// test looks for a change in values with autocorrelation phi. It stops drawing
// when the level cannot be met any more.
func (o search) test(values []float64, phi float64) split {
	n := len(values)
	if n < 2*least {
		return split{p: 1}
	}
	g := newGrid(values)
	s, places, some := g.scanner(), g.places(values, nil), parts(n)
	whole, q := s.best(places, least)
	part, qPart := bestPart(s, places, some)
	if q <= 0 {
		return split{p: 1}
	}
	w, drawn := newWorld(values, mean(values), phi, o.rand), make([]float64, n)
	over, overPart := 1, 1
	for range draws {
		w.draw(drawn)
		places = g.places(drawn, places)
		if _, v := s.best(places, least); v >= q {
			over++
		}
		if len(some) > 0 {
			if _, v := bestPart(s, places, some); v >= qPart {
				overPart++
			}
		}
		if min(joint(over, overPart, len(some) > 0)) > o.alpha {
			return split{p: 1}
		}
	}
	p, pPart := joint(over, overPart, len(some) > 0)
	if pPart < p {
		return split{part, pPart}
	}
	return split{whole, p}
}

// joint returns the p-values of both tests as parts of one.
func joint(over, overPart int, parts bool) (whole, part float64) {
	whole, part = float64(over)/(draws+1), float64(overPart)/(draws+1)
	if !parts {
		return whole, 1
	}
	return min(1, whole/wholeShare), min(1, part/(1-wholeShare))
}

// bestPart returns the best split over the parts.
func bestPart(s *scanner, places []int, some [][2]int) (at int, q float64) {
	for _, p := range some {
		if t, v := s.best(places[p[0]:p[1]], least); v > q {
			at, q = p[0]+t, v
		}
	}
	return at, q
}

// divide returns the changes of values, in their order. phi is the
// autocorrelation where a piece is too short to tell its own.
func (o search) divide(values []float64, phi float64) []split {
	if len(values) >= 40 {
		phi = autocorrelation(values)
	}
	s := o.test(values, phi)
	if s.at == 0 || s.p > o.alpha {
		return nil
	}
	list := append(o.divide(values[:s.at], phi), s)
	for _, later := range o.divide(values[s.at:], phi) {
		list = append(list, split{s.at + later.at, later.p})
	}
	return list
}

// settle puts each change where it explains most between its neighbours, and
// leaves the least sure one out, again and again, as long as one does not pass
// its test between its neighbours.
func (o search) settle(values []float64, list []split) []split {
	for len(list) > 0 {
		for i := range list {
			from, to := neighbours(list, i, len(values))
			piece := values[from:to]
			phi := autocorrelation(piece)
			at, _, _ := locate(piece, phi)
			list[i].at = from + at
			if len(list) > 1 {
				list[i].p = o.test(piece, phi).p
			}
		}
		worst := 0
		for i, s := range list {
			if s.p > list[worst].p {
				worst = i
			}
		}
		if list[worst].p <= o.alpha {
			break
		}
		list = slices.Delete(list, worst, worst+1)
	}
	return list
}

// neighbours returns the piece from the change before a change to the one
// after it.
func neighbours(list []split, i, n int) (from, to int) {
	to = n
	if i > 0 {
		from = list[i-1].at
	}
	if i+1 < len(list) {
		to = list[i+1].at
	}
	return from, to
}
