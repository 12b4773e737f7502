package logscan

import (
	"fmt"
	"strings"

	"corecast/internal/inputs"
)

// Part is a piece of a file: the lines that begin at byte Lo or later and
// before byte Hi. A compressed file has one part, the whole, with Lo 0 and Hi
// its size as stored.
type Part struct {
	Path   string
	Lo, Hi int64
}

// String names the part: its file and byte range.
func (p Part) String() string {
	if compression(p.Path) != plain {
		return fmt.Sprintf("%s (whole, %d bytes compressed)", p.Path, p.Hi)
	}
	return fmt.Sprintf("%s bytes %d to %d", p.Path, p.Lo, p.Hi)
}

// Split cuts files into parts of size bytes, the last of each file being what
// is left. An empty file has one empty part, a compressed file one part. A size
// of 0 or less cuts nothing.
func Split(files []inputs.File, size int64) []Part {
	var parts []Part
	for _, f := range files {
		if size <= 0 || f.Size <= size || compression(f.Path) != plain {
			parts = append(parts, Part{f.Path, 0, f.Size})
			continue
		}
		for lo := int64(0); lo < f.Size; lo += size {
			parts = append(parts, Part{f.Path, lo, lo + min(size, f.Size-lo)})
		}
	}
	return parts
}

// format is how a file is stored.
type format int

const (
	plain format = iota
	gzipped
	zstandard
)

// compression tells the format by the end of the name: .gz, .zst, else plain.
func compression(path string) format {
	switch {
	case strings.HasSuffix(path, ".gz"):
		return gzipped
	case strings.HasSuffix(path, ".zst"):
		return zstandard
	}
	return plain
}
