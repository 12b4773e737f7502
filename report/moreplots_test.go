package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

func svgOf(t *testing.T, p *Picture) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteSVG(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// notesOf returns all that a picture says in words.
func notesOf(p *Picture) string {
	all := append([]string{p.title, p.subtitle}, p.notes...)
	for _, e := range p.legend {
		all = append(all, e.text)
	}
	for _, row := range p.panels {
		for _, panel := range row {
			all = append(all, panel.xName, panel.yName)
		}
	}
	return strings.Join(all, "\n")
}

// TestCostGolden: one point, few, many, several labels, several kinds.
func TestCostGolden(t *testing.T) {
	for name, b := range sources() {
		src := b.source(t)
		if why := noCost(src); why == "" {
			t.Fatal("a cost without a price")
		}
		priced(src, 0.00005)
		pic := drawCost(src)
		golden(t, name+"-cost.svg", svgOf(t, pic))
		if want := "by example (2026-11-02)."; !strings.Contains(notesOf(pic), want) {
			t.Errorf("%s: %q is not in\n%s", name, want, notesOf(pic))
		}
	}
}

// TestCostPlaces: the unit fits the amount, a point without a cost is named,
// and a wide range is logarithmic.
func TestCostPlaces(t *testing.T) {
	src := priced(builder{cores: []int{1, 2, 4}, trials: 3, tasks: 60}.source(t), 0.00005)
	src.Summary.Points[1].Cost = nil
	for _, test := range []struct {
		usd  float64
		want string
	}{
		{0.00003, "cost (millionths of a USD)"},
		{0.004, "cost (thousandths of a USD)"},
		{12, "cost (USD)"},
	} {
		low := test.usd / 2
		src.Summary.Points[0].Cost, src.Summary.Points[2].Cost = &test.usd, &low
		if got := drawCost(src).panels[0][0].yName; got != test.want {
			t.Errorf("%g USD: %q, want %q", test.usd, got, test.want)
		}
	}
	pic := drawCost(src)
	if want := "Not drawn, cost not known: 2 cores."; !strings.Contains(notesOf(pic), want) {
		t.Errorf("%q is not in\n%s", want, notesOf(pic))
	}
	low := 0.1
	src.Summary.Points[2].Cost = &low
	if got := drawCost(src).panels[0][0].yName; got != "cost (USD), log" {
		t.Errorf("0.1 to 12 USD: %q", got)
	}
}

// spread is a source of one point a list of task times in seconds.
func spread(t *testing.T, lists ...[]float64) *Source {
	t.Helper()
	src := builder{cores: []int{1, 2, 4, 8}[:len(lists)], trials: 1, tasks: 4}.source(t)
	for i, times := range lists {
		tr := &trace.Trace{Tasks: len(times), Slots: 1}
		for k, s := range times {
			tr.Attempts = append(tr.Attempts, trace.Attempt{Task: int32(k), FuncStart: 1000, FuncEnd: 1000 + trace.FromSeconds(s)})
		}
		src.medians[i] = tr
	}
	return src
}

// many returns n times around 10 ms with a long tail.
func many(n int) []float64 {
	times := make([]float64, n)
	for i := range times {
		u := (float64(i) + 0.5) / float64(n)
		times[i] = 0.01 / math.Pow(1-u, 0.5)
	}
	return times
}

func TestTaskTimesGolden(t *testing.T) {
	for name, src := range map[string]*Source{
		"one":   spread(t, []float64{0.0123}),                          // a single task
		"few":   spread(t, []float64{0.01, 0.011, 0.03}, many(24)),     // a line a task
		"many":  spread(t, many(100), many(1000), many(100_000)),       // outlines
		"zeros": spread(t, []float64{0, 0, 1e-9, 2e-9, 1e-6}, many(4)), // what a logarithm cannot show
	} {
		golden(t, "tasktimes-"+name+".svg", svgOf(t, drawTaskTimes(src)))
	}
}

// TestTaskTimesSay: how many tasks there are, and what is not drawn.
func TestTaskTimesSay(t *testing.T) {
	src := spread(t, []float64{0, 1e-9, 1e-6}, many(100))
	src.medians[1].Attempts[7].FuncEnd = trace.Unknown
	src.medians[1].Attempts[8].Outcome = trace.Failed
	pic := drawTaskTimes(src)
	for _, want := range []string{
		"time of a task (us), log",
		"Tasks: 3 at 1 core, 98 at 2 cores.",
		"Not drawn, since a logarithmic axis cannot show it: 1 time of 0 or less.",
		"Not drawn, time not known: 1 task.",
	} {
		if !strings.Contains(notesOf(pic), want) {
			t.Errorf("%q is not in\n%s", want, notesOf(pic))
		}
	}
	if why := noTaskTimes(spread(t, nil)); why == "" {
		t.Error("a trace without attempts is drawn")
	}
}

// TestViolinRanks: percentiles are times that were measured.
func TestViolinRanks(t *testing.T) {
	v := violin{times: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	for share, want := range map[float64]float64{0: 1, 0.25: 3, 0.5: 5, 0.99: 10, 1: 10} {
		if got := v.at(share); got != want {
			t.Errorf("%g: %g, want %g", share, got, want)
		}
	}
	one := violin{times: []float64{7}}
	if one.at(0) != 7 || one.at(1) != 7 {
		t.Error("a single time is not its own range")
	}
}

// busySource is a source of workload busy whose tasks each cost half a
// microsecond besides their own time, at 2 and 4 cores; n is how many task
// times, from 64 us down by halves.
func busySource(n int, startup float64) *Source {
	sum := &metrics.Summary{Workload: busyWorkload, Backend: "local", Complete: true}
	for _, cores := range []int{2, 4} {
		for i := range n {
			each, cost := 64e-6/math.Exp2(float64(i)), 0.25e-6*float64(cores)
			p := metrics.Point{Cores: cores, Workers: cores, Trials: 5, Tasks: 1000, Kind: results.Measured,
				Label: fmt.Sprintf("size=1000, duration=%v", time.Duration(each*1e9)), Settings: results.Settings{"duration": time.Duration(each * 1e9).String()},
				BusyCore: each * 1000, Overhead: metrics.Overhead{Dispatch: cost * 1000, Startup: startup, Total: cost*1000 + startup}}
			if cores == 4 {
				p.Kind = results.Emulated
			}
			sum.Points = append(sum.Points, p)
		}
	}
	return NewSource(sum, created())
}

func TestMETGGolden(t *testing.T) {
	pic := drawMETG(busySource(9, 0))
	golden(t, "metg.svg", svgOf(t, pic))
	golden(t, "metg-above.svg", svgOf(t, drawMETG(busySource(3, 0.1))))
}

// TestMETGValue: each task costs 0.5 us at 2 cores, so half of core time is
// busy at tasks of 0.5 us exactly; without a time on both sides it is a bound.
func TestMETGValue(t *testing.T) {
	for _, test := range []struct {
		name string
		src  *Source
		want []string
	}{
		{"bracketed", busySource(9, 0), []string{"2 cores: METG 500 ns", "4 cores emulated: METG 1.00 us", "METG(50 %)"}},
		{"below", busySource(3, 0), []string{"2 cores: METG below 16.0 us, the shortest tried"}},
		{"above", busySource(3, 0.1), []string{"2 cores: METG above the times tried", "Start-up is included"}},
	} {
		text := notesOf(drawMETG(test.src))
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in\n%s", test.name, want, text)
			}
		}
	}
}

