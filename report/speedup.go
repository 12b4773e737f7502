package report

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"

	"corecast/bench/metrics"
)

// panelWidth is about how wide the axes of a single plot are; labels of ticks
// are thinned for it.
const panelWidth = 430

func noSpeedup(s *Source) string {
	if !slices.ContainsFunc(s.Summary.Points, func(p metrics.Point) bool { return p.Speedup != nil }) {
		return "no point has a speedup: the run has no base"
	}
	return ""
}

func noEfficiency(s *Source) string {
	if !slices.ContainsFunc(s.Summary.Points, func(p metrics.Point) bool { return p.Efficiency != nil }) {
		return "no point has an efficiency: the run has no base"
	}
	return ""
}

// bases returns the names of the bases of speedups, usually one.
func bases(s *Source) string {
	var names []string
	for _, p := range s.Summary.Points {
		if p.Speedup != nil {
			names = appendNew(names, cmp.Or(p.Speedup.Base, "a base without a name"))
		}
	}
	return list(names)
}

// drawSpeedup shows speedup against cores, with the line on which N workers
// are N times as fast as the base.
func drawSpeedup(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Speedup")
	all, without := curves(s, func(p metrics.Point) (metrics.Interval, float64, bool) {
		if p.Speedup == nil {
			return metrics.Interval{}, 0, false
		}
		return p.Speedup.Interval, float64(p.Workers), true
	})
	p := newPanel("cores", "speedup over "+bases(s))
	if !drawableCurves(pic, p, all) {
		return pic
	}
	speedupAxes(p, all)
	p.Add(gridlines{}, idealLine(p, all))
	addCurves(p, all)
	pic.legend = curveLegend(s, all, "ideal: N workers, N-fold")
	pic.note("Base: " + bases(s) + ". " + intervalNote(all))
	pic.note(absenceNote("speedup", without))
	return pic
}

// drawableCurves puts the panel into the picture, and reports whether there is
// anything to draw in it; if not, a note says so.
func drawableCurves(pic *Picture, p *panel, all []curve) bool {
	pic.panels = [][]*panel{{p}}
	if len(all) == 0 {
		linearAxis(&p.X, 0, 1, 2)
		linearAxis(&p.Y, 0, 1, 2)
		pic.note("Nothing to draw: no figure is finite.")
		return false
	}
	return true
}

func coresOf(p curvePoint) float64 { return p.cores }

// speedupAxes scales both axes alike, so that the ideal is a straight line.
func speedupAxes(p *panel, all []curve) {
	log := coreAxis(p, each(all, coresOf), panelWidth)
	lo, hi := bounds(all)
	ideals := each(all, func(pt curvePoint) float64 { return pt.ideal })
	hi = max(hi, slices.Max(ideals))
	if log && lo > 0 {
		octaveAxis(&p.Y, min(lo, slices.Min(ideals)), hi)
		p.yName += ", log2"
		return
	}
	linearAxis(&p.Y, min(lo, 0), hi*1.05, 6)
}

// idealLine goes through (cores, workers) of every point, and on to the edges
// where workers are a fixed share of cores.
func idealLine(panel *panel, all []curve) lineThrough {
	var pts [][2]float64
	for _, c := range all {
		for _, p := range c.points {
			pts = append(pts, [2]float64{p.cores, p.ideal})
		}
	}
	slices.SortFunc(pts, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
	pts = slices.Compact(pts)
	share := pts[0][1] / pts[0][0]
	fixed := !slices.ContainsFunc(pts, func(p [2]float64) bool { return math.Abs(p[1]/p[0]-share) > 1e-9*share })
	if fixed {
		pts = [][2]float64{{panel.X.Min, panel.X.Min * share}, {panel.X.Max, panel.X.Max * share}}
		if _, log := panel.Y.Scale.(plot.LogScale); log {
			pts = clampLog(pts, panel, share)
		}
	}
	return lineThrough{pts, idealStyle()}
}

// clampLog moves the ends of a line y = share x into the range of the y axis.
func clampLog(pts [][2]float64, panel *panel, share float64) [][2]float64 {
	out := make([][2]float64, 0, len(pts))
	for _, p := range pts {
		y := min(max(p[1], panel.Y.Min), panel.Y.Max)
		out = append(out, [2]float64{y / share, y})
	}
	return out
}

func addCurves(p *panel, all []curve) {
	for _, c := range all {
		p.Add(c)
	}
}
