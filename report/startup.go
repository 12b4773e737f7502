package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"corecast/bench/metrics"
	"corecast/results"
)

func noStartup(s *Source) string {
	if !slices.ContainsFunc(s.workers, func(w startups) bool { return len(w.seconds) > 0 }) {
		return "no worker's first task is known"
	}
	return ""
}

// drawStartup shows what share of the workers that ran a task had begun their
// first by when, pooled over all trials, a curve a core count.
func drawStartup(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Start-up of workers")
	axes := newPanel("first task after the job was submitted", "workers that had begun (%)")
	pic.panels = [][]*panel{{axes}}
	order := s.byCores(s.Summary.Points[0].Label)
	lo, hi := startupRange(s.workers)
	per := timeAxis(axes, lo, hi, true)
	linearAxis(&axes.Y, 0, 100, 5)
	axes.Add(gridlines{})
	for n, i := range order {
		p := s.Summary.Points[i]
		steps := steps{shares: metrics.ECDF(s.workers[i].seconds), per: per, look: lookOf(n), kind: p.Kind}
		if len(steps.shares) > 0 {
			axes.Add(steps)
			pic.legend = append(pic.legend, legendEntry{startupText(p.Cores, s.workers[i]), steps.sample})
		}
	}
	pic.legend = append(pic.legend, kindEntries(s, circle)...)
	pic.note("Share of the workers that ran a task, all trials together; markers at each tenth.")
	pic.note(idleNote(s, order))
	return pic
}

func startupText(cores int, w startups) string {
	text := plural(cores, "core")
	if w.trials > 1 {
		return fmt.Sprintf("%s (%s, %s)", text, plural(len(w.seconds), "start"), plural(w.trials, "trial"))
	}
	return fmt.Sprintf("%s (%s)", text, plural(len(w.seconds), "start"))
}

// idleNote names the points with workers that never ran a task.
func idleNote(s *Source, order []int) string {
	var parts []string
	for _, i := range order {
		if n := s.workers[i].without; n > 0 {
			parts = append(parts, fmt.Sprintf("%s at %s", Count(n), plural(s.Summary.Points[i].Cores, "core")))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Workers that never ran a task are in no curve: " + strings.Join(parts, ", ") + "."
}

func startupRange(all []startups) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, w := range all {
		for _, t := range w.seconds {
			lo, hi = min(lo, t), max(hi, t)
		}
	}
	return lo, hi
}

// steps is an empirical distribution function of times.
type steps struct {
	shares []metrics.Share
	per    float64 // unit of the axis, s
	look   look
	kind   results.Kind
}

// stepsDrawn is the most steps that a curve is drawn with; of more, evenly
// spaced ones are drawn, the first and the last among them.
const stepsDrawn = 1000

// Plot draws the step function and its markers.
func (s steps) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	n := len(s.shares)
	drawn := min(n, stepsDrawn)
	at := x(s.shares[0].Value / s.per)
	line := []vg.Point{{X: at, Y: y(0)}}
	for k := range drawn {
		step := s.shares[n-1]
		if drawn > 1 {
			step = s.shares[k*(n-1)/(drawn-1)]
		}
		at = x(step.Value / s.per)
		line = append(line, vg.Point{X: at, Y: line[len(line)-1].Y},
			vg.Point{X: at, Y: y(100 * step.Share)})
	}
	if at < canvas.Max.X {
		line = append(line, vg.Point{X: canvas.Max.X, Y: y(100)})
	}
	canvas.StrokeLines(draw.LineStyle{Color: s.look.colour, Width: 1.3, Dashes: s.look.dashes}, line)
	for _, i := range tenths(s.shares) {
		marker{s.look.colour, s.look.shape, s.kind}.drawAt(&canvas,
			vg.Point{X: x(s.shares[i].Value / s.per), Y: y(100 * s.shares[i].Share)})
	}
}

// tenths returns the indices of the steps that complete each tenth.
func tenths(shares []metrics.Share) []int {
	var marked []int
	next := 1
	for i, s := range shares {
		if s.Share*10 < float64(next)-1e-9 {
			continue
		}
		marked = append(marked, i)
		next = int(s.Share*10+1e-9) + 1
	}
	return marked
}

func (s steps) sample(canvas *draw.Canvas, r vg.Rectangle) {
	curve{look: s.look, points: []curvePoint{{kind: s.kind}}}.sample(canvas, r)
}
