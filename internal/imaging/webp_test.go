package imaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"runtime"
	"sync"
	"testing"
)

// disc is a photo that is transparent outside of a soft disc.
func disc(seed uint64, w, h int) *image.NRGBA {
	m := Photo(seed, w, h)
	for y := range h {
		for x := range w {
			d := (2*x-w)*(2*x-w) + (2*y-h)*(2*y-h)
			m.Pix[m.PixOffset(x, y)+3] = clamp8(int32(255 * 2 * (h*h - d) / (h * h)))
		}
	}
	return m
}

// TestWebPDeterministic: the bytes do not depend on what was encoded before,
// at the same time, or on how many cores.
func TestWebPDeterministic(t *testing.T) {
	images := []image.Image{Photo(1, 320, 240), Photo(2, 320, 240), disc(3, 320, 240)}
	var mu sync.Mutex
	seen := make([]map[[sha256.Size]byte]bool, len(images))
	for i := range seen {
		seen[i] = make(map[[sha256.Size]byte]bool)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 3} {
		runtime.GOMAXPROCS(procs)
		var wg sync.WaitGroup
		for worker := range 3 {
			wg.Go(func() {
				for i := range 9 {
					n := (i + worker) % len(images)
					var b bytes.Buffer
					if err := encodeWebP(&b, images[n], 80); err != nil {
						t.Error(err)
					}
					mu.Lock()
					seen[n][sha256.Sum256(b.Bytes())] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	for i, s := range seen {
		if len(s) != 1 {
			t.Errorf("image %d has %d encodings", i, len(s))
		}
	}
}

// TestWebPTools: libwebp takes what is written, and sees what this package
// sees, which is what was encoded.
func TestWebPTools(t *testing.T) {
	webpinfo, dwebp := tool(t, "webpinfo"), tool(t, "dwebp")
	for name, m := range map[string]*image.NRGBA{
		"opaque": Photo(7, 321, 201), "disc": disc(7, 321, 201), "small": disc(8, 3, 2), "pixel": Photo(8, 1, 1),
		"odd": disc(9, 17, 33),
	} {
		var b bytes.Buffer
		if err := encodeWebP(&b, m, 90); err != nil {
			t.Fatal(err)
		}
		path := save(t, name+".webp", b.Bytes())
		output(t, webpinfo, "-quiet", path)
		// Smooth chroma is the decoder's choice: without it, both do the same.
		output(t, dwebp, "-nofancy", path, "-o", path+".png")
		theirs, ours := open(t, read(t, path+".png")), open(t, b.Bytes())
		if db, err := PSNR(ours, theirs); err != nil || db < 50 {
			t.Errorf("%s: decoders differ: PSNR %.1f dB, error %v", name, db, err)
		}
		for y := range m.Rect.Dy() {
			for x := range m.Rect.Dx() {
				if a, want := at(theirs, x, y).A, m.NRGBAAt(x, y).A; a != want {
					t.Fatalf("%s: alpha %d at %d, %d, want %d", name, a, x, y, want)
				}
			}
		}
		if m.Rect.Dx() > 100 {
			alike(t, name, theirs, m, 32)
		}
	}
}

// TestWebPQuality: a higher quality is larger and nearer.
func TestWebPQuality(t *testing.T) {
	m := Photo(2, 320, 240)
	last, lastDB := 0, 0.0
	for _, q := range []int{1, 30, 60, 90, 100} {
		var b bytes.Buffer
		if err := encodeWebP(&b, m, q); err != nil {
			t.Fatal(err)
		}
		db, err := PSNR(open(t, b.Bytes()), m)
		if err != nil || b.Len() <= last || db <= lastDB {
			t.Errorf("quality %d: %d bytes, %s, error %v; the one below had %d and %.1f dB", q, b.Len(), fmt.Sprintf("%.1f dB", db), err, last, lastDB)
		}
		last, lastDB = b.Len(), db
	}
}
