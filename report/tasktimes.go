package report

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

func noTaskTimes(s *Source) string {
	timed := func(a trace.Attempt) bool {
		return a.Outcome == trace.Done && a.FuncStart.Known() && a.FuncEnd.Known()
	}
	if !slices.ContainsFunc(s.medians, func(t *trace.Trace) bool { return t != nil && slices.ContainsFunc(t.Attempts, timed) }) {
		return "no point's median trial has task times here"
	}
	return ""
}

// taskTimes returns how long the function of each accepted attempt took, in
// seconds, in rising order, and how many accepted attempts have a time that is
// not known.
func taskTimes(t *trace.Trace) (seconds []float64, unknown int) {
	if t == nil {
		return nil, 0
	}
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch {
		case a.Outcome != trace.Done:
		case a.FuncStart.Known() && a.FuncEnd.Known():
			seconds = append(seconds, (a.FuncEnd - a.FuncStart).Seconds())
		default:
			unknown++
		}
	}
	slices.Sort(seconds)
	return seconds, unknown
}

// drawTaskTimes shows for each core count how the times of tasks spread in the
// trial with the median makespan: the outline is as wide as times are
// frequent. Beside each other they tell whether tasks take longer on more
// cores.
func drawTaskTimes(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Times of tasks")
	var all []violin
	var points []metrics.Point
	unknown := 0
	for _, i := range s.byCores(s.Summary.Points[0].Label) {
		times, without := taskTimes(s.medians[i])
		unknown += without
		points = append(points, s.Summary.Points[i])
		all = append(all, violin{times: times, kind: s.Summary.Points[i].Kind})
	}
	p := stackPanel("time of a task", points, panelWidth-20)
	pic.panels = [][]*panel{{p}}
	lo, hi, zeros := timesRange(all)
	per := timesOn(&p.Y, &p.yName, lo, hi, true)
	p.Add(gridlines{})
	for i := range all {
		all[i].place, all[i].per = float64(i), per
		if len(all[i].times) > 0 {
			p.Add(all[i])
		}
	}
	pic.legend = append(violinLegend(all), kindEntries(s, circle)...)
	pic.note("Accepted attempts of the trial with the (lower) median makespan. Tasks: " + taskCounts(points, all) + ".")
	if _, log := p.Y.Scale.(plot.LogScale); log && zeros > 0 {
		pic.note("Not drawn, since a logarithmic axis cannot show it: " + plural(zeros, "time") + " of 0 or less. Medians count them.")
	}
	if unknown > 0 {
		pic.note("Not drawn, time not known: " + plural(unknown, "task") + ".")
	}
	return pic
}

// timesRange returns the smallest and largest time of all, leaving out those
// that are not positive where others are, and how many these are.
func timesRange(all []violin) (lo, hi float64, zeros int) {
	lo, hi = math.Inf(1), math.Inf(-1)
	lowest := lo
	for _, v := range all {
		for _, t := range v.times {
			lowest, hi = min(lowest, t), max(hi, t)
			if t > 0 {
				lo = min(lo, t)
			} else {
				zeros++
			}
		}
	}
	if math.IsInf(lo, 1) || hi/lo < wideTimes { // a linear axis has room for all
		lo = lowest
	}
	return lo, hi, zeros
}

// taskCounts names the number of tasks: one for all core counts, or each.
func taskCounts(points []metrics.Point, all []violin) string {
	same := true
	parts := make([]string, len(all))
	for i, v := range all {
		same = same && len(v.times) == len(all[0].times)
		parts[i] = fmt.Sprintf("%s at %s", Count(len(v.times)), plural(points[i].Cores, "core"))
	}
	if same && len(all) > 1 {
		return Count(len(all[0].times)) + " at each core count"
	}
	return strings.Join(parts, ", ")
}

// violin is the distribution of times at one place of the x axis.
type violin struct {
	times []float64 // seconds, rising
	kind  results.Kind
	place float64
	per   float64 // unit of the axis, s
}

// How a violin is drawn: with so many bins, and up to so many times with a line
// each instead; from so many on its 99th percentile is drawn.
const (
	violinLeast = 24
	violinMost  = 64
	violinLines = 24
	violinTail  = 100
)

// bins is how many bins n times get: twice the cube root, the rule of Rice
// (Lane, "Online Statistics Education", Histograms).
func bins(n int) int {
	return min(max(int(math.Ceil(2*math.Cbrt(float64(n)))), violinLeast), violinMost)
}

// Plot draws the outline, or a line a time when they are few, and the median with the
// middle half and the range around it.
func (v violin) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	mid, half := x(v.place), min(0.42*(x(1)-x(0)), 46)
	if len(v.times) <= violinLines {
		for _, t := range v.times {
			if at := t / v.per; at >= p.Y.Min {
				canvas.StrokeLine2(draw.LineStyle{Color: blue, Width: 1}, mid-half/2, y(at), mid+half/2, y(at))
			}
		}
	} else {
		v.outline(&canvas, p, mid, half)
	}
	v.box(&canvas, p, mid, half)
}

