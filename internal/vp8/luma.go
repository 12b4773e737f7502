package vp8

// luma is a way to code the luma of a macroblock.
type luma struct {
	// levels are those of the sixteen blocks, dcs those of the block of their
	// DCs, if they are coded apart.
	levels [16][16]int16
	dcs    [16]int16
	some   bool       // whether there are any
	seen   [256]uint8 // what a decoder makes of it
	// modeCost is what the modes cost, and score what all does: 256 times the
	// squared error, and lambda a 1/256 of a bit.
	modeCost, score int
}

// corner returns where block n of sixteen begins, in pixels.
func corner(n int) (x, y int) { return n % 4 * 4, n / 4 * 4 }

// tryWhole fills e.whole: luma predicted in one piece, by the mode whose
// prediction is most like it. It returns the mode.
func (e *encoder) tryWhole(x, y int) (mode uint8) {
	best := -1
	var pred [256]uint8
	for m := range uint8(perBlock) {
		if m != modeDC && !e.fits(e.costs.whole[m]) {
			continue
		}
		predictSquare(e.luma.seen[:], 16, m, y > 0, x > 0, pred[:], 16)
		sum := e.q.lambdaMode * e.costs.whole[m] / oneBit
		for n := range 16 {
			i, j := corner(n)
			sum += unlike(e.luma.src[16*j+i:], 16, pred[16*j+i:], 16)
		}
		if best < 0 || sum < best {
			best, mode, e.whole.seen = sum, m, pred
		}
	}
	e.whole.modeCost = e.costs.whole[mode]
	e.codeWhole(x)
	return mode
}

// codeWhole quantises what the prediction in e.whole.seen leaves, and makes of
// it what a decoder sees.
func (e *encoder) codeWhole(x int) {
	w := &e.whole
	var c [16][16]int32
	var dcs [16]int32
	for n := range 16 {
		i, j := corner(n)
		forward(e.luma.src[16*j+i:], 16, w.seen[16*j+i:], 16, &c[n])
		dcs[n] = c[n][0]
	}
	dcs = hadamard(&dcs)
	for n := range dcs {
		dcs[n] = (dcs[n] + 1) >> 1
	}
	w.some = e.q.second.quantize(&dcs, 0, &w.dcs)
	dcs = hadamard(&dcs)
	top, left := e.top[x].luma, e.left.luma
	bits := w.modeCost + e.costs.block(&w.dcs, e.top[x].second+e.left.second, planeDC)
	for n := range 16 {
		i, j := corner(n)
		some := e.q.luma.quantize(&c[n], 1, &w.levels[n])
		bits += e.costs.block(&w.levels[n], top[i/4]+left[j/4], planeAC)
		top[i/4], left[j/4] = btou(some), btou(some)
		w.some = w.some || some
		c[n][0] = (dcs[n] + 3) >> 3
		if some || c[n][0] != 0 {
			inverse(&c[n], w.seen[16*j+i:], 16)
		}
	}
	w.score = oneBit*squares(e.luma.src[:], 16, w.seen[:], 16, 16) + e.q.lambda*bits
}

// tryBlocks fills e.parts: luma predicted block by block, each by the mode
// whose prediction is most like it, in the workspace. It gives up, and returns
// false, when that is no better than e.whole.
func (e *encoder) tryBlocks(x int, modes *[16]uint8) bool {
	p := &e.parts
	p.some, p.modeCost = false, e.costs.whole[perBlock]
	p.score = e.q.lambda * p.modeCost
	above, beside := e.top[x].modes, e.left.modes
	top, left := e.top[x].luma, e.left.luma
	for n := range 16 {
		i, j := n%4, n/4
		mode, c := e.bestMode(n, &e.costs.sub[above[i]][beside[j]])
		cost := int(e.costs.sub[above[i]][beside[j]][mode])
		modes[n], above[i], beside[j] = mode, mode, mode

		some := e.q.luma.quantize(&c, 0, &p.levels[n])
		bits := cost + e.costs.block(&p.levels[n], top[i]+left[j], planeLuma)
		top[i], left[j] = btou(some), btou(some)
		seen, src := e.luma.seen[at(4*i, 4*j):], e.luma.src[64*j+4*i:]
		if some {
			p.some = true
			inverse(&c, seen, stride)
		}
		p.modeCost += cost
		p.score += oneBit*squares(src, 16, seen, stride, 4) + e.q.lambda*bits
		if p.score >= e.whole.score || !e.fits(p.modeCost) {
			return false
		}
	}
	return true
}

// bestMode finds the mode of block n, puts its prediction into the workspace,
// and returns the coefficients of what is left.
func (e *encoder) bestMode(n int, costs *[subModes]uint16) (mode uint8, c [16]int32) {
	i, j := corner(n)
	seen, src := e.luma.seen[at(i, j):], e.luma.src[16*j+i:]
	around := edgeOf(e.luma.seen[:], i, j)
	best := -1
	var pred, chosen [16]uint8
	for m := range uint8(subModes) {
		around.predictBlock(m, &pred)
		sum := unlike(src, 16, pred[:], 4) + e.q.lambdaMode*int(costs[m])/oneBit
		if best < 0 || sum < best {
			best, mode, chosen = sum, m, pred
		}
	}
	forward(src, 16, chosen[:], 4, &c)
	for j := range 4 {
		copy(seen[j*stride:][:4], chosen[4*j:])
	}
	return mode, c
}
