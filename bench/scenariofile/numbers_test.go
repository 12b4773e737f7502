package scenariofile

import (
	"slices"
	"strings"
	"testing"
)

func TestReadNumbers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []float64
		err        string
	}{
		{"one a line", "1\n2.5\n0\n", []float64{1, 2.5, 0}, ""},
		{"without a last newline, with spaces and carriage returns", " 1e-3 \r\n7", []float64{1e-3, 7}, ""},
		{"empty lines at the end", "3\n\n \n", []float64{3}, ""},
		{"an empty line before a number", "3\n\n4\n", nil, "line 2 is empty"},
		{"empty", "", nil, "the file is empty"},
		{"blank", "\n\n", nil, "the file is empty"},
		{"text", "1\n2\nthree\n", nil, `line 3: "three" is not a number`},
		{"two on a line", "1 2\n", nil, `line 1: "1 2" is not a number`},
		{"negative", "1\n-2\n", nil, "line 2: -2 is negative"},
		{"not a number", "NaN\n", nil, `line 1: "NaN" is not a number`},
		{"without end", "1e999\n", nil, `line 1: "1e999" is not a number`},
		{"long", strings.Repeat("1", 5000), nil, "line 1 is too long"},
	} {
		got, err := ReadNumbers(strings.NewReader(c.text))
		if c.err == "" && (err != nil || !slices.Equal(got, c.want)) {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
	}
}

func FuzzReadNumbers(f *testing.F) {
	f.Add("1\n2\n")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := ReadNumbers(strings.NewReader(text))
		if err == nil && (len(values) == 0 || slices.Min(values) < 0) {
			t.Fatalf("%v", values)
		}
	})
}
