package imaging

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"github.com/deepteams/webp"
)

// webpMethod is the encoder's effort, 0 to 6. From 3 on it encodes one image on
// several cores where there are some, and in another way where there are not;
// below, a task is the work of one core and its bytes do not depend on the
// machine.
const webpMethod = 2

// encodeWebP writes a lossy WebP, with alpha where there is some.
func encodeWebP(w io.Writer, m image.Image, quality int) error {
	n := picture{img: m}.whole(size{m.Bounds().Dx(), m.Bounds().Dy()})
	opaque := n.Opaque()
	colour := n
	if !opaque {
		colour = withoutAlpha(n)
	}
	var file bytes.Buffer
	options := webp.DefaultOptions()
	options.Quality, options.Method = float32(quality), webpMethod
	if err := webp.Encode(&file, freshEncoder{colour}, options); err != nil {
		return err
	}
	data := file.Bytes()
	if !opaque {
		var err error
		if data, err = addAlpha(data, n); err != nil {
			return err
		}
	}
	_, err := w.Write(data)
	return err
}

// freshEncoder is an opaque image that gets an encoder which has not seen
// another.
//
// The library keeps used encoders in a sync.Pool for the next image of as many
// macroblocks. What it leaves in them changes how coefficients are coded (the
// same pixels in other bytes, measured to 0.7 %), so that a result would
// depend on what was encoded before, and by whom. It asks for the bounds of
// the image, then takes an encoder from the pool. So Bounds encodes a single
// pixel: its encoder is then what the pool gives this goroutine, it does not
// fit, and a new one is made. An image of up to 96 macroblocks is not affected
// by what is left, so that the pixel's encoder may serve it.
type freshEncoder struct{ *image.NRGBA }

// Bounds returns the image's bounds; the next encoder will be a new one.
func (m freshEncoder) Bounds() image.Rectangle {
	options := webp.DefaultOptions()
	options.Method = 0
	if err := webp.Encode(io.Discard, image.NewGray(image.Rect(0, 0, 1, 1)), options); err != nil {
		panic("imaging: a single pixel cannot be encoded: " + err.Error())
	}
	return m.Rect
}

// withoutAlpha returns the same colours, opaque.
func withoutAlpha(m *image.NRGBA) *image.NRGBA {
	dst := image.NewNRGBA(m.Rect)
	copy(dst.Pix, m.Pix)
	for i := 3; i < len(dst.Pix); i += 4 {
		dst.Pix[i] = 255
	}
	return dst
}

// addAlpha puts the alpha of m into a simple lossy WebP file of its colours.
//
// The library's own alpha chunks of 1.2.1 are refused by libwebp ("invalid
// Huffman tree"), its lossless images are not. A compressed alpha chunk is a
// lossless image whose green is alpha, without the image's header of 5 bytes
// (RFC 9649, section 2.7.1.2), so one is made from the other.
func addAlpha(file []byte, m *image.NRGBA) ([]byte, error) {
	green := image.NewNRGBA(m.Rect)
	for i := 0; i < len(m.Pix); i += 4 {
		green.Pix[i+1], green.Pix[i+3] = m.Pix[i+3], 255
	}
	var lossless bytes.Buffer
	options := webp.DefaultOptions()
	options.Lossless, options.Method = true, webpMethod
	if err := webp.Encode(&lossless, green, options); err != nil {
		return nil, err
	}
	const imageHeader = 5
	alpha, err := onlyChunk(lossless.Bytes(), "VP8L")
	if err != nil {
		return nil, err
	}
	colour, err := onlyChunk(file, "VP8 ")
	if err != nil {
		return nil, err
	}
	if len(alpha) < imageHeader {
		return nil, errors.New("the alpha channel was encoded to nothing")
	}
	const compressed = 1 // neither filtered nor reduced
	w, h := m.Rect.Dx()-1, m.Rect.Dy()-1
	const alphaFlag = 1 << 4
	all := []byte("RIFF\x00\x00\x00\x00WEBP")
	all = appendChunk(all, "VP8X", []byte{alphaFlag, 0, 0, 0, byte(w), byte(w >> 8), byte(w >> 16), byte(h), byte(h >> 8), byte(h >> 16)})
	all = appendChunk(all, "ALPH", append([]byte{compressed}, alpha[imageHeader:]...))
	all = appendChunk(all, "VP8 ", colour)
	binary.LittleEndian.PutUint32(all[4:], uint32(len(all)-8))
	return all, nil
}

// onlyChunk returns the data of the first chunk of a WebP file, which must be
// of that name.
func onlyChunk(file []byte, name string) ([]byte, error) {
	const header = 20 // RIFF, size, WEBP; name, size
	if len(file) < header || string(file[12:16]) != name {
		return nil, errors.New("the encoder wrote no chunk " + name)
	}
	n := uint64(binary.LittleEndian.Uint32(file[16:]))
	if n > uint64(len(file)-header) {
		return nil, errors.New("the encoder cut chunk " + name + " short")
	}
	return file[header:][:n], nil
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
