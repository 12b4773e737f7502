package logscan

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"corecast/internal/inputs"
)

// write makes a file of the test's own and returns its path.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// searcher compiles a pattern; buffer is the size of its first buffer.
func searcher(t testing.TB, pattern string, buffer int) *Searcher {
	t.Helper()
	s, err := Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	s.buffer = buffer
	return s
}

// searchSplit searches one file cut into parts of size bytes.
func searchSplit(t testing.TB, s *Searcher, path string, size int64) Count {
	t.Helper()
	found, err := inputs.Expand([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return searchParts(t, s, Split(found.Files, size))
}

func searchParts(t testing.TB, s *Searcher, parts []Part) Count {
	t.Helper()
	var all Count
	for _, part := range parts {
		c, err := s.Search(context.Background(), part)
		if err != nil {
			t.Fatal(err)
		}
		all.Add(c)
	}
	return all
}

// naive counts by the definition: cut into lines, match each.
func naive(pattern string, text []byte) Count {
	re := regexp.MustCompile(pattern)
	c := Count{Bytes: int64(len(text))}
	lines := strings.Split(string(text), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	for _, line := range lines {
		c.Lines++
		if re.MatchString(line) {
			c.Matches++
		}
	}
	return c
}

// grep counts what the tool counts.
func grep(t testing.TB, pattern, path string) int64 {
	t.Helper()
	cmd := exec.Command("grep", "-acE", "-e", pattern, path)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1: no line matches
		t.Fatalf("grep %q: %v: %s", pattern, err, &complaint)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inTwo compresses the halves of data on their own and joins them: two gzip
// members, or two zstd frames.
func inTwo(t testing.TB, data []byte, compress func([]byte) []byte) []byte {
	t.Helper()
	half := len(data) / 2
	return append(compress(data[:half]), compress(data[half:])...)
}

func gz(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data) // to memory
	w.Close()
	return b.Bytes()
}

func zst(data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(data, nil)
}
