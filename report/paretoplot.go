package report

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/capacity"
	"corecast/results"
)

// PlanPlot draws what a plan's options cost against how long they take: the
// front, the picks with their intervals, the deadline and the budget.
func PlanPlot(a *capacity.Answer) *Picture {
	pic := &Picture{title: fmt.Sprintf("Time against cost: %s, %s (simulated)", a.Workload, plural(a.Tasks, "task"))}
	pic.subtitle = "run " + a.Run + " on " + a.Backend
	if a.Price != "" {
		pic.subtitle += "  |  prices of " + a.Price
	}
	p := newPanel("time from submission to the last result", "cost")
	pic.panels = [][]*panel{{p}}
	v := newParetoView(a)
	v.axes(p)
	p.Add(gridlines{}, v)
	pic.legend = v.legend()
	pic.note("Down is cheaper, left is faster; medians, numbers are cores. " + v.barNote())
	if a.Price == "" {
		pic.note("No price list was named: cost is core time.")
	}
	return pic
}

// WritePlanPlot writes the plot of a plan into a folder, as pareto.png and
// pareto.svg.
func WritePlanPlot(dir string, a *capacity.Answer) error {
	if err := makeFolder(dir); err != nil {
		return err
	}
	_, err := writeBoth(filepath.Join(dir, "pareto"), PlanPlot(a))
	return err
}

// paretoView draws the options of a plan.
type paretoView struct {
	a   *capacity.Answer
	per float64 // unit of times, s
	usd float64 // unit of costs
}

func newParetoView(a *capacity.Answer) *paretoView { return &paretoView{a: a, per: 1, usd: 1} }

// money is an option's cost with its interval: USD, or core-seconds.
func (v *paretoView) money(o *capacity.Option) capacity.Quantiles {
	if o.Cost != nil {
		return *o.Cost
	}
	return capacity.Quantiles{Median: o.CoreSeconds, Lo: o.CoreSeconds, Hi: o.CoreSeconds}
}

// axes scales both axes, logarithmic where wide, for all options, the deadline
// and the budget.
func (v *paretoView) axes(p *panel) {
	lo, hi, low, high := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i := range v.a.Options {
		o := &v.a.Options[i]
		m := v.money(o)
		lo, hi = min(lo, o.Makespan.Median), max(hi, o.Makespan.Median)
		low, high = min(low, m.Median), max(high, m.Median)
	}
	// Intervals may run out of the panel: points closer together than the axis
	// is wide could not be told apart.
	floor, roof, base, top := lo/1.6, hi*1.6, low/1.6, high*1.6
	for _, pk := range picksOf(v.a) {
		if pk.option != nil {
			m := v.money(pk.option)
			lo, hi = min(lo, max(floor, pk.option.Makespan.Lo)), max(hi, min(roof, pk.option.Makespan.Hi))
			low, high = min(low, max(base, m.Lo)), max(high, min(top, m.Hi))
		}
	}
	if d := v.a.Deadline; d != nil && *d > 0 && *d < 20*hi {
		lo, hi = min(lo, *d), max(hi, *d)
	}
	if b := v.a.Budget; b != nil && *b > 0 && *b < 20*high {
		low, high = min(low, *b), max(high, *b)
	}
	v.per = timesOn(&p.X, &p.xName, lo/1.15, hi*1.4, true)
	units := usdUnits()
	if v.a.Price == "" {
		units = []unit{{"core-s", 0, 1}, {"core-h", 7200, 3600}}
	}
	u := unitFor(math.Sqrt(low*high), units)
	v.usd = u.per
	p.yName += " (" + u.name + ")"
	if low > 0 && high/low >= wide {
		decadeAxis(&p.Y, low/u.per/1.3, high/u.per*1.5)
		p.yName += ", log"
	} else {
		linearAxis(&p.Y, 0, high/u.per*1.15, 6)
	}
}

// Plot draws, from the back: where the wish is met, its bounds, the options,
// the front, the picks.
func (v *paretoView) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	at := func(o *capacity.Option) vg.Point {
		return vg.Point{X: x(o.Makespan.Median / v.per), Y: y(v.money(o).Median / v.usd)}
	}
	v.bounds(&canvas, p)
	var front []vg.Point
	for i := range v.a.Options {
		o := &v.a.Options[i]
		if o.Pareto {
			front = append(front, at(o))
		}
	}
	slices.SortFunc(front, func(a, b vg.Point) int { return int(math.Copysign(1, float64(a.X-b.X))) })
	canvas.StrokeLines(draw.LineStyle{Color: blue, Width: 1}, front)
	var taken []vg.Rectangle
	for i := range v.a.Options {
		o := &v.a.Options[i]
		v.dot(&canvas, at(o), o)
		taken = append(taken, around(at(o), markerRadius))
	}
	for _, pk := range v.distinct() {
		v.bars(&canvas, p, pk.option)
		ring := pk.look.shape.outline(at(pk.option), markerRadius*2)
		canvas.StrokeLines(draw.LineStyle{Color: pk.look.colour, Width: 1.6}, append(ring, ring[0]))
		taken = append(taken, writeBeside(&canvas, at(pk.option), fmt.Sprintf("%s: %s", pk.name, Count(pk.option.Cores)), taken)...)
	}
	for i := range v.a.Options {
		if o := &v.a.Options[i]; o.Pareto || o.Waves > 1 {
			taken = append(taken, writeBeside(&canvas, at(o), Count(o.Cores), taken)...)
		}
	}
}

