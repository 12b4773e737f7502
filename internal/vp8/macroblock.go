package vp8

// macroblock is what has been decided about one.
type macroblock struct {
	mode   uint8 // of the whole, or perBlock
	chroma uint8
	empty  bool      // without any coefficient
	sub    [16]uint8 // the modes of its blocks; the mode of a whole counts for each
}

// tint is one of the two kinds of chroma.
type tint struct {
	src    [64]uint8
	seen   [9 * stride]uint8
	levels [4][16]int16
}

// macroblock decides how one is coded, leaves what a decoder will see of it in
// the workspaces, and records its coefficients.
func (e *encoder) macroblock(x, y int) macroblock {
	e.src.luma(x, y, &e.luma.src)
	e.src.chroma(x, y, &e.blue.src, &e.red.src)
	mb := macroblock{mode: e.tryWhole(x, y)}
	best := &e.whole
	if e.tryBlocks(x, &mb.sub) {
		mb.mode, best = perBlock, &e.parts
	} else {
		for j := range 16 {
			copy(e.luma.seen[at(0, j):at(16, j)], e.whole.seen[16*j:])
		}
		set(mb.sub[:], mb.mode)
	}
	e.modeCost += best.modeCost
	mb.chroma = e.chromaMode(x, y)
	e.modeCost += e.costs.chroma[mb.chroma]
	blue, red := e.codeTint(&e.blue, mb.chroma, x, y), e.codeTint(&e.red, mb.chroma, x, y)
	mb.empty = !best.some && !blue && !red
	e.record(&mb, best, &e.rows[y], &e.top[x], &e.left)
	return mb
}

// chromaMode returns the mode whose prediction of chroma is most like it.
func (e *encoder) chromaMode(x, y int) (mode uint8) {
	best := -1
	var pred [64]uint8
	for m := range uint8(4) {
		if m != modeDC && !e.fits(e.costs.chroma[m]) {
			continue
		}
		sum := e.q.lambdaMode * e.costs.chroma[m] / oneBit
		for _, t := range [2]*tint{&e.blue, &e.red} {
			predictSquare(t.seen[:], 8, m, y > 0, x > 0, pred[:], 8)
			for n := range 4 {
				o := n/2*32 + n%2*4
				sum += unlike(t.src[o:], 8, pred[o:], 8)
			}
		}
		if best < 0 || sum < best {
			best, mode = sum, m
		}
	}
	return mode
}

// codeTint codes one kind of chroma, and tells whether there are coefficients.
func (e *encoder) codeTint(t *tint, mode uint8, x, y int) bool {
	predictSquare(t.seen[:], 8, mode, y > 0, x > 0, t.seen[at(0, 0):], stride)
	any := false
	for n := range 4 {
		i, j := n%2*4, n/2*4
		seen := t.seen[at(i, j):]
		var c [16]int32
		forward(t.src[8*j+i:], 8, seen, stride, &c)
		if e.q.chroma.quantize(&c, 0, &t.levels[n]) {
			inverse(&c, seen, stride)
			any = true
		}
	}
	return any
}

// record records a macroblock's coefficients, in the order and contexts of
// section 13, and leaves its borders.
func (e *encoder) record(mb *macroblock, l *luma, r *recorder, top, left *border) {
	copy(top.modes[:], mb.sub[12:])
	for j := range left.modes {
		left.modes[j] = mb.sub[4*j+3]
	}
	whole := mb.mode != perBlock
	if mb.empty { // nothing is coded
		for _, b := range [2]*border{top, left} {
			b.luma, b.blue, b.red = [4]uint8{}, [2]uint8{}, [2]uint8{}
			if whole {
				b.second = 0
			}
		}
		return
	}
	plane := planeLuma
	if whole {
		some := r.block(&l.dcs, top.second+left.second, planeDC)
		top.second, left.second = some, some
		plane = planeAC
	}
	for n := range 16 {
		i, j := n%4, n/4
		some := r.block(&l.levels[n], top.luma[i]+left.luma[j], plane)
		top.luma[i], left.luma[j] = some, some
	}
	recordTint(r, &e.blue, &top.blue, &left.blue)
	recordTint(r, &e.red, &top.red, &left.red)
}

func recordTint(r *recorder, t *tint, top, left *[2]uint8) {
	for n := range 4 {
		i, j := n%2, n/2
		some := r.block(&t.levels[n], top[i]+left[j], planeChroma)
		top[i], left[j] = some, some
	}
}

func btou(b bool) uint8 { return uint8(btoi(b)) }
