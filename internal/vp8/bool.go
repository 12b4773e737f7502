package vp8

import "math/bits"

// boolWriter is the arithmetic coder of section 7.
type boolWriter struct {
	out []byte
	// low is the bottom of the interval: 8 bits that decide next above n that
	// are fixed but for a carry.
	low  uint64
	n    int
	span uint32 // its length, 128 to 255
}

func newBoolWriter(size int) *boolWriter {
	return &boolWriter{out: make([]byte, 0, size), span: 255}
}

// bit writes a bit that is 0 with a probability of prob / 256.
func (w *boolWriter) bit(one bool, prob uint8) {
	split := 1 + ((w.span-1)*uint32(prob))>>8
	if one {
		w.low += uint64(split)
		w.span -= split
	} else {
		w.span = split
	}
	shift := bits.LeadingZeros8(uint8(w.span))
	w.span <<= shift
	w.low <<= shift
	if w.n += shift; w.n >= 32 {
		w.flush()
	}
}

// flush moves whole bytes out.
func (w *boolWriter) flush() {
	for ; w.n >= 8; w.n -= 8 {
		b := w.low >> w.n
		if b > 255 {
			i := len(w.out) - 1
			for ; w.out[i] == 255; i-- {
				w.out[i] = 0
			}
			w.out[i]++
		}
		w.out = append(w.out, uint8(b))
		w.low &= 1<<w.n - 1
	}
}

// bits writes an unsigned number of n bits, high bits first.
func (w *boolWriter) bits(v uint32, n int) {
	for n--; n >= 0; n-- {
		w.bit(v>>n&1 == 1, even)
	}
}

// end returns all that was written.
func (w *boolWriter) end() []byte {
	w.bits(0, 32)
	w.flush()
	return w.out
}

// even is the probability of a bit of which nothing is known.
const even = 128
