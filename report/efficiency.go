package report

import (
	"math"

	"corecast/bench/metrics"
)

// drawEfficiency shows efficiency, S/N, against cores. Its interval is the
// speedup's divided by N, the number of workers.
func drawEfficiency(s *Source) *Picture {
	pic := &Picture{}
	pic.title, pic.subtitle = s.heading("Efficiency")
	all, without := curves(s, efficiencyOf)
	p := newPanel("cores", "efficiency (%), base "+bases(s))
	if !drawableCurves(pic, p, all) {
		return pic
	}
	coreAxis(p, each(all, coresOf), panelWidth)
	lo, hi := bounds(all)
	linearAxis(&p.Y, min(lo, 0), math.Max(hi, 100)*1.05, 6)
	ideal := lineThrough{[][2]float64{{p.X.Min, 100}, {p.X.Max, 100}}, idealStyle()}
	p.Add(gridlines{}, ideal)
	addCurves(p, all)
	pic.legend = curveLegend(s, all, "ideal: 100 %")
	pic.note("Efficiency: speedup over " + bases(s) + ", divided by the number of workers. " + intervalNote(all))
	pic.note(absenceNote("efficiency", without))
	return pic
}

// efficiencyOf returns a point's efficiency in percent.
func efficiencyOf(p metrics.Point) (metrics.Interval, float64, bool) {
	if p.Efficiency == nil {
		return metrics.Interval{}, 0, false
	}
	at := metrics.Interval{Median: *p.Efficiency * 100}
	if p.Speedup != nil && p.Workers > 0 {
		each := 100 / float64(p.Workers)
		at.Lo, at.Hi, at.Confidence = p.Speedup.Lo*each, p.Speedup.Hi*each, p.Speedup.Confidence
	}
	return at, 100, true
}
