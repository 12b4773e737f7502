package imaging

import "math/bits"

// alphaData returns the data of a WebP file's alpha chunk for samples in rows
// of w: as they are, or compressed where that is smaller (RFC 9649, section
// 2.7.1.2).
//
// What is compressed is a lossless image without its header, whose green is
// alpha, either as it is or less what its neighbours let expect. It has neither
// transforms nor a colour cache, one prefix code for each channel, and copies
// of what is to the left or above.
func alphaData(samples []byte, w int) []byte {
	const compressed, gradient = 1, 3 << 2
	best := append([]byte{0}, samples...)
	for _, c := range []struct {
		head byte
		data []byte
	}{{compressed, samples}, {compressed | gradient, gradientOf(samples, w)}} {
		if data := packAlpha(c.data, w); len(data)+1 < len(best) {
			best = append([]byte{c.head}, data...)
		}
	}
	return best
}

// gradientOf returns each sample less left + above - the one between, clamped;
// in the first row and column, less the one before.
func gradientOf(samples []byte, w int) []byte {
	out := make([]byte, len(samples))
	for i, v := range samples {
		switch x := i % w; {
		case i == 0:
		case i < w:
			v -= samples[i-1]
		case x == 0:
			v -= samples[i-w]
		default:
			v -= clamp8(int32(samples[i-1]) + int32(samples[i-w]) - int32(samples[i-w-1]))
		}
		out[i] = v
	}
	return out
}

// The alphabet of green: 256 values, then the prefixes of 24 ranges of lengths
// of copies. Distances are two: the sample above, and the one to the left.
const (
	greens   = 256 + 24
	maxCopy  = 4096
	minCopy  = 4
	copyFlag = 1 << 31
	leftFlag = 1 << 30
)

// packAlpha returns the lossless image of samples.
func packAlpha(samples []byte, w int) []byte {
	var green [greens]int
	var distance [2]int
	var list []uint32 // a sample, or a copy's length with copyFlag
	for i := 0; i < len(samples); {
		n, left := copyAt(samples, i, w)
		if n < minCopy {
			green[samples[i]]++
			list = append(list, uint32(samples[i]))
			i++
			continue
		}
		item := uint32(n) | copyFlag
		if left {
			item |= leftFlag
		}
		prefix, _, _ := lengthPrefix(n)
		green[256+prefix]++
		distance[item>>30&1]++
		list = append(list, item)
		i += n
	}
	b := &bitWriter{out: make([]byte, 0, len(list)/2)}
	b.put(0, 3) // no transform, no colour cache, one group of codes
	greenCode := writePrefixCode(b, green[:])
	none := [1]int{1}
	for range 3 { // red, blue, alpha
		writePrefixCode(b, none[:])
	}
	distanceCode := writePrefixCode(b, distance[:])
	for _, item := range list {
		if item&copyFlag == 0 {
			greenCode.write(b, int(item))
			continue
		}
		prefix, extra, n := lengthPrefix(int(item &^ (copyFlag | leftFlag)))
		greenCode.write(b, 256+prefix)
		b.put(extra, n)
		distanceCode.write(b, int(item>>30&1))
	}
	return b.end()
}

// copyAt returns how many samples from i on are those to their left, or above
// them: the longer.
func copyAt(samples []byte, i, w int) (n int, left bool) {
	run := func(distance int) int {
		if i < distance {
			return 0
		}
		n, most := 0, min(len(samples)-i, maxCopy)
		for n < most && samples[i+n] == samples[i+n-distance] {
			n++
		}
		return n
	}
	above, beside := run(w), run(1)
	return max(above, beside), beside >= above
}

// lengthPrefix returns the prefix of a length, and the bits that follow it.
func lengthPrefix(length int) (prefix int, extra uint32, n int) {
	v := uint32(length - 1)
	if v < 4 {
		return int(v), 0, 0
	}
	n = bits.Len32(v) - 2
	return 2*(n+1) + int(v>>n&1), v & (1<<n - 1), n
}

// bitWriter writes bits, low ones first.
type bitWriter struct {
	out []byte
	acc uint64
	n   int
}

func (b *bitWriter) put(v uint32, n int) {
	b.acc |= uint64(v) << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.acc))
		b.acc >>= 8
	}
}

func (b *bitWriter) end() []byte {
	if b.n > 0 {
		b.out = append(b.out, byte(b.acc))
	}
	return b.out
}
