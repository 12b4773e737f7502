package report

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

func noTimeline(s *Source) string {
	if !slices.ContainsFunc(s.medians, func(t *trace.Trace) bool { return t != nil && t.Makespan > 0 && t.Slots > 0 }) {
		return "no point's median trial has its trace here"
	}
	return ""
}

// eachPoint makes a part of each point of a source.
func eachPoint(s *Source) []part {
	var parts []part
	for i, p := range s.Summary.Points {
		suffix := fileName(p.Label, strconv.Itoa(p.Cores))
		if p.Kind != results.Measured {
			suffix = fileName(suffix, string(p.Kind))
		}
		parts = append(parts, part{s.only(func(k int) bool { return k == i }), suffix})
	}
	return parts
}

// drawTimeline shows what every slot did when, in the trial with the median
// makespan, and below it how many were busy.
func drawTimeline(s *Source) *Picture {
	point, tr := s.Summary.Points[0], s.medians[0]
	pic := &Picture{heights: []float64{0.72, 0.28}}
	pic.title, pic.subtitle = s.heading("Timeline at " + plural(point.Cores, "core"))
	lanes := newPanel("", "slot of a worker")
	busy := newPanel("since the job was submitted", "busy slots")
	pic.panels = [][]*panel{{lanes}, {busy}}
	per := timeAxis(busy, 0, tr.Makespan.Seconds(), false)
	for _, p := range []*panel{lanes, busy} {
		p.X.Min, p.X.Max = 0, tr.Makespan.Seconds()/per
	}
	lanes.X.Tick.Marker = unlabelled(busy.X.Tick.Marker.Ticks(0, 0))
	slotAxis(&lanes.Y, tr.Slots)
	linearAxis(&busy.Y, 0, float64(tr.Slots), 3)
	if tr.Slots <= 2 {
		linearAxis(&busy.Y, 0, float64(tr.Slots), tr.Slots)
	}
	drawn, err := readLanes(tr)
	if err != nil {
		pic.note("Nothing to draw: " + err.Error() + ".")
		return pic
	}
	lanes.Add(drawn)
	busy.Add(gridlines{}, concurrency{drawn})
	for _, ps := range partStyles() {
		pic.legend = append(pic.legend, legendEntry{ps.name, ps.plainSample})
	}
	pic.note(fmt.Sprintf("Trial %d, which has the (lower) median makespan: %s tasks, %s.", point.MedianTrial, Count(tr.Tasks), Seconds(tr.Makespan.Seconds())))
	if drawn.vector == nil {
		pic.note("Colours are mixed in proportion where a dot holds more than one part.")
	}
	if drawn.backwards > 0 {
		pic.note(fmt.Sprintf("%s run backwards, because clocks disagree, and are not drawn.", plural(drawn.backwards, "stretch")))
	}
	return pic
}

func (ps partStyle) plainSample(c *draw.Canvas, r vg.Rectangle) {
	c.FillPolygon(ps.colour, corners(r))
	c.StrokeLines(draw.LineStyle{Color: darkGrey, Width: 0.4}, append(corners(r), r.Min))
}

func unlabelled(ticks []plot.Tick) fixedTicks {
	out := slices.Clone(ticks)
	for i := range out {
		out[i].Label = ""
	}
	return out
}

// slotAxis gives each slot a lane of height 1, slot 0 at the bottom.
func slotAxis(a *plot.Axis, slots int) {
	if slots > 16 {
		linearAxis(a, 0, float64(slots), 5)
		a.Min, a.Max = 0, float64(slots)
		return
	}
	ticks := make([]plot.Tick, slots)
	for i := range ticks {
		ticks[i] = plot.Tick{Value: float64(i) + 0.5, Label: strconv.Itoa(i)}
	}
	a.Min, a.Max, a.Tick.Marker = 0, float64(slots), fixedTicks(ticks)
}

// The grid to which large timelines are drawn, and the most cuts that are
// drawn one by one instead.
const (
	gridColumns = 1000
	gridRows    = 500
	vectorCuts  = 3000
)

// lanes is the cuts of every slot, added up on a grid of columns of equal time
// and rows of slots.
type lanes struct {
	trace     *trace.Trace
	rows      int
	weights   [][metrics.PartCount]float32 // seconds, of row*gridColumns+column
	busy      []float64                    // seconds, of a column
	vector    []metrics.Cut                // all cuts when they are few
	backwards int
}

