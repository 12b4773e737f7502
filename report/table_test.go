package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/metrics"
	"corecast/results"
)

func busyWarning(text string) results.Warning {
	return results.Warning{Code: "busy_machine", Text: text, Advice: "stop other programs, or take a quieter machine"}
}

// awkward is a summary with everything that widens a table.
func awkward(t *testing.T) metrics.Summary {
	s := *builder{cores: []int{1, 4, 1024}, labels: []string{"chunk=1", "chunk=8, memory=4 GB, image=debian-slim"}, trials: 5, tasks: 20000,
		kinds: []results.Kind{results.Extrapolated, results.Measured}, warnings: []results.Warning{busyWarning("other programs used 12 %")}}.source(t).Summary
	s.Complete, s.Scaling = false, "strong"
	cost := 1234.5
	s.Points[2].Cost, s.Points[0].Failed, s.Points[0].Lost = &cost, 3, 1
	s.Points[0].Warnings = []results.Warning{busyWarning("other programs used 12 %"), {Code: "few_samples", Text: "5 samples: the interval is their range", Advice: "6 samples give 95 %"}}
	s.Points[1].Warnings = []results.Warning{busyWarning("other programs used 55 %"), {Code: "few_samples", Text: "5 samples: the interval is their range", Advice: "6 samples give 95 %"}}
	return s
}

func TestTableGolden(t *testing.T) {
	sums := []metrics.Summary{
		*sources()["twelve"].source(t).Summary,
		awkward(t),
		*sources()["one"].source(t).Summary,
		{Workload: "pi", Backend: "inproc", Complete: true},
	}
	var out bytes.Buffer
	if err := WriteTable(&out, sums, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", out.Bytes())
	if strings.Contains(out.String(), "\x1b") {
		t.Error("escape sequences without colour")
	}
	for line := range strings.Lines(out.String()) {
		if n := text.StringWidth(strings.TrimRight(line, "\n")); n > tableWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestTableColour: colour adds escape sequences and nothing else.
func TestTableColour(t *testing.T) {
	sums := []metrics.Summary{awkward(t)}
	var plain, coloured bytes.Buffer
	if err := WriteTable(&plain, sums, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(&coloured, sums, TableOptions{Colour: true}); err != nil {
		t.Fatal(err)
	}
	if plain.String() == coloured.String() {
		t.Error("no colour")
	}
	strip := func(s string) string {
		lines := strings.Split(text.StripEscape(s), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		return strings.Join(lines, "\n")
	}
	if diff := cmp.Diff(plain.String(), strip(coloured.String())); diff != "" {
		t.Error(diff)
	}
}

func TestFoldWarnings(t *testing.T) {
	s := awkward(t)
	want := []string{
		"other programs used 12 % (1 core (chunk=1, extrapolated) and 4 cores (chunk=1)), and 2 more like it. Stop other programs, or take a quieter machine.",
		"5 samples: the interval is their range (1 core (chunk=1, extrapolated) and 4 cores (chunk=1)). 6 samples give 95 %.",
	}
	if diff := cmp.Diff(want, foldWarnings(&s)); diff != "" {
		t.Error(diff)
	}
}

// TestBestWords: points are compared within a size, ties go to fewer cores,
// and an overlap with fewer cores is told.
func TestBestWords(t *testing.T) {
	point := func(cores int, size int64, lo, median, hi float64) metrics.Point {
		return metrics.Point{Cores: cores, Workers: cores, Size: size, Trials: 5, Kind: results.Measured,
			Makespan: metrics.Interval{Median: median, Lo: lo, Hi: hi, Confidence: 0.94}}
	}
	for _, test := range []struct {
		name    string
		scaling string
		points  []metrics.Point
		want    []string
	}{
		{"clear", "strong", []metrics.Point{point(1, 0, 9, 10, 11), point(2, 0, 4, 5, 6)}, []string{"Best seen: 2 cores, 5.00 s."}},
		{"overlap", "strong", []metrics.Point{point(1, 0, 9, 10, 11), point(2, 0, 4, 5, 6), point(4, 0, 4.5, 4.9, 5.5)},
			[]string{"Best seen: 4 cores, 4.90 s. 2 cores may be as fast: the intervals overlap."}},
		{"tie", "strong", []metrics.Point{point(4, 0, 5, 5, 5), point(2, 0, 5, 5, 5)}, []string{"Best seen: 2 cores, 5.00 s."}},
		{"only one", "strong", []metrics.Point{point(4, 0, 5, 5, 5)}, []string{"Only 4 cores tried: 5.00 s."}},
		{"sizes", "strong", []metrics.Point{point(1, 1, 1, 1, 1), point(1, 9, 9, 9, 9), point(2, 9, 5, 5, 5)},
			[]string{"Only 1 core tried: 1.00 s.", "Best seen: 2 cores, 5.00 s."}},
		{"weak", "weak", []metrics.Point{point(1, 1, 1, 1, 1), point(2, 2, 1.2, 1.2, 1.2)},
			[]string{"Shortest, while the size grows with the cores: 1 core, 1.00 s."}},
	} {
		s := &metrics.Summary{Scaling: test.scaling, Points: test.points}
		var got []string
		for _, size := range sizes(s) {
			got = append(got, bestWords(s, fastest(s, size)))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