// TestMETGWords: a summary with several task times is put in words by its METG,
// not by the fastest of its sizes.
func TestMETGWords(t *testing.T) {
	for _, test := range []struct {
		name string
		src  *Source
		want string
	}{
		{"bracketed", busySource(9, 0), "METG(50 %) at 2 cores: 500 ns. With shorter tasks, overhead takes more than half of core time."},
		{"below", busySource(3, 0), "METG(50 %) at 2 cores: below 16.0 us, the shortest task time tried."},
		{"above", busySource(3, 0.1), "METG(50 %) at 2 cores: above 64.0 us, the longest task time tried: overhead takes more than half of core time throughout."},
		{"one task time", busySource(1, 0), "Best seen: 2 cores (size=1000, duration=64µs), 0 s."},
	} {
		if got := words(test.src.Summary)[0].text; got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestFirst: a long list is cut, and says by how much; never by one.
func TestFirst(t *testing.T) {
	for n, want := range map[int]string{3: "a, b and c", 4: "a, b, c and d", 6: "a, b, c and 3 more points"} {
		if got := list(first([]string{"a", "b", "c", "d", "e", "f"}[:n], 3)); got != want {
			t.Errorf("%d names: %q, want %q", n, got, want)
		}
	}
}

func TestMETGMissing(t *testing.T) {
	one := busySource(1, 0)
	other := busySource(9, 0)
	other.Summary.Workload = "pi"
	for name, src := range map[string]*Source{"one task time": one, "another workload": other} {
		if noMETG(src) == "" {
			t.Errorf("%s: drawn", name)
		}
	}
	if why := noMETG(busySource(9, 0)); why != "" {
		t.Error(why)
	}
}

// TestPartsInGrey: no two parts of core time are close in lightness, nor is
// any close to the paper, so that a timeline is read in black and white,
// whichever of the usual weights a printer or a screen takes.
func TestPartsInGrey(t *testing.T) {
	for name, grey := range map[string]func(c color.NRGBA) float64{
		"BT.601": lightness,
		"BT.709": func(c color.NRGBA) float64 {
			return 0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)
		},
	} {
		greys := []float64{255}
		for _, ps := range partStyles() {
			greys = append(greys, grey(ps.colour))
		}
		slices.Sort(greys)
		for i := 1; i < len(greys); i++ {
			if d := greys[i] - greys[i-1]; d < 20 {
				t.Errorf("%s: greys %.0f and %.0f are %.0f apart", name, greys[i-1], greys[i], d)
			}
		}
	}
}

// TestLabelsDoNotTouch: labels of points in a heap do not lie on each other.
func TestLabelsDoNotTouch(t *testing.T) {
	src := priced(builder{cores: []int{1, 2, 3, 4, 5, 6, 7, 8}, trials: 1, tasks: 4}.source(t), 0.00005)
	for i := range src.Summary.Points {
		src.Summary.Points[i].Makespan.Median, *src.Summary.Points[i].Cost = 1+float64(i)*1e-4, 1
	}
	svg := string(svgOf(t, drawCost(src)))
	if n := strings.Count(svg, ">1 core<") + strings.Count(svg, " cores</text>"); n == 0 || n > 5 {
		t.Errorf("%d names around one place", n)
	}
}

// TestAxisOfTimes: a wide range is logarithmic on either axis.
func TestAxisOfTimes(t *testing.T) {
	p := newPanel("a", "b")
	if per := timesOn(&p.Y, &p.yName, 1e-6, 1e-3, true); per != 1e-6 || p.yName != "b (us), log" {
		t.Errorf("%g, %q", per, p.yName)
	}
	if _, log := p.Y.Scale.(plot.LogScale); !log {
		t.Error("the axis is linear")
	}
}
