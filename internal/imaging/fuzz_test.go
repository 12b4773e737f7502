package imaging

import (
	"bytes"
	"image"
	"image/gif"
	"testing"
)

// FuzzConvert: any bytes give a result of the size that was asked for or an
// error, within the limit of pixels.
func FuzzConvert(f *testing.F) {
	photo := Photo(1, 40, 30)
	jpegData, err := PhotoJPEG(1, 40, 30)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(jpegData)
	f.Add(asPNG(f, photo))
	f.Add(asPNG(f, image.NewGray16(image.Rect(0, 0, 9, 5))))
	var webpData, gifData bytes.Buffer
	if err := encodeWebP(&webpData, disc(1, 40, 30), 80); err != nil {
		f.Fatal(err)
	}
	if err := gif.Encode(&gifData, photo, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(webpData.Bytes())
	f.Add(gifData.Bytes())
	f.Add(read(f, "testdata/cmyk.jpg"))
	f.Add(bomb(1<<20, 1<<10))
	f.Add(animated())
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Settings{Format: JPEG, Resize: Resize{Width: 16, Height: 16}, Quality: 50, MaxPixels: 10_000}
		r, err := s.Convert(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		if r.Pixels > s.MaxPixels || max(r.Width, r.Height) != 16 || len(r.Data) == 0 {
			t.Errorf("%d x %d of %d pixels, %d bytes", r.Width, r.Height, r.Pixels, len(r.Data))
		}
	})
}
