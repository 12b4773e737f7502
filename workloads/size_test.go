package workloads

import (
	"math"
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int64
		err  string
	}{
		{"0", 0, ""},
		{"100000", 100000, ""},
		{"1e8", 1e8, ""},
		{"1.5e3", 1500, ""},
		{"5_000_000", 5e6, ""},
		{"100MB", 1e8, ""},
		{"64MiB", 64 << 20, ""},
		{"64 mib", 64 << 20, ""},
		{"1.5G", 15e8, ""},
		{"2k", 2000, ""},
		{"7b", 7, ""},
		{"9223372036854775807", math.MaxInt64, ""},
		{"9223372036854775808", 0, "is more than"},
		{"1e30", 0, "is more than"},
		{"1e999999999", 0, "is not a size"},
		{"-1", 0, "is negative"},
		{"-1e3", 0, "is negative"},
		{"1.5", 0, "is not a whole number"},
		{"two", 0, "is not a size"},
		{"", 0, "is not a size"},
		{"1/2", 0, "is not a size"},
		{"0x10", 0, "is not a size"},
		{"1e", 0, "is not a size"},
		{"MB", 0, "is not a size"},
		{strings.Repeat("9", 50), 0, "is not a size"},
	} {
		got, err := ParseSize(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, %q", c.in, got, err, c.want, c.err)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"1e8", "64MiB", "-1", "1.5G", "x", "1e-3k"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseSize(s); n < 0 || err != nil && n != 0 {
			t.Errorf("ParseSize(%q) = %d, %v", s, n, err)
		}
	})
}
