package boost

import "math"

// split is a way to part the rows of a node.
type split struct {
	feature     int32
	bin         uint8
	missingLeft bool
	gain        float64
}

// threshold returns the largest value that goes left.
func (s *split) threshold(b *Binned) float64 {
	if edges := b.edges[s.feature]; int(s.bin) <= len(edges) {
		return edges[s.bin-1]
	}
	return math.Inf(1) // all values left, missing ones right
}

// minGain is the smallest gain, relative to what the node has already, that is
// not taken for rounding.
const minGain = 1e-10

// best returns the split with the largest gain, the first of equals in the
// order of features and bins. The gain is
//
//	GL^2/(HL+l2) + GR^2/(HR+l2) - G^2/(H+l2)
//
// with G and H the sums of gradients and hessians on the left, on the right and
// of the node (twice that of XGBoost, equation 7).
func (g *grower) best(places []int32, total cell) (split, bool) {
	c := choice{least: int32(min(g.settings.MinLeaf, math.MaxInt32)), l2: g.settings.L2, total: total}
	c.parent = c.score(total)
	c.best.gain = minGain * c.parent
	for _, f := range g.features {
		missing := g.fill(places, f)
		c.feature(f, g.histogram[1:len(g.b.edges[f])+2], missing)
	}
	return c.best, c.found
}

// choice is the search for the best split of one node.
type choice struct {
	best   split
	found  bool
	least  int32 // rows on a side
	l2     float64
	total  cell
	parent float64
}

// feature considers all splits of one feature, by the bins of its values and
// that of missing ones. A bin without rows parts them as the one before it.
func (c *choice) feature(f int32, bins []cell, missing cell) {
	left := cell{}
	for i := range bins {
		if bins[i].n == 0 && i < len(bins)-1 {
			continue
		}
		left = left.plus(bins[i])
		if left.n+missing.n >= c.total.n && missing.n == 0 {
			return // nothing on the right
		}
		s := split{feature: f, bin: uint8(i + 1)}
		// Where none was missing, those to come go with most rows.
		s.missingLeft = missing.n == 0 && 2*left.n >= c.total.n
		c.consider(s, left)
		if missing.n > 0 && i < len(bins)-1 {
			s.missingLeft = true
			c.consider(s, left.plus(missing))
		}
	}
}

// consider makes s the best split when it is allowed and better.
func (c *choice) consider(s split, left cell) {
	if left.n < c.least || c.total.n-left.n < c.least {
		return
	}
	s.gain = c.score(left) + c.score(c.total.minus(left)) - c.parent
	if s.gain > c.best.gain {
		c.best, c.found = s, true
	}
}

// score is the loss that the best leaf of rows takes away, times two.
func (c *choice) score(rows cell) float64 { return rows.g * rows.g / (rows.h + c.l2) }

// fill sums the rows into the histogram of feature f and returns the bin of
// missing values.
func (g *grower) fill(places []int32, f int32) cell {
	h := &g.histogram
	clear(h[:len(g.b.edges[f])+2])
	codes := g.b.codes[f]
	for _, i := range places {
		c := &h[codes[i]]
		c.g += g.grad[i]
		c.h += g.hess[i]
		c.n++
	}
	return h[0]
}
