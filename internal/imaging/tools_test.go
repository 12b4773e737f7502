package imaging

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestOtherDecoders: ImageMagick opens what is written, of real images in each
// format, says the same size, and its own resize looks the same.
func TestOtherDecoders(t *testing.T) {
	tool := magick(t)
	for _, path := range realImages(t) {
		theirs := filepath.Join(t.TempDir(), "theirs.png")
		output(t, tool, path, "-auto-orient", "-strip", "-filter", "box", "-resize", "200x", theirs)
		want := open(t, read(t, theirs))
		for _, format := range Targets() {
			s := defaults()
			s.Format, s.Resize, s.Quality = format, Resize{Width: 200}, 90
			r := convert(t, s, read(t, path))
			name := fmt.Sprintf("%s to %s", filepath.Base(path), format)
			ours := save(t, "ours"+format.Extension(), r.Data)
			info := output(t, tool, ours, "-format", "%m %w %h", "info:")
			if want := fmt.Sprintf("%s %d %d", strings.ToUpper(string(format)), r.Width, r.Height); strings.TrimSpace(info) != want {
				t.Errorf("%s: ImageMagick says %q, want %q", name, info, want)
			}
			output(t, tool, ours, ours+".png")
			least := 32.0 // lossy, and colour at half the resolution
			if format == PNG {
				least = 38 // only the filters differ
			}
			alike(t, name, open(t, read(t, ours+".png")), want, least)
		}
	}
}

// TestOtherEncoders: what other programs write is read: progressive JPEG,
// CMYK, 16 bits, palettes, interlace, lossless and transparent WebP.
func TestOtherEncoders(t *testing.T) {
	tool := magick(t)
	source := save(t, "source.png", asPNG(t, Photo(9, 203, 151)))
	half := AreaAverage(Photo(9, 203, 151), 101, 75)
	for _, test := range []struct {
		name, options string
		least         float64
	}{
		{"progressive.jpg", "-interlace JPEG -quality 92", 32},
		{"full.jpg", "-sampling-factor 1x1 -quality 92", 32},
		{"wide.jpg", "-sampling-factor 2x1 -quality 92", 32},
		{"tall.jpg", "-sampling-factor 1x2 -quality 92", 32},
		{"cmyk.jpg", "-colorspace CMYK -quality 95", 28},
		{"deep.png", "-depth 16 -define png:bit-depth=16", 50},
		{"interlaced.png", "-interlace PNG", 50},
		{"palette.png", "-colors 200 -type Palette", 28},
		{"frames.gif", "-colors 200", 28},
		{"lossy.webp", "-quality 92", 31},
		{"lossless.webp", "-define webp:lossless=true", 50},
		{"alpha.webp", "-alpha on -channel A -evaluate set 100% +channel -quality 92", 31},
	} {
		path := filepath.Join(t.TempDir(), test.name)
		output(t, tool, append(append([]string{source}, strings.Fields(test.options)...), path)...)
		s := defaults()
		s.Resize = Resize{Width: 101}
		r := convert(t, s, read(t, path))
		alike(t, test.name, open(t, r.Data), half, test.least)
	}
}

// TestLargePhotographs: real images, enlarged to 12 and 24 megapixels by
// ImageMagick and stored turned, come out upright and of the right size, and
// look as ImageMagick makes them.
func TestLargePhotographs(t *testing.T) {
	tool, dwebp := magick(t), tool(t, "dwebp")
	for i, c := range []struct {
		size        string
		orientation uint16
		to          Format
		w, h        int
	}{{"4000x3000!", 6, JPEG, 600, 800}, {"6000x4000!", 3, WebP, 600, 400}} {
		dir := t.TempDir()
		large := filepath.Join(dir, "large.jpg")
		output(t, tool, realImages(t)[i], "-resize", c.size, "-quality", "90", large)
		data := withEXIF(read(t, large), tiff(binary.LittleEndian, c.orientation))
		turned, small := save(t, "turned.jpg", data), filepath.Join(dir, "small.png")
		output(t, tool, turned, "-auto-orient", "-filter", "box", "-resize", fmt.Sprintf("%dx", c.w), small)
		want := open(t, read(t, small))
		s := defaults()
		s.Format, s.Resize.Width, s.Quality = c.to, c.w, 90
		r := convert(t, s, data)
		if r.Width != c.w || r.Height != c.h {
			t.Errorf("%s: %d x %d, want %d x %d", c.size, r.Width, r.Height, c.w, c.h)
		}
		path := save(t, "small"+c.to.Extension(), r.Data)
		if c.to == WebP {
			output(t, dwebp, path, "-o", path+".png")
		} else {
			output(t, tool, path, path+".png")
		}
		alike(t, c.size+" as "+string(c.to), open(t, read(t, path+".png")), want, 32)
	}
}
