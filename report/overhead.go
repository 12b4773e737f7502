package report

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
)

// partStyle is how one part of core time looks, and what it is called.
type partStyle struct {
	part   metrics.Part
	name   string
	short  string // in tables and words
	colour color.NRGBA
	hatch  hatch
	of     func(metrics.Point) float64 // core-seconds
}

// partStyles lists the parts of core time, in the order in which bars stack.
func partStyles() []partStyle {
	return []partStyle{
		{metrics.PartBusy, "busy: accepted tasks", "busy", deepGreen, hatch{}, func(p metrics.Point) float64 { return p.BusyCore }},
		{metrics.PartStartup, "start-up", "start-up", startOrange, hatch{rising: true}, func(p metrics.Point) float64 { return p.Overhead.Startup }},
		{metrics.PartDispatch, "dispatch", "dispatch", deepBlue, hatch{}, func(p metrics.Point) float64 { return p.Overhead.Dispatch }},
		{metrics.PartTransfer, "transfer", "transfer", paleBlue, hatch{falling: true}, func(p metrics.Point) float64 { return p.Overhead.Transfer }},
		{metrics.PartIdle, "idle", "idle", idleGrey, hatch{}, func(p metrics.Point) float64 { return p.Overhead.Idle }},
		{metrics.PartLost, "lost", "lost", lostBlack, hatch{}, func(p metrics.Point) float64 { return p.Overhead.Lost }},
	}
}

// coreTime is what a point's parts add up to, N T_N, in core-seconds.
func coreTime(p metrics.Point) float64 { return p.BusyCore + p.Overhead.Total }

// drawOverhead shows the parts of core time of each point's median trial, as
// core-seconds and as shares.
func drawOverhead(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Where core time went")
	var points []metrics.Point
	for _, i := range s.byCores(s.Summary.Points[0].Label) {
		points = append(points, s.Summary.Points[i])
	}
	absolute := stackPanel("core time", points, panelWidth/2-20)
	share := stackPanel("share of core time (%)", points, panelWidth/2-20)
	lo, hi := stackRange(points, func(metrics.Point) float64 { return 1 })
	u := unitFor(max(hi, -lo), timeUnits())
	absolute.yName = "core time (core-" + u.name + ")"
	linearAxis(&absolute.Y, min(lo, 0)/u.per, hi/u.per*1.06, 8)
	absolute.Add(gridlines{}, stacks{points, func(metrics.Point) float64 { return 1 / u.per }, false})
	low, high := stackRange(points, shareScale)
	linearAxis(&share.Y, min(low, 0), max(high, 100), 5)
	share.Add(gridlines{}, stacks{points, shareScale, true})
	pic.panels = [][]*panel{{absolute, share}}
	for _, ps := range partStyles() {
		pic.legend = append(pic.legend, legendEntry{ps.name, ps.sample})
	}
	pic.note("The trial with the (lower) median makespan of each core count. Parts add up to cores x makespan.")
	pic.note(negativeNote(points))
	return pic
}

// shareScale turns core-seconds into percent of the point's core time.
func shareScale(p metrics.Point) float64 {
	if total := coreTime(p); total != 0 {
		return 100 / total
	}
	return 0
}

// stackPanel returns a plot with a place on the x axis, about so wide, for each
// point.
func stackPanel(name string, points []metrics.Point, width vg.Length) *panel {
	p := newPanel("cores", name)
	p.X.Min, p.X.Max = -0.6, float64(len(points))-0.4
	p.X.Tick.Length, p.X.LineStyle.Width, p.X.Padding = 0, 0, 0
	ticks := make([]plot.Tick, len(points))
	mixed := slices.ContainsFunc(points, func(o metrics.Point) bool { return o.Kind != points[0].Kind })
	for i, point := range points {
		ticks[i] = plot.Tick{Value: float64(i), Label: strconv.Itoa(point.Cores)}
		if mixed {
			ticks[i].Label += "\n" + shortKind(point.Kind)
		}
	}
	p.X.Tick.Marker = staggered(ticks, &p.X, width)
	return p
}

