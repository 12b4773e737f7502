// Package imaging converts and resizes one image at a time: a task's work.
//
// [Settings.Convert] reads the header, refuses what is too large before any
// pixel is allocated, decodes, turns the image upright, resizes it and encodes
// it; [WriteFile] puts the result in its place in one step. [Photo] makes
// images that behave like photographs, and [PSNR] compares two. Package
// workloads fans conversions out; package inputs finds the files.
//
// # What goes in and out
//
// In: JPEG (baseline and progressive; gray, colour, CMYK), PNG, WebP (lossy and
// lossless) and GIF, told by their content, not their name. Of an animated GIF
// or PNG the first frame is converted, and the result says how many there are;
// an animated WebP is refused. Out: JPEG, PNG, lossy WebP, 8 bits a channel.
//
//   - 16-bit samples v become round(v * 255 / 65535).
//   - CMYK becomes RGB by R = (255-C)(255-K)/255, likewise G and B: there is no
//     colour management, and an embedded profile is neither applied nor kept.
//   - The EXIF orientation of a JPEG is applied; other metadata is not kept.
//   - Transparency is kept by PNG and WebP, and laid on white for JPEG.
//
// # Resizing
//
// Samples are averaged as they are stored (gamma space), which is what browsers
// and ImageMagick do by default; averages in linear light would be brighter
// where fine light and dark detail meet. Reductions to a half or less in both
// directions average the exact area that a new pixel covers, with transparency
// as weight, and read Y, Cb and Cr where they lie: a photograph never becomes
// RGB at full size. Other changes of size use the Catmull-Rom filter of
// golang.org/x/image/draw.
package imaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"io"
)

// Settings say what becomes of each image.
type Settings struct {
	Format Format
	// Resize is the new size; the zero value keeps the old one.
	Resize Resize
	// Quality is 1 to 100, for JPEG and WebP; PNG is lossless.
	Quality int
	// MaxPixels bounds width times height, before and after resizing.
	MaxPixels int64
}

// Result is one converted image.
type Result struct {
	// Data is the encoded image, Digest its SHA-256.
	Data   []byte
	Digest [sha256.Size]byte
	// Width and Height are its size in pixels.
	Width, Height int
	// Pixels is the number of pixels that were decoded.
	Pixels int64
	// Frames is how many frames the file has; the first was converted.
	Frames int
}

// Convert reads the image of size bytes in r and converts it. The error says
// what is wrong with the image, not which one it is.
func (s *Settings) Convert(r io.ReaderAt, size int64) (Result, error) {
	m, pixels, err := s.upright(r, size)
	if err != nil {
		return Result{}, err
	}
	var out bytes.Buffer
	if err := encode(&out, m, s.Format, s.Quality); err != nil {
		return Result{}, fmt.Errorf("encode %s: %w", s.Format, err)
	}
	b := m.Bounds()
	return Result{
		Data: out.Bytes(), Digest: sha256.Sum256(out.Bytes()),
		Width: b.Dx(), Height: b.Dy(), Pixels: pixels,
		Frames: framesIn(r, size),
	}, nil
}

// upright reads an image, resizes it and turns it. It returns how many pixels
// were decoded, too.
func (s *Settings) upright(r io.ReaderAt, size int64) (image.Image, int64, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, 0, err
	}
	width, height, err := s.newSize(h)
	if err != nil {
		return nil, 0, err
	}
	p, err := decode(h.format, io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, 0, err
	}
	if b := p.img.Bounds(); b != image.Rect(0, 0, h.width, h.height) {
		return nil, 0, fmt.Errorf("the header says %d x %d pixels, the image has %v", h.width, h.height, b)
	}
	if h.swaps() { // the stored image is resized, and the smaller one turned
		width, height = height, width
	}
	return upright(p.resize(width, height), h.orientation), int64(h.width) * int64(h.height), nil
}

// newSize returns the size of the upright result, or an error when the image
// or the result is too large.
func (s *Settings) newSize(h header) (w, ht int, err error) {
	if n := int64(h.width) * int64(h.height); n > s.MaxPixels {
		return 0, 0, fmt.Errorf("%d x %d pixels are %d, more than %d: a decompression bomb, or raise the limit", h.width, h.height, n, s.MaxPixels)
	}
	w, ht = h.width, h.height
	if h.swaps() {
		w, ht = ht, w
	}
	w, ht = s.Resize.Fit(w, ht)
	if limit := s.Format.maxSide(); w > limit || ht > limit {
		return 0, 0, fmt.Errorf("the result of %d x %d pixels is larger than the %d a side that %s can hold", w, ht, limit, s.Format)
	}
	if int64(w)*int64(ht) > s.MaxPixels {
		return 0, 0, fmt.Errorf("the result of %d x %d pixels has more than %d", w, ht, s.MaxPixels)
	}
	return w, ht, nil
}
