package vp8

import "fmt"

// limits are those of the format, which tests lower.
type limits struct {
	first int // size of the first partition, in bytes
	next  int // of each of the others; decoders refuse 16 MiB and more
	split int // bytes of levels above which there are eight of the others
}

func formatLimits() limits { return limits{first: 1<<19 - 1, next: 1<<24 - 1, split: 4 << 20} }

// fits tells whether the modes decided so far, and more at that cost, leave
// room in the first partition for those of the macroblocks to come, if these
// take as much each. In an image of more than a few tens of megapixels, modes
// must be cheaper than they could be.
func (e *encoder) fits(cost int) bool {
	const header = 2000 // bytes at most; and a bit a macroblock says whether it is empty
	room := (e.limits.first - header) * 8 * oneBit / (e.wide * e.high)
	return e.modeCost+cost <= (room-oneBit)*(len(e.blocks)+1)
}

// frame returns the whole frame (section 9).
func (e *encoder) frame() ([]byte, error) {
	probs := e.bestProbs()
	parts, log := e.partitions(&probs)
	first := e.first(&probs, log)
	if len(first) > e.limits.first {
		return nil, fmt.Errorf("the modes of %d x %d pixels take %d bytes, more than the %d that a frame can hold", e.width, e.height, len(first), e.limits.first)
	}
	const shown = 1 << 4
	tag := uint32(len(first))<<5 | shown
	out := []byte{byte(tag), byte(tag >> 8), byte(tag >> 16), 0x9d, 0x01, 0x2a,
		byte(e.width), byte(e.width >> 8), byte(e.height), byte(e.height >> 8)}
	out = append(out, first...)
	for i, p := range parts {
		if len(p) > e.limits.next {
			return nil, fmt.Errorf("a part of %d bytes is more than the %d that a frame can hold", len(p), e.limits.next)
		}
		if i == len(parts)-1 {
			break // the rest
		}
		out = append(out, byte(len(p)), byte(len(p)>>8), byte(len(p)>>16))
	}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out, nil
}

// partitions codes the coefficients: in one partition, or in eight.
func (e *encoder) partitions(probs *[nodeCount]uint8) (parts [][]byte, log int) {
	size := 0
	for _, r := range e.rows {
		size += len(r.list)
	}
	if size > e.limits.split {
		log = 3
	}
	n := 1 << log
	for p := range n {
		w := newBoolWriter(size / n)
		for y := p; y < e.high; y += n {
			e.rows[y].write(w, probs)
		}
		parts = append(parts, w.end())
	}
	return parts, log
}

// first codes the header and the modes.
func (e *encoder) first(probs *[nodeCount]uint8, logParts int) []byte {
	w := newBoolWriter(len(e.blocks))
	w.bits(0, 2) // colours as in section 9.2; samples must be clamped
	w.bits(0, 1) // no segments
	w.bits(0, 1) // the normal filter
	w.bits(uint32(e.filter), 6)
	w.bits(0, 3+1) // no sharpness, no adjustments
	w.bits(uint32(logParts), 2)
	w.bits(uint32(e.index), 7)
	w.bits(0, 5) // no deltas of the quantisers
	w.bits(1, 1) // the probabilities hold for later frames, of which there are none
	writeProbs(w, probs)
	empty := 0
	for _, mb := range e.blocks {
		empty += btoi(mb.empty)
	}
	prob := probOf(uint32(len(e.blocks)-empty), uint32(empty))
	w.bits(1, 1)
	w.bits(uint32(prob), 8)
	e.writeModes(w, prob)
	return w.end()
}

// writeModes codes the modes of all macroblocks (section 11).
func (e *encoder) writeModes(w *boolWriter, probEmpty uint8) {
	above := make([][4]uint8, e.wide)
	var list []token
	for y := range e.high {
		var beside [4]uint8
		for x := range e.wide {
			mb := &e.blocks[y*e.wide+x]
			list = append(list[:0], fixed(mb.empty, probEmpty))
			list = appendMode(list, mb.mode)
			for n, mode := range mb.sub {
				i, j := n%4, n/4
				if mb.mode == perBlock {
					probs := subModeProbs[above[x][i]][beside[j]]
					list = appendSubMode(list, mode, &probs)
				}
				above[x][i], beside[j] = mode, mode
			}
			for _, t := range appendChromaMode(list, mb.chroma) {
				prob, _ := t.fixedProb()
				w.bit(t.one(), prob)
			}
		}
	}
}

// bestProbs returns the probability of each node that makes the frame smallest,
// when what saying so costs is counted.
func (e *encoder) bestProbs() (probs [nodeCount]uint8) {
	defaults, updates := defaultProbs, updateProbs
	for n := range probs {
		old, update := defaults.of(n), updates.of(n)
		zeros, ones := e.counts[n][0], e.counts[n][1]
		p := probOf(zeros, ones)
		cost := func(p uint8) uint64 {
			return uint64(zeros)*uint64(bitCost(false, p)) + uint64(ones)*uint64(bitCost(true, p))
		}
		keep := cost(old) + uint64(bitCost(false, update))
		change := cost(p) + uint64(bitCost(true, update)) + 8*oneBit
		if probs[n] = old; change < keep {
			probs[n] = p
		}
	}
	return probs
}

// writeProbs codes the probabilities that differ from the defaults (section 13.4).
func writeProbs(w *boolWriter, probs *[nodeCount]uint8) {
	defaults, updates := defaultProbs, updateProbs
	for n, p := range probs {
		changed := p != defaults.of(n)
		w.bit(changed, updates.of(n))
		if changed {
			w.bits(uint32(p), 8)
		}
	}
}

// of returns the probability of a node by its number.
func (t *tokenProbs) of(n int) uint8 {
	return t[n/(bands*contexts*nodes)][n/(contexts*nodes)%bands][n/nodes%contexts][n%nodes]
}

// probOf returns the probability of a 0, in 1/256, where so many were seen.
func probOf(zeros, ones uint32) uint8 {
	if zeros+ones == 0 {
		return 255
	}
	return uint8(min(max(uint64(zeros)*256/uint64(zeros+ones), 1), 255))
}
