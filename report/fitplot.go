package report

import (
	"fmt"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/scaling"
	"corecast/results"
)

// forecastReach is up to how many times the largest measured core count a
// forecast is drawn, unless it has predictions beyond.
const forecastReach = 4

// noFit asks for enough core counts in one series at least.
func noFit(s *Source) string {
	data, _ := scaling.FromSummary(s.Summary)
	if !slices.ContainsFunc(data, func(d *scaling.Data) bool { return len(d.CoreCounts()) >= scaling.MinCores }) {
		return fmt.Sprintf("a fit needs at least %d core counts", scaling.MinCores)
	}
	return ""
}

// eachSeries makes a part of each label and kind of a source.
func eachSeries(s *Source) []part {
	var parts []part
	points := s.Summary.Points
	for _, byLabel := range eachLabel(s) {
		for _, kind := range byLabel.source.kinds() {
			suffix := byLabel.suffix
			if len(byLabel.source.kinds()) > 1 {
				suffix = strings.Trim(suffix+"-"+string(kind), "-")
			}
			label := byLabel.source.labels()[0]
			parts = append(parts, part{s.only(func(i int) bool { return points[i].Label == label && points[i].Kind == kind }), suffix})
		}
	}
	return parts
}

// forecastOf fits all laws to a source of one series.
func forecastOf(s *Source) (*scaling.Forecast, error) {
	data, _ := scaling.FromSummary(s.Summary)
	if len(data) == 0 {
		return nil, fmt.Errorf("no point has a time")
	}
	return scaling.New(data[0], scaling.Options{})
}

// ofSource draws a plot of the forecast of a source.
func ofSource(title string, drawIt func(pic *Picture, f *scaling.Forecast)) func(*Source) *Picture {
	return func(s *Source) *Picture {
		pic := &Picture{}
		pic.title, pic.subtitle = s.heading(title)
		f, err := forecastOf(s)
		if err != nil {
			p := newPanel("cores", "")
			drawableCurves(pic, p, nil)
			pic.note(err.Error())
			return pic
		}
		drawIt(pic, f)
		return pic
	}
}

// ForecastPlot is a picture of a forecast, with the name of its file.
type ForecastPlot struct {
	Name    string
	Picture *Picture
}

// ForecastPlots draws what there is to draw of a forecast: the fit with its
// band, predicted against measured, and the shares of the USL.
func ForecastPlots(f *scaling.Forecast) []ForecastPlot {
	var plots []ForecastPlot
	add := func(name, title string, drawIt func(*Picture, *scaling.Forecast)) {
		pic := &Picture{title: title + ": " + f.Data}
		pic.subtitle = fmt.Sprintf("%s, %s", plural(len(f.Points), "point"), f.Kind)
		drawIt(pic, f)
		plots = append(plots, ForecastPlot{name, pic})
	}
	add("fit", fitTitle, drawFit)
	if len(selectedCases(f)) > 0 {
		add("backtest", backtestTitle, drawBacktest)
	}
	if fitBy(f, "usl") != nil {
		add("usl", uslTitle, drawUSL)
	}
	return plots
}

// fitBy returns the fit of a law, nil without one.
func fitBy(f *scaling.Forecast, law string) *scaling.Fit {
	for i := range f.Fits {
		if f.Fits[i].Law == law {
			return &f.Fits[i]
		}
	}
	return nil
}

const fitTitle = "Measured and forecast"

// drawFit shows throughput and time against cores: the measured points, the
// selected law with the band that holds a further measurement, and the boundary
// beyond which nothing was measured.
func drawFit(pic *Picture, f *scaling.Forecast) {
	counts := forecastCounts(f)
	line := predictAll(f, counts)
	speed := newPanel("cores", "throughput ("+f.Unit+"s a second)")
	times := newPanel("cores", "time of a job")
	pic.panels = [][]*panel{{speed, times}}
	marks := forecastMarks(f)
	for _, p := range []*panel{speed, times} {
		coreAxis(p, append(marks, counts[0], counts[len(counts)-1]), panelWidth/2)
	}
	view := fitView{f: f, line: line, others: otherLaws(f, counts), edge: lastMeasured(f), per: 1, value: throughputOf}
	view.axis(&speed.Y, &speed.yName, false)
	speed.Add(gridlines{}, view)
	view.value = secondsOf
	view.per = view.axis(&times.Y, &times.yName, true)
	times.Add(gridlines{}, view)
	pic.legend = view.legend()
	pic.note(fitNote(f))
	pic.note(edgeNote(f))
}

