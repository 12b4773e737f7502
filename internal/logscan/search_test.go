package logscan

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzSearch: any pattern on any text, cut anywhere, with any buffer, counts
// what matching line by line counts.
func FuzzSearch(f *testing.F) {
	for _, p := range []string{``, `a`, `^a|b$`, `(foo|bar)+x`, `é.`, `(?i)ERR`, `a\nb`, `(?m)^x$`, `x*`, `[^a]`, `\x{FFFD}`, `(ab){2,3}`, `a(b|cd|e)f`, `(?s)a.b`, `\bfoo\b`, `abc|abd`, `\Afoo`, `foo\z`} {
		f.Add(p, []byte("foo\nbar x\nab\n\nabab err ERR\r\nfoobarx\né!\xff\xfe\na\xc3b\nacdf abd"), uint16(3), uint16(11), uint8(1))
		f.Add(p, []byte("x\n"), uint16(1), uint16(2), uint8(9))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, pattern string, text []byte, cut, second uint16, buffer uint8) {
		if _, err := regexp.Compile(pattern); err != nil || len(pattern) > 100 {
			t.Skip()
		}
		path := filepath.Join(dir, "fuzz.log")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		size := int64(len(text))
		a, b := min(int64(cut), size), min(int64(second), size)
		a, b = min(a, b), max(a, b)
		parts := []Part{{path, 0, a}, {path, a, b}, {path, b, size}}
		got := searchParts(t, searcher(t, pattern, int(buffer)+1), parts)
		if diff := cmp.Diff(naive(pattern, text), got); diff != "" {
			t.Errorf("%q in %q cut at %d and %d (-want +got):\n%s", pattern, text, a, b, diff)
		}
	})
}

// TestLongLines: lines longer than parts and buffers, memory set by the line.
func TestLongLines(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	text := []byte("short hit\n" + long + " hit\nshort\n" + long + "\nhit " + long)
	path := write(t, "long.log", text)
	for _, size := range []int64{0, 100, 1000, 99_999, 100_004, 250_000} {
		for _, pattern := range []string{"hit", "h.t"} {
			got := searchSplit(t, searcher(t, pattern, 64), path, size)
			if got.Lines != 5 || got.Matches != 3 || got.Bytes != int64(len(text)) {
				t.Errorf("%q in parts of %d bytes: %+v", pattern, size, got)
			}
		}
	}
}

// TestRequired: what is taken for certain to be in each match.
func TestRequired(t *testing.T) {
	tests := []struct {
		pattern string
		want    string // joined by |
		exact   bool
	}{
		{`abc`, "abc", true},
		{`(abc)`, "abc", true},
		{`abc|def`, "abc|def", true},
		{`abc|abd`, "ab", false},                  // the parser factors it: ab[c-d]
		{`^abc$`, "abc", false},                   // anchors
		{`abc.*defg`, "defg", false},              // the longer one
		{`(abc)+`, "abc", false},                  // at least once
		{`(abc){2,}`, "abc", false},               // at least twice
		{`(abc)*d`, "d", false},                   // not at all, perhaps
		{`(abc)?`, "", false},                     // optional
		{`(abc){0,3}`, "", false},                 // optional
		{`abc|`, "", false},                       // an empty alternative
		{`abc|[0-9]`, "", false},                  // an alternative without a literal
		{`(?i)abc`, "", false},                    // any case
		{`(?i:abc)def`, "def", false},             // part of it
		{`a\nbcd`, "", false},                     // no line has it
		{`x\x{FFFD}yz`, "", false},                // stands for invalid bytes, too
		{`[abc]`, "", false},                      // a class
		{`a1|b2|c3|d4|e5|f6|g7|h8|i9`, "", false}, // too many
	}
	for _, test := range tests {
		s := searcher(t, test.pattern, 1)
		got := string(bytes.Join(s.literals, []byte("|")))
		if got != test.want || s.exact != test.exact {
			t.Errorf("%s: %q exact %t, want %q %t", test.pattern, got, s.exact, test.want, test.exact)
		}
	}
}

// TestValues: the first match of a line gives its value; parts add up.
func TestValues(t *testing.T) {
	path := write(t, "v.log", []byte("ip=1.2 ip=9.9\nnothing\nip=3.4 x\nip=1.2\nno ip\nip=\xff!\nip=3.4\nip=7.7\n"))
	s := searcher(t, `no|ip=(?P<addr>[^ ]+)( x)?`, 8)
	for _, test := range []struct {
		group string
		want  Count
	}{
		{"addr", Count{Lines: 8, Matches: 8, Bytes: 64, NoValue: 2, Values: Values{"1.2": 2, "3.4": 2, "\xff!": 1, "7.7": 1}}},
		{"1", Count{Lines: 8, Matches: 8, Bytes: 64, NoValue: 2, Values: Values{"1.2": 2, "3.4": 2, "\xff!": 1, "7.7": 1}}},
		{"2", Count{Lines: 8, Matches: 8, Bytes: 64, NoValue: 7, Values: Values{" x": 1}}},
		{"0", Count{Lines: 8, Matches: 8, Bytes: 64, Values: Values{"ip=1.2": 2, "no": 2, "ip=3.4 x": 1, "ip=3.4": 1, "ip=\xff!": 1, "ip=7.7": 1}}},
	} {
		with, err := s.Group(test.group)
		if err != nil {
			t.Fatal(err)
		}
		for size := int64(0); size < 30; size++ {
			if diff := cmp.Diff(test.want, searchSplit(t, with, path, size)); diff != "" {
				t.Errorf("group %s in parts of %d (-want +got):\n%s", test.group, size, diff)
			}
		}
	}
}