// readLanes adds up the cuts of a trace.
func readLanes(t *trace.Trace) (*lanes, error) {
	l := &lanes{trace: t, rows: min(t.Slots, gridRows), busy: make([]float64, gridColumns)}
	l.weights = make([][metrics.PartCount]float32, l.rows*gridColumns)
	few := t.Slots <= 64
	err := metrics.Cuts(t, func(c metrics.Cut) {
		if c.To < c.From {
			l.backwards++
			return
		}
		if few = few && len(l.vector) < vectorCuts; few {
			l.vector = append(l.vector, c)
		}
		l.add(c)
	})
	if !few {
		l.vector = nil
	}
	return l, err
}

// add spreads a cut over the columns that it touches.
func (l *lanes) add(c metrics.Cut) {
	width := float64(l.trace.Makespan) / gridColumns
	row := c.Slot * l.rows / l.trace.Slots
	from, to := max(float64(c.From), 0)/width, min(float64(c.To)/width, gridColumns)
	for col := int(from); col < gridColumns && float64(col) < to; col++ {
		share := min(to, float64(col+1)) - max(from, float64(col))
		l.weights[row*gridColumns+col][c.Part] += float32(share)
		if c.Part == metrics.PartBusy {
			l.busy[col] += share
		}
	}
}

// Plot draws the lanes.
func (l *lanes) Plot(canvas draw.Canvas, p *plot.Plot) {
	if l.vector == nil {
		canvas.DrawImage(canvas.Rectangle, l.image())
		return
	}
	x, y := p.Transforms(&canvas)
	scale := p.X.Max / float64(l.trace.Makespan)
	var paths [metrics.PartCount]vg.Path // one a part: a path a cut would be much longer
	for _, c := range l.vector {
		lane := float64(c.Slot)
		from, to := x(float64(c.From)*scale), x(float64(c.To)*scale)
		path := &paths[c.Part]
		path.Move(vg.Point{X: from, Y: y(lane + 0.08)})
		path.Line(vg.Point{X: to, Y: y(lane + 0.08)})
		path.Line(vg.Point{X: to, Y: y(lane + 0.92)})
		path.Line(vg.Point{X: from, Y: y(lane + 0.92)})
		path.Close()
	}
	for part, colour := range partColours() {
		if len(paths[part]) > 0 {
			canvas.SetColor(colour)
			canvas.Fill(paths[part])
		}
	}
}

func partColours() [metrics.PartCount]color.NRGBA {
	var colours [metrics.PartCount]color.NRGBA
	for _, ps := range partStyles() {
		colours[ps.part] = ps.colour
	}
	return colours
}

// image mixes the colours of the grid's cells, rows repeated to fill at least
// gridRows, slot 0 at the bottom.
func (l *lanes) image() image.Image {
	repeat := max(1, gridRows/l.rows)
	img := image.NewNRGBA(image.Rect(0, 0, gridColumns, l.rows*repeat))
	colours := partColours()
	for row := range l.rows {
		for col := range gridColumns {
			c := mix(&l.weights[row*gridColumns+col], &colours)
			for k := range repeat {
				img.SetNRGBA(col, (l.rows-1-row)*repeat+k, c)
			}
		}
	}
	return img
}

// mix returns the mean of colours by weight; white where there is none.
func mix(weights *[metrics.PartCount]float32, colours *[metrics.PartCount]color.NRGBA) color.NRGBA {
	var r, g, b, sum float32
	for i, w := range weights {
		c := &colours[i]
		r, g, b, sum = r+w*float32(c.R), g+w*float32(c.G), b+w*float32(c.B), sum+w
	}
	if sum == 0 {
		return white
	}
	return color.NRGBA{uint8(r/sum + 0.5), uint8(g/sum + 0.5), uint8(b/sum + 0.5), 0xff}
}

// concurrency is how many slots were busy, the mean over each column.
type concurrency struct{ lanes *lanes }

// Plot draws the curve as a filled step line.
func (k concurrency) Plot(canvas draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&canvas)
	outline := []vg.Point{{X: canvas.Min.X, Y: y(0)}}
	for col, busy := range k.lanes.busy {
		outline = append(outline,
			vg.Point{X: canvas.X(float64(col) / gridColumns), Y: y(busy)},
			vg.Point{X: canvas.X(float64(col+1) / gridColumns), Y: y(busy)})
	}
	outline = append(outline, vg.Point{X: canvas.Max.X, Y: y(0)})
	canvas.FillPolygon(partColours()[metrics.PartBusy], outline)
}
