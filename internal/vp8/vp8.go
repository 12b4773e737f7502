// Package vp8 encodes one image as a VP8 key frame, the picture in a lossy
// WebP file.
//
// [Encode] takes planes of luma and chroma and walks their macroblocks of 16 x
// 16 pixels in order. Each is predicted from its neighbours above and to the
// left (predict.go), what is left is transformed (transform.go) and quantised
// (quantize.go), and the cheaper of a prediction of the whole and of its
// sixteen blocks is kept (macroblock.go). The coefficients are recorded as
// decisions of the token tree (tokens.go); when all are known, so are their
// probabilities, and frame.go writes the frame with the arithmetic coder of
// bool.go. Package imaging converts colours and puts the frame, and alpha
// beside it, into a file.
//
// It stands here because the encoders that exist without cgo compute tables of
// a megabyte when a process starts, 4 ms in each worker, or keep state that
// lets the bytes depend on what was encoded before. This one computes nothing
// at initialisation, starts no goroutine, and gives the same bytes for the same
// planes on any machine. It decides by one look at each candidate: frames
// are a little larger than those of libwebp's slower methods.
//
// The format is that of RFC 6386, whose sections the comments name.
package vp8

import (
	"errors"
	"fmt"
	"image"
)

// MaxSide is the largest width and height of a frame, in pixels.
const MaxSide = 1<<14 - 1

// Encode returns a key frame of the image, whose luma is 16 to 235 and chroma
// 16 to 240, with one sample of chroma for 2 x 2 pixels. The quality is from 0
// to 100, and means to size and looks about what it means to libwebp.
func Encode(m *image.YCbCr, quality int) ([]byte, error) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	switch {
	case w < 1 || h < 1 || w > MaxSide || h > MaxSide:
		return nil, fmt.Errorf("a frame of %d x %d pixels: each side is 1 to %d", w, h, MaxSide)
	case m.SubsampleRatio != image.YCbCrSubsampleRatio420:
		return nil, errors.New("a frame has one sample of chroma for 2 x 2 pixels, not " + m.SubsampleRatio.String())
	case m.Rect.Min != image.Point{}:
		return nil, fmt.Errorf("an image must not begin at %v, but at (0,0)", m.Rect.Min)
	case quality < 0 || quality > 100:
		return nil, fmt.Errorf("quality %d is not 0 to 100", quality)
	}
	return newEncoder(m, int(qualityIndex[quality])).encode()
}

// encoder is the state of one frame.
type encoder struct {
	src           source
	width, height int // in pixels
	wide, high    int // in macroblocks
	index, filter int // the quantiser's, and the filter's strength
	limits        limits
	q             quantizers
	costs         *costs
	blocks        []macroblock // decided so far
	modeCost      int          // of their modes, as cost counts
	rows          []recorder   // their coefficients
	counts        tokenCounts
	top           []border // below the row above
	left          border
	whole, parts  luma // candidates
	luma          struct {
		src  [256]uint8
		seen [17 * stride]uint8
	}
	blue, red tint
}

// border is what a macroblock's neighbours below and to the right need of it.
type border struct {
	// modes are those of its last blocks; the mode of a whole counts for each.
	modes [4]uint8
	// luma, blue and red are 1 for each last block that has coefficients, and
	// second for the block of DCs of the last macroblock that had one.
	luma      [4]uint8
	blue, red [2]uint8
	second    uint8
	// samples of the last row; those to the right stay in the workspaces.
	lumaRow         [16]uint8
	blueRow, redRow [8]uint8
}

func newEncoder(m *image.YCbCr, index int) *encoder {
	e := &encoder{
		src: source{m}, width: m.Rect.Dx(), height: m.Rect.Dy(),
		index: index, filter: filterOf(index), q: quantizersOf(index), costs: newCosts(), limits: formatLimits(),
	}
	e.wide, e.high = (e.width+15)/16, (e.height+15)/16
	e.blocks = make([]macroblock, 0, e.wide*e.high)
	e.rows = make([]recorder, e.high)
	for y := range e.rows {
		e.rows[y].counts = &e.counts
	}
	e.top = make([]border, e.wide)
	return e
}

func (e *encoder) encode() ([]byte, error) {
	for y := range e.high {
		e.left = border{}
		for x := range e.wide {
			e.step(x, y)
		}
	}
	return e.frame()
}

// step encodes a macroblock.
func (e *encoder) step(x, y int) {
	e.surround(x, y)
	e.blocks = append(e.blocks, e.macroblock(x, y))
	top := &e.top[x]
	copy(top.lumaRow[:], e.luma.seen[at(0, 15):])
	copy(top.blueRow[:], e.blue.seen[at(0, 7):])
	copy(top.redRow[:], e.red.seen[at(0, 7):])
}

// surround puts the samples around a macroblock into the workspaces: those of
// its neighbours, before any filter, or what section 12.2 has at the edges.
func (e *encoder) surround(x, y int) {
	luma, blue, red := e.luma.seen[:], e.blue.seen[:], e.red.seen[:]
	surroundSide(luma, 16, x > 0)
	surroundSide(blue, 8, x > 0)
	surroundSide(red, 8, x > 0)
	if y == 0 {
		set(luma[at(-1, -1):at(20, -1)], 127)
		set(blue[at(-1, -1):at(8, -1)], 127)
		set(red[at(-1, -1):at(8, -1)], 127)
	} else {
		copy(luma[at(0, -1):], e.top[x].lumaRow[:])
		copy(blue[at(0, -1):], e.top[x].blueRow[:])
		copy(red[at(0, -1):], e.top[x].redRow[:])
		if x+1 < e.wide {
			copy(luma[at(16, -1):], e.top[x+1].lumaRow[:4])
		} else {
			set(luma[at(16, -1):at(20, -1)], e.top[x].lumaRow[15])
		}
	}
	for j := 3; j < 15; j += 4 { // the same beside the blocks of the last column
		copy(luma[at(16, j):at(20, j)], luma[at(16, -1):])
	}
}

// surroundSide moves a workspace's last column beside the next square of n x n,
// or sets it to what is beyond the frame's edge.
func surroundSide(ws []uint8, n int, inside bool) {
	for j := -1; j < n; j++ {
		ws[at(-1, j)] = 129
		if inside {
			ws[at(-1, j)] = ws[at(n-1, j)]
		}
	}
}

// source reads an image, whose last row and column go on beyond it.
type source struct{ *image.YCbCr }

// luma copies a macroblock's luma.
func (s source) luma(x, y int, dst *[256]uint8) {
	b := s.Rect
	for j := range 16 {
		row := s.Y[(min(16*y+j, b.Dy()-1))*s.YStride:]
		fill(dst[16*j:16*j+16], row[:b.Dx()], 16*x)
	}
}

// chroma copies a macroblock's chroma.
func (s source) chroma(x, y int, blue, red *[64]uint8) {
	w, h := (s.Rect.Dx()+1)/2, (s.Rect.Dy()+1)/2
	for j := range 8 {
		at := min(8*y+j, h-1) * s.CStride
		fill(blue[8*j:8*j+8], s.Cb[at:][:w], 8*x)
		fill(red[8*j:8*j+8], s.Cr[at:][:w], 8*x)
	}
}

func fill(dst, row []uint8, from int) {
	for n := copy(dst, row[from:]); n < len(dst); n++ {
		dst[n] = row[len(row)-1]
	}
}
