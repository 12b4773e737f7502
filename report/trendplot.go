package report

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/track"
	"corecast/results"
)

// TrendTitle is the title of trend plots, which corecast track draws.
const TrendTitle = "Trend over runs"

// trendPoints draws the corrected values of a series over its runs, with the
// intervals of the raw ones.
type trendPoints struct {
	trend *track.Trend
	per   float64
	look  look
}

// Plot draws bars, then markers.
func (t trendPoints) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	for i, pt := range t.trend.Points {
		if pt.Raw == nil || pt.Corrected == nil || pt.Raw.Confidence == 0 || pt.Raw.Median == 0 {
			continue
		}
		scale := *pt.Corrected / pt.Raw.Median / t.per
		canvas.StrokeLine2(draw.LineStyle{Color: t.look.colour, Width: 0.8}, x(float64(i)), y(max(p.Y.Min, pt.Raw.Lo*scale)), x(float64(i)), y(min(p.Y.Max, pt.Raw.Hi*scale)))
	}
	for i, pt := range t.trend.Points {
		if pt.Corrected != nil {
			marker{t.look.colour, t.look.shape, results.Measured}.drawAt(&canvas, vg.Point{X: x(float64(i)), Y: y(*pt.Corrected / t.per)})
		}
	}
}

// changeLines draws an upright line before the first run after each change:
// dashed where it was accepted.
type changeLines struct{ trend *track.Trend }

// Plot draws the lines.
func (l changeLines) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&canvas)
	for _, c := range l.trend.Changes {
		at := x(float64(c.Index) - 0.5)
		canvas.StrokeLine2(changeStyle(c.Verdict), at, canvas.Min.Y, at, canvas.Max.Y)
	}
}

func changeStyle(verdict string) draw.LineStyle {
	switch verdict {
	case track.Worse:
		return draw.LineStyle{Color: lookOf(1).colour, Width: 1.6}
	case track.Better:
		return draw.LineStyle{Color: lookOf(2).colour, Width: 1.6}
	}
	return idealStyle()
}

// DrawTrend draws one series over its runs: medians with intervals, changes,
// accepted changes, commits.
func DrawTrend(t *track.Trend) *Picture {
	pic := &Picture{title: TrendTitle, subtitle: t.Name}
	p := newPanel("commit", "")
	pic.panels = [][]*panel{{p}}
	lo, hi := math.Inf(1), 0.0
	for _, pt := range t.Points {
		if pt.Corrected != nil {
			lo, hi = min(lo, *pt.Corrected, rawOf(pt).Lo), max(hi, *pt.Corrected, rawOf(pt).Hi)
		}
	}
	if hi <= 0 || math.IsInf(lo, 0) {
		drawableCurves(pic, p, nil)
		return pic
	}
	per := 1.0
	if strings.HasSuffix(t.Name, "_s") {
		p.yName = "time"
		per = timesOn(&p.Y, &p.yName, 0, hi*1.05, false)
	} else {
		p.yName = t.Name[strings.LastIndex(t.Name, "/")+1:]
		linearAxis(&p.Y, min(lo, 0), hi*1.05, 6)
	}
	commitAxis(&p.X, t)
	points := trendPoints{t, per, lookOf(0)}
	p.Add(gridlines{}, changeLines{t}, points)
	pic.legend = trendLegend(t, points)
	if t.Exponent > 0 {
		pic.note(fmt.Sprintf("Corrected for slower days of the machine, by spin and noop in a plain loop, with the exponent %.2f. Bars: intervals of raw medians, moved with their points.", t.Exponent))
	}
	for _, c := range t.Changes {
		pic.note(fmt.Sprintf("%s since run %s, commit %s: %s to %s. %s", c.Verdict, c.Run, commitRange(c), trackValue(t.Name, c.Before), trackValue(t.Name, c.After), c.Reason))
	}
	if t.Drift != nil {
		pic.note(fmt.Sprintf("Drifts slowly, from %s to %s.", trackValue(t.Name, t.Drift.From), trackValue(t.Name, t.Drift.To)))
	}
	return pic
}

// commitAxis has the commits, as many as there is room for.
func commitAxis(a *plot.Axis, t *track.Trend) {
	n := len(t.Points)
	a.Min, a.Max = -0.5, float64(n)-0.5
	every := max(1, (n+9)/10)
	var ticks fixedTicks
	for i := 0; i < n; i += every {
		label := t.Points[i].Commit
		if label == "" {
			label = t.Points[i].Created.UTC().Format("2006-01-02")
		}
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: label[:min(len(label), 10)]})
	}
	a.Tick.Marker = ticks
}

func trendLegend(t *track.Trend, points trendPoints) []legendEntry {
	entries := []legendEntry{{"median of a run", func(c *draw.Canvas, r vg.Rectangle) {
		marker{points.look.colour, points.look.shape, results.Measured}.drawAt(c, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: (r.Min.Y + r.Max.Y) / 2})
	}}}
	seen := map[string]bool{}
	for _, c := range t.Changes {
		if !seen[c.Verdict] {
			seen[c.Verdict] = true
			entries = append(entries, legendEntry{"change: " + c.Verdict, lineSample(changeStyle(c.Verdict))})
		}
	}
	return entries
}

// WriteTrends draws every series into dir, as trend-1.png and .svg and so on
// in the order of the analysis, and returns the paths.
func WriteTrends(dir string, a *track.Analysis) ([]string, error) {
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	var paths []string
	for i := range a.Series {
		written, err := writeBoth(filepath.Join(dir, fmt.Sprintf("trend-%d", i+1)), DrawTrend(&a.Series[i]))
		if err != nil {
			return paths, err
		}
		paths = append(paths, written...)
	}
	return paths, nil
}
