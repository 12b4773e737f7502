package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/scaling"
)

const uslTitle = "Contention and coherency (USL)"

// uslShares is where the capacity of n cores goes by the USL: of D = 1 + sigma
// (n-1) + kappa n (n-1) the first part is speedup, the others are waits.
type uslShares struct {
	cores                         float64
	useful, contention, coherency float64
}

func uslAt(fit *scaling.Fit, n float64) uslShares {
	sigma, kappa := fit.Parameters["sigma"].Value*(n-1), fit.Parameters["kappa"].Value*n*(n-1)
	d := 1 + sigma + kappa
	return uslShares{n, 1 / d, sigma / d, kappa / d}
}

// uslStyle is how a share looks.
type uslStyle struct {
	partStyle
	of func(uslShares) float64
}

func uslStyles() []uslStyle {
	return []uslStyle{
		{partStyle{name: "useful: what makes the speedup", colour: deepGreen}, func(s uslShares) float64 { return s.useful }},
		{partStyle{name: "contention: waiting for what is shared", colour: startOrange, hatch: hatch{rising: true}}, func(s uslShares) float64 { return s.contention }},
		{partStyle{name: "coherency: waiting for each other", colour: paleBlue, hatch: hatch{falling: true}}, func(s uslShares) float64 { return s.coherency }},
	}
}

// drawUSL shows for measured and further core counts which share of their
// capacity is speedup, and which is lost to contention and to coherency.
func drawUSL(pic *Picture, f *scaling.Forecast) {
	fit := fitBy(f, "usl")
	marks := slices.Compact(slices.Sorted(slices.Values(forecastMarks(f))))
	p := newPanel("cores", "share of the cores' capacity (%)")
	p.X.Min, p.X.Max = -0.6, float64(len(marks))-0.4
	p.X.Tick.Length, p.X.LineStyle.Width, p.X.Padding = 0, 0, 0
	ticks := make([]plot.Tick, len(marks))
	bars := uslBars{kind: string(f.Kind)}
	for i, n := range marks {
		ticks[i] = plot.Tick{Value: float64(i), Label: strconv.FormatFloat(n, 'f', -1, 64)}
		bars.shares = append(bars.shares, uslAt(fit, n))
		if n <= lastMeasured(f) {
			bars.edge = float64(i) + 0.5
		}
	}
	p.X.Tick.Marker = thinned(ticks, &p.X, panelWidth)
	linearAxis(&p.Y, 0, 100, 5)
	p.Add(gridlines{}, bars)
	pic.panels = [][]*panel{{p}}
	for _, s := range uslStyles() {
		pic.legend = append(pic.legend, legendEntry{s.name, s.sample})
	}
	pic.legend = append(pic.legend, legendEntry{"largest core count measured", lineSample(edgeStyle())})
	pic.note(fmt.Sprintf("USL: sigma %s, kappa %s. All bars are of the fitted law, not measured. Parts of 1 + sigma (n-1) + kappa n (n-1).",
		parameterText(fit.Parameters["sigma"]), parameterText(fit.Parameters["kappa"])))
	if f.Selected != "usl" {
		pic.note(fmt.Sprintf("The backtest prefers %s to the USL here: take these shares for less than the forecast.", f.Selected))
	}
}

func parameterText(p scaling.Parameter) string {
	return fmt.Sprintf("%s [%s, %s]", figureText(p.Value), figureOr(p.Lo, "open"), figureOr(p.Hi, "open"))
}

// uslBars draws a bar a core count.
type uslBars struct {
	shares []uslShares
	edge   float64
	kind   string
}

// Plot draws the bars and the boundary.
func (b uslBars) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	half := min(0.38*(x(1)-x(0)), 34)
	for i, s := range b.shares {
		mid, below := x(float64(i)), 0.0
		for _, sty := range uslStyles() {
			v := 100 * sty.of(s)
			if math.IsNaN(v) {
				continue
			}
			r := vg.Rectangle{Min: vg.Point{X: mid - half, Y: y(below)}, Max: vg.Point{X: mid + half, Y: y(below + v)}}
			below += v
			sty.fill(&canvas, r)
			sty.label(&canvas, r, v)
		}
	}
	edge := x(b.edge)
	canvas.StrokeLine2(edgeStyle(), edge, canvas.Min.Y, edge, canvas.Max.Y)
	sty := style(8, false, darkGrey, draw.XRight, draw.YBottom)
	canvas.FillText(sty, vg.Point{X: edge - 3, Y: canvas.Max.Y + 2}, b.kind)
	sty.XAlign = draw.XLeft
	canvas.FillText(sty, vg.Point{X: edge + 3, Y: canvas.Max.Y + 2}, "predicted")
}
