package vp8

// The predictions of a block of 4 x 4, in the order in which subModeProbs has
// them. The first four are those of a macroblock and its chroma, too.
const (
	modeDC = iota
	modeTM // "true motion": left + above - corner
	modeV
	modeH
	modeRD // diagonals: right-down, vertical-right, left-down, ...
	modeVR
	modeLD
	modeVL
	modeHD
	modeHU
	subModes
)

// perBlock is the mode of a macroblock whose blocks have modes of their own.
const perBlock = 4

// appendMode appends the decisions for a macroblock's luma mode (section 11.2).
func appendMode(to []token, mode uint8) []token {
	to = append(to, fixed(mode != perBlock, 145))
	switch mode {
	case modeDC, modeV:
		to = append(to, fixed(false, 156), fixed(mode == modeV, 163))
	case modeH, modeTM:
		to = append(to, fixed(true, 156), fixed(mode == modeTM, 128))
	}
	return to
}

// appendChromaMode does the same for that of its chroma (section 11.4).
func appendChromaMode(to []token, mode uint8) []token {
	to = append(to, fixed(mode != modeDC, 142))
	if mode != modeDC {
		to = append(to, fixed(mode != modeV, 114))
	}
	if mode == modeH || mode == modeTM {
		to = append(to, fixed(mode == modeTM, 183))
	}
	return to
}

// subTree is the tree of block modes: what follows a 0 and a 1 at each node, a
// node's number or, below 0, -1 - mode (section 11.2).
var subTree = [9][2]int8{
	{-1 - modeDC, 1}, {-1 - modeTM, 2}, {-1 - modeV, 3},
	{4, 6}, {-1 - modeH, 5}, {-1 - modeRD, -1 - modeVR},
	{-1 - modeLD, 7}, {-1 - modeVL, 8}, {-1 - modeHD, -1 - modeHU},
}

// subRoute is the way to each mode: a bit a node, the first lowest, below a 1.
var subRoute = [subModes]uint8{
	modeDC: 0b1_0, modeTM: 0b1_01, modeV: 0b1_011,
	modeH: 0b1_00111, modeRD: 0b1_010111, modeVR: 0b1_110111,
	modeLD: 0b1_01111, modeVL: 0b1_011111, modeHD: 0b1_0111111, modeHU: 0b1_1111111,
}

// appendSubMode appends the decisions for a block's mode.
func appendSubMode(to []token, mode uint8, probs *[9]uint8) []token {
	node := int8(0)
	for route := subRoute[mode]; route > 1; route >>= 1 {
		to = append(to, fixed(route&1 == 1, probs[node]))
		node = subTree[node][route&1]
	}
	return to
}