// bounds draws deadline and budget, and shades what keeps both.
func (v *paretoView) bounds(canvas *draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(canvas)
	right, top := canvas.Max.X, canvas.Max.Y
	if d := v.a.Deadline; d != nil {
		right = min(max(x(*d/v.per), canvas.Min.X), right)
	}
	if b := v.a.Budget; b != nil {
		top = min(max(y(*b/v.usd), canvas.Min.Y), top)
	}
	if v.a.Deadline != nil || v.a.Budget != nil {
		canvas.FillPolygon(color.NRGBA{0xee, 0xf6, 0xf1, 0xff}, corners(vg.Rectangle{Min: canvas.Min, Max: vg.Point{X: right, Y: top}}))
	}
	sty := style(8.5, false, darkGrey, draw.XRight, draw.YTop)
	if d := v.a.Deadline; d != nil && right < canvas.Max.X {
		canvas.StrokeLine2(edgeStyle(), right, canvas.Min.Y, right, canvas.Max.Y)
		canvas.FillText(sty, vg.Point{X: right - 3, Y: canvas.Max.Y - 2}, "deadline "+Seconds(*d))
	}
	if b := v.a.Budget; b != nil && top < canvas.Max.Y {
		canvas.StrokeLine2(edgeStyle(), canvas.Min.X, top, canvas.Max.X, top)
		sty.XAlign, sty.YAlign = draw.XRight, draw.YBottom
		canvas.FillText(sty, vg.Point{X: canvas.Max.X - 3, Y: top + 2}, "budget "+USD(*b))
	}
}

// dot draws an option: of the front with colour, others grey, beyond the quota
// hollow.
func (v *paretoView) dot(canvas *draw.Canvas, at vg.Point, o *capacity.Option) {
	c := midGrey
	if o.Pareto {
		c = blue
	}
	if o.Waves > 1 {
		ring := circle.outline(at, markerRadius-0.6)
		canvas.FillPolygon(white, ring)
		canvas.StrokeLines(draw.LineStyle{Color: c, Width: 1, Dashes: []vg.Length{1.5, 1.2}}, append(ring, ring[0]))
		return
	}
	marker{c, circle, results.Simulated}.drawAt(canvas, at)
}

// bars draws the intervals of a pick, cut at the edges.
func (v *paretoView) bars(canvas *draw.Canvas, p *plot.Plot, o *capacity.Option) {
	x, y := p.Transforms(canvas)
	m := v.money(o)
	line := draw.LineStyle{Color: darkGrey, Width: 0.9}
	cx, cy := x(o.Makespan.Median/v.per), y(m.Median/v.usd)
	clipX := func(t float64) vg.Length { return min(max(x(t/v.per), canvas.Min.X), canvas.Max.X) }
	clipY := func(c float64) vg.Length { return min(max(y(c/v.usd), canvas.Min.Y), canvas.Max.Y) }
	canvas.StrokeLine2(line, clipX(o.Makespan.Lo), cy, clipX(o.Makespan.Hi), cy)
	canvas.StrokeLine2(line, cx, clipY(m.Lo), cx, clipY(m.Hi))
}

// lookedPick is a pick with how its ring looks.
type lookedPick struct {
	pick
	look look
}

// distinct are the picks, those of the same core count as one.
func (v *paretoView) distinct() []lookedPick {
	var list []lookedPick
	for i, pk := range picksOf(v.a) {
		if pk.option == nil {
			continue
		}
		same := slices.IndexFunc(list, func(l lookedPick) bool { return l.option.Cores == pk.option.Cores })
		if same >= 0 {
			list[same].name += ", " + pk.name
			continue
		}
		l := lookOf(i + 1)
		list = append(list, lookedPick{pk, l})
	}
	return list
}

func (v *paretoView) barNote() string {
	return fmt.Sprintf("Bars of the picks hold %s of simulated outcomes.", Percent(v.a.Confidence))
}

func (v *paretoView) legend() []legendEntry {
	entries := []legendEntry{
		{"on the front: none is both faster and cheaper", func(c *draw.Canvas, r vg.Rectangle) {
			c.StrokeLine2(draw.LineStyle{Color: blue, Width: 1}, r.Min.X, center(r).Y, r.Max.X, center(r).Y)
			marker{blue, circle, results.Simulated}.drawAt(c, center(r))
		}},
		{"other core counts", func(c *draw.Canvas, r vg.Rectangle) { marker{midGrey, circle, results.Simulated}.drawAt(c, center(r)) }},
	}
	if slices.ContainsFunc(v.a.Options, func(o capacity.Option) bool { return o.Waves > 1 }) {
		entries = append(entries, legendEntry{"needs a larger quota", func(c *draw.Canvas, r vg.Rectangle) {
			v.dot(c, center(r), &capacity.Option{Waves: 2})
		}})
	}
	for _, pk := range v.distinct() {
		entries = append(entries, legendEntry{pk.name, func(c *draw.Canvas, r vg.Rectangle) {
			ring := pk.look.shape.outline(center(r), markerRadius*1.6)
			c.StrokeLines(draw.LineStyle{Color: pk.look.colour, Width: 1.6}, append(ring, ring[0]))
		}})
	}
	if v.a.Deadline != nil || v.a.Budget != nil {
		entries = append(entries, legendEntry{"keeps the wish, by its median", func(c *draw.Canvas, r vg.Rectangle) {
			c.FillPolygon(color.NRGBA{0xee, 0xf6, 0xf1, 0xff}, corners(r))
			c.StrokeLines(edgeStyle(), append(corners(r), r.Min))
		}})
	}
	return entries
}
