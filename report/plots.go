package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Plot is one kind of picture. To add one: a file with its missing and draw
// functions, and a line in [Plots].
type Plot struct {
	// Name is the file's name and what users ask for.
	Name string
	// Title says what is shown.
	Title string
	// Missing says what a source lacks to be drawn; empty when nothing.
	Missing func(s *Source) string
	// Split divides a source into the parts that get a picture each.
	split func(s *Source) []part
	draw  func(s *Source) *Picture
}

// part is a share of a source with a suffix for its file's name, empty when it
// is all of the source.
type part struct {
	source *Source
	suffix string
}

// Plots returns every plot, in the order in which reports show them.
func Plots() []Plot {
	return []Plot{
		{"speedup", "Speedup", noSpeedup, whole, drawSpeedup},
		{"efficiency", "Efficiency", noEfficiency, whole, drawEfficiency},
		{"fit", fitTitle, noFit, eachSeries, ofSource(fitTitle, drawFit)},
		{"backtest", backtestTitle, noFit, eachSeries, ofSource(backtestTitle, drawBacktest)},
		{"usl", uslTitle, noFit, eachSeries, ofSource(uslTitle, drawUSL)},
		{"cost", "Cost and time", noCost, whole, drawCost},
		{"metg", "Efficiency by task time", noMETG, whole, drawMETG},
		{"startup", "Start-up of workers", noStartup, eachLabel, drawStartup},
		{"overhead", "Where core time went", noPoints, eachLabel, drawOverhead},
		{"tasktimes", "Times of tasks", noTaskTimes, eachLabel, drawTaskTimes},
		{"timeline", "Timeline of workers", noTimeline, eachPoint, drawTimeline},
	}
}

// Draw returns the pictures of a source: one, or one a label or point of the
// run, by suffix of the file name.
func (p Plot) Draw(s *Source) map[string]*Picture {
	pictures := map[string]*Picture{}
	for _, part := range p.parts(s) {
		pictures[part.suffix] = p.draw(part.source)
	}
	return pictures
}

// parts returns the parts of s that can be drawn.
func (p Plot) parts(s *Source) []part {
	var parts []part
	for _, part := range p.split(s) {
		if p.Missing(part.source) == "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// WriteAll draws every plot of every source into dir/plots, as name.png and
// name.svg, and returns the paths in order. With several sources the
// workload's name (and the backend's, where the run has several) is added to
// the file's, and the label or core count where a plot is drawn for each. A
// plot whose data a source lacks is not drawn; [Plot.Missing] says why.
func WriteAll(dir string, sources ...*Source) ([]string, error) {
	dir = filepath.Join(dir, "plots")
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	var paths []string
	used := map[string]bool{}
	for i, suffix := range suffixes(sources) {
		for _, p := range Plots() {
			for _, part := range p.parts(sources[i]) {
				base := unused(used, fileName(p.Name, suffix, part.suffix))
				written, err := writeBoth(filepath.Join(dir, base), p.draw(part.source))
				if err != nil {
					return paths, err
				}
				paths = append(paths, written...)
			}
		}
	}
	return paths, nil
}

// makeFolder makes a folder for plots, with its parents.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder for plots: %w", err)
	}
	return nil
}

// suffixes returns for each source what tells it from the others.
func suffixes(sources []*Source) []string {
	workloads, backends := map[string]bool{}, map[string]bool{}
	for _, s := range sources {
		workloads[s.Summary.Workload] = true
		backends[s.Summary.Backend] = true
	}
	names := make([]string, len(sources))
	for i, s := range sources {
		if len(workloads) > 1 {
			names[i] = s.Summary.Workload
		}
		if len(backends) > 1 {
			names[i] = strings.Trim(names[i]+"-"+s.Summary.Backend, "-")
		}
	}
	return names
}

// fileName joins the parts of a file's name that are not empty, keeping
// letters, digits, dots and dashes.
func fileName(parts ...string) string {
	var kept []string
	for _, p := range parts {
		p = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
				return r
			}
			return '-'
		}, p)
		if p = strings.Trim(p, "-."); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "-")
}

// unused returns name, numbered when it has been used.
func unused(used map[string]bool, name string) string {
	free := name
	for n := 2; used[free]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	used[free] = true
	return free
}

// writeBoth writes base.png and base.svg and returns their paths.
func writeBoth(base string, p *Picture) ([]string, error) {
	var paths []string
	for _, f := range []struct {
		ext   string
		write func(io.Writer) error
	}{{".png", p.WritePNG}, {".svg", p.WriteSVG}} {
		if err := writeFile(base+f.ext, f.write); err != nil {
			return paths, err
		}
		paths = append(paths, base+f.ext)
	}
	return paths, nil
}

// writeFile creates a file and fills it; an error in closing it counts.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create plot: %w", err)
	}
	if err := cmp.Or(write(f), f.Close()); err != nil {
		f.Close()
		return fmt.Errorf("fill %s: %w", path, err)
	}
	return nil
}

// whole makes one part of a source.
func whole(s *Source) []part { return []part{{source: s}} }

// eachLabel makes a part of each label of a source.
func eachLabel(s *Source) []part {
	labels := s.labels()
	if len(labels) == 1 {
		return whole(s)
	}
	parts := make([]part, 0, len(labels))
	for _, label := range labels {
		points := s.Summary.Points
		parts = append(parts, part{s.only(func(i int) bool { return points[i].Label == label }), label})
	}
	return parts
}

// noPoints asks for nothing but points.
func noPoints(s *Source) string {
	if len(s.Summary.Points) == 0 {
		return "the run has no points"
	}
	return ""
}
