package imaging

import (
	"bufio"
	"encoding/binary"
	"io"
)

// framesIn returns how many frames the image of size bytes in r has, as far as
// it is whole: those of a GIF or PNG, 1 of other formats. It reads through the
// file, and decodes nothing.
func framesIn(r io.ReaderAt, size int64) int {
	n, b := 1, bufio.NewReader(io.NewSectionReader(r, 0, size))
	magic, err := b.Peek(8)
	if err != nil {
		return n
	}
	switch sniff(magic) {
	case GIF:
		n = gifFrames(b)
	case PNG:
		n = pngFrames(b)
	}
	return max(n, 1)
}

// gifFrames counts the image descriptors of a GIF.
func gifFrames(r *bufio.Reader) (n int) {
	const introducer, descriptor = 0x21, 0x2c
	var head [13]byte // signature, then the screen
	if _, err := io.ReadFull(r, head[:]); err != nil || !skipColours(r, head[10]) {
		return n
	}
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return n
		}
		switch kind {
		case introducer:
			_, err = r.Discard(1)
		case descriptor:
			var image [9]byte
			if _, err = io.ReadFull(r, image[:]); err != nil || !skipColours(r, image[8]) {
				return n
			}
			n++
			_, err = r.Discard(1) // the size of codes
		default: // the end
			return n
		}
		if err != nil || !skipBlocks(r) {
			return n
		}
	}
}

// skipColours skips the table that the flags of a screen or an image tell of.
func skipColours(r *bufio.Reader, flags byte) bool {
	if flags&0x80 == 0 {
		return true
	}
	_, err := r.Discard(3 << (flags&7 + 1))
	return err == nil
}

// skipBlocks skips blocks of data, to the empty one.
func skipBlocks(r *bufio.Reader) bool {
	for {
		size, err := r.ReadByte()
		if err != nil || size == 0 {
			return err == nil
		}
		if _, err := r.Discard(int(size)); err != nil {
			return false
		}
	}
}

// pngFrames returns the number of frames that an animated PNG says it has, in
// a chunk before its pixels.
func pngFrames(r *bufio.Reader) int {
	if _, err := r.Discard(8); err != nil {
		return 1
	}
	for {
		var head [12]byte // size and name; the start of the data
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return 1
		}
		switch string(head[4:8]) {
		case "acTL":
			return int(min(binary.BigEndian.Uint32(head[8:]), 1<<30))
		case "IDAT", "IEND":
			return 1
		}
		size := int64(binary.BigEndian.Uint32(head[:]))
		if _, err := io.CopyN(io.Discard, r, size); err != nil { // less 4 that were read, and 4 of a check
			return 1
		}
	}
}
