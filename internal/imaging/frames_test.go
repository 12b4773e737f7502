package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color/palette"
	"image/gif"
	"testing"
)

// animatedGIF has n frames.
func animatedGIF(t testing.TB, n int) []byte {
	t.Helper()
	g := &gif.GIF{Delay: make([]int, n), LoopCount: 3}
	for range n {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(0, 0, 30, 20), palette.Plan9[:7+n]))
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// animatedPNG is a PNG that says that it has n frames.
func animatedPNG(t testing.TB, n uint32) []byte {
	t.Helper()
	still := asPNG(t, image.NewGray(image.Rect(0, 0, 3, 3)))
	const header = 8 + 4 + 4 + 13 + 4
	chunk := binary.BigEndian.AppendUint32([]byte("acTL"), n)
	chunk = binary.BigEndian.AppendUint32(chunk, 0)
	chunk = append(binary.BigEndian.AppendUint32(nil, 8), binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))...)
	return bytes.Join([][]byte{still[:header], chunk, still[header:]}, nil)
}

// TestFrames: the frames of files are counted, and cut ones do no harm.
func TestFrames(t *testing.T) {
	photo, err := PhotoJPEG(1, 20, 10)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"a GIF": {animatedGIF(t, 1), 1}, "12 frames": {animatedGIF(t, 12), 12}, "a PNG": {asPNG(t, Photo(1, 9, 9)), 1},
		"an animated PNG": {animatedPNG(t, 5), 5}, "a photo": {photo, 1},
	} {
		r := convert(t, defaults(), c.data)
		if r.Frames != c.want {
			t.Errorf("%s: %d frames, want %d", name, r.Frames, c.want)
		}
		for cut := range c.data {
			if n := framesIn(bytes.NewReader(c.data[:cut]), int64(cut)); n < 1 || n > c.want {
				t.Errorf("%s cut at %d: %d frames", name, cut, n)
			}
		}
	}
}
