package report

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
)

func noCost(s *Source) string {
	if !slices.ContainsFunc(s.Summary.Points, func(p metrics.Point) bool { return p.Cost != nil && isFinite(*p.Cost) }) {
		return "no point has a cost: no price list was named"
	}
	return ""
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// drawCost shows what a job costs against how long it takes, a point a core
// count: down is cheaper, left is faster.
func drawCost(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Cost and time")
	all, without := costCurves(s)
	p := newPanel("time from submission to the last result", "cost")
	pic.panels = [][]*panel{{p}}
	per, usd := costAxes(p, all)
	labels := &pointLabels{}
	p.Add(gridlines{})
	for _, c := range all {
		c.per, c.usd = per, usd
		p.Add(c)
		labels.curves = append(labels.curves, c)
	}
	p.Add(labels)
	pic.legend = costLegend(s, all)
	pic.note("Down is cheaper, left is faster. Cost of the trial with the (lower) median makespan, by " + cmp.Or(s.Summary.Price, "a price list without a name") + ".")
	pic.note(costBarNote(all))
	pic.note(absenceNote("cost", without))
	return pic
}

// costPoint is a point of the plot: time in seconds, cost in USD.
type costPoint struct {
	curvePoint
	usd  float64
	name string
}

// costCurve is the points of one label in the order of their cores.
type costCurve struct {
	name   string
	look   look
	points []costPoint
	per    float64 // unit of the time axis, s
	usd    float64 // unit of the cost axis, USD
}

// costCurves returns a curve a label, and the core counts without a cost.
func costCurves(s *Source) (all []costCurve, without []string) {
	for n, label := range s.labels() {
		c := costCurve{name: label, look: lookOf(n)}
		for _, i := range s.byCores(label) {
			p := s.Summary.Points[i]
			if p.Cost == nil || !isFinite(*p.Cost) || !isFinite(p.Makespan.Median) {
				without = append(without, Count(p.Cores))
				continue
			}
			c.points = append(c.points, costPoint{
				curvePoint{cores: float64(p.Cores), at: p.Makespan, trials: p.Trials, kind: p.Kind}, *p.Cost, plural(p.Cores, "core")})
		}
		if len(c.points) > 0 {
			all = append(all, c)
		}
	}
	return all, without
}

// usdUnits is the ladder of units of the cost axis.
func usdUnits() []unit {
	return []unit{{"millionths of a USD", 0, 1e-6}, {"thousandths of a USD", 1e-3, 1e-3}, {"USD", 0.1, 1}}
}

// costAxes scales both axes, logarithmic where wide, and returns the units of
// the time axis in seconds and of the cost axis in USD.
func costAxes(p *panel, all []costCurve) (seconds, usd float64) {
	lo, hi, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, c := range all {
		for _, pt := range c.points {
			from, to := pt.ends()
			lo, hi = min(lo, from), max(hi, to)
			low, high = min(low, pt.usd), max(high, pt.usd)
		}
	}
	u := unitFor(high, usdUnits())
	p.yName += " (" + u.name + ")"
	if low > 0 && high/low >= wideTimes {
		decadeAxis(&p.Y, low/u.per/1.3, high/u.per*1.3)
		p.yName += ", log"
	} else {
		linearAxis(&p.Y, min(low, 0)/u.per, high/u.per*1.1, 6)
	}
	if lo > 0 && hi/lo >= wideTimes { // room for bars and labels
		return timeAxis(p, lo/1.2, hi*1.5, true), u.per
	}
	return timeAxis(p, lo, hi*1.1, false), u.per
}

// ends returns the interval of the time where there is one and it is finite,
// and the time itself twice where not.
func (p costPoint) ends() (lo, hi float64) {
	lo, hi = p.at.Median, p.at.Median
	if p.hasBar() && isFinite(p.at.Lo) && isFinite(p.at.Hi) {
		lo, hi = min(lo, p.at.Lo), max(hi, p.at.Hi)
	}
	return lo, hi
}

// Plot draws the points with their bars along time, and a guide line through
// points of one kind.
func (c costCurve) Plot(canvas draw.Canvas, p *plot.Plot) {
	at := c.places(&canvas, p)
	faint := c.look.colour
	faint.A = 0xa0
	plain := curve{look: c.look}
	for _, pt := range c.points {
		plain.points = append(plain.points, pt.curvePoint)
	}
	for _, run := range plain.sameKind(at) {
		canvas.StrokeLines(draw.LineStyle{Color: faint, Width: 0.8, Dashes: c.look.dashes}, run)
	}
	x, _ := p.Transforms(&canvas)
	bar := draw.LineStyle{Color: c.look.colour, Width: 1.1}
	for i, pt := range c.points {
		lo, hi := pt.ends()
		if lo == hi {
			continue
		}
		canvas.StrokeLine2(bar, x(lo/c.per), at[i].Y, x(hi/c.per), at[i].Y)
		for _, end := range []float64{lo, hi} {
			canvas.StrokeLine2(bar, x(end/c.per), at[i].Y-4, x(end/c.per), at[i].Y+4)
		}
	}
	for i, pt := range c.points {
		marker{c.look.colour, c.look.shape, pt.kind}.drawAt(&canvas, at[i])
	}
}

// places returns where the points are on the canvas.
func (c costCurve) places(canvas *draw.Canvas, p *plot.Plot) []vg.Point {
	x, y := p.Transforms(canvas)
	at := make([]vg.Point, len(c.points))
	for i, pt := range c.points {
		at[i] = vg.Point{X: x(pt.at.Median / c.per), Y: y(pt.usd / c.usd)}
	}
	return at
}

// costLegend explains labels, when there are any, and kinds.
func costLegend(s *Source, all []costCurve) []legendEntry {
	var entries []legendEntry
	for _, c := range all {
		if len(all) > 1 || c.name != "" {
			plain := curve{look: c.look, points: []curvePoint{c.points[0].curvePoint}}
			entries = append(entries, legendEntry{cmp.Or(c.name, "no label"), plain.sample})
		}
	}
	return append(entries, kindEntries(s, circle)...)
}

// costBarNote says what bars are.
func costBarNote(all []costCurve) string {
	plain := make([]curve, len(all))
	for i, c := range all {
		for _, pt := range c.points {
			plain[i].points = append(plain[i].points, pt.curvePoint)
		}
	}
	return intervalNote(plain)
}

// pointLabels writes the name of each point beside it where it touches neither
// another name nor a marker; the points stand in the order of their cores, so
// that one without a name lies between two that have theirs.
type pointLabels struct{ curves []costCurve }

// Plot writes the names.
func (l *pointLabels) Plot(canvas draw.Canvas, p *plot.Plot) {
	var taken []vg.Rectangle
	for _, c := range l.curves {
		for _, at := range c.places(&canvas, p) {
			taken = append(taken, around(at, markerRadius+0.5))
		}
	}
	for _, c := range l.curves {
		at := c.places(&canvas, p)
		for i, pt := range c.points {
			taken = append(taken, writeBeside(&canvas, at[i], pt.name, taken)...)
		}
	}
}

func around(at vg.Point, r vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - r, Y: at.Y - r}, Max: vg.Point{X: at.X + r, Y: at.Y + r}}
}

