package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/scaling"
	"corecast/results"
)

const backtestTitle = "Predicted against measured"

// selectedCases is the backtest of the selected law, of cases with a time.
func selectedCases(f *scaling.Forecast) []scaling.Case {
	for _, b := range f.Backtest {
		if b.Law == f.Selected {
			return slices.DeleteFunc(slices.Clone(b.Cases), func(c scaling.Case) bool { return c.Predicted == nil })
		}
	}
	return nil
}

// drawBacktest shows what the selected law, fitted to the smaller core counts,
// said of the larger ones, against what was measured there.
func drawBacktest(pic *Picture, f *scaling.Forecast) {
	cases := selectedCases(f)
	p := newPanel("measured time", "predicted time")
	pic.panels = [][]*panel{{p}}
	if len(cases) == 0 {
		drawableCurves(pic, p, nil)
		return
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, c := range cases {
		lo, hi = min(lo, c.Measured, *c.Predicted), max(hi, c.Measured, *c.Predicted)
	}
	per := timesOn(&p.X, &p.xName, lo*0.9, hi*1.1, true)
	timesOn(&p.Y, &p.yName, lo*0.9, hi*1.1, true)
	if _, log := p.X.Scale.(plot.LogScale); !log { // close up: zero tells nothing here
		closeUp(&p.X, lo/per, hi/per)
		closeUp(&p.Y, lo/per, hi/per)
	}
	p.Add(gridlines{}, diagonal{1, idealStyle()}, diagonal{1.1, tenthStyle()}, diagonal{1 / 1.1, tenthStyle()})
	scatter := casePoints{cases: cases, per: per, from: trainedUpTo(cases)}
	p.Add(scatter)
	pic.legend = scatter.legend()
	pic.note(fmt.Sprintf("Law: %s. Each point is a core count that was measured, predicted by the law as fitted to smaller ones only. Above the line it took less time than predicted.", f.Selected))
	pic.note(fitErrors(f))
}

// closeUp scales an axis to a range without its zero.
func closeUp(a *plot.Axis, lo, hi float64) {
	room := max(0.15*(hi-lo), 0.05*hi)
	linearAxis(a, lo-room, hi+room, 6)
}

// fitErrors lists the mean errors of all laws.
func fitErrors(f *scaling.Forecast) string {
	var names []string
	for _, b := range f.Backtest {
		if b.Error != nil {
			names = append(names, fmt.Sprintf("%s %s", b.Law, Percent(*b.Error)))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Mean errors: " + list(names) + "."
}

// trainedUpTo returns the different training ends of cases, rising.
func trainedUpTo(cases []scaling.Case) []float64 {
	var ends []float64
	for _, c := range cases {
		ends = append(ends, c.UpTo)
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// diagonal is the line y = factor x across the panel.
type diagonal struct {
	factor float64
	style  draw.LineStyle
}

func tenthStyle() draw.LineStyle {
	return draw.LineStyle{Color: midGrey, Width: 0.6, Dashes: []vg.Length{1.5, 2.5}}
}

// Plot draws the line within the panel.
func (d diagonal) Plot(canvas draw.Canvas, p *plot.Plot) {
	lineThrough{[][2]float64{{p.X.Min, max(p.X.Min*d.factor, 1e-12)}, {p.X.Max, p.X.Max * d.factor}}, d.style}.Plot(canvas, p)
}

// casePoints draws a point a case: its shape and colour tell up to where the
// law was fitted, the name beside the uppermost of a core count the count.
type casePoints struct {
	cases []scaling.Case
	per   float64
	from  []float64
}

// Plot draws the points.
func (s casePoints) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	var taken []vg.Rectangle
	at := make([]vg.Point, len(s.cases))
	for i, c := range s.cases {
		at[i] = vg.Point{X: x(c.Measured / s.per), Y: y(*c.Predicted / s.per)}
		taken = append(taken, around(at[i], markerRadius+0.5))
	}
	for i, c := range s.cases {
		l := lookOf(slices.Index(s.from, c.UpTo))
		marker{l.colour, l.shape, results.Extrapolated}.drawAt(&canvas, at[i])
		open := l.shape.outline(at[i], markerRadius+1.2)
		canvas.StrokeLines(draw.LineStyle{Color: l.colour, Width: 1}, append(open, open[0]))
	}
	for _, i := range s.uppermost() {
		taken = append(taken, writeBeside(&canvas, at[i], plural(int(s.cases[i].Cores), "core"), taken)...)
	}
}

// uppermost returns, for each core count, which of its cases is highest: one
// above the other, they share a name.
func (s casePoints) uppermost() []int {
	top := make(map[float64]int)
	for i, c := range s.cases {
		if j, ok := top[c.Cores]; !ok || *c.Predicted > *s.cases[j].Predicted {
			top[c.Cores] = i
		}
	}
	return slices.Sorted(maps.Values(top))
}

func (s casePoints) legend() []legendEntry {
	var entries []legendEntry
	for i, n := range s.from {
		l := lookOf(i)
		entries = append(entries, legendEntry{"fitted up to " + plural(int(n), "core"), func(c *draw.Canvas, r vg.Rectangle) {
			marker{l.colour, l.shape, results.Extrapolated}.drawAt(c, center(r))
			open := l.shape.outline(center(r), markerRadius+1.2)
			c.StrokeLines(draw.LineStyle{Color: l.colour, Width: 1}, append(open, open[0]))
		}})
	}
	return append(entries, legendEntry{"as measured", lineSample(idealStyle())}, legendEntry{"10 % off", lineSample(tenthStyle())})
}
