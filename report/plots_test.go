package report

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

// sources are what golden plots are drawn from, by name.
func sources() map[string]builder {
	return map[string]builder{
		"one":    {cores: []int{4}, trials: 1, tasks: 60},
		"three":  {cores: []int{1, 2, 4}, trials: 3, tasks: 60},
		"twelve": {cores: []int{1, 2, 3, 4, 6, 8, 16, 24, 32, 48, 64, 96}, trials: 30, tasks: 400, retries: true},
		"labels": {cores: []int{1, 4, 64}, labels: []string{"chunk=1", "chunk=8"}, trials: 5, tasks: 300},
		"kinds": {cores: []int{1, 4, 16, 64, 1024}, trials: 5, tasks: 2000, kinds: []results.Kind{
			results.Measured, results.Scaled, results.Emulated, results.Simulated, results.Extrapolated}},
	}
}

// TestPlotsGolden compares the SVG of each plot, and that it is the same when
// it is drawn again. Timelines on a grid hold a compressed image and are not
// among them.
func TestPlotsGolden(t *testing.T) {
	for name, b := range sources() {
		t.Run(name, func(t *testing.T) {
			src := b.source(t)
			for _, p := range Plots() {
				if p.Name == "timeline" && name != "one" || p.Name == "startup" && (name == "kinds" || name == "twelve") {
					continue
				}
				for suffix, pic := range p.Draw(src) {
					var first, second bytes.Buffer
					if err := pic.WriteSVG(&first); err != nil {
						t.Fatal(err)
					}
					if err := pic.WriteSVG(&second); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(first.Bytes(), second.Bytes()) {
						t.Errorf("%s: drawn twice, not the same", p.Name)
					}
					golden(t, fileName(name, p.Name, suffix)+".svg", first.Bytes())
				}
			}
		})
	}
}

// TestPNG checks that every plot of every source decodes, has the size that is
// documented, and is neither blank nor of one colour.
func TestPNG(t *testing.T) {
	for name, b := range sources() {
		src := b.source(t)
		for _, p := range Plots() {
			for suffix, pic := range p.Draw(src) {
				if suffix != "" && suffix != "4" && suffix != "chunk-8" {
					continue // one of each will do
				}
				var buf bytes.Buffer
				if err := pic.WritePNG(&buf); err != nil {
					t.Fatal(err)
				}
				checkPNG(t, name+" "+p.Name, buf.Bytes())
			}
		}
	}
}

func checkPNG(t *testing.T, name string, data []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	size := img.Bounds().Size()
	if size.X != 1170 || size.Y != 702 {
		t.Errorf("%s: %v, want 1170 x 702", name, size)
	}
	coloured, total := 0, 0
	for y := 0; y < size.Y; y += 2 {
		for x := 0; x < size.X; x += 2 {
			r, g, b, _ := img.At(x, y).RGBA()
			total++
			if r != 0xffff || g != 0xffff || b != 0xffff {
				coloured++
			}
		}
	}
	if share := float64(coloured) / float64(total); share < 0.005 || share > 0.9 {
		t.Errorf("%s: %.1f %% of the dots are not white", name, share*100)
	}
}

