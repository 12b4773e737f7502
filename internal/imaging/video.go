package imaging

import "image"

// videoOf converts an image to luma of 16 to 235 and chroma of 16 to 240 with a
// sample for 2 x 2 pixels, which is the mean of theirs: as ITU-R BT.601 has it,
// in 16 bits. It is the inverse of rgb; alpha does not count.
func videoOf(m *image.NRGBA) *image.YCbCr {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	dst := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := range h {
		row := m.Pix[y*m.Stride:][:4*w]
		for x, out := 0, dst.Y[y*dst.YStride:]; x < w; x++ {
			out[x] = lumaOf(int32(row[4*x]), int32(row[4*x+1]), int32(row[4*x+2]))
		}
	}
	for y := range (h + 1) / 2 {
		top, bottom := m.Pix[2*y*m.Stride:], m.Pix[min(2*y+1, h-1)*m.Stride:]
		for x := range (w + 1) / 2 {
			i, j := 8*x, 4*min(2*x+1, w-1)
			var sum [3]int32
			for c := range sum {
				sum[c] = int32(top[i+c]) + int32(top[j+c]) + int32(bottom[i+c]) + int32(bottom[j+c])
			}
			at := y*dst.CStride + x
			dst.Cb[at], dst.Cr[at] = chromaOf(sum[0], sum[1], sum[2])
		}
	}
	return dst
}

// lumaOf is 16 + 219/255 (0.299 r + 0.587 g + 0.114 b).
func lumaOf(r, g, b int32) uint8 {
	return uint8((16829*r + 33039*g + 6416*b + 16<<16 + 1<<15) >> 16)
}

// chromaOf takes the sums of four pixels: 128 + 224/255 (b - y) / 1.772, and
// likewise with r and 1.402.
func chromaOf(r, g, b int32) (cb, cr uint8) {
	const half = 128<<18 + 1<<17
	cb = uint8((-9714*r - 19070*g + 28784*b + half) >> 18)
	cr = uint8((28784*r - 24103*g - 4681*b + half) >> 18)
	return cb, cr
}
