package logscan

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// require skips a test without something, and fails it where nothing may be
// skipped.
func require(t *testing.T, err error, what string) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CORECAST_REQUIRE") == "all":
		t.Fatalf("%s is required: %v", what, err)
	default:
		t.Skipf("without %s: %v", what, err)
	}
}

// grepPatterns mean the same to grep -E and to package regexp.
var grepPatterns = []string{
	``,                                    // each line
	`error`,                               // a literal
	`^\[Sun Dec 04`,                       // an anchor and an escape
	`user$`,                               // at the end
	`^$`,                                  // empty lines
	`^...$`,                               // as long as that
	`error|notice|WARN`,                   // alternatives, each a literal
	`(Failed|Accepted) password`,          // in a group
	`([0-9]{1,3}\.){3}[0-9]{1,3}`,         // repetition of a group
	`[0-9]+ port [0-9]{5} ssh2$`,          // classes
	`blk_-?[0-9]{19}`,                     // an optional character
	`[^a-zA-Z0-9 .:_/-]`,                  // a negated class
	`size [1-9][0-9]*7`,                   // backtracking
	`(a|b)*[cd]e+r`,                       // nested repetition
	`invalid user [a-z]+ from .*\.[0-9]$`, // a dot and a star
	`[éüø]`,                               // a class beyond ASCII
	`ł|ø|雷`,                               // letters of two and three bytes
	`user=.{4}[0-9]+ `,                    // a dot is one letter, not one byte
	`мария|(^x|z$)`,                       // one alternative has no literal
	"\r$",                                 // a carriage return is in the line
	`no such text anywhere`,               // nothing
}

// texts returns the logs to search: real ones, and a text of odd lines.
func texts(t *testing.T) map[string][]byte {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "logs", "*.log"))
	var err error
	if len(paths) == 0 {
		err = os.ErrNotExist
	}
	require(t, err, "the logs in ../shared/data/logs")
	odd := "\n\nuser\r\nä\nöö\n€uro 雷\n" + "x" + string(make([]byte, 3)) + "z\n\r\n\nfoo user=zoë7 bar\nz"
	made, _ := AppendBlock(nil, 3, 0, 40_000)
	all := map[string][]byte{"odd": []byte(odd), "generated": made}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = data
	}
	return all
}

// TestEqualsGrep: the count of grep, on any split and any storage.
func TestEqualsGrep(t *testing.T) {
	_, err := exec.LookPath("grep")
	require(t, err, "grep")
	for name, data := range texts(t) {
		path := write(t, "plain.log", data)
		stored := []string{path, write(t, "a.log.gz", inTwo(t, data, gz)), write(t, "a.log.zst", inTwo(t, data, zst))}
		for _, pattern := range grepPatterns {
			want := grep(t, pattern, path)
			for _, p := range stored {
				if got := searchSplit(t, searcher(t, pattern, defaultBuffer), p, 0).Matches; got != want {
					t.Errorf("%s, %q in %s: %d lines, grep says %d", name, pattern, filepath.Ext(p), got, want)
				}
			}
			for _, size := range []int64{997, 65_536} {
				if got := searchSplit(t, searcher(t, pattern, 300), path, size).Matches; got != want {
					t.Errorf("%s, %q in parts of %d bytes: %d lines, grep says %d", name, pattern, size, got, want)
				}
			}
		}
	}
}

// TestEqualsGrepByteByByte: parts of a few bytes, most of which own no line.
func TestEqualsGrepByteByByte(t *testing.T) {
	_, err := exec.LookPath("grep")
	require(t, err, "grep")
	for name, data := range texts(t) {
		data = data[:min(len(data), 400)]
		path := write(t, "short.log", data)
		for _, pattern := range grepPatterns {
			want := grep(t, pattern, path)
			for _, size := range []int64{1, 2, 3, 7, 61, int64(len(data))} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, pattern, size), func(t *testing.T) {
					got := searchSplit(t, searcher(t, pattern, 1), path, size)
					if got.Matches != want {
						t.Errorf("%d lines, grep says %d", got.Matches, want)
					}
					if whole := naive(pattern, data); got.Lines != whole.Lines || got.Bytes != whole.Bytes {
						t.Errorf("%d lines of %d bytes, want %d of %d", got.Lines, got.Bytes, whole.Lines, whole.Bytes)
					}
				})
			}
		}
	}
}
