package boost

import "math"

// node is a split, or a leaf when left is 0.
type node struct {
	feature int32
	// A row goes left when its value is at most threshold, its bin at most
	// bin; a missing value goes left when missingLeft is set.
	bin         uint8
	missingLeft bool
	threshold   float64
	left, right int32
	leaf        float64
}

// tree is its nodes, the root first.
type tree struct{ nodes []node }

// value returns the leaf that one row of columns falls into.
func (t *tree) value(columns [][]float64, row int) float64 {
	n := &t.nodes[0]
	for n.left != 0 {
		v := columns[n.feature][row]
		if v <= n.threshold || n.missingLeft && math.IsNaN(v) {
			n = &t.nodes[n.left]
		} else {
			n = &t.nodes[n.right]
		}
	}
	return n.leaf
}

// binned returns the leaf that the i-th row of b falls into.
func (t *tree) binned(b *Binned, i int) float64 {
	n := &t.nodes[0]
	for n.left != 0 {
		if n.goesLeft(b.codes[n.feature][i]) {
			n = &t.nodes[n.left]
		} else {
			n = &t.nodes[n.right]
		}
	}
	return n.leaf
}

func (n *node) goesLeft(code uint8) bool {
	if code == 0 {
		return n.missingLeft
	}
	return code <= n.bin
}

// cell sums the gradients and hessians of n rows.
type cell struct {
	g, h float64
	n    int32
}

func (c cell) plus(d cell) cell  { return cell{c.g + d.g, c.h + d.h, c.n + d.n} }
func (c cell) minus(d cell) cell { return cell{c.g - d.g, c.h - d.h, c.n - d.n} }

// grower grows trees on binned rows.
type grower struct {
	b        *Binned
	settings Settings
	// grad and hess are the loss's first and second derivatives by the score
	// of each row.
	grad, hess []float64
	features   []int32 // that this tree may split on
	histogram  [maxBins + 1]cell
	scratch    []int32
	nodes      []node
}

// grow grows a tree on the rows at the given places of b, which it reorders.
func (g *grower) grow(places []int32) tree {
	g.nodes = nil
	g.scratch = make([]int32, len(places))
	g.node(places, g.settings.Depth)
	return tree{g.nodes}
}

// node adds the node of some rows, and all below it, and returns its index.
func (g *grower) node(places []int32, depth int) int32 {
	index := int32(len(g.nodes))
	total := g.sum(places)
	g.nodes = append(g.nodes, node{leaf: -g.settings.Rate * total.g / (total.h + g.settings.L2)})
	if depth == 0 || len(places) < 2*g.settings.MinLeaf {
		return index
	}
	s, found := g.best(places, total)
	if !found {
		return index
	}
	n := node{feature: s.feature, bin: s.bin, missingLeft: s.missingLeft, threshold: s.threshold(g.b)}
	at := g.partition(places, &n)
	n.left = g.node(places[:at], depth-1)
	n.right = g.node(places[at:], depth-1)
	g.nodes[index] = n
	return index
}

func (g *grower) sum(places []int32) cell {
	c := cell{n: int32(len(places))}
	for _, i := range places {
		c.g += g.grad[i]
		c.h += g.hess[i]
	}
	return c
}

// partition puts the places that go left first, keeps the order on both sides,
// and returns the number of the left ones.
func (g *grower) partition(places []int32, n *node) int {
	codes := g.b.codes[n.feature]
	left, right := 0, 0
	for _, i := range places {
		if n.goesLeft(codes[i]) {
			places[left] = i
			left++
		} else {
			g.scratch[right] = i
			right++
		}
	}
	copy(places[left:], g.scratch[:right])
	return left
}
