package imaging

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// picture is a decoded image.
type picture struct {
	img image.Image // its bounds begin at (0, 0)
	// video is set when Y is 16 to 235, and Cb and Cr 16 to 240, as in lossy
	// WebP (RFC 6386, section 9.2), rather than 0 to 255, as in JPEG.
	video bool
}

// decode reads all pixels. What it allocates follows from the size that the
// header gives, which must have been looked at before.
func decode(f Format, r io.Reader) (picture, error) {
	p := picture{video: f == WebP}
	var err error
	switch r := bufio.NewReaderSize(r, 64<<10); f {
	case JPEG:
		p.img, err = jpeg.Decode(r)
	case PNG:
		p.img, err = png.Decode(r)
	case WebP:
		p.img, err = webp.Decode(r)
	case GIF:
		p.img, err = firstFrame(r)
	default:
		return p, fmt.Errorf("no decoder of %q", f)
	}
	if err != nil {
		return picture{}, damaged(f, err)
	}
	return p, nil
}

// firstFrame decodes the first frame of a GIF and puts it on its screen, which
// is transparent elsewhere.
func firstFrame(r io.Reader) (image.Image, error) {
	var head [10]byte // signature, then the screen's width and height
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	frame, err := gif.Decode(io.MultiReader(bytes.NewReader(head[:]), r))
	if err != nil {
		return nil, err
	}
	screen := image.Rect(0, 0, int(head[6])|int(head[7])<<8, int(head[8])|int(head[9])<<8)
	if frame.Bounds() == screen {
		return frame, nil
	}
	canvas := image.NewNRGBA(screen)
	draw.Draw(canvas, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return canvas, nil
}
