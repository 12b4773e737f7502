package imaging

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
)

// encode writes an image, which is an *image.Gray or an *image.NRGBA.
func encode(w io.Writer, m image.Image, f Format, quality int) error {
	switch f {
	case JPEG:
		if n, ok := m.(*image.NRGBA); ok {
			m = onWhite(n)
		}
		return jpeg.Encode(w, m, &jpeg.Options{Quality: quality})
	case PNG:
		return png.Encode(w, m)
	case WebP:
		return encodeWebP(w, m, quality)
	}
	return fmt.Errorf("%q cannot be written", f)
}

// onWhite lays an image on white: round((a c + (255-a) 255) / 255).
func onWhite(m *image.NRGBA) *image.RGBA {
	dst := image.NewRGBA(m.Rect)
	for i := 0; i < len(m.Pix); i += 4 {
		a := uint32(m.Pix[i+3])
		for c := range 3 {
			dst.Pix[i+c] = uint8((a*uint32(m.Pix[i+c]) + (255-a)*255 + 127) / 255)
		}
		dst.Pix[i+3] = 255
	}
	return dst
}
