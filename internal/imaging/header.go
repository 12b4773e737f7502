package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/webp"
)

// Format is how an image is stored.
type Format string

// The formats. GIF is read only.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	WebP Format = "webp"
	GIF  Format = "gif"
)

// Targets lists the formats that can be written.
func Targets() []Format { return []Format{JPEG, PNG, WebP} }

// ParseTarget reads the name of a format to write; jpg is jpeg.
func ParseTarget(s string) (Format, error) {
	f := Format(strings.ToLower(s))
	if f == "jpg" {
		f = JPEG
	}
	if !slices.Contains(Targets(), f) {
		return "", fmt.Errorf("%q is none of jpeg, png and webp", s)
	}
	return f, nil
}

// Extension is the end of the names of the format's files, with its dot.
func (f Format) Extension() string {
	if f == JPEG {
		return ".jpg"
	}
	return "." + string(f)
}

// maxSide is the largest width and height that the format can hold, in pixels.
func (f Format) maxSide() int {
	switch f {
	case JPEG:
		return 1<<16 - 1
	case WebP:
		return 1<<14 - 1
	}
	return 1<<31 - 1
}

// Named says whether a file's name is that of an image that can be read.
func Named(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	return dot >= 0 && slices.Contains([]string{"jpg", "jpeg", "jpe", "png", "webp", "gif"}, strings.ToLower(path[dot+1:]))
}

// header is what is known of an image before its pixels are decoded.
type header struct {
	format Format
	// width and height are as stored, in pixels.
	width, height int
	// orientation is 1 to 8, as EXIF has it; 1 is upright.
	orientation int
}

// swaps says whether the upright image is as wide as the stored one is high.
func (h header) swaps() bool { return h.orientation >= 5 }

// readHeader reads the format, the size and the orientation. What it allocates
// does not depend on the number of pixels.
func readHeader(r io.ReaderAt, size int64) (header, error) {
	if size == 0 {
		return header{}, errors.New("the file is empty")
	}
	var magic [21]byte
	n, err := r.ReadAt(magic[:], 0)
	if err != nil && err != io.EOF {
		return header{}, fmt.Errorf("read the header: %w", err)
	}
	h := header{format: sniff(magic[:n]), orientation: 1}
	if h.format == "" {
		return header{}, errors.New("not a JPEG, PNG, WebP or GIF image")
	}
	if h.format == WebP && string(magic[12:16]) == "VP8X" && magic[20]&2 != 0 {
		return header{}, errors.New("an animated WebP, which is not read")
	}
	c, err := h.format.config(io.NewSectionReader(r, 0, size))
	if err != nil {
		return header{}, damaged(h.format, err)
	}
	h.width, h.height = c.Width, c.Height
	if h.width < 1 || h.height < 1 {
		return header{}, fmt.Errorf("%d x %d pixels are no image", h.width, h.height)
	}
	if h.format == JPEG {
		h.orientation = orientation(io.NewSectionReader(r, 0, size))
	}
	return h, nil
}

// sniff tells the format by its first bytes, "" for none that can be read.
func sniff(b []byte) Format {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(b, []byte("GIF87a")), bytes.HasPrefix(b, []byte("GIF89a")):
		return GIF
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return WebP
	}
	return ""
}

// config reads the size.
func (f Format) config(r io.Reader) (image.Config, error) {
	switch f {
	case JPEG:
		return jpeg.DecodeConfig(r)
	case PNG:
		return png.DecodeConfig(r)
	case GIF:
		return gif.DecodeConfig(r)
	}
	return webp.DecodeConfig(r)
}

// damaged wraps a decoder's error.
func damaged(f Format, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("the %s is damaged or cut short: %w", f, err)
}