// TestTop: by count, then by value; all when k is 0.
func TestTop(t *testing.T) {
	v := Values{"b": 2, "a": 2, "c": 5, "": 1}
	want := []Value{{"c", 5}, {"a", 2}, {"b", 2}, {"", 1}}
	for k := range 6 {
		n := len(want)
		if k > 0 {
			n = min(k, n)
		}
		if diff := cmp.Diff(want[:n], v.Top(k)); diff != "" {
			t.Errorf("top %d (-want +got):\n%s", k, diff)
		}
	}
}

// TestValuesTravel: any bytes survive; damage is an error.
func TestValuesTravel(t *testing.T) {
	for _, v := range []Values{{}, {"": 1}, {"\xff\x00": 1 << 60, "мария": 3, strings.Repeat("x", 300): 2}} {
		data, err := v.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Values
		if err := back.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v, back); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if len(data) > 0 && back.UnmarshalBinary(data[:len(data)-1]) == nil && len(back) == len(v) {
			t.Errorf("%q without its last byte was read whole", data)
		}
	}
}

// TestTooManyValues: a limit is an error that names the part, not a crash.
func TestTooManyValues(t *testing.T) {
	path := write(t, "many.log", []byte("aa\nbb\naa\ncc\n"))
	s, err := searcher(t, `.+`, 4).Group("0")
	if err != nil {
		t.Fatal(err)
	}
	if s.maxValues != MaxValues || s.maxValueBytes != MaxValueBytes {
		t.Errorf("limits %d and %d", s.maxValues, s.maxValueBytes)
	}
	for _, limit := range []struct{ values, bytes int }{{2, 100}, {100, 5}, {3, 6}} {
		s.maxValues, s.maxValueBytes = limit.values, limit.bytes
		_, err = s.Search(context.Background(), Part{path, 0, 12})
		if limit.values == 3 {
			if err != nil {
				t.Errorf("within the limits %v: %v", limit, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "different values") {
			t.Errorf("beyond the limits %v: error %v", limit, err)
		}
	}
}

// TestPatternErrors: what is wrong, and where.
func TestPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		`é(a**)`:  `invalid nested repetition operator: "**" at character 4 of "é(a**)"`,
		`(abc`:    `missing closing ) in "(abc"`,
		`x\1y`:    `invalid escape sequence: "\\1" at character 2 of "x\\1y"`,
		`[z-a]`:   `invalid character class range: "z-a" at character 2 of "[z-a]"`,
		`a{1001}`: `invalid repeat count: "{1001}" at character 2 of "a{1001}"`,
		"a\xff":   `invalid UTF-8: "\xff" at character 2 of "a\xff"`,
	} {
		if _, err := Compile(pattern); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", pattern, err, want)
		}
	}
	s := searcher(t, `(a)(?P<x>b)`, 1)
	for _, group := range []string{"y", "3", "-1", ""} {
		if _, err := s.Group(group); err == nil || !strings.Contains(err.Error(), "0 (the whole match), 1, 2 (x)") {
			t.Errorf("group %q: error %v", group, err)
		}
	}
}

// TestSearchErrors: each names the file.
func TestSearchErrors(t *testing.T) {
	text := []byte(strings.Repeat("a line\n", 1000))
	cut := func(data []byte) []byte { return data[:len(data)-9] }
	for name, data := range map[string][]byte{
		"cut.gz":    cut(gz(text)),
		"cut.zst":   cut(zst(text)),
		"not.gz":    text,
		"not.zst":   text,
		"empty.gz":  nil,
		"short.log": text[:100], // it had 200 bytes when it was split
	} {
		path := write(t, name, data)
		_, err := searcher(t, "line", 64).Search(context.Background(), Part{path, 0, 200})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := searcher(t, "x", 1).Search(context.Background(), Part{"no/such.log", 0, 1}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: error %v", err)
	}
}

// TestCutShort: a file that shrinks while it is read is an error.
func TestCutShort(t *testing.T) {
	path := write(t, "a.log", []byte("one\ntwo\nthree\n"))
	r, err := open(Part{path, 0, 14})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := os.Truncate(path, 6); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), path+" was cut short at byte 6") {
		t.Errorf("error %v", err)
	}
}

// TestCancel: a search ends with its context.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := write(t, "a.log", []byte("x\n"))
	if _, err := searcher(t, "x", 1).Search(ctx, Part{path, 0, 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
