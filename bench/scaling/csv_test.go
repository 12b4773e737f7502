package scaling

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadCSV(t *testing.T) {
	text := "\ufeff# from somewhere\nhost,Cores , Seconds,work\na,4,1.5,2\nb,1,4,2\n\n# remark\nc,4.0,1.25e0,2\n\"d\",4,1,3\n"
	text = strings.Replace(text, "\ufeff# from somewhere\n", "\ufeff", 1)
	d, err := ReadCSV(strings.NewReader(text), "data.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := []Cell{
		{Cores: 1, Work: 2, Times: []float64{4}},
		{Cores: 4, Work: 2, Times: []float64{1.5, 1.25}},
		{Cores: 4, Work: 3, Times: []float64{1}},
	}
	if diff := cmp.Diff(want, d.Cells); diff != "" {
		t.Error(diff)
	}
	x, err := ReadCSV(strings.NewReader("throughput,cores\n8,2\n"), "x")
	if err != nil || x.Cells[0].Times[0] != 0.125 {
		t.Errorf("%+v, %v", x, err)
	}
}

// TestReadCSVTellsThePlace checks file, line and column of what is wrong.
func TestReadCSVTellsThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "data.csv: the file is empty",
		"cores,seconds\n":                      "data.csv: there is a header and no row",
		"n,seconds\n1,2\n":                     "data.csv: line 1, column 1: no column cores: the header has n, seconds",
		"cores,time\n1,2\n":                    "data.csv: line 1, column 1: no column seconds or throughput",
		"cores,seconds,throughput\n1,2,3\n":    "data.csv: line 1, column 15: columns seconds and throughput: keep one",
		"cores,seconds,cores\n1,2,3\n":         "data.csv: line 1, column 1: two columns are called cores",
		"cores,seconds\n1,2\n2,fast\n":         `data.csv: line 3, column 3: seconds is "fast", which is not a number`,
		"cores,seconds\n1,2\n2,0\n":            "data.csv: line 3, column 3: seconds is 0: it must be above 0",
		"cores,seconds\n1,-2\n":                "data.csv: line 2, column 3: seconds is -2: it must be above 0",
		"cores,throughput\n1,2\n4,NaN\n":       `data.csv: line 3, column 3: throughput is "NaN"`,
		"cores,throughput\n1,Inf\n":            `throughput is "Inf", which is not a number`,
		"cores,throughput\n1,1e-320\n":         "throughput is 1e-320, which is out of range",
		"cores,seconds\n1.5,2\n":               "data.csv: line 2, column 1: cores is 1.5: a whole number from 1 to 1e+09",
		"cores,seconds\n0,2\n":                 "data.csv: line 2, column 1: cores is 0: it must be above 0",
		"cores,seconds\n1e12,2\n":              "data.csv: line 2, column 1: cores is 1e12: a whole number",
		"cores,seconds\n1,2\n2,\n":             "data.csv: line 3, column 3: seconds is empty",
		"cores,seconds,work\n1,2,0\n":          "data.csv: line 2, column 5: work is 0",
		"cores,seconds\n1,2,3\n":               "data.csv: line 2, column 5: 3 fields, the header has 2",
		"cores,seconds\n1\n":                   "data.csv: line 2, column 1: 1 fields, the header has 2",
		"cores,seconds\n1,\"2\n":               "data.csv: line 2, column 6: extraneous or missing \" in quoted-field",
		"cores;seconds\n1;2\n":                 "no column cores: the header has cores;seconds",
		"cores,seconds\n1,2\n\n# x\n\n2,one\n": "data.csv: line 6, column 3",
	} {
		_, err := ReadCSV(strings.NewReader(text), "data.csv")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %q", text, err, want)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"cores,seconds\n1,2\n2,1\n4,0.6\n8,.4\n", "cores,throughput,work\n1,1,1\n2,2,9\n3,1e300,2\n", "cores,seconds\n1,\"\"\n", "\ufeffcores,seconds\n1,0x1p-3\n", "cores,seconds\r\n1,1_0\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadCSV(bytes.NewReader(data), "fuzz")
		if err != nil {
			if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "fuzz: ") {
				t.Errorf("error %q", err)
			}
			return
		}
		if !slices.IsSorted(d.CoreCounts()) || len(d.Cells) == 0 {
			t.Errorf("%+v", d)
		}
		if _, err := New(d, Options{Laws: []Law{amdahl{}, ernest{}}, Predict: []float64{3, 1e9}}); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q", err)
		}
	})
}

// BenchmarkReadCSV reads a million rows.
func BenchmarkReadCSV(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("cores,seconds\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&text, "%d,%d.%03d\n", 1<<(i%9), 1+i%50, i%1000)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		d, err := ReadCSV(bytes.NewReader(text.Bytes()), "big")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := New(d, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
