package imaging

import "image"

// upright turns an image as EXIF orientation o (1 to 8) asks. Its first row
// and column are, by orientation (CIPA DC-008, tag 0x0112): 1 top and left, 2
// top and right, 3 bottom and right, 4 bottom and left, 5 left and top, 6 right
// and top, 7 right and bottom, 8 left and bottom.
func upright(m image.Image, o int) image.Image {
	if o <= 1 || o > 8 {
		return m
	}
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	r := image.Rect(0, 0, w, h)
	if o >= 5 {
		r = image.Rect(0, 0, h, w)
	}
	switch m := m.(type) {
	case *image.Gray:
		dst := image.NewGray(r)
		turn(dst.Pix, dst.Stride, m.Pix, m.Stride, 1, size{w, h}, o)
		return dst
	case *image.NRGBA:
		dst := image.NewNRGBA(r)
		turn(dst.Pix, dst.Stride, m.Pix, m.Stride, 4, size{w, h}, o)
		return dst
	}
	return m
}

// turn copies src, of n pixels of each bytes, to where orientation o puts them.
func turn(dst []byte, dstStride int, src []byte, srcStride, each int, n size, o int) {
	for y := range n.h {
		for x := range n.w {
			X, Y := x, y
			if o == 2 || o == 3 || o == 7 || o == 8 {
				X = n.w - 1 - x
			}
			if o == 3 || o == 4 || o == 6 || o == 7 {
				Y = n.h - 1 - y
			}
			if o >= 5 {
				X, Y = Y, X
			}
			copy(dst[Y*dstStride+X*each:][:each], src[y*srcStride+x*each:])
		}
	}
}
