package vp8

// quantizer turns coefficients into levels: of the DC first, of the others
// second.
type quantizer struct {
	step [2]int32
	// inverse is 2^17 / step.
	inverse [2]uint32
	// bias is what is added before the fraction is cut off, times 2^17: less
	// than a half, since a smaller level costs fewer bits.
	bias [2]uint32
}

// quantizers are those of luma, of its DCs where they are coded apart, and of
// chroma.
type quantizers struct {
	luma, second, chroma quantizer
	// lambda is what a bit is worth in squared error, and lambdaMode in the
	// unit of unlike.
	lambda, lambdaMode int
}

// filterOf returns the strength of the filter that a decoder smooths the edges
// of blocks with: 300/256 of a quarter of a step, as libwebp has it.
func filterOf(index int) int {
	level := int(acStep[index]) / 4 * 300 / 256
	if level < 2 {
		return 0
	}
	return min(level, 63)
}

// quantizersOf returns the quantisers of an index (section 9.6; no deltas).
func quantizersOf(index int) quantizers {
	dc, ac := dcStep[index], acStep[index]
	q := quantizers{
		luma:   newQuantizer(dc, ac, 96, 110),
		second: newQuantizer(2*dc, max(8, ac*155/100), 96, 108),
		chroma: newQuantizer(min(dc, 132), ac, 110, 115),
	}
	q.lambda, q.lambdaMode = int(ac*ac)*5/64, int(ac)/2
	return q
}

// newQuantizer takes the biases of DC and others in 1/256 of a step.
func newQuantizer(dc, ac int32, biasDC, biasAC uint32) (q quantizer) {
	q.step, q.bias = [2]int32{dc, ac}, [2]uint32{biasDC << 9, biasAC << 9}
	for i, s := range q.step {
		q.inverse[i] = 1 << 17 / uint32(s)
	}
	return q
}

// maxLevel is the largest magnitude that is coded.
const maxLevel = 2047

// quantize sets the levels of a block, in coded order from place first on, and
// replaces its coefficients by what the decoder makes of these. It tells
// whether there are any.
func (q *quantizer) quantize(c *[16]int32, first int, levels *[16]int16) bool {
	some := false
	*levels = [16]int16{}
	for n := first; n < 16; n++ {
		at, i := zigzag[n], min(n, 1)
		v := c[at]
		level := int32(min((uint32(abs(v))*q.inverse[i]+q.bias[i])>>17, maxLevel))
		if level == 0 {
			c[at] = 0
			continue
		}
		some = true
		if v < 0 {
			level = -level
		}
		levels[n], c[at] = int16(level), level*q.step[i]
	}
	return some
}