// forecastCounts are the core counts at which curves are computed.
func forecastCounts(f *scaling.Forecast) []float64 {
	lo, hi := f.Points[0].Cores, forecastReach*lastMeasured(f)
	for _, p := range f.Predictions {
		hi = max(hi, p.Cores)
	}
	const steps = 48
	counts := make([]float64, 0, steps+1)
	for i := range steps + 1 {
		counts = append(counts, lo*math.Pow(hi/lo, float64(i)/steps))
	}
	return append(counts[:steps], hi)
}

func lastMeasured(f *scaling.Forecast) float64 { return f.Points[len(f.Points)-1].Cores }

// forecastMarks are the core counts that get a tick.
func forecastMarks(f *scaling.Forecast) []float64 {
	var marks []float64
	for _, p := range f.Points {
		marks = append(marks, p.Cores)
	}
	if len(f.Predictions) == 0 {
		last := lastMeasured(f)
		marks = append(marks, 2*last, 4*last)
	}
	for _, p := range f.Predictions {
		marks = append(marks, p.Cores)
	}
	return marks
}

func predictAll(f *scaling.Forecast, counts []float64) []scaling.Prediction {
	line := make([]scaling.Prediction, len(counts))
	for i, n := range counts {
		line[i] = f.At(n, 0)
	}
	return line
}

// otherLaws are the lines of the laws that were not selected.
func otherLaws(f *scaling.Forecast, counts []float64) [][]scaling.Prediction {
	var lines [][]scaling.Prediction
	for _, fit := range f.Fits {
		if fit.Law == f.Selected {
			continue
		}
		line := make([]scaling.Prediction, 0, len(counts))
		for _, n := range counts {
			line = append(line, f.ValueBy(fit.Law, n))
		}
		lines = append(lines, line)
	}
	return lines
}

// triple is a value with its interval; ends that are not known are NaN.
type triple struct{ mid, lo, hi float64 }

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

func throughputOf(p scaling.Prediction) triple {
	return triple{orNaN(p.Throughput), orNaN(p.ThroughputLo), orNaN(p.ThroughputHi)}
}

func secondsOf(p scaling.Prediction) triple {
	mid := orNaN(p.Seconds)
	if !(mid > 0) {
		mid = math.NaN()
	}
	return triple{mid, orNaN(p.Lo), orNaN(p.Hi)}
}

// fitView draws one panel of a fit.
type fitView struct {
	f      *scaling.Forecast
	line   []scaling.Prediction
	others [][]scaling.Prediction
	edge   float64
	value  func(scaling.Prediction) triple
	per    float64
}

// measured returns a point's values as the panel shows them.
func (v fitView) measured(p scaling.Point) triple {
	work := p.Throughput * p.Seconds
	inverse := func(s float64) *float64 { x := work / s; return &x }
	return v.value(scaling.Prediction{Seconds: &p.Seconds, Lo: &p.Lo, Hi: &p.Hi,
		Throughput: inverse(p.Seconds), ThroughputLo: inverse(p.Hi), ThroughputHi: inverse(p.Lo)})
}

