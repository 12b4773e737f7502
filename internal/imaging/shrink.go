package imaging

import "image"

// span is the part of a line of source samples that one new sample covers:
// the samples first to last, of which the first and the last count head and
// tail units and those between count unit each.
type span struct {
	first, last int
	head, tail  uint64
}

// spans cuts a line of size pixels into n equal spans. A sample of the source
// stands for sub pixels and counts n*sub units, a span size units in all, so
// that everything is whole.
func spans(size, n, sub int) (all []span, unit uint64) {
	u := n * sub
	all = make([]span, n)
	for i := range all {
		lo, hi := i*size, (i+1)*size
		s := span{first: lo / u, last: (hi - 1) / u}
		s.head = uint64(min(hi, (s.first+1)*u) - lo)
		if s.last > s.first {
			s.tail = uint64(hi - s.last*u)
		}
		all[i] = s
	}
	return all, uint64(u)
}

// weight is what sample i of the span counts.
func (s span) weight(i int, unit uint64) uint64 {
	switch i {
	case s.first:
		return s.head
	case s.last:
		return s.tail
	}
	return unit
}

// plane is one channel of an image: h rows of w samples, stride apart.
type plane struct {
	pix          []byte
	stride, w, h int
}

// size is the size of an image in pixels.
type size struct{ w, h int }

// shrinkPlane averages a plane of an image of full pixels to one of w x h; a
// sample of the plane stands for sub pixels in either direction.
func shrinkPlane(src plane, full, sub size, w, h int) []byte {
	xs, xUnit := spans(full.w, w, sub.w)
	ys, yUnit := spans(full.h, h, sub.h)
	dst, line, sum := make([]byte, w*h), make([]uint64, w), make([]uint64, w)
	total := uint64(full.w) * uint64(full.h)
	summed := -1 // the row that line is of
	for j, ySpan := range ys {
		clear(sum)
		for y := ySpan.first; y <= ySpan.last; y++ {
			if y != summed {
				addLine(line, src.pix[y*src.stride:][:src.w], xs, xUnit)
				summed = y
			}
			weight := ySpan.weight(y, yUnit)
			for i, v := range line {
				sum[i] += weight * v
			}
		}
		for i, v := range sum {
			dst[j*w+i] = uint8((v + total/2) / total)
		}
	}
	return dst
}

// addLine sums the samples of each span.
func addLine(line []uint64, row []byte, xs []span, unit uint64) {
	for i, s := range xs {
		v := s.head * uint64(row[s.first])
		if s.last > s.first {
			inner := uint64(0)
			for _, b := range row[s.first+1 : s.last] {
				inner += uint64(b)
			}
			v += inner*unit + s.tail*uint64(row[s.last])
		}
		line[i] = v
	}
}

// shrinkRows averages rows of red, green, blue and alpha (see picture.rows),
// the colours weighted by alpha, so that what is transparent lends no colour.
func shrinkRows(rows func(y int, dst []byte), full size, w, h int) *image.NRGBA {
	xs, xUnit := spans(full.w, w, 1)
	ys, yUnit := spans(full.h, h, 1)
	dst := image.NewNRGBA(image.Rect(0, 0, w, h))
	row, line, sum := make([]byte, 4*full.w), make([]uint64, 4*w), make([]uint64, 4*w)
	total := uint64(full.w) * uint64(full.h)
	summed := -1
	for j, ySpan := range ys {
		clear(sum)
		for y := ySpan.first; y <= ySpan.last; y++ {
			if y != summed {
				rows(y, row)
				addPixels(line, row, xs, xUnit)
				summed = y
			}
			weight := ySpan.weight(y, yUnit)
			for i, v := range line {
				sum[i] += weight * v
			}
		}
		average(dst.Pix[j*dst.Stride:], sum, total)
	}
	return dst
}

// addPixels sums alpha, and the colours times alpha, of each span.
func addPixels(line []uint64, row []byte, xs []span, unit uint64) {
	for i, s := range xs {
		var r, g, b, a uint64
		for x := s.first; x <= s.last; x++ {
			p := row[4*x:][:4]
			alpha := s.weight(x, unit) * uint64(p[3])
			r += alpha * uint64(p[0])
			g += alpha * uint64(p[1])
			b += alpha * uint64(p[2])
			a += alpha
		}
		line[4*i], line[4*i+1], line[4*i+2], line[4*i+3] = r, g, b, a
	}
}

// average divides the sums of a row of pixels by what they count.
func average(dst []byte, sum []uint64, total uint64) {
	for i := 0; i < len(sum); i += 4 {
		a := sum[i+3]
		if a == 0 {
			continue // transparent black
		}
		for c := range 3 {
			dst[i+c] = uint8((sum[i+c] + a/2) / a)
		}
		dst[i+3] = uint8((a + total/2) / total)
	}
}
