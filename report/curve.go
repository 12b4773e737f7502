package report

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
)

// curvePoint is a figure with its interval at a core count.
type curvePoint struct {
	cores  float64
	at     metrics.Interval
	ideal  float64
	trials int
	kind   results.Kind
}

// hasBar reports whether the point has an interval: one repetition has none.
func (p curvePoint) hasBar() bool { return p.trials > 1 && p.at.Confidence > 0 }

// curve is a series of points of one label against cores.
type curve struct {
	name   string
	look   look
	points []curvePoint
}

// curves makes a curve of each label of s with the figure that get returns;
// points without the figure are left out and named in the second result.
func curves(s *Source, get func(metrics.Point) (metrics.Interval, float64, bool)) ([]curve, []string) {
	var all []curve
	var without []string
	for n, label := range s.labels() {
		c := curve{name: label, look: lookOf(n)}
		for _, i := range s.byCores(label) {
			p := s.Summary.Points[i]
			at, ideal, ok := get(p)
			if !ok || math.IsNaN(at.Median) || math.IsInf(at.Median, 0) {
				without = append(without, strconv.Itoa(p.Cores))
				continue
			}
			c.points = append(c.points, curvePoint{float64(p.Cores), at, ideal, p.Trials, p.Kind})
		}
		if len(c.points) > 0 {
			all = append(all, c)
		}
	}
	return all, without
}

// each returns what f gives for all points of all curves.
func each(all []curve, f func(curvePoint) float64) []float64 {
	var values []float64
	for _, c := range all {
		for _, p := range c.points {
			values = append(values, f(p))
		}
	}
	return values
}

// bounds returns the smallest and largest finite figure, intervals included.
func bounds(all []curve) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, v := range slices.Concat(
		each(all, func(p curvePoint) float64 { return p.at.Median }),
		each(all, func(p curvePoint) float64 { return p.at.Lo }),
		each(all, func(p curvePoint) float64 { return p.at.Hi })) {
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// Plot draws the guide line, interval bars and markers of the curve.
func (c curve) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	guide := make([]vg.Point, 0, len(c.points))
	for _, pt := range c.points {
		guide = append(guide, vg.Point{X: x(pt.cores), Y: y(pt.at.Median)})
	}
	faint := c.look.colour
	faint.A = 0xa0
	for _, run := range c.sameKind(guide) {
		canvas.StrokeLines(draw.LineStyle{Color: faint, Width: 0.8, Dashes: c.look.dashes}, run)
	}
	for i, pt := range c.points {
		c.bar(&canvas, p, pt, guide[i].X, y)
	}
	for i, pt := range c.points {
		marker{c.look.colour, c.look.shape, pt.kind}.drawAt(&canvas, guide[i])
	}
}

// sameKind parts the places of points by kind, so that no line joins what is
// measured to what is not.
func (c curve) sameKind(at []vg.Point) [][]vg.Point {
	var kinds []results.Kind
	var runs [][]vg.Point
	for i, p := range c.points {
		k := slices.Index(kinds, p.kind)
		if k < 0 {
			k, kinds, runs = len(kinds), append(kinds, p.kind), append(runs, nil)
		}
		runs[k] = append(runs[k], at[i])
	}
	return slices.DeleteFunc(runs, func(r []vg.Point) bool { return len(r) < 2 })
}

// bar draws the interval of a point; an end that is not finite is drawn to the
// edge of the plot, without a cap.
func (c curve) bar(canvas *draw.Canvas, p *plot.Plot, pt curvePoint, x vg.Length, y func(float64) vg.Length) {
	if !pt.hasBar() {
		return
	}
	line := draw.LineStyle{Color: c.look.colour, Width: 1.1}
	lo, hi := max(pt.at.Lo, p.Y.Min), min(pt.at.Hi, p.Y.Max)
	canvas.StrokeLine2(line, x, y(lo), x, y(hi))
	for _, end := range []float64{pt.at.Lo, pt.at.Hi} {
		if end >= p.Y.Min && end <= p.Y.Max {
			canvas.StrokeLine2(line, x-6, y(end), x+6, y(end))
		}
	}
}

// lineThrough is a line without markers: the ideal.
type lineThrough struct {
	points [][2]float64
	style  draw.LineStyle
}

// Plot draws the line within the plot's ranges.
func (l lineThrough) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	pts := make([]vg.Point, 0, len(l.points))
	for _, at := range l.points {
		pts = append(pts, vg.Point{X: x(at[0]), Y: y(at[1])})
	}
	canvas.StrokeLines(l.style, canvas.ClipLinesXY(pts)...)
}

