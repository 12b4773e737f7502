package imaging

import (
	"encoding/binary"
	"image"
	"io"

	"corecast/internal/vp8"
)

// encodeWebP writes a lossy WebP, with alpha where there is some.
func encodeWebP(w io.Writer, m image.Image, quality int) error {
	n := picture{img: m}.whole(size{m.Bounds().Dx(), m.Bounds().Dy()})
	frame, err := vp8.Encode(videoOf(n), quality)
	if err != nil {
		return err
	}
	file := []byte("RIFF\x00\x00\x00\x00WEBP")
	if !n.Opaque() {
		const alphaFlag = 1 << 4
		w, h := n.Rect.Dx()-1, n.Rect.Dy()-1
		file = appendChunk(file, "VP8X", []byte{alphaFlag, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
		file = appendChunk(file, "ALPH", alphaData(alphaOf(n), n.Rect.Dx()))
	}
	file = appendChunk(file, "VP8 ", frame)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	_, err = w.Write(file)
	return err
}

// alphaOf returns the alpha of each pixel.
func alphaOf(m *image.NRGBA) []byte {
	samples := make([]byte, 0, len(m.Pix)/4)
	for i := 3; i < len(m.Pix); i += 4 {
		samples = append(samples, m.Pix[i])
	}
	return samples
}

// appendChunk appends a chunk of a RIFF file, padded to an even size.
func appendChunk(file []byte, name string, data []byte) []byte {
	file = append(file, name...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(data)))
	file = append(file, data...)
	if len(data)%2 == 1 {
		file = append(file, 0)
	}
	return file
}
