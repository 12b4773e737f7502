package vp8

// costs are the lengths of what can be coded, in 1/256 of a bit, by the
// probabilities that hold unless a frame changes them. Decisions are made by
// these.
type costs struct {
	// level is the cost of a coefficient by plane, band, context and magnitude
	// (all from 67 on cost the same), with its sign.
	level [planes][bands][contexts][68]uint16
	// end and more are the costs of saying that a block ends, and goes on.
	end, more [planes][bands][contexts]uint16
	// sub is the cost of a block's mode, by the modes above and to the left.
	sub [subModes][subModes][subModes]uint16
	// whole is the cost of a macroblock's mode, chroma that of its chroma's.
	whole  [perBlock + 1]int
	chroma [4]int
}

// oneBit is the cost of a bit.
const oneBit = 256

func newCosts() *costs {
	c := &costs{}
	for p := range planes {
		for b := range bands {
			for x := range contexts {
				c.tokens(p, b, x)
			}
		}
	}
	for above := range subModes {
		for left := range subModes {
			probs := subModeProbs[above][left]
			for mode := range uint8(subModes) {
				c.sub[above][left][mode] = uint16(sumOf(appendSubMode(nil, mode, &probs), nil))
			}
		}
	}
	for mode := range c.whole {
		c.whole[mode] = sumOf(appendMode(nil, uint8(mode)), nil)
	}
	for mode := range c.chroma {
		c.chroma[mode] = sumOf(appendChromaMode(nil, uint8(mode)), nil)
	}
	return c
}

// tokens fills in what a plane, band and context have.
func (c *costs) tokens(p, b, x int) {
	probs := defaultProbs[p][b][x]
	c.end[p][b][x], c.more[p][b][x] = zeroCost[probs[0]], zeroCost[256-int(probs[0])]
	var buffer [16]token
	for v := range c.level[p][b][x] {
		c.level[p][b][x][v] = uint16(sumOf(appendLevel(buffer[:0], int16(v)), &probs))
	}
}

// sumOf is the cost of decisions.
func sumOf(list []token, probs *[nodes]uint8) int {
	sum := 0
	for _, t := range list {
		prob, ok := t.fixedProb()
		if !ok {
			prob = probs[t.node()]
		}
		sum += bitCost(t.one(), prob)
	}
	return sum
}

// bitCost is the cost of a bit that is 0 with a probability of prob / 256.
func bitCost(one bool, prob uint8) int {
	if one {
		return int(zeroCost[256-int(prob)])
	}
	return int(zeroCost[prob])
}

// block is the cost of a block's levels.
func (c *costs) block(levels *[16]int16, context uint8, plane int) int {
	first := firstOf(plane)
	last := lastOf(levels, first)
	if last < first {
		return int(c.end[plane][band[first]][context])
	}
	sum := int(c.more[plane][band[first]][context])
	for n := first; n <= last; n++ {
		v := max(levels[n], -levels[n])
		sum += int(c.level[plane][band[n]][context][min(v, 67)])
		context = uint8(min(v, 2))
		switch {
		case v == 0 || n == 15:
		case n == last:
			sum += int(c.end[plane][band[n+1]][context])
		default:
			sum += int(c.more[plane][band[n+1]][context])
		}
	}
	return sum
}