func idealStyle() draw.LineStyle {
	return draw.LineStyle{Color: midGrey, Width: 1.2, Dashes: []vg.Length{5, 3}}
}

// gridlines are faint lines at the labelled ticks of the y axis.
type gridlines struct{}

// Plot draws the lines.
func (gridlines) Plot(canvas draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&canvas)
	line := draw.LineStyle{Color: color.NRGBA{0xe8, 0xe8, 0xe8, 0xff}, Width: 0.6}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if t.Value >= p.Y.Min && t.Value <= p.Y.Max {
			canvas.StrokeLine2(line, canvas.Min.X, y(t.Value), canvas.Max.X, y(t.Value))
		}
	}
}

// curveLegend explains curves (when there are several), the ideal line, and
// the kinds that are not measured.
func curveLegend(s *Source, all []curve, ideal string) []legendEntry {
	var entries []legendEntry
	for _, c := range all {
		name := c.name
		if len(all) == 1 {
			name = cmp.Or(name, "median")
			if !slices.ContainsFunc(c.points, func(p curvePoint) bool { return p.trials > 1 }) {
				name = "one repetition"
			}
		}
		entries = append(entries, legendEntry{cmp.Or(name, "no label"), c.sample})
	}
	entries = append(entries, legendEntry{ideal, lineSample(idealStyle())})
	return append(entries, kindEntries(s, circle)...)
}

func (c curve) sample(canvas *draw.Canvas, r vg.Rectangle) {
	mid := (r.Min.Y + r.Max.Y) / 2
	canvas.StrokeLine2(draw.LineStyle{Color: c.look.colour, Width: 0.8, Dashes: c.look.dashes}, r.Min.X, mid, r.Max.X, mid)
	kind := results.Measured
	if len(c.points) > 0 {
		kind = c.points[0].kind
	}
	marker{c.look.colour, c.look.shape, kind}.drawAt(canvas, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: mid})
}

func lineSample(sty draw.LineStyle) func(*draw.Canvas, vg.Rectangle) {
	return func(c *draw.Canvas, r vg.Rectangle) {
		mid := (r.Min.Y + r.Max.Y) / 2
		c.StrokeLine2(sty, r.Min.X, mid, r.Max.X, mid)
	}
}

// kindEntries explains the fillings of markers, unless all is measured.
func kindEntries(s *Source, sh shape) []legendEntry {
	if s.kindNote() == "" {
		return nil
	}
	var entries []legendEntry
	for _, k := range s.kinds() {
		entries = append(entries, legendEntry{string(k), func(c *draw.Canvas, r vg.Rectangle) {
			marker{darkGrey, sh, k}.drawAt(c, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2})
		}})
	}
	return entries
}

// intervalNote says what the bars are, where there are none and where they
// hold less than the confidence of the others.
func intervalNote(all []curve) string {
	best, single, weak := 0.0, []string{}, []string{}
	for _, c := range all {
		for _, p := range c.points {
			if p.hasBar() {
				best = max(best, p.at.Confidence)
			} else {
				single = appendNew(single, strconv.Itoa(int(p.cores)))
			}
		}
	}
	lowest := best
	for _, c := range all {
		for _, p := range c.points {
			if p.hasBar() && p.at.Confidence < min(0.945, best) {
				lowest = min(lowest, p.at.Confidence)
				weak = appendNew(weak, strconv.Itoa(int(p.cores)))
			}
		}
	}
	var parts []string
	if best > 0 {
		parts = append(parts, fmt.Sprintf("Bars: interval of the median, confidence %s.", Percent(best)))
	}
	if len(weak) > 0 {
		parts = append(parts, fmt.Sprintf("Confidence is less (from %s) at %s: too few trials.", Percent(lowest), coreList(weak)))
	}
	if len(single) > 0 && best > 0 {
		parts = append(parts, fmt.Sprintf("One repetition, so no interval, at %s.", coreList(single)))
	} else if len(single) > 0 {
		parts = append(parts, "One repetition a point, so no intervals.")
	}
	return strings.Join(parts, " ")
}

func appendNew(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// list writes names with commas and an "and".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// coreList writes core counts with commas, an "and" and the noun.
func coreList(counts []string) string {
	if len(counts) == 1 && counts[0] == "1" {
		return "1 core"
	}
	return list(counts) + " cores"
}

// absenceNote names the points that lack a figure.
func absenceNote(what string, without []string) string {
	if len(without) == 0 {
		return ""
	}
	return fmt.Sprintf("Not drawn, %s not known: %s.", what, coreList(without))
}
