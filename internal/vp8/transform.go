package vp8

// sin8 and cos8 are sqrt(2) sin(pi/8) and sqrt(2) cos(pi/8), times 4096.
const sin8, cos8 = 2217, 5352

// forward transforms what a prediction leaves of a block: the DCT whose inverse
// section 14.3 gives. src and pred begin at the block, rows a stride apart.
func forward(src []uint8, srcStride int, pred []uint8, predStride int, out *[16]int32) {
	var rows [16]int32
	for j := range 4 {
		s, p := src[j*srcStride:][:4], pred[j*predStride:][:4]
		d0, d1 := int32(s[0])-int32(p[0]), int32(s[1])-int32(p[1])
		d2, d3 := int32(s[2])-int32(p[2]), int32(s[3])-int32(p[3])
		a, b, c, d := d0+d3, d1+d2, d1-d2, d0-d3
		rows[4*j], rows[4*j+2] = (a+b)*8, (a-b)*8
		rows[4*j+1], rows[4*j+3] = (d*cos8+c*sin8+1<<8)>>9, (d*sin8-c*cos8+1<<8)>>9
	}
	for i := range 4 {
		a, b := rows[i]+rows[12+i], rows[4+i]+rows[8+i]
		c, d := rows[4+i]-rows[8+i], rows[i]-rows[12+i]
		out[i], out[8+i] = (a+b+8)>>4, (a-b+8)>>4
		out[4+i], out[12+i] = (d*cos8+c*sin8+1<<15)>>16, (d*sin8-c*cos8+1<<15)>>16
	}
}

// inverse adds the inverse transform of in to the block at dst (section 14.3).
func inverse(in *[16]int32, dst []uint8, dstStride int) {
	const cos, sin = 85627, 35468 // sqrt(2) cos(pi/8) and sqrt(2) sin(pi/8), times 65536
	var m [16]int32
	for i := range 4 {
		a, b := in[i]+in[8+i], in[i]-in[8+i]
		c := in[4+i]*sin>>16 - in[12+i]*cos>>16
		d := in[4+i]*cos>>16 + in[12+i]*sin>>16
		m[i], m[4+i], m[8+i], m[12+i] = a+d, b+c, b-c, a-d
	}
	for j := range 4 {
		r, row := m[4*j:][:4], dst[j*dstStride:][:4]
		a, b := r[0]+4+r[2], r[0]+4-r[2]
		c := r[1]*sin>>16 - r[3]*cos>>16
		d := r[1]*cos>>16 + r[3]*sin>>16
		row[0], row[1] = clamp(int32(row[0])+(a+d)>>3), clamp(int32(row[1])+(b+c)>>3)
		row[2], row[3] = clamp(int32(row[2])+(b-c)>>3), clamp(int32(row[3])+(a-d)>>3)
	}
}

func clamp(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// hadamard is the transform by the matrix of the signs ++++ ++-- +--+ +-+-,
// which is symmetric, and 4 times its own inverse: in rows, then in columns.
func hadamard(in *[16]int32) (out [16]int32) {
	var m [16]int32
	for j := range 4 {
		r := in[4*j:][:4]
		a, b, c, d := r[0]+r[1], r[2]+r[3], r[0]-r[1], r[2]-r[3]
		m[4*j], m[4*j+1], m[4*j+2], m[4*j+3] = a+b, a-b, c-d, c+d
	}
	for i := range 4 {
		a, b, c, d := m[i]+m[4+i], m[8+i]+m[12+i], m[i]-m[4+i], m[8+i]-m[12+i]
		out[i], out[4+i], out[8+i], out[12+i] = a+b, a-b, c-d, c+d
	}
	return out
}

// unlike measures how far a block is from its prediction: the sum of the
// magnitudes of the Hadamard transform of the difference, which follows the
// bits that it costs more nearly than the difference itself.
func unlike(src []uint8, srcStride int, pred []uint8, predStride int) int {
	var m [16]int32
	for j := range 4 {
		s, p := src[j*srcStride:][:4], pred[j*predStride:][:4]
		d0, d1 := int32(s[0])-int32(p[0]), int32(s[1])-int32(p[1])
		d2, d3 := int32(s[2])-int32(p[2]), int32(s[3])-int32(p[3])
		a, b, c, d := d0+d1, d2+d3, d0-d1, d2-d3
		m[4*j], m[4*j+1], m[4*j+2], m[4*j+3] = a+b, a-b, c-d, c+d
	}
	sum := int32(0)
	for i := range 4 {
		a, b, c, d := m[i]+m[4+i], m[8+i]+m[12+i], m[i]-m[4+i], m[8+i]-m[12+i]
		sum += abs(a+b) + abs(a-b) + abs(c-d) + abs(c+d)
	}
	return int(sum)
}

func abs(v int32) int32 { return max(v, -v) }

// squares is the sum of squared differences of two blocks of n x n.
func squares(a []uint8, aStride int, b []uint8, bStride, n int) int {
	sum := int32(0)
	for j := range n {
		p, q := a[j*aStride:][:n], b[j*bStride:][:n]
		for i, v := range p {
			d := int32(v) - int32(q[i])
			sum += d * d
		}
	}
	return int(sum)
}
