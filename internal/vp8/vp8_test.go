package vp8

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/vp8"
)

// scene is an image with smooth parts, edges in all directions, and noise.
func scene(seed uint64, w, h int) *image.YCbCr {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	fx, fy, noise := r.Float64()/9, r.Float64()/9, r.Float64()*30
	for y := range h {
		for x := range w {
			v := 120 + 60*math.Sin(float64(x)*fx)*math.Cos(float64(y)*fy) + noise*(r.Float64()-.5)
			if (x*3+y*int(seed%5))/40%3 == 0 {
				v += 40
			}
			m.Y[y*m.YStride+x] = uint8(min(max(v, 16), 235))
		}
	}
	for i := range m.Cb {
		m.Cb[i] = uint8(128 + 60*math.Sin(float64(i%m.CStride)*fx))
		m.Cr[i] = uint8(100 + 50*math.Cos(float64(i/m.CStride)*fy) + noise*(r.Float64()-.5))
	}
	return m
}

// decode has a decoder of others read a frame.
func decode(t testing.TB, frame []byte) *image.YCbCr {
	t.Helper()
	d := vp8.NewDecoder()
	d.Init(bytes.NewReader(frame), len(frame))
	if _, err := d.DecodeFrameHeader(); err != nil {
		t.Fatal(err)
	}
	m, err := d.DecodeFrame()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// encodeSeen encodes without a filter, and returns what the encoder thinks that
// a decoder sees.
func encodeSeen(t testing.TB, m *image.YCbCr, index int) ([]byte, *image.YCbCr, *encoder) {
	t.Helper()
	e := newEncoder(m, index)
	e.filter = 0
	seen := image.NewYCbCr(image.Rect(0, 0, 16*e.wide, 16*e.high), image.YCbCrSubsampleRatio420)
	for y := range e.high {
		e.left = border{}
		for x := range e.wide {
			e.step(x, y)
			for j := range 16 {
				copy(seen.Y[(16*y+j)*seen.YStride+16*x:], e.luma.seen[at(0, j):at(16, j)])
			}
			for j := range 8 {
				copy(seen.Cb[(8*y+j)*seen.CStride+8*x:], e.blue.seen[at(0, j):at(8, j)])
				copy(seen.Cr[(8*y+j)*seen.CStride+8*x:], e.red.seen[at(0, j):at(8, j)])
			}
		}
	}
	frame, err := e.frame()
	if err != nil {
		t.Fatal(err)
	}
	return frame, seen, e
}

// TestDecoderSeesTheSame: prediction, transforms, quantisers and the order of
// everything are those of the format, so that the decoder of golang.org/x/image
// gets each sample that the encoder predicted from.
func TestDecoderSeesTheSame(t *testing.T) {
	used := map[uint8]int{}
	for seed := range uint64(40) {
		w, h := 1+int(seed*37%150), 1+int(seed*53%130)
		index := int(seed * 29 % 128)
		frame, want, e := encodeSeen(t, scene(seed, w, h), index)
		got := decode(t, frame)
		for y := range 16 * e.high {
			for x := range 16 * e.wide {
				if a, b := got.Y[y*got.YStride+x], want.Y[y*want.YStride+x]; a != b {
					t.Fatalf("scene %d (%d x %d, index %d): luma %d at %d, %d, want %d", seed, w, h, index, a, x, y, b)
				}
			}
		}
		if !bytes.Equal(got.Cb[:len(want.Cb)], want.Cb) || !bytes.Equal(got.Cr[:len(want.Cr)], want.Cr) {
			t.Fatalf("scene %d: another chroma", seed)
		}
		for _, mb := range e.blocks {
			for _, s := range mb.sub {
				used[s]++
			}
			used[100+mb.mode]++
			used[200+mb.chroma]++
		}
	}
	for m := range uint8(subModes) {
		if used[m] == 0 {
			t.Errorf("block mode %d was never tried", m)
		}
	}
	for m := range uint8(perBlock) {
		if used[100+m] == 0 || used[200+m] == 0 {
			t.Errorf("mode %d was never tried", m)
		}
	}
}
