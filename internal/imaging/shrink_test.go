package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
)

// TestShrinkIsAreaAverage: the fast ways give what the plain one gives, to a
// rounding, at sizes that divide and that do not.
func TestShrinkIsAreaAverage(t *testing.T) {
	photo := Photo(3, 203, 151)
	gray := image.NewGray(photo.Rect)
	for y := range 151 {
		for x := range 203 {
			gray.Set(x, y, photo.At(x, y))
		}
	}
	for _, n := range []size{{101, 75}, {50, 37}, {7, 5}, {1, 1}, {203 / 2, 3}, {3, 151 / 2}} {
		for name, m := range map[string]image.Image{"colour": photo, "gray": gray} {
			want := AreaAverage(m, n.w, n.h)
			got := picture{img: m}.resize(n.w, n.h)
			whole := picture{img: got}.whole(n)
			for i, v := range whole.Pix {
				if d := int(v) - int(want.Pix[i]); d < -1 || d > 1 {
					t.Fatalf("%s to %v: sample %d is %d, want %d", name, n, i, v, want.Pix[i])
				}
			}
		}
	}
}

// TestShrinkSubsampled: colour is averaged where it lies, for each subsampling.
func TestShrinkSubsampled(t *testing.T) {
	photo := Photo(4, 203, 151)
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	} {
		m := image.NewYCbCr(photo.Rect, ratio)
		for y := range 151 {
			for x := range 203 {
				p := photo.NRGBAAt(x, y)
				m.Y[m.YOffset(x, y)], m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = color.RGBToYCbCr(p.R, p.G, p.B)
			}
		}
		for _, n := range []size{{101, 75}, {50, 37}, {7, 5}} {
			want := AreaAverage(m, n.w, n.h)
			alike(t, fmt.Sprintf("%v to %v", ratio, n), picture{img: m}.resize(n.w, n.h), want, 45)
		}
	}
}

// TestShrinkAlpha: what is transparent lends no colour.
func TestShrinkAlpha(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 4, 2))
	for i, c := range []color.NRGBA{{200, 100, 0, 255}, {0, 0, 255, 0}, {10, 20, 30, 100}, {10, 20, 30, 50}} {
		m.SetNRGBA(i, 0, c)
		m.SetNRGBA(i, 1, c)
	}
	got := picture{img: m}.resize(2, 1).(*image.NRGBA)
	want := []uint8{200, 100, 0, 128, 10, 20, 30, 75}
	if !bytes.Equal(got.Pix, want) {
		t.Errorf("%v, want %v", got.Pix, want)
	}
}

// TestResizeOther: less than a half, and enlarging, by the smooth filter.
func TestResizeOther(t *testing.T) {
	photo := Photo(5, 200, 150)
	alike(t, "to 3/4", picture{img: photo}.resize(150, 113), AreaAverage(photo, 150, 113), 33)
	large := picture{img: photo}.resize(400, 300)
	alike(t, "there and back", AreaAverage(large, 200, 150), photo, 33)
	if same := (picture{img: photo}).resize(200, 150); same != image.Image(photo) {
		t.Error("an image that keeps its size is changed")
	}
	gray := image.NewGray(photo.Rect)
	if _, ok := (picture{img: gray}).resize(150, 113).(*image.Gray); !ok {
		t.Error("a gray image became coloured")
	}
}

// BenchmarkConvert12MP is what a camera's photograph costs.
func BenchmarkConvert12MP(b *testing.B) {
	var data bytes.Buffer
	if err := jpeg.Encode(&data, onWhite(Photo(1, 4000, 3000)), nil); err != nil {
		b.Fatal(err)
	}
	s := defaults()
	s.Format = JPEG
	for b.Loop() {
		convert(b, s, data.Bytes())
	}
}
