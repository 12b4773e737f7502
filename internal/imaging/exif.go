package imaging

import (
	"encoding/binary"
	"io"
)

// Markers of JPEG (ITU T.81, table B.1).
const (
	markerTEM  = 0x01
	markerRST0 = 0xd0
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP1 = 0xe1
)

// orientation returns the EXIF orientation of a JPEG, 1 to 8; 1, upright, when
// it has none or one that cannot be read.
func orientation(r io.ReadSeeker) int {
	if _, err := r.Seek(2, io.SeekStart); err != nil { // behind SOI
		return 1
	}
	for {
		marker, size := segment(r)
		switch {
		case size < 0:
			return 1
		case marker == markerAPP1:
			data := make([]byte, size)
			if _, err := io.ReadFull(r, data); err != nil {
				return 1
			}
			if len(data) >= 6 && string(data[:6]) == "Exif\x00\x00" {
				return exifOrientation(data[6:])
			}
		default:
			if _, err := r.Seek(int64(size), io.SeekCurrent); err != nil {
				return 1
			}
		}
	}
}

// segment reads a segment's marker and the size of its data in bytes, which is
// negative at the start of the pixels and where there is no segment.
func segment(r io.Reader) (marker byte, size int) {
	var b [2]byte
	if _, err := io.ReadFull(r, b[:]); err != nil || b[0] != 0xff {
		return 0, -1
	}
	for b[1] == 0xff { // fill bytes may precede a marker
		if _, err := io.ReadFull(r, b[1:]); err != nil {
			return 0, -1
		}
	}
	switch marker = b[1]; {
	case marker == 0 || marker == markerSOS || marker == markerEOI:
		return marker, -1
	case marker == markerTEM || marker >= markerRST0 && marker < markerRST0+8:
		return marker, 0 // no data
	}
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return marker, -1
	}
	return marker, int(binary.BigEndian.Uint16(b[:])) - 2
}

// exifOrientation finds tag 0x0112 in the first directory of a TIFF structure
// (CIPA DC-008, sections 4.5 and 4.6); 1 when it is not there or not 1 to 8.
func exifOrientation(tiff []byte) int {
	const (
		tagOrientation = 0x0112
		typeShort      = 3
		entrySize      = 12
	)
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	entries := tiff[at+2:]
	for ; count > 0 && len(entries) >= entrySize; count-- {
		if order.Uint16(entries) == tagOrientation {
			v := int(order.Uint16(entries[8:]))
			if order.Uint16(entries[2:]) == typeShort && v >= 1 && v <= 8 {
				return v
			}
			return 1
		}
		entries = entries[entrySize:]
	}
	return 1
}
