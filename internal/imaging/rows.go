package imaging

import (
	"image"
	"image/color"
)

// rows returns a function that writes row y of the picture to dst: red, green,
// blue and alpha of each pixel, 8 bits, not premultiplied.
func (p picture) rows() func(y int, dst []byte) {
	switch m := p.img.(type) {
	case *image.NRGBA:
		return func(y int, dst []byte) { copy(dst, m.Pix[y*m.Stride:]) }
	case *image.Paletted:
		return paletted(m)
	case *image.Gray:
		return func(y int, dst []byte) {
			for x, v := range m.Pix[y*m.Stride:][:len(dst)/4] {
				put(dst[4*x:], v, v, v, 255)
			}
		}
	case *image.YCbCr:
		return func(y int, dst []byte) { p.yCbCrRow(m, y, dst) }
	case *image.NYCbCrA:
		return func(y int, dst []byte) {
			p.yCbCrRow(&m.YCbCr, y, dst)
			for x, a := range m.A[y*m.AStride:][:len(dst)/4] {
				dst[4*x+3] = a
			}
		}
	case *image.CMYK:
		return func(y int, dst []byte) {
			row := m.Pix[y*m.Stride:][:len(dst)]
			for x := 0; x < len(dst); x += 4 {
				r, g, b := color.CMYKToRGB(row[x], row[x+1], row[x+2], row[x+3])
				put(dst[x:], r, g, b, 255)
			}
		}
	}
	return func(y int, dst []byte) {
		for x := range len(dst) / 4 {
			r, g, b, a := p.img.At(x, y).RGBA()
			putDeep(dst[4*x:], r, g, b, a)
		}
	}
}

func put(dst []byte, r, g, b, a uint8) { dst[0], dst[1], dst[2], dst[3] = r, g, b, a }

// putDeep rounds premultiplied 16-bit samples to 8 bits: round(v 255 / 65535)
// of the opaque ones, and of the others as they were before premultiplication.
func putDeep(dst []byte, r, g, b, a uint32) {
	if a == 0 {
		put(dst, 0, 0, 0, 0)
		return
	}
	put(dst, uint8((r*255+a/2)/a), uint8((g*255+a/2)/a), uint8((b*255+a/2)/a), uint8((a*255+32767)/65535))
}

func paletted(m *image.Paletted) func(y int, dst []byte) {
	var table [256][4]byte
	for i, c := range m.Palette[:min(256, len(m.Palette))] {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [4]byte{n.R, n.G, n.B, n.A}
	}
	return func(y int, dst []byte) {
		for x, i := range m.Pix[y*m.Stride:][:len(dst)/4] {
			copy(dst[4*x:], table[i][:])
		}
	}
}

func (p picture) yCbCrRow(m *image.YCbCr, y int, dst []byte) {
	for x := range len(dst) / 4 {
		i, j := m.YOffset(x, y), m.COffset(x, y)
		r, g, b := p.rgb(m.Y[i], m.Cb[j], m.Cr[j])
		put(dst[4*x:], r, g, b, 255)
	}
}

// rgb converts a colour: as JFIF has it, or, for video range, as ITU-R BT.601
// with Y' from 16 to 235, in 14 bits.
func (p picture) rgb(y, cb, cr uint8) (r, g, b uint8) {
	if !p.video {
		return color.YCbCrToRGB(y, cb, cr)
	}
	// 255/219; 2(1-Kr), 2(1-Kb) and their shares of G, times 255/224; with
	// Kr = 0.299, Kb = 0.114.
	const ky, kr, kgb, kgr, kb = 19077, 26149, 6419, 13320, 33050
	yy, u, v := ky*(int32(y)-16)+1<<13, int32(cb)-128, int32(cr)-128
	return clamp8((yy + kr*v) >> 14), clamp8((yy - kgb*u - kgr*v) >> 14), clamp8((yy + kb*u) >> 14)
}

func clamp8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