// shortKind names a kind below a core count.
func shortKind(k results.Kind) string {
	switch k {
	case results.Measured:
		return "meas."
	case results.Scaled:
		return "scaled"
	case results.Emulated:
		return "emul."
	case results.Simulated:
		return "sim."
	}
	return "extr."
}

// stackRange returns the lowest and highest end of the bars of points.
func stackRange(points []metrics.Point, scale func(metrics.Point) float64) (lo, hi float64) {
	for _, p := range points {
		var below, above float64
		for _, ps := range partStyles() {
			v := ps.of(p) * scale(p)
			below, above = below+min(v, 0), above+max(v, 0)
		}
		lo, hi = min(lo, below), max(hi, above)
	}
	return lo, hi
}

// negativeNote says that parts run backwards, which bars below 0 show.
func negativeNote(points []metrics.Point) string {
	var names []string
	for _, p := range points {
		for _, ps := range partStyles() {
			if v := ps.of(p); v < 0 {
				names = append(names, fmt.Sprintf("%s at %s (%s)", ps.short, plural(p.Cores, "core"), CoreSeconds(v)))
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Negative, because clocks disagree: " + list(names) + "."
}

// stacks draws a bar a point, its parts stacked up from 0, negative ones down.
type stacks struct {
	points []metrics.Point
	scale  func(metrics.Point) float64
	shares bool // label parts with their percentage, else bars with the sum
}

// Plot draws the bars.
func (s stacks) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	half := min(0.38*(x(1)-x(0)), 34)
	for i, point := range s.points {
		mid, scale := x(float64(i)), s.scale(point)
		var below, above float64
		for _, ps := range partStyles() {
			v := ps.of(point) * scale
			from := &above
			if v < 0 {
				from = &below
			}
			r := vg.Rectangle{Min: vg.Point{X: mid - half, Y: y(min(*from, *from+v))}, Max: vg.Point{X: mid + half, Y: y(max(*from, *from+v))}}
			*from += v
			ps.fill(&canvas, r)
			if s.shares {
				ps.label(&canvas, r, v)
			}
		}
		if !s.shares {
			sumLabel(&canvas, vg.Point{X: mid, Y: y(above) + 2}, coreTime(point), x(1)-x(0))
		}
	}
	canvas.StrokeLine2(draw.LineStyle{Color: darkGrey, Width: 0.5}, canvas.Min.X, y(0), canvas.Max.X, y(0))
}

func (ps partStyle) fill(c *draw.Canvas, r vg.Rectangle) {
	if r.Max.Y-r.Min.Y <= 0 {
		return
	}
	c.FillPolygon(ps.colour, corners(r))
	ps.hatch.draw(c, r)
	c.StrokeLines(draw.LineStyle{Color: darkGrey, Width: 0.4}, append(corners(r), r.Min))
}

func (ps partStyle) sample(c *draw.Canvas, r vg.Rectangle) { ps.fill(c, r) }

// label writes the percentage into a part of a bar that has room for it.
func (ps partStyle) label(c *draw.Canvas, r vg.Rectangle, percent float64) {
	text := strconv.FormatFloat(percent, 'f', 0, 64)
	sty := style(8, false, black, draw.XCenter, draw.YCenter)
	if r.Max.Y-r.Min.Y < 10 || r.Max.X-r.Min.X < sty.Width(text)+2 {
		return
	}
	mid := vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
	w := sty.Width(text)/2 + 1.5
	switch {
	case ps.hatch.rising || ps.hatch.falling:
		c.FillPolygon(white, corners(vg.Rectangle{Min: vg.Point{X: mid.X - w, Y: mid.Y - 4.5}, Max: vg.Point{X: mid.X + w, Y: mid.Y + 4.5}}))
	case lightness(ps.colour) < 110:
		sty.Color = white
	}
	c.FillText(sty, mid, text)
}

// sumLabel writes the sum of a bar above it where it fits.
func sumLabel(c *draw.Canvas, at vg.Point, sum float64, room vg.Length) {
	if math.IsNaN(sum) {
		return
	}
	sty := style(8, false, black, draw.XCenter, draw.YBottom)
	u := unitFor(sum, timeUnits())
	text := digits3(sum/u.per) + " " + u.name
	if sty.Width(text) > room-2 {
		return
	}
	c.FillText(sty, at, text)
}
