package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
)

// busyWorkload is the workload whose tasks keep busy for a set time.
const busyWorkload = "busy"

// halfEfficiency is the efficiency that METG(50 %) is defined by.
const halfEfficiency = 0.5

func noMETG(s *Source) string {
	if s.Summary.Workload != busyWorkload {
		return "only workload " + busyWorkload + " has tasks of set times"
	}
	if !slices.ContainsFunc(metgCurves(s), func(c metgCurve) bool { return len(c.points) > 1 }) {
		return "no core count has several task times"
	}
	return ""
}

// metgPoint is the efficiency at one task time, of a point's median trial.
type metgPoint struct {
	metrics.EfficiencyAt
	kind results.Kind
}

// metgCurve is the points of one core count and kind, and of one set of
// settings other than the task time, by rising task time.
type metgCurve struct {
	name    string
	look    look
	points  []metgPoint
	startup bool // some of it was not on a ready pool
}

// metgCurves returns the curves of a source. Efficiency is sum e_i / (N T).
func metgCurves(s *Source) []metgCurve {
	var all []metgCurve
	for _, p := range s.Summary.Points {
		each, _ := p.Settings["duration"].(string)
		if d, err := time.ParseDuration(each); err != nil || d <= 0 || p.Tasks == 0 || p.Workers == 0 || !(coreTime(p) > 0) {
			continue
		}
		name := metgName(p)
		i := slices.IndexFunc(all, func(c metgCurve) bool { return c.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, metgCurve{name: name, look: lookOf(i)})
		}
		worker := float64(p.Cores) / float64(p.Workers) // cores of each
		at := metrics.EfficiencyAt{MeanTask: p.BusyCore / worker / float64(p.Tasks), Efficiency: p.BusyCore / coreTime(p)}
		all[i].points = append(all[i].points, metgPoint{at, p.Kind})
		all[i].startup = all[i].startup || p.Overhead.Startup != 0
	}
	for _, c := range all {
		slices.SortFunc(c.points, func(a, b metgPoint) int { return cmp.Compare(a.MeanTask, b.MeanTask) })
	}
	return all
}

// metgName names the curve that a point is on.
func metgName(p metrics.Point) string {
	name := plural(p.Cores, "core")
	if p.Kind != results.Measured {
		name += " " + string(p.Kind)
	}
	var rest []string
	for setting := range strings.SplitSeq(p.Label, ", ") {
		if setting != "" && !strings.HasPrefix(setting, "size=") && !strings.HasPrefix(setting, "duration=") {
			rest = append(rest, setting)
		}
	}
	return strings.Join(append([]string{name}, rest...), ", ")
}

// metg returns METG(50 %) of the curve, and false when no two times bracket
// it.
func (c metgCurve) metg() (float64, bool) {
	at := make([]metrics.EfficiencyAt, len(c.points))
	for i, p := range c.points {
		at[i] = p.EfficiencyAt
	}
	return metrics.METG(at, halfEfficiency)
}

// drawMETG shows efficiency against the mean time of a task, and the task time
// at which it falls to 50 %: METG(50 %).
func drawMETG(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Efficiency by task time")
	p := newPanel("mean time of a task", "busy share of core time (%)")
	pic.panels = [][]*panel{{p}}
	all := metgCurves(s)
	lo, hi, low, high := metgRange(all)
	u := unitFor(math.Sqrt(lo*hi), timeUnits())
	p.xName += " (" + u.name + "), log"
	decadeAxis(&p.X, lo/u.per, hi/u.per)
	linearAxis(&p.Y, min(low, 0), max(high, 1)*100, 5)
	p.Add(gridlines{}, lineThrough{[][2]float64{{p.X.Min, 50}, {p.X.Max, 50}}, idealStyle()})
	for _, c := range all {
		p.Add(metgLine{c, u.per})
		pic.legend = append(pic.legend, legendEntry{c.legend(), metgLine{c, u.per}.sample})
	}
	pic.legend = append(pic.legend, legendEntry{"50 %", lineSample(idealStyle())})
	if slices.ContainsFunc(all, func(c metgCurve) bool { _, ok := c.metg(); return ok }) {
		pic.legend = append(pic.legend, legendEntry{"METG(50 %)", lineSample(metgStyle())})
	}
	pic.legend = append(pic.legend, kindEntries(s, circle)...)
	pic.note("METG(50 %): the smallest mean task time at which workers are still busy for half of core time, by linear interpolation. " +
		"The trial with the (lower) median makespan of each task time.")
	if slices.ContainsFunc(all, func(c metgCurve) bool { return c.startup }) {
		pic.note("Start-up is included: the pool was not ready when jobs were submitted, so this METG is larger than that of a ready pool.")
	}
	return pic
}

