package vp8

// stride is the width of a workspace: a macroblock's samples begin at column
// left and row 1, below and beside those of its neighbours.
const stride, left = 32, 8

// at returns the place of a sample of a workspace.
func at(x, y int) int { return (y+1)*stride + left + x }

// predictSquare predicts a square of n x n samples at the start of a workspace
// into dst, whose rows are dstStride apart (section 12.2). At the frame's edge,
// where above or beside is false, DC does without.
func predictSquare(ws []uint8, n int, mode uint8, above, beside bool, dst []uint8, dstStride int) {
	top, corner := ws[at(0, -1):][:n], int32(ws[at(-1, -1)])
	dc := uint8(0)
	if mode == modeDC {
		dc = average(ws, n, above, beside)
	}
	for j := range n {
		row, side := dst[j*dstStride:][:n], ws[at(-1, j)]
		switch mode {
		case modeDC:
			set(row, dc)
		case modeV:
			copy(row, top)
		case modeH:
			set(row, side)
		case modeTM:
			delta := int32(side) - corner
			for i, t := range top {
				row[i] = clamp(int32(t) + delta)
			}
		}
	}
}

func set(row []uint8, v uint8) {
	for i := range row {
		row[i] = v
	}
}

// average is the rounded mean of the samples above and to the left.
func average(ws []uint8, n int, above, beside bool) uint8 {
	sum, count := 0, 0
	if above {
		for _, v := range ws[at(0, -1):][:n] {
			sum += int(v)
		}
		count += n
	}
	if beside {
		for j := range n {
			sum += int(ws[at(-1, j)])
		}
		count += n
	}
	if count == 0 {
		return 128
	}
	return uint8((sum + count/2) / count)
}

// edge is what a block of 4 x 4 is predicted from: the samples to its left from
// the bottom up, the corner, and eight above it from left to right.
type edge [13]uint8

func edgeOf(ws []uint8, x, y int) (e edge) {
	for j := range 4 {
		e[3-j] = ws[at(x-1, y+j)]
	}
	copy(e[4:], ws[at(x-1, y-1):][:9])
	return e
}

// half is the rounded mean of samples i and i + 1.
func (e *edge) half(i int) uint8 { return uint8((uint32(e[i]) + uint32(e[i+1]) + 1) >> 1) }

// mean is the rounded mean of sample i, twice, and its neighbours.
func (e *edge) mean(i int) uint8 {
	return uint8((uint32(e[i-1]) + 2*uint32(e[i]) + uint32(e[i+1]) + 2) >> 2)
}

// predictBlock predicts a block of 4 x 4 (section 12.3).
func (e *edge) predictBlock(mode uint8, dst *[16]uint8) {
	switch mode {
	case modeDC:
		sum := uint32(4)
		for i := range 4 {
			sum += uint32(e[i]) + uint32(e[5+i])
		}
		set(dst[:], uint8(sum>>3))
	case modeTM:
		for j := range 4 {
			delta := int32(e[3-j]) - int32(e[4])
			for i := range 4 {
				dst[4*j+i] = clamp(int32(e[5+i]) + delta)
			}
		}
	case modeV:
		for i := range 4 {
			v := e.mean(5 + i)
			dst[i], dst[4+i], dst[8+i], dst[12+i] = v, v, v, v
		}
	case modeH:
		set(dst[:4], e.mean(3))
		set(dst[4:8], e.mean(2))
		set(dst[8:12], e.mean(1))
		set(dst[12:], uint8((uint32(e[1])+3*uint32(e[0])+2)>>2))
	default:
		e.diagonal(mode, dst)
	}
}

// diagonal predicts along one of six directions. In each, rows are pieces of
// one or two sequences of means of neighbouring samples.
func (e *edge) diagonal(mode uint8, dst *[16]uint8) {
	row := func(j int, a, b, c, d uint8) { dst[4*j], dst[4*j+1], dst[4*j+2], dst[4*j+3] = a, b, c, d }
	switch mode {
	case modeRD:
		s := [7]uint8{e.mean(1), e.mean(2), e.mean(3), e.mean(4), e.mean(5), e.mean(6), e.mean(7)}
		for j := range 4 {
			copy(dst[4*j:4*j+4], s[3-j:])
		}
	case modeLD:
		s := [7]uint8{e.mean(6), e.mean(7), e.mean(8), e.mean(9), e.mean(10), e.mean(11), uint8((uint32(e[11]) + 3*uint32(e[12]) + 2) >> 2)}
		for j := range 4 {
			copy(dst[4*j:4*j+4], s[j:])
		}
	case modeVR:
		row(0, e.half(4), e.half(5), e.half(6), e.half(7))
		row(1, e.mean(4), e.mean(5), e.mean(6), e.mean(7))
		row(2, e.mean(3), dst[0], dst[1], dst[2])
		row(3, e.mean(2), dst[4], dst[5], dst[6])
	case modeVL:
		row(0, e.half(5), e.half(6), e.half(7), e.half(8))
		row(1, e.mean(6), e.mean(7), e.mean(8), e.mean(9))
		row(2, dst[1], dst[2], dst[3], e.mean(10))
		row(3, dst[5], dst[6], dst[7], e.mean(11))
	case modeHD:
		s := [10]uint8{e.half(0), e.mean(1), e.half(1), e.mean(2), e.half(2), e.mean(3), e.half(3), e.mean(4), e.mean(5), e.mean(6)}
		for j := range 4 {
			copy(dst[4*j:4*j+4], s[6-2*j:])
		}
	case modeHU:
		last := e[0]
		s := [10]uint8{e.half(2), e.mean(2), e.half(1), e.mean(1), e.half(0), uint8((uint32(e[1]) + 3*uint32(last) + 2) >> 2), last, last, last, last}
		for j := range 4 {
			copy(dst[4*j:4*j+4], s[2*j:])
		}
	}
}
