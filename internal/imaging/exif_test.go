package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"testing"
)

// tiff is a TIFF structure whose first directory has an orientation behind
// another entry.
func tiff(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II*\x00")
	if order == binary.BigEndian {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x0100, 40}, {0x0112, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3) // SHORT
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return order.AppendUint32(b, 0)
}

// withEXIF inserts segments of comment and EXIF behind the start of a JPEG.
func withEXIF(data, tiff []byte) []byte {
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xfe, 0, 6, 'n', 'o', 't', 'e') // comment
	out = append(out, 0xff, 0xff, markerAPP1)               // a fill byte
	out = binary.BigEndian.AppendUint16(out, uint16(2+6+len(tiff)))
	out = append(append(out, "Exif\x00\x00"...), tiff...)
	return append(out, data[2:]...)
}

// stored is how a camera stores an upright image under an orientation: the
// inverse of turning it upright, by definition of the tag: the row and column
// of each stored corner.
func stored(m *image.NRGBA, o int) *image.NRGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	dst := image.NewNRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		dst = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for r := range dst.Rect.Dy() {
		for c := range dst.Rect.Dx() {
			at := [...][2]int{
				1: {c, r}, 2: {w - 1 - c, r}, 3: {w - 1 - c, h - 1 - r}, 4: {c, h - 1 - r},
				5: {r, c}, 6: {w - 1 - r, c}, 7: {w - 1 - r, h - 1 - c}, 8: {r, h - 1 - c},
			}[o]
			dst.SetNRGBA(c, r, m.NRGBAAt(at[0], at[1]))
		}
	}
	return dst
}

// TestOrientation: a photo stored in any orientation comes out upright, and
// the new size is of the upright image; ImageMagick turns it the same way.
func TestOrientation(t *testing.T) {
	photo := Photo(6, 96, 64)
	for o := 1; o <= 8; o++ {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, onWhite(stored(photo, o)), &jpeg.Options{Quality: 98}); err != nil {
			t.Fatal(err)
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			data := withEXIF(b.Bytes(), tiff(order, uint16(o)))
			what := fmt.Sprintf("orientation %d, %v", o, order)
			alike(t, what, open(t, data), photo, 32)
			s := defaults()
			s.Resize = Resize{Width: 48}
			if r := convert(t, s, data); r.Width != 48 || r.Height != 32 || r.Pixels != 96*64 {
				t.Errorf("%s: %d x %d of %d pixels", what, r.Width, r.Height, r.Pixels)
			}
		}
	}
}

// TestOrientationTool compares with ImageMagick's own idea of upright.
func TestOrientationTool(t *testing.T) {
	tool := magick(t)
	for o := 1; o <= 8; o++ {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, onWhite(stored(Photo(6, 96, 64), o)), &jpeg.Options{Quality: 98}); err != nil {
			t.Fatal(err)
		}
		data := withEXIF(b.Bytes(), tiff(binary.BigEndian, uint16(o)))
		path := save(t, "a.jpg", data)
		output(t, tool, path, "-auto-orient", path+".png")
		alike(t, fmt.Sprintf("orientation %d", o), open(t, data), open(t, read(t, path+".png")), 35)
	}
}

// TestOrientationOdd: what cannot be read is upright.
func TestOrientationOdd(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 4)), nil); err != nil {
		t.Fatal(err)
	}
	right := tiff(binary.BigEndian, 6)
	long := bytes.Clone(right)
	long[10+12+3] = 4 // LONG rather than SHORT
	far := bytes.Clone(right)
	far[4] = 0xff // the directory is beyond the end
	for name, data := range map[string][]byte{
		"none": nil, "0": tiff(binary.BigEndian, 0), "9": tiff(binary.BigEndian, 9),
		"cut": right[:len(right)-16], "a long": long, "far": far, "no TIFF": []byte("XX\x00*\x00\x00\x00\x08"),
	} {
		file := withEXIF(b.Bytes(), data)
		if o := orientation(bytes.NewReader(file)); o != 1 {
			t.Errorf("%s: %d, want 1", name, o)
		}
	}
	if o := orientation(bytes.NewReader(withEXIF(b.Bytes(), right))); o != 6 {
		t.Errorf("%d, want 6", o)
	}
}

// FuzzOrientation: any bytes give 1 to 8, and end.
func FuzzOrientation(f *testing.F) {
	f.Add(withEXIF([]byte("\xff\xd8\xff\xd9"), tiff(binary.LittleEndian, 3)))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x00\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := orientation(bytes.NewReader(data)); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if o := exifOrientation(data); o < 1 || o > 8 {
			t.Errorf("orientation %d of a TIFF", o)
		}
	})
}
