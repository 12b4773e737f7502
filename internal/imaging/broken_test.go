package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/gif"
	"math"
	"runtime"
	"strings"
	"testing"
)

// bomb is a PNG whose header says w x h pixels, and that has none.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	data := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(head))
}

// animated is the start of an animated WebP.
func animated() []byte {
	return []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x0f\x00\x00\x0f\x00\x00ANIM\x00\x00\x00\x00")
}

// TestBroken: each kind says what is wrong.
func TestBroken(t *testing.T) {
	jpegData, err := PhotoJPEG(1, 200, 150)
	if err != nil {
		t.Fatal(err)
	}
	pngData := asPNG(t, Photo(1, 200, 150))
	var webpData, gifData bytes.Buffer
	if err := encodeWebP(&webpData, Photo(1, 200, 150), 80); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&gifData, Photo(1, 200, 150), nil); err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(pngData)
	flipped[len(flipped)/2] ^= 0xff
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":            {nil, "the file is empty"},
		"a byte":             {[]byte{0xff}, "not a JPEG, PNG, WebP or GIF image"},
		"text":               {[]byte("hello, I am named .png"), "not a JPEG, PNG, WebP or GIF image"},
		"JPEG cut short":     {jpegData[:len(jpegData)/2], "the jpeg is damaged or cut short"},
		"JPEG of a header":   {jpegData[:20], "the jpeg is damaged or cut short: unexpected EOF"},
		"PNG cut short":      {pngData[:len(pngData)/2], "the png is damaged or cut short: png: invalid format: not enough pixel data"},
		"PNG with a bit off": {flipped, "the png is damaged or cut short"},
		"WebP cut short":     {webpData.Bytes()[:webpData.Len()/2], "the webp is damaged or cut short"},
		"GIF cut short":      {gifData.Bytes()[:gifData.Len()/2], "the gif is damaged or cut short"},
		"animated WebP":      {animated(), "an animated WebP"},
		"bomb":               {bomb(50_000, 50_000), "50000 x 50000 pixels are 2500000000, more than 100000000"},
		"flat bomb":          {bomb(math.MaxInt32, 1), "more than 100000000"},
	} {
		s := defaults()
		_, err := s.Convert(bytes.NewReader(test.data), int64(len(test.data)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %s", name, err, test.want)
		}
	}
}

// TestBombAllocates: an image that is refused costs no memory.
func TestBombAllocates(t *testing.T) {
	data, s := bomb(60_000, 60_000), defaults()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := s.Convert(bytes.NewReader(data), int64(len(data))); err == nil {
		t.Fatal("taken")
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}

// TestLimits: of the image, of the result, of the target's format.
func TestLimits(t *testing.T) {
	data := asPNG(t, Photo(1, 100, 50))
	for _, test := range []struct {
		change func(s *Settings)
		want   string // "": taken
	}{
		{func(s *Settings) { s.MaxPixels, s.Resize = 5000, Resize{} }, ""},
		{func(s *Settings) { s.MaxPixels = 4999 }, "100 x 50 pixels are 5000, more than 4999"},
		{func(s *Settings) { s.MaxPixels, s.Resize = 5000, Resize{Width: 101} }, "the result of 101 x 51 pixels has more than 5000"},
		{func(s *Settings) { s.Format, s.Resize = WebP, Resize{Width: 16384} }, "larger than the 16383 a side"},
		{func(s *Settings) { s.Format, s.Resize = JPEG, Resize{Width: 65536} }, "larger than the 65535 a side"},
	} {
		s := defaults()
		test.change(&s)
		_, err := s.Convert(bytes.NewReader(data), int64(len(data)))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: error %v, want %q", s, err, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"a.jpg": true, "b/A.JPEG": true, "x.WebP": true, "x.gif": true, "x.png": true, "png": false, "a.txt": false, "a.jpg.gz": false, "": false} {
		if Named(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
	for name, want := range map[string]Format{"jpg": JPEG, "JPEG": JPEG, "webp": WebP, "png": PNG, "gif": "", "": ""} {
		if f, err := ParseTarget(name); f != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, error %v", name, f, err)
		}
	}
}