func TestWriteAllNames(t *testing.T) {
	for _, test := range []struct {
		name    string
		sources []builder
		want    []string // without .png and .svg
	}{
		{"one workload", []builder{{cores: []int{1, 2}, trials: 2, tasks: 40}},
			[]string{"speedup", "efficiency", "startup", "overhead", "tasktimes", "timeline-1", "timeline-2"}},
		{"labels and kinds", []builder{{cores: []int{2}, labels: []string{"a=1", "a/2"}, trials: 1, tasks: 40, kinds: []results.Kind{results.Simulated}}},
			[]string{"speedup", "efficiency", "startup-a-1", "startup-a-2", "overhead-a-1", "overhead-a-2", "tasktimes-a-1", "tasktimes-a-2", "timeline-a-1-2-simulated", "timeline-a-2-2-simulated"}},
		{"workloads and backends", []builder{{workload: "pi", cores: []int{2}, trials: 1, tasks: 40}, {workload: "grep", backend: "inproc", cores: []int{2}, trials: 1, tasks: 40}},
			[]string{"speedup-pi-local", "efficiency-pi-local", "startup-pi-local", "overhead-pi-local", "tasktimes-pi-local", "timeline-pi-local-2",
				"speedup-grep-inproc", "efficiency-grep-inproc", "startup-grep-inproc", "overhead-grep-inproc", "tasktimes-grep-inproc", "timeline-grep-inproc-2"}},
		{"the same twice", []builder{{cores: []int{2}, trials: 1, tasks: 40}, {cores: []int{2}, trials: 1, tasks: 40}},
			[]string{"speedup", "efficiency", "startup", "overhead", "tasktimes", "timeline-2", "speedup-2", "efficiency-2", "startup-2", "overhead-2", "tasktimes-2", "timeline-2-2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var srcs []*Source
			for _, b := range test.sources {
				srcs = append(srcs, b.source(t))
			}
			dir := t.TempDir()
			paths, err := WriteAll(dir, srcs...)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, name := range test.want {
				want = append(want, filepath.Join(dir, "plots", name+".png"), filepath.Join(dir, "plots", name+".svg"))
			}
			if diff := cmp.Diff(want, paths); diff != "" {
				t.Error(diff)
			}
			for _, path := range paths {
				if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
					t.Errorf("%s: %v, %v", path, info, err)
				}
			}
		})
	}
}

func TestWriteAllCannotWrite(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plots"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if paths, err := WriteAll(dir, builder{cores: []int{1}, trials: 1, tasks: 10}.source(t)); err == nil || len(paths) > 0 {
		t.Errorf("paths %v, error %v", paths, err)
	}
}

// TestMissing: without traces and a base only the overhead is drawn, and the
// others say what they lack.
func TestMissing(t *testing.T) {
	sum := builder{cores: []int{1, 2}, trials: 1, tasks: 40}.source(t).Summary
	for i := range sum.Points {
		sum.Points[i].Speedup, sum.Points[i].Efficiency = nil, nil
	}
	bare := NewSource(sum, time.Time{})
	for _, p := range Plots() {
		if missing := p.Missing(bare) != ""; missing != (p.Name != "overhead") {
			t.Errorf("%s: missing %q", p.Name, p.Missing(bare))
		}
		if drawn := len(p.Draw(bare)) > 0; drawn != (p.Name == "overhead") {
			t.Errorf("%s: drawn %v", p.Name, drawn)
		}
	}
	empty := NewSource(&metrics.Summary{}, time.Time{})
	for _, p := range Plots() {
		if p.Missing(empty) == "" || len(p.Draw(empty)) > 0 {
			t.Errorf("%s: draws an empty source", p.Name)
		}
	}
}

func TestAddOutOfRange(t *testing.T) {
	src := builder{cores: []int{1}, trials: 1, tasks: 10}.source(t)
	if err := src.Add(1, 0, &trace.Trace{}); err == nil {
		t.Error("no error for a point that is not there")
	}
}

// TestNotes: what a picture cannot show, it says.
func TestNotes(t *testing.T) {
	src := builder{cores: []int{1, 2, 4}, trials: 3, tasks: 60}.source(t)
	src.Summary.Complete = false
	src.Summary.Points[0].Speedup = nil
	src.Summary.Points[1].Trials = 1
	src.Summary.Points[2].Overhead.Idle = -0.05
	src.workers[1].without = 2
	for _, test := range []struct {
		pic  *Picture
		want string
	}{
		{drawSpeedup(src), "run not complete"},
		{drawSpeedup(src), "1 to 3 trials a point"},
		{drawSpeedup(src), "Base: serial."},
		{drawSpeedup(src), "confidence 75 %"},
		{drawSpeedup(src), "One repetition, so no interval, at 2 cores."},
		{drawSpeedup(src), "Not drawn, speedup not known: 1 core."},
		{drawOverhead(src), "Negative, because clocks disagree: idle at 4 cores (-50.0 core-ms)."},
		{drawStartup(src), "2 at 2 cores"},
	} {
		all := strings.Join(append([]string{test.pic.title, test.pic.subtitle}, test.pic.notes...), "\n")
		if !strings.Contains(all, test.want) {
			t.Errorf("%q is not in\n%s", test.want, all)
		}
	}
}

