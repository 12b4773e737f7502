package imaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"math"
	"testing"
)

// TestPhoto: the generator gives the same on every machine, and another image
// for another seed.
func TestPhoto(t *testing.T) {
	m := Photo(1, 64, 48)
	if got, want := fmt.Sprintf("%x", sha256.Sum256(m.Pix)), "e6d61035da13b06ac93a6c64b5892e25fd4f428c17d84b4d1b981acdc5cb924a"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	if bytes.Equal(m.Pix, Photo(2, 64, 48).Pix) {
		t.Error("two seeds give one image")
	}
	data, err := PhotoJPEG(1, 64, 48)
	if err != nil {
		t.Fatal(err)
	}
	alike(t, "as a JPEG", open(t, data), m, 30)
}

func TestPSNR(t *testing.T) {
	a, b := image.NewNRGBA(image.Rect(0, 0, 2, 1)), image.NewNRGBA(image.Rect(0, 0, 2, 1))
	for i := range a.Pix {
		a.Pix[i], b.Pix[i] = 255, 255
	}
	if db, err := PSNR(a, b); err != nil || !math.IsInf(db, 1) {
		t.Errorf("equal: %v, error %v", db, err)
	}
	b.Pix[0] = 0 // one of six samples is off by 255
	if db, err := PSNR(a, b); err != nil || math.Abs(db-10*math.Log10(6)) > 1e-9 {
		t.Errorf("%v, error %v, want %v", db, err, 10*math.Log10(6))
	}
	if _, err := PSNR(a, image.NewGray(image.Rect(0, 0, 1, 2))); err == nil {
		t.Error("images of different sizes are compared")
	}
}
