package vp8

// token is one decision: the topmost bit is what was decided; the next says
// that the lowest eight are the probability of a 0; else they number a node of
// the token trees, whose probability the frame gives.
type token uint16

const (
	oneFlag   token = 1 << 15
	fixedFlag token = 1 << 14
)

func decide(one bool, node int) token {
	if one {
		return token(node) | oneFlag
	}
	return token(node)
}

func fixed(one bool, prob uint8) token { return decide(one, int(prob)) | fixedFlag }

func (t token) one() bool { return t&oneFlag != 0 }

// fixedProb returns the probability of a decision that has one of its own.
func (t token) fixedProb() (prob uint8, ok bool) { return uint8(t), t&fixedFlag != 0 }

// node returns the number of a decision's node.
func (t token) node() int { return int(t &^ oneFlag) }

// appendLevel appends the decisions that code a coefficient: in the token tree,
// but for the first, which says whether there is one; then its extra bits and
// its sign (sections 13.2 and 13.3). Nodes count from 0.
func appendLevel(to []token, level int16) []token {
	v := max(level, -level)
	to = append(to, decide(v > 0, 1))
	if v == 0 {
		return to
	}
	to = append(to, decide(v > 1, 2))
	switch {
	case v == 1:
	case v <= 4:
		to = append(to, decide(false, 3), decide(v > 2, 4))
		if v > 2 {
			to = append(to, decide(v > 3, 5))
		}
	case v <= 10:
		to = append(to, decide(true, 3), decide(false, 6), decide(v > 6, 7))
		to = appendExtra(to, v, btoi(v > 6))
	default:
		category := 2
		for category < 5 && v >= leastOf(category+1) {
			category++
		}
		high := category >= 4
		to = append(to, decide(true, 3), decide(true, 6), decide(high, 8), decide(category&1 == 1, 9+btoi(high)))
		to = appendExtra(to, v, category)
	}
	return append(to, fixed(level < 0, even))
}

func appendExtra(to []token, v int16, category int) []token {
	probs := extraBits[category]
	v -= leastOf(category)
	for i, prob := range probs {
		to = append(to, fixed(v>>(len(probs)-1-i)&1 == 1, prob))
	}
	return to
}

// leastOf returns the least magnitude of a category: 5, 7, 11, 19, 35, 67.
func leastOf(category int) int16 { return 3 + 2<<category }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lastOf returns the last place with a level, or -1.
func lastOf(levels *[16]int16, first int) int {
	for n := 15; n >= first; n-- {
		if levels[n] != 0 {
			return n
		}
	}
	return -1
}

// The planes that have probabilities of their own: luma without its DCs, those,
// chroma, luma with its DCs.
const (
	planeAC = iota
	planeDC
	planeChroma
	planeLuma
)

// nodeCount is the number of nodes of all planes, bands and contexts.
const nodeCount = planes * bands * contexts * nodes

func nodeOf(plane, place, context int) int {
	return ((plane*bands+int(band[place]))*contexts + context) * nodes
}

// tokenCounts are how often each node decided for 0 and for 1.
type tokenCounts [nodeCount][2]uint32

// appendBlock appends the decisions that code a block's levels from place first
// to last. The context is how many of the blocks above and to the left have
// coefficients.
func appendBlock(to []token, levels *[16]int16, first, last int, context uint8, plane int) []token {
	at := nodeOf(plane, first, int(context))
	to = append(to, decide(last >= first, at))
	for n := first; n <= last; n++ {
		v := levels[n]
		begin := len(to)
		to = appendLevel(to, v)
		for i, t := range to[begin:] {
			if t&fixedFlag == 0 {
				to[begin+i] += token(at)
			}
		}
		at = nodeOf(plane, n+1, int(min(max(v, -v), 2)))
		if v != 0 && n < 15 {
			to = append(to, decide(n < last, at))
		}
	}
	return to
}

// recorder keeps the levels of a row of macroblocks until the probabilities are
// known: for each block a byte that says its plane, context and last place, then
// the levels up to there, a byte each, or wide and two more. That is a byte a
// pixel for a photograph at the highest quality.
type recorder struct {
	list   []byte
	counts *tokenCounts
	buffer []token
}

// wide says that a level is in the two bytes that follow.
const wide = 0x80

// block records levels in coded order, from place first on, and returns 1 when
// there are some, else 0.
func (r *recorder) block(levels *[16]int16, context uint8, plane int) uint8 {
	first := firstOf(plane)
	last := lastOf(levels, first)
	r.list = append(r.list, uint8((plane*contexts+int(context))*17+last+1))
	for n := first; n <= last; n++ {
		if v := levels[n]; v > -128 && v < 128 {
			r.list = append(r.list, uint8(v))
		} else {
			r.list = append(r.list, wide, uint8(v), uint8(v>>8))
		}
	}
	r.buffer = appendBlock(r.buffer[:0], levels, first, last, context, plane)
	for _, t := range r.buffer {
		if t&fixedFlag == 0 {
			r.counts[t.node()][btoi(t.one())]++
		}
	}
	return btou(last >= first)
}

// firstOf returns the first place that is coded of a plane's blocks.
func firstOf(plane int) int { return btoi(plane == planeAC) }

// write codes what was recorded.
func (r *recorder) write(w *boolWriter, probs *[nodeCount]uint8) {
	for list := r.list; len(list) > 0; {
		head := int(list[0])
		list = list[1:]
		plane, context, last := head/17/contexts, head/17%contexts, head%17-1
		var levels [16]int16
		for n := firstOf(plane); n <= last; n++ {
			levels[n] = int16(int8(list[0]))
			if list[0] == wide {
				levels[n] = int16(list[1]) | int16(list[2])<<8
				list = list[2:]
			}
			list = list[1:]
		}
		r.buffer = appendBlock(r.buffer[:0], &levels, firstOf(plane), last, uint8(context), plane)
		for _, t := range r.buffer {
			prob, ok := t.fixedProb()
			if !ok {
				prob = probs[t.node()]
			}
			w.bit(t.one(), prob)
		}
	}
}
