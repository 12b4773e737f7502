package logscan

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// open returns a reader of exactly the lines that part owns.
func open(part Part) (io.ReadCloser, error) {
	f, err := os.Open(part.Path)
	if err != nil {
		return nil, err // names the operation and the file
	}
	r, err := decode(f, part)
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func decode(f *os.File, part Part) (io.ReadCloser, error) {
	switch compression(part.Path) {
	case gzipped:
		z, err := gzip.NewReader(f) // reads all members
		if err != nil {
			return nil, fmt.Errorf("decompress %s: %w", part.Path, notEOF(err))
		}
		return &decoder{z, part.Path, f.Close}, nil
	case zstandard:
		// One goroutine, little memory: a task is one core's work. All frames.
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("decompress %s: %w", part.Path, notEOF(err))
		}
		return &decoder{z, part.Path, func() error { z.Close(); return f.Close() }}, nil
	}
	if part.Hi == 0 {
		return f, nil // to its end: files of /proc and the like give no size
	}
	return section(f, part)
}

// decoder names the file in the errors of a decompressor.
type decoder struct {
	io.Reader
	path  string
	close func() error
}

// Read reads decompressed bytes.
func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("decompress %s: %w", d.path, err)
	}
	return n, err
}

// Close closes the file.
func (d *decoder) Close() error { return d.close() }

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// section reads the lines of a plain file that begin in [part.Lo, part.Hi).
func section(f *os.File, part Part) (io.ReadCloser, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < part.Hi {
		return nil, fmt.Errorf("%s has shrunk to %d bytes since it was split: bytes %d to %d are wanted", part.Path, info.Size(), part.Lo, part.Hi)
	}
	start, err := lineStart(f, part.Lo, part.Hi)
	if err != nil {
		return nil, fmt.Errorf("find the first line of %s: %w", part, err)
	}
	end := start
	if start < part.Hi {
		if end, err = lineStart(f, part.Hi, info.Size()); err != nil {
			return nil, fmt.Errorf("find the last line of %s: %w", part, err)
		}
	}
	return &lines{f: f, at: start, end: end}, nil
}

// lineStart returns where the first line begins that begins at byte from or
// later: behind the first '\n' at from-1 or later. It looks no further than
// limit, and returns limit when no line begins before.
func lineStart(f io.ReaderAt, from, limit int64) (int64, error) {
	if from <= 0 {
		return 0, nil
	}
	buf := make([]byte, 4<<10)
	for at := from - 1; at < limit; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), limit-at)], at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		if at += int64(n); err != nil && at < limit {
			return 0, notEOF(err)
		}
		if len(buf) < defaultBuffer {
			buf = make([]byte, 4*len(buf))
		}
	}
	return limit, nil
}

// lines reads a byte range of a file that begins and ends with lines. A file
// that was cut short meanwhile is an error, not the end.
type lines struct {
	f       *os.File
	at, end int64
}

// Read reads the next bytes of the range.
func (l *lines) Read(p []byte) (int, error) {
	if l.at >= l.end {
		return 0, io.EOF
	}
	n, err := l.f.ReadAt(p[:min(int64(len(p)), l.end-l.at)], l.at)
	l.at += int64(n)
	if err == io.EOF && l.at < l.end {
		return n, fmt.Errorf("%s was cut short at byte %d while it was read", l.f.Name(), l.at)
	}
	return n, err
}

// Close closes the file.
func (l *lines) Close() error { return l.f.Close() }
