package imaging

import (
	"image"
	"image/draw"

	scale "golang.org/x/image/draw"
)

// resize returns the picture with w x h pixels: an *image.Gray of a gray one,
// else an *image.NRGBA.
func (p picture) resize(w, h int) image.Image {
	b := p.img.Bounds()
	full := size{b.Dx(), b.Dy()}
	if full.w >= 2*w && full.h >= 2*h {
		return p.shrink(full, w, h)
	}
	if gray, ok := p.img.(*image.Gray); ok {
		if full == (size{w, h}) {
			return gray
		}
		dst := image.NewGray(image.Rect(0, 0, w, h))
		scale.CatmullRom.Scale(dst, dst.Rect, gray, b, draw.Src, nil)
		return dst
	}
	whole := p.whole(full)
	if full == (size{w, h}) {
		return whole
	}
	var src image.Image = whole
	if whole.Opaque() { // the same bytes, for which the filter is faster
		src = &image.RGBA{Pix: whole.Pix, Stride: whole.Stride, Rect: whole.Rect}
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h)) // premultiplied, as filters need it
	scale.CatmullRom.Scale(dst, dst.Rect, src, b, draw.Src, nil)
	return picture{img: dst}.whole(size{w, h})
}

// whole returns the picture at its full size.
func (p picture) whole(full size) *image.NRGBA {
	switch m := p.img.(type) {
	case *image.NRGBA:
		return m
	case *image.RGBA:
		if m.Opaque() { // then both are the same bytes
			return &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
		}
	}
	dst, row := image.NewNRGBA(image.Rect(0, 0, full.w, full.h)), p.rows()
	for y := range full.h {
		row(y, dst.Pix[y*dst.Stride:][:4*full.w])
	}
	return dst
}

// shrink averages areas.
func (p picture) shrink(full size, w, h int) image.Image {
	one := size{1, 1}
	switch m := p.img.(type) {
	case *image.Gray:
		return &image.Gray{Pix: shrinkPlane(plane{m.Pix, m.Stride, full.w, full.h}, full, one, w, h), Stride: w, Rect: image.Rect(0, 0, w, h)}
	case *image.YCbCr:
		sub := subsampling(m.SubsampleRatio)
		chroma := size{(full.w + sub.w - 1) / sub.w, (full.h + sub.h - 1) / sub.h}
		y := shrinkPlane(plane{m.Y, m.YStride, full.w, full.h}, full, one, w, h)
		cb := shrinkPlane(plane{m.Cb, m.CStride, chroma.w, chroma.h}, full, sub, w, h)
		cr := shrinkPlane(plane{m.Cr, m.CStride, chroma.w, chroma.h}, full, sub, w, h)
		dst := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range y {
			r, g, b := p.rgb(y[i], cb[i], cr[i])
			put(dst.Pix[4*i:], r, g, b, 255)
		}
		return dst
	case *image.RGBA:
		if m.Opaque() {
			p.img = &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
		}
	}
	return shrinkRows(p.rows(), full, w, h)
}

// subsampling is the number of pixels that a sample of colour stands for.
func subsampling(r image.YCbCrSubsampleRatio) size {
	switch r {
	case image.YCbCrSubsampleRatio422:
		return size{2, 1}
	case image.YCbCrSubsampleRatio420:
		return size{2, 2}
	case image.YCbCrSubsampleRatio440:
		return size{1, 2}
	case image.YCbCrSubsampleRatio411:
		return size{4, 1}
	case image.YCbCrSubsampleRatio410:
		return size{4, 2}
	}
	return size{1, 1}
}
