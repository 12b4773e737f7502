package imaging

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"math/bits"
	"math/rand/v2"
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
	for _, procs := range []int{1, 2, 8} {
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

// TestWebPAlpha: alpha of all kinds is exact for two decoders, and never larger
// than it is without compression.
func TestWebPAlpha(t *testing.T) {
	dwebp := tool(t, "dwebp")
	r := rand.New(rand.NewPCG(1, 2))
	const side = 150
	for name, c := range map[string]struct {
		alpha func(i int) uint8
		most  int
	}{
		"noise":     {func(int) uint8 { return uint8(r.Uint32()) }, 1 + side*side},
		"geometric": {func(int) uint8 { return uint8(11 * bits.LeadingZeros64(r.Uint64())) }, 6500},
		"constant":  {func(int) uint8 { return 77 }, 100},
		"none":      {func(int) uint8 { return 0 }, 100},
		"a hole":    {func(i int) uint8 { return 255 - uint8(255*btoi(i == 99)) }, 100},
		"ramp":      {func(i int) uint8 { return uint8(i) }, 800},
		"steps":     {func(i int) uint8 { return uint8(i / 1000 * 9) }, 300},
	} {
		m := Photo(2, side, side)
		for i := range side * side {
			m.Pix[4*i+3] = c.alpha(i)
		}
		var b bytes.Buffer
		if err := encodeWebP(&b, m, 80); err != nil {
			t.Fatal(err)
		}
		got, samples := open(t, b.Bytes()), alphaOf(m)
		for i, want := range samples {
			if a := at(got, i%side, i/side).A; a != want {
				t.Fatalf("%s: alpha %d at %d, want %d", name, a, i, want)
			}
		}
		if data := alphaData(samples, side); len(data) > c.most {
			t.Errorf("%s: %d bytes, want %d at most", name, len(data), c.most)
		}
		path := save(t, "alpha.webp", b.Bytes())
		output(t, dwebp, path, "-o", path+".png")
		theirs := open(t, read(t, path+".png"))
		for i, want := range samples {
			if a := at(theirs, i%side, i/side).A; a != want {
				t.Fatalf("%s: libwebp sees alpha %d at %d, want %d", name, a, i, want)
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
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