// writeBeside writes text above right, above left, below or below left of a
// point, in the first place that is free, and returns the room it takes.
func writeBeside(canvas *draw.Canvas, at vg.Point, text string, taken []vg.Rectangle) []vg.Rectangle {
	sty := style(8.5, false, black, draw.XLeft, draw.YBottom)
	w, h := sty.Width(text), lineHeight(sty)
	for _, corner := range []vg.Point{
		{X: at.X + 5, Y: at.Y + 4}, {X: at.X - w - 5, Y: at.Y + 4},
		{X: at.X + 5, Y: at.Y - h - 4}, {X: at.X - w - 5, Y: at.Y - h - 4},
	} {
		room := vg.Rectangle{Min: corner, Max: vg.Point{X: corner.X + w, Y: corner.Y + h}}
		if room.Min.X < canvas.Min.X || room.Max.X > canvas.Max.X+60 || room.Max.Y > canvas.Max.Y+10 || room.Min.Y < canvas.Min.Y {
			continue
		}
		if slices.ContainsFunc(taken, func(r vg.Rectangle) bool { return touch(r, room) }) {
			continue
		}
		canvas.FillText(sty, corner, text)
		room.Min.X, room.Max.X = room.Min.X-w/10, room.Max.X+w/10 // so that names do not run into each other
		return []vg.Rectangle{room}
	}
	return nil
}

func touch(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}