// axis scales the y axis for the line, the points, and as much of the band as
// does not flatten them. It returns the unit of times.
func (v fitView) axis(a *plot.Axis, name *string, times bool) float64 {
	lo, hi := math.Inf(1), math.Inf(-1)
	see := func(x float64) {
		if isFinite(x) {
			lo, hi = min(lo, x), max(hi, x)
		}
	}
	for _, p := range v.f.Points {
		t := v.measured(p)
		see(t.lo)
		see(t.hi)
	}
	for _, p := range v.line {
		see(v.value(p).mid)
	}
	top, bottom := hi, lo
	for _, p := range v.line {
		t := v.value(p)
		if isFinite(t.hi) {
			top = max(top, min(t.hi, 1.6*hi))
		}
		if isFinite(t.lo) {
			bottom = min(bottom, max(t.lo, lo/2))
		}
	}
	if times {
		return timesOn(a, name, bottom, top, true)
	}
	linearAxis(a, 0, top, 6)
	return 1
}

// Plot draws, from the back: what lies beyond the measured, the band, the other
// laws, the law, the boundary, the points and the predictions.
func (v fitView) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	edge := x(v.edge)
	beyond := vg.Rectangle{Min: vg.Point{X: edge, Y: canvas.Min.Y}, Max: canvas.Max}
	canvas.FillPolygon(color.NRGBA{0xf4, 0xf4, 0xf4, 0xff}, corners(beyond))
	gridlines{}.Plot(canvas, p)
	v.band(&canvas, p)
	for _, other := range v.others {
		v.stroke(&canvas, p, other, draw.LineStyle{Color: midGrey, Width: 0.6})
	}
	canvas.StrokeLine2(edgeStyle(), edge, canvas.Min.Y, edge, canvas.Max.Y)
	law := draw.LineStyle{Color: vermillion, Width: 1.6}
	split := slices.IndexFunc(v.line, func(p scaling.Prediction) bool { return p.Cores >= v.edge })
	v.stroke(&canvas, p, v.line[:split+1], law)
	law.Dashes = []vg.Length{5, 3}
	v.stroke(&canvas, p, v.line[split:], law)
	for _, pt := range v.f.Points {
		t := v.measured(pt)
		at := vg.Point{X: x(pt.Cores), Y: y(t.mid / v.per)}
		if pt.Rows > 1 {
			canvas.StrokeLine2(draw.LineStyle{Color: blue, Width: 1.1}, at.X, y(t.lo/v.per), at.X, y(t.hi/v.per))
		}
		marker{blue, circle, v.f.Kind}.drawAt(&canvas, at)
	}
	for _, pt := range v.f.Predictions {
		if t := v.value(pt); isFinite(t.mid) && t.mid/v.per >= p.Y.Min && t.mid/v.per <= p.Y.Max {
			marker{vermillion, circle, results.Extrapolated}.drawAt(&canvas, vg.Point{X: x(pt.Cores), Y: y(t.mid / v.per)})
		}
	}
	sty := style(8, false, darkGrey, draw.XRight, draw.YTop)
	canvas.FillText(sty, vg.Point{X: edge - 3, Y: canvas.Max.Y - 2}, string(v.f.Kind))
	sty.XAlign = draw.XLeft
	canvas.FillText(sty, vg.Point{X: edge + 3, Y: canvas.Max.Y - 2}, "predicted")
}

// stroke draws a line, broken where it has no value.
func (v fitView) stroke(canvas *draw.Canvas, p *plot.Plot, line []scaling.Prediction, sty draw.LineStyle) {
	x, y := p.Transforms(canvas)
	var run []vg.Point
	flush := func() {
		if len(run) > 1 {
			canvas.StrokeLines(sty, canvas.ClipLinesXY(run)...)
		}
		run = nil
	}
	for _, pt := range line {
		t := v.value(pt).mid / v.per
		if !isFinite(t) || t <= 0 {
			flush()
			continue
		}
		run = append(run, vg.Point{X: x(pt.Cores), Y: y(t)})
	}
	flush()
}

