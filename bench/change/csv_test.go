package change

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadCSV(t *testing.T) {
	in := "\ufeffTime, commit ,wall s,overhead\n# a remark\n2026-01-01T00:00:00Z,a1,1.5,NaN\n\n1767312000,b2,+Inf,\n2026-01-03,c3,1e999\n"
	got, err := ReadCSV(strings.NewReader(in), "x.csv")
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	want := &Table{
		Name: "x.csv", Times: []time.Time{day(1), day(2), day(3)}, Commits: []string{"a1", "b2", "c3"},
		Series: []Series{{"wall s", []float64{1.5, math.Inf(1), math.Inf(1)}}, {"overhead", []float64{nan, nan, nan}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
	a := Analyse(got, Options{})
	if _, err := json.Marshal(a); err != nil {
		t.Error(err)
	}
	var codes []string
	for _, w := range a.Series[0].Warnings {
		codes = append(codes, w.Code)
	}
	if diff := cmp.Diff([]string{"infinite_values", "short_series"}, codes); diff != "" {
		t.Error(diff)
	}
}

func TestReadCSVErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "the file is empty",
		"1,2\n3,4\n":       "the first line has numbers",
		"time,commit\n":    "no column of a metric",
		"a,a\n":            `line 1, column 3: two columns are called "a"`,
		"a,b\n1,2,3\n":     "line 2, column 5: 3 fields, the header has 2",
		"a\n1\nfast\n":     `line 3, column 1: a is "fast", which is not a number`,
		"time,a\nnoon,1\n": `time: "noon" is no time`,
		"a,b\n\"1,2\n":     `line`,
	} {
		if _, err := ReadCSV(strings.NewReader(in), "x.csv"); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.csv: ") {
			t.Errorf("%q: error %v, want %q", in, err, want)
		}
	}
}

func TestAnalyse(t *testing.T) {
	x := noisy(1, 40, 20, 1.4, 0)
	table := &Table{Series: []Series{{"wall", x}}}
	for i := range x {
		table.Times = append(table.Times, time.Unix(int64(1000-i), 0))
		table.Commits = append(table.Commits, string(rune('A'+i/2)))
	}
	a := Analyse(table, Options{})
	if len(a.Warnings) != 2 || a.Warnings[0].Code != "times_backwards" || a.Warnings[1].Code != "duplicate_commits" {
		t.Errorf("warnings %+v", a.Warnings)
	}
	p := a.Series[0].Points
	if len(p) != 1 || p[0].Index != 20 || p[0].Commit != "K" || !p[0].Time.Equal(time.Unix(980, 0)) || p[0].Since == "" {
		t.Errorf("changes %+v", p)
	}
}

// FuzzReadCSV: whatever is read can be analysed and written.
func FuzzReadCSV(f *testing.F) {
	f.Add([]byte("time,commit,a\n2026-01-01,x,1\n2025-01-01,x,NaN\n"))
	f.Add([]byte("a,b\n1,inf\n1,-1e308\n2,\n1,0\n2,5e-324\n1,1\n1,1\n9,9\n9,9\n9,-9\n"))
	f.Add([]byte("\"a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<10 {
			return
		}
		table, err := ReadCSV(strings.NewReader(string(data)), "fuzz")
		if err != nil {
			return
		}
		a := Analyse(table, Options{})
		if _, err := json.Marshal(a); err != nil {
			t.Error(err)
		}
		for _, s := range a.Series {
			for _, p := range s.Points {
				if p.First > p.Index || p.Index > p.Last || p.Last >= s.Rows {
					t.Errorf("%s: %+v of %d rows", s.Name, p, s.Rows)
				}
			}
		}
	})
}