// outline draws the histogram over the axis's own scale, mirrored; its widest
// bin is as wide as there is room for.
func (v violin) outline(canvas *draw.Canvas, p *plot.Plot, mid, half vg.Length) {
	shown := v.times
	for len(shown) > 0 && shown[0]/v.per < p.Y.Min {
		shown = shown[1:] // 0 on a logarithmic axis
	}
	if len(shown) == 0 {
		return
	}
	lo, hi := p.Y.Norm(shown[0]/v.per), p.Y.Norm(shown[len(shown)-1]/v.per)
	if hi-lo < 1.0/violinMost { // all the same, or nearly
		lo, hi = (lo+hi-1.0/violinMost)/2, (lo+hi+1.0/violinMost)/2
	}
	counts := make([]int, bins(len(shown)))
	step := (hi - lo) / float64(len(counts))
	for _, t := range shown {
		counts[min(int((p.Y.Norm(t/v.per)-lo)/step), len(counts)-1)]++
	}
	most := slices.Max(counts)
	var right, left []vg.Point
	for k, n := range counts {
		w := half * vg.Length(n) / vg.Length(most)
		low, high := canvas.Y(lo+float64(k)*step), canvas.Y(lo+float64(k+1)*step)
		right = append(right, vg.Point{X: mid + w, Y: low}, vg.Point{X: mid + w, Y: high})
		left = append(left, vg.Point{X: mid - w, Y: low}, vg.Point{X: mid - w, Y: high})
	}
	slices.Reverse(left)
	shape := append(right, left...)
	canvas.FillPolygon(violinFill(), shape)
	canvas.StrokeLines(draw.LineStyle{Color: blue, Width: 0.7}, append(shape, shape[0]))
}

func violinFill() color.NRGBA { return color.NRGBA{0xbf, 0xdc, 0xec, 0xff} }

// box draws the range as a thin line with caps, the middle half as a thick
// one, the 99th percentile as a bar across, and the median as a marker that
// tells the kind.
func (v violin) box(canvas *draw.Canvas, p *plot.Plot, mid, half vg.Length) {
	_, y := p.Transforms(canvas)
	at := func(share float64) vg.Length { return y(max(v.at(share)/v.per, p.Y.Min)) }
	n := len(v.times)
	if n > 1 {
		thin := draw.LineStyle{Color: darkGrey, Width: 0.8}
		canvas.StrokeLine2(thin, mid, at(0), mid, at(1))
		for _, end := range []float64{0, 1} {
			canvas.StrokeLine2(thin, mid-4, at(end), mid+4, at(end))
		}
	}
	if n >= 4 {
		canvas.StrokeLine2(draw.LineStyle{Color: darkGrey, Width: 3}, mid, at(0.25), mid, at(0.75))
	}
	if n >= violinTail {
		canvas.StrokeLine2(tailStyle(), mid-half*0.6, at(0.99), mid+half*0.6, at(0.99))
	}
	marker{black, circle, v.kind}.drawAt(canvas, vg.Point{X: mid, Y: at(0.5)})
}

// at returns the time that the given share of tasks take at most: the nearest
// rank, so a time that was measured.
func (v violin) at(share float64) float64 {
	return v.times[max(0, int(math.Ceil(share*float64(len(v.times))))-1)]
}

// violinLegend explains what of violins is drawn.
func violinLegend(all []violin) []legendEntry {
	has := func(is func(n int) bool) bool {
		return slices.ContainsFunc(all, func(v violin) bool { return is(len(v.times)) })
	}
	entries := []legendEntry{{"median", func(c *draw.Canvas, r vg.Rectangle) {
		marker{black, circle, results.Measured}.drawAt(c, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2})
	}}}
	add := func(text string, sample func(*draw.Canvas, vg.Rectangle), drawn bool) {
		if drawn {
			entries = append(entries, legendEntry{text, sample})
		}
	}
	add("middle half", lineSample(draw.LineStyle{Color: darkGrey, Width: 3}), has(func(n int) bool { return n >= 4 }))
	add("shortest to longest", lineSample(draw.LineStyle{Color: darkGrey, Width: 0.8}), has(func(n int) bool { return n > 1 }))
	add("99 % take no longer", lineSample(tailStyle()), has(func(n int) bool { return n >= violinTail }))
	add("one task", lineSample(draw.LineStyle{Color: blue, Width: 1}), has(func(n int) bool { return n > 0 && n <= violinLines }))
	add("the wider, the more tasks", func(c *draw.Canvas, r vg.Rectangle) {
		c.FillPolygon(violinFill(), corners(r))
		c.StrokeLines(draw.LineStyle{Color: blue, Width: 0.7}, append(corners(r), r.Min))
	}, has(func(n int) bool { return n > violinLines }))
	return entries
}

func tailStyle() draw.LineStyle {
	return draw.LineStyle{Color: vermillion, Width: 1.6, Dashes: []vg.Length{4, 2}}
}
