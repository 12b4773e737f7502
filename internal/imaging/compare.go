package imaging

import (
	"fmt"
	"image"
	"io"
	"math"
)

// Decode reads the image of size bytes in r at its full size, upright. It
// does not look at the size first, so it is for images that are trusted.
func Decode(r io.ReaderAt, size int64) (image.Image, error) {
	keep := Settings{MaxPixels: math.MaxInt64, Format: PNG}
	m, _, err := keep.upright(r, size)
	return m, err
}

// AreaAverage resizes an image to w x h pixels plainly, in floating point: the
// average of the area that each new pixel covers. It is the reference that the
// fast ways are compared with; the image must be opaque.
func AreaAverage(m image.Image, w, h int) *image.NRGBA {
	full := size{m.Bounds().Dx(), m.Bounds().Dy()}
	src, dst := picture{img: m}.whole(full), image.NewNRGBA(image.Rect(0, 0, w, h))
	for j := range h {
		for i := range w {
			c := areaColor(src, window(i, full.w, w), window(j, full.h, h))
			put(dst.Pix[j*dst.Stride+4*i:], c[0], c[1], c[2], 255)
		}
	}
	return dst
}

// window is where new pixel i of n begins and ends in a line of size pixels.
func window(i, size, n int) [2]float64 {
	scale := float64(size) / float64(n)
	return [2]float64{float64(i) * scale, math.Min(float64(i+1)*scale, float64(size))}
}

func areaColor(src *image.NRGBA, xs, ys [2]float64) (color [3]uint8) {
	var sum [3]float64
	all := 0.0
	for y := int(ys[0]); float64(y) < ys[1]; y++ {
		high := math.Min(ys[1], float64(y+1)) - math.Max(ys[0], float64(y))
		for x := int(xs[0]); float64(x) < xs[1]; x++ {
			area := high * (math.Min(xs[1], float64(x+1)) - math.Max(xs[0], float64(x)))
			p := src.Pix[y*src.Stride+4*x:][:3]
			for c, v := range p {
				sum[c] += area * float64(v)
			}
			all += area
		}
	}
	for c := range color {
		color[c] = uint8(math.Round(sum[c] / all))
	}
	return color
}

// PSNR returns the peak signal-to-noise ratio of two images of the same size,
// in dB: 10 log10(255^2 / MSE) over red, green and blue, laid on white. It is
// infinite for equal images; images of different sizes are an error.
func PSNR(a, b image.Image) (float64, error) {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 0, fmt.Errorf("compare images of %v and %v pixels", a.Bounds().Size(), b.Bounds().Size())
	}
	full := size{a.Bounds().Dx(), a.Bounds().Dy()}
	p, q := onWhite(picture{img: a}.whole(full)), onWhite(picture{img: b}.whole(full))
	sum := 0.0
	for i := range p.Pix {
		d := float64(p.Pix[i]) - float64(q.Pix[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(3*full.w*full.h)/sum), nil
}
