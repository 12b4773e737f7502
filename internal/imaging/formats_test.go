package imaging

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"testing"
)

// at returns a pixel of a converted image.
func at(m image.Image, x, y int) color.NRGBA {
	return color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
}

// near says whether two colours differ by at most off in each channel.
func near(a, b color.NRGBA, off int) bool {
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B), int(a.A) - int(b.A)} {
		if d < -off || d > off {
			return false
		}
	}
	return true
}

// TestDeep: 16-bit samples are rounded, not cut; gray and colour, with alpha.
func TestDeep(t *testing.T) {
	n := image.NewNRGBA64(image.Rect(0, 0, 1, 1))
	n.SetNRGBA64(0, 0, color.NRGBA64{0x8080, 0x0081, 0xff7e, 0xffff})
	if got, want := at(open(t, asPNG(t, n)), 0, 0), (color.NRGBA{128, 1, 254, 255}); got != want {
		t.Errorf("colour %v, want %v", got, want)
	}
	n.SetNRGBA64(0, 0, color.NRGBA64{0x8080, 0x4040, 0xffff, 0xff7e})
	if got, want := at(open(t, asPNG(t, n)), 0, 0), (color.NRGBA{128, 64, 255, 254}); got != want {
		t.Errorf("with alpha %v, want %v", got, want)
	}
	g := image.NewGray16(image.Rect(0, 0, 1, 1))
	g.SetGray16(0, 0, color.Gray16{0x0081})
	if got, want := at(open(t, asPNG(t, g)), 0, 0), (color.NRGBA{1, 1, 1, 255}); got != want {
		t.Errorf("gray %v, want %v", got, want)
	}
}

// TestCMYK: the file holds patches of pure inks, as ImageMagick writes them.
func TestCMYK(t *testing.T) {
	m := open(t, read(t, "testdata/cmyk.jpg"))
	want := []color.NRGBA{
		{0, 255, 255, 255}, // cyan
		{255, 0, 255, 255}, // magenta
		{255, 255, 0, 255}, // yellow
		{0, 0, 0, 255},     // black
		{255, 255, 255, 255},
	}
	for i, c := range want {
		if got := at(m, 16*i+8, 8); !near(got, c, 3) {
			t.Errorf("patch %d: %v, want about %v", i, got, c)
		}
	}
	if r, g, b := color.CMYKToRGB(0, 51, 102, 51); r != 204 || g != 163 || b != 122 {
		t.Errorf("%d %d %d is not (255-c)(255-k)/255", r, g, b)
	}
}

// TestAlpha: kept by PNG and WebP, on white in JPEG.
func TestAlpha(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			c := color.NRGBA{200, 50, 50, 255}
			if x >= 32 {
				c.A = 0
			}
			m.SetNRGBA(x, y, c)
		}
	}
	for format, right := range map[Format]color.NRGBA{
		PNG:  {0, 0, 0, 0},
		WebP: {0, 0, 0, 0},
		JPEG: {255, 255, 255, 255},
	} {
		s := defaults()
		s.Format, s.Resize, s.Quality = format, Resize{Percent: 50}, 90
		out := open(t, convert(t, s, asPNG(t, m)).Data)
		if got := at(out, 5, 8); !near(got, color.NRGBA{200, 50, 50, 255}, 8) {
			t.Errorf("%s, opaque: %v", format, got)
		}
		got := at(out, 26, 8)
		if got.A == 0 {
			got = color.NRGBA{}
		}
		if !near(got, right, 4) {
			t.Errorf("%s, transparent: %v, want %v", format, got, right)
		}
	}
}

// TestGIF: the first frame, where it lies on its screen.
func TestGIF(t *testing.T) {
	first := image.NewPaletted(image.Rect(10, 5, 20, 15), palette.WebSafe)
	second := image.NewPaletted(image.Rect(0, 0, 40, 20), palette.WebSafe)
	for i := range first.Pix {
		first.Pix[i] = uint8(color.Palette(palette.WebSafe).Index(color.NRGBA{255, 0, 0, 255}))
	}
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}, Config: image.Config{Width: 40, Height: 20}})
	if err != nil {
		t.Fatal(err)
	}
	m := open(t, b.Bytes())
	if m.Bounds() != image.Rect(0, 0, 40, 20) || at(m, 12, 7) != (color.NRGBA{255, 0, 0, 255}) || at(m, 2, 2).A != 0 {
		t.Errorf("bounds %v, frame %v, beside it %v", m.Bounds(), at(m, 12, 7), at(m, 2, 2))
	}
}

// TestGrayStays: a gray JPEG becomes a gray JPEG.
func TestGrayStays(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	s := defaults()
	s.Format, s.Resize = JPEG, Resize{Percent: 25}
	m, err := jpeg.Decode(bytes.NewReader(convert(t, s, b.Bytes()).Data))
	if _, ok := m.(*image.Gray); !ok || err != nil || m.Bounds().Dx() != 16 {
		t.Errorf("%T, error %v", m, err)
	}
}
