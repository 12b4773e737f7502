package vp8

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"
)

// psnr compares luma, in dB.
func psnr(a, b *image.YCbCr, w, h int) float64 {
	sum := 0.0
	for y := range h {
		for x := range w {
			d := float64(a.Y[y*a.YStride+x]) - float64(b.Y[y*b.YStride+x])
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255*float64(w*h)/sum)
}

// TestQuality: more quality is larger and nearer, from one end to the other.
func TestQuality(t *testing.T) {
	m := scene(3, 320, 240)
	size, last := 0, 0.0
	for _, q := range []int{0, 20, 50, 75, 90, 100} {
		frame, err := Encode(m, q)
		if err != nil {
			t.Fatal(err)
		}
		db := psnr(decode(t, frame), m, 320, 240)
		if len(frame) <= size || db <= last {
			t.Errorf("quality %d: %d bytes, %.1f dB, after %d bytes, %.1f dB", q, len(frame), db, size, last)
		}
		size, last = len(frame), db
	}
	if last < 48 {
		t.Errorf("at the highest quality %.1f dB", last)
	}
}

// TestSizes: every size is decoded to itself, the smallest and longest, too.
func TestSizes(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {1, 16}, {16, 1}, {15, 17}, {33, 16}, {MaxSide, 1}, {1, MaxSide}} {
		m := scene(7, s[0], s[1])
		frame, err := Encode(m, 90)
		if err != nil {
			t.Fatal(err)
		}
		got := decode(t, frame)
		if got.Rect.Dx() != s[0] || got.Rect.Dy() != s[1] {
			t.Errorf("%v became %v", s, got.Rect)
		}
		if db := psnr(got, m, s[0], s[1]); db < 32 {
			t.Errorf("%v: %.1f dB", s, db)
		}
	}
}

// TestPartitions: a large frame has eight partitions, and reads the same.
func TestPartitions(t *testing.T) {
	m := scene(11, 200, 300)
	one, err := newEncoder(m, 10).encode()
	if err != nil {
		t.Fatal(err)
	}
	e := newEncoder(m, 10)
	e.limits.split = 1000
	eight, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one, eight) {
		t.Fatal("there is one partition")
	}
	if a, b := decode(t, one), decode(t, eight); !bytes.Equal(a.Y, b.Y) || !bytes.Equal(a.Cb, b.Cb) {
		t.Error("eight partitions give another image")
	}
}

// TestFirstPartition: where there is little room for modes, cheaper ones are
// taken, and the frame is still whole; where there is none, it is an error.
func TestFirstPartition(t *testing.T) {
	m := scene(6, 320, 240)
	free, err := newEncoder(m, 5).encode()
	if err != nil {
		t.Fatal(err)
	}
	e := newEncoder(m, 5)
	e.limits.first = 1200
	frame, err := e.encode()
	if err != nil {
		t.Fatal(err)
	}
	first := func(b []byte) int { return int(b[0])>>5 | int(b[1])<<3 | int(b[2])<<11 }
	if first(free) <= 1200 || first(frame) > 1200 {
		t.Errorf("first partitions of %d and %d bytes", first(free), first(frame))
	}
	if db := psnr(decode(t, frame), m, 320, 240); db < 35 {
		t.Errorf("%.1f dB", db)
	}
	for _, limit := range []func(*limits){func(l *limits) { l.first = 100 }, func(l *limits) { l.next = 100 }} {
		e := newEncoder(m, 5)
		limit(&e.limits)
		if _, err := e.encode(); err == nil || !strings.Contains(err.Error(), "that a frame can hold") {
			t.Errorf("error %v", err)
		}
	}
}

// TestRefused: what cannot be a frame.
func TestRefused(t *testing.T) {
	ok := scene(1, 20, 20)
	for _, c := range []struct {
		m       *image.YCbCr
		quality int
		want    string
	}{
		{image.NewYCbCr(image.Rect(0, 0, 0, 5), image.YCbCrSubsampleRatio420), 80, "0 x 5 pixels"},
		{image.NewYCbCr(image.Rect(0, 0, MaxSide+1, 1), image.YCbCrSubsampleRatio420), 80, "each side is 1 to 16383"},
		{image.NewYCbCr(image.Rect(0, 0, 5, 5), image.YCbCrSubsampleRatio444), 80, "one sample of chroma"},
		{ok.SubImage(image.Rect(1, 1, 9, 9)).(*image.YCbCr), 80, "not begin at (1,1)"},
		{ok, 101, "quality 101"},
		{ok, -1, "quality -1"},
	} {
		if _, err := Encode(c.m, c.quality); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// TestFlat: an image without detail is next to nothing.
func TestFlat(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	set(m.Y, 90)
	set(m.Cb, 110)
	set(m.Cr, 140)
	frame, err := Encode(m, 80)
	if err != nil || len(frame) > 600 {
		t.Errorf("%d bytes, error %v", len(frame), err)
	}
	got := decode(t, frame)
	if y, cb, cr := int(got.Y[0])-90, int(got.Cb[0])-110, int(got.Cr[0])-140; y*y > 1 || cb*cb > 1 || cr*cr > 1 {
		t.Errorf("off by %d, %d and %d", y, cb, cr)
	}
}

// TestTables: the own tables are what their comments say.
func TestTables(t *testing.T) {
	for p, got := range zeroCost {
		if want := math.Round(-math.Log2(float64(max(p, 1))/256) * oneBit); float64(got) != want {
			t.Errorf("the cost at %d is %d, want %v", p, got, want)
		}
	}
	for q, got := range qualityIndex {
		c := float64(q) / 100 * 2 / 3
		if q >= 75 {
			c = float64(q)/50 - 1
		}
		if want := 127 * (1 - math.Cbrt(c)); math.Abs(float64(got)+0.5-want) > 0.5+1e-9 {
			t.Errorf("the index of quality %d is %d, want %v", q, got, want)
		}
	}
}

// TestSameBytes: on every machine, in whatever company.
func TestSameBytes(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 99, 77), image.YCbCrSubsampleRatio420)
	for i := range m.Y { // no floating point, which machines may round differently
		m.Y[i] = uint8(50 + i*i/77%90)
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = uint8(100+i%50), uint8(90+i/50)
	}
	frame, err := Encode(m, 80)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%x", sha256.Sum256(frame)), "1470de3bb5c0f532baa7ff4c70751e2fb74e184a8b9a36b03a194cbde421139d"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

// BenchmarkEncode is a photograph of 1 MP.
func BenchmarkEncode(b *testing.B) {
	m := scene(4, 1000, 1000)
	b.SetBytes(1e6) // pixels
	for b.Loop() {
		if _, err := Encode(m, 80); err != nil {
			b.Fatal(err)
		}
	}
}