// band fills between the ends of the intervals, cut at the edges of the panel.
func (v fitView) band(canvas *draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(canvas)
	var upper, lower []vg.Point
	for _, pt := range v.line {
		t := v.value(pt)
		if !isFinite(t.mid) || !isFinite(t.lo) && !isFinite(t.hi) {
			continue
		}
		lo, hi := t.lo/v.per, t.hi/v.per
		if !isFinite(lo) {
			lo = p.Y.Min
		}
		if !isFinite(hi) {
			hi = p.Y.Max
		}
		lo, hi = min(max(lo, p.Y.Min), p.Y.Max), min(max(hi, p.Y.Min), p.Y.Max)
		upper = append(upper, vg.Point{X: x(pt.Cores), Y: y(hi)})
		lower = append(lower, vg.Point{X: x(pt.Cores), Y: y(lo)})
	}
	if len(upper) < 2 {
		return
	}
	slices.Reverse(lower)
	canvas.FillPolygon(bandColour(), append(slices.Clone(upper), lower...))
	thin := draw.LineStyle{Color: vermillion, Width: 0.5}
	canvas.StrokeLines(thin, upper)
	canvas.StrokeLines(thin, lower)
}

func bandColour() color.NRGBA { return color.NRGBA{0xf3, 0xcf, 0xb8, 0xff} }

func edgeStyle() draw.LineStyle {
	return draw.LineStyle{Color: black, Width: 0.9, Dashes: []vg.Length{1.5, 2}}
}

func (v fitView) legend() []legendEntry {
	points := "measured"
	if v.f.Kind != results.Measured {
		points = string(v.f.Kind)
	}
	law := v.f.Selected
	entries := []legendEntry{
		{points + " (median, range)", curve{look: look{colour: blue, shape: circle}, points: []curvePoint{{kind: v.f.Kind}}}.markerSample},
		{law + ", fitted", lineSample(draw.LineStyle{Color: vermillion, Width: 1.6})},
		{law + ", predicted", lineSample(draw.LineStyle{Color: vermillion, Width: 1.6, Dashes: []vg.Length{5, 3}})},
	}
	if slices.ContainsFunc(v.line, func(p scaling.Prediction) bool { return p.Lo != nil || p.Hi != nil }) {
		entries = append(entries, legendEntry{"holds a measurement with " + Percent(v.f.Confidence), func(c *draw.Canvas, r vg.Rectangle) {
			c.FillPolygon(bandColour(), corners(r))
			c.StrokeLines(draw.LineStyle{Color: vermillion, Width: 0.5}, append(corners(r), r.Min))
		}})
	}
	if len(v.others) > 0 {
		entries = append(entries, legendEntry{"other laws", lineSample(draw.LineStyle{Color: midGrey, Width: 0.6})})
	}
	return append(entries, legendEntry{"largest core count measured", lineSample(edgeStyle())})
}

// markerSample is a marker alone.
func (c curve) markerSample(canvas *draw.Canvas, r vg.Rectangle) {
	marker{c.look.colour, c.look.shape, c.points[0].kind}.drawAt(canvas, center(r))
}

// fitNote says which law it is and how it did in the backtest.
func fitNote(f *scaling.Forecast) string {
	fit := fitBy(f, f.Selected)
	text := "Law: " + fit.Formula + "."
	for _, b := range f.Backtest {
		if b.Law == f.Selected && b.Error != nil {
			text += fmt.Sprintf(" Fitted to the smaller core counts it misses the larger ones by %s in the mean.", Percent(*b.Error))
		}
	}
	if len(selectedCases(f)) == 0 {
		text += " It could not be tested: too few core counts."
	}
	if fit.Peak != nil {
		text += fmt.Sprintf(" Peak at %s cores.", figureText(*fit.Peak))
	}
	return text
}

// edgeNote says where measuring ends.
func edgeNote(f *scaling.Forecast) string {
	return fmt.Sprintf("Beyond %s nothing was measured: all is extrapolated there.", plural(int(lastMeasured(f)), "core"))
}

func center(r vg.Rectangle) vg.Point {
	return vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2}
}

// WriteForecastPlots writes the plots of a forecast into a folder, as name.png
// and name.svg, and returns the paths.
func WriteForecastPlots(dir string, f *scaling.Forecast) ([]string, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	var paths []string
	for _, p := range ForecastPlots(f) {
		written, err := writeBoth(filepath.Join(dir, p.Name), p.Picture)
		if err != nil {
			return paths, err
		}
		paths = append(paths, written...)
	}
	return paths, nil
}