// TestTitleTellsKind: anything not measured is named in the title.
func TestTitleTellsKind(t *testing.T) {
	for _, test := range []struct {
		kinds []results.Kind
		want  string
	}{
		{nil, "Speedup: mandelbrot on local"},
		{[]results.Kind{results.Emulated}, "Speedup: mandelbrot on local (emulated)"},
		{[]results.Kind{results.Simulated, results.Measured}, "Speedup: mandelbrot on local (measured and simulated)"},
	} {
		src := builder{cores: []int{1, 2}, trials: 1, tasks: 20, kinds: test.kinds}.source(t)
		if got := drawSpeedup(src).title; got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestLooksDiffer: no two of 35 series look alike, and neighbours differ in
// colour and in shape or dash, so that grey is enough to tell them.
func TestLooksDiffer(t *testing.T) {
	seen := map[string]int{}
	for i := range 35 {
		l := lookOf(i)
		key := fmt.Sprint(l)
		if k, ok := seen[key]; ok {
			t.Errorf("series %d and %d look alike: %s", k, i, key)
		}
		seen[key] = i
		if next := lookOf(i + 1); next.colour == l.colour || next.shape == l.shape && slices.Equal(next.dashes, l.dashes) {
			t.Errorf("series %d and %d are hard to tell apart", i, i+1)
		}
	}
}

// TestThinned: labels that stay do not touch, and no tick is lost.
func TestThinned(t *testing.T) {
	p := newPanel("cores", "")
	cores := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 100, 101, 102, 1000, 1001}
	coreAxis(p, cores, 200)
	ticks := p.X.Tick.Marker.Ticks(0, 0)
	if len(ticks) != len(cores) {
		t.Errorf("%d ticks for %d core counts", len(ticks), len(cores))
	}
	end, labels := -1e9, 0
	for _, tick := range ticks {
		if tick.Label == "" {
			continue
		}
		labels++
		half := float64(p.X.Tick.Label.Width(tick.Label)) / 2
		mid := p.X.Norm(tick.Value) * 200
		if mid-half < end {
			t.Errorf("label %s touches the one before", tick.Label)
		}
		end = mid + half
	}
	if labels < 5 {
		t.Errorf("only %d labels are left", labels)
	}
}

// TestTimelineAddsUp: the grid holds all of every slot's line, and the busy
// share of it is the partition's.
func TestTimelineAddsUp(t *testing.T) {
	src := builder{cores: []int{700}, trials: 1, tasks: 3000, retries: true}.source(t)
	tr := src.medians[0]
	l, err := readLanes(tr)
	if err != nil {
		t.Fatal(err)
	}
	var all, busy float64
	for i := range l.weights {
		for part, w := range l.weights[i] {
			all += float64(w)
			if metrics.Part(part) == metrics.PartBusy {
				busy += float64(w)
			}
		}
	}
	parts, _, err := metrics.Partition(tr)
	if err != nil {
		t.Fatal(err)
	}
	wantBusy := parts.Busy.Seconds() / tr.Makespan.Seconds() * gridColumns
	if want := 700.0 * gridColumns; all < want*0.9999 || all > want*1.0001 {
		t.Errorf("grid holds %g columns, want %g", all, want)
	}
	if busy < wantBusy*0.9999 || busy > wantBusy*1.0001 {
		t.Errorf("grid holds %g busy columns, want %g", busy, wantBusy)
	}
	if l.vector != nil {
		t.Error("700 slots are drawn bar by bar")
	}
}

// BenchmarkWriteAll draws all plots of a run of 1,000 workers and 100,000
// tasks.
func BenchmarkWriteAll(b *testing.B) {
	src := builder{cores: []int{1000}, trials: 1, tasks: 100000}.source(b)
	for b.Loop() {
		if _, err := WriteAll(b.TempDir(), src); err != nil {
			b.Fatal(err)
		}
	}
}