// metgRange returns the range of mean task times, in seconds, and of
// efficiencies.
func metgRange(all []metgCurve) (lo, hi, low, high float64) {
	lo, hi, low, high = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range all {
		for _, p := range c.points {
			low, high = min(low, p.Efficiency), max(high, p.Efficiency)
			if p.MeanTask > 0 {
				lo, hi = min(lo, p.MeanTask), max(hi, p.MeanTask)
			}
		}
	}
	if lo > hi { // no time is positive; the axis needs a range all the same
		lo, hi = 1e-9, 1e-6
	}
	return lo, hi, low, high
}

// legend names the curve with its METG.
func (c metgCurve) legend() string {
	metg, ok := c.metg()
	switch {
	case ok:
		return fmt.Sprintf("%s: METG %s", c.name, Seconds(metg))
	case math.IsNaN(metg):
		return c.name + ": METG above the times tried"
	}
	return fmt.Sprintf("%s: METG below %s, the shortest tried", c.name, Seconds(metg))
}

// words says what METG means for the curve.
func (c metgCurve) words() string {
	metg, ok := c.metg()
	switch {
	case ok:
		return fmt.Sprintf("METG(50 %%) at %s: %s. With shorter tasks, overhead takes more than half of core time.", c.name, Seconds(metg))
	case math.IsNaN(metg):
		return fmt.Sprintf("METG(50 %%) at %s: above %s, the longest task time tried: overhead takes more than half of core time throughout.", c.name, Seconds(c.points[len(c.points)-1].MeanTask))
	}
	return fmt.Sprintf("METG(50 %%) at %s: below %s, the shortest task time tried.", c.name, Seconds(metg))
}

func metgStyle() draw.LineStyle {
	return draw.LineStyle{Color: black, Width: 0.8, Dashes: []vg.Length{1.5, 2}}
}

// metgLine draws a curve with a guide line, its markers and its METG.
type metgLine struct {
	metgCurve
	per float64 // unit of the x axis, s
}

// Plot draws it.
func (l metgLine) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	var at []vg.Point
	var drawn []metgPoint
	for _, pt := range l.points {
		if pt.MeanTask > 0 {
			at = append(at, vg.Point{X: x(pt.MeanTask / l.per), Y: y(pt.Efficiency * 100)})
			drawn = append(drawn, pt)
		}
	}
	canvas.StrokeLines(draw.LineStyle{Color: l.look.colour, Width: 0.9, Dashes: l.look.dashes}, at)
	if metg, ok := l.metg(); ok && metg > 0 {
		foot := vg.Point{X: x(metg / l.per), Y: canvas.Min.Y}
		canvas.StrokeLine2(metgStyle(), foot.X, y(halfEfficiency*100), foot.X, foot.Y)
		sty := style(8.5, false, black, draw.XLeft, draw.YBottom)
		canvas.FillText(sty, vg.Point{X: foot.X + 3, Y: foot.Y + 4}, Seconds(metg))
	}
	for i, pt := range drawn {
		marker{l.look.colour, l.look.shape, pt.kind}.drawAt(&canvas, at[i])
	}
}

func (l metgLine) sample(canvas *draw.Canvas, r vg.Rectangle) {
	curve{look: l.look, points: []curvePoint{{kind: l.points[0].kind}}}.sample(canvas, r)
}
