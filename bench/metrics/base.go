package metrics

import (
	"fmt"
	"slices"
	"strings"

	"corecast/results"
)

// base is what a point's speedup is against.
type base struct {
	values []float64 // makespans in seconds
	name   string
	factor float64 // what makes them those of the point's size
	self   bool    // the point is its own base
}

// baseOf chooses the base of a cell: what was measured in the same way at the
// same size, serial before one worker of the same backend and settings; then,
// for weak scaling, the same at another size, scaled; then serial of another
// kind, named with it. Nil when there is none.
//
// Scaled means Gustafson's scaled speedup ("Reevaluating Amdahl's Law", CACM
// 31(5), 1988), the time that one processor would need for the grown work over
// the time that N took: S = (size_N / size_1) T_1(size_1) / T_N(size_N), which
// is N T_1 / T_N where the size grows with N. It takes work to be proportional
// to size. Where the serial time was measured at size_N itself, that is used,
// and nothing assumed.
func (g *group) baseOf(c *cell) *base {
	sameSize := func(o *cell) bool { return o.point.Size == c.point.Size }
	sameKind := func(o *cell) bool { return o.kind == c.kind }
	serial := func(o *cell) bool { return holds(o.point.Settings, c.point.Settings) && o.answered() }
	single := func(o *cell) bool {
		return o.workers() == 1 && o.settings == c.settings && sameKind(o) && o.answered()
	}
	one := "1 worker on " + g.backend
	if b := find(g.serials, sameSize, sameKind, serial); b != nil {
		return newBase(c, b, "serial")
	}
	if b := find(g.cells, sameSize, single); b != nil {
		return newBase(c, b, one)
	}
	if g.scaling == ScalingWeak {
		if b := smallest(g.serials, sameKind, serial); b != nil {
			return newBase(c, b, "serial")
		}
		if b := smallest(g.cells, single); b != nil {
			return newBase(c, b, one)
		}
	}
	if b := find(g.serials, sameSize, serial); b != nil {
		return newBase(c, b, fmt.Sprintf("serial (%s)", b.kind))
	}
	return nil
}

func newBase(c, from *cell, name string) *base {
	b := &base{values: makespans(from.good()), name: name, factor: 1, self: c == from}
	if from.point.Size != c.point.Size {
		b.factor = float64(c.point.Size) / float64(from.point.Size)
		b.name = fmt.Sprintf("%s at size %d, scaled by size", name, from.point.Size)
	}
	return b
}

func find(cells []*cell, tests ...func(*cell) bool) *cell {
	for _, c := range cells {
		if !slices.ContainsFunc(tests, func(ok func(*cell) bool) bool { return !ok(c) }) {
			return c
		}
	}
	return nil
}

// smallest is find for the cell of the smallest size above 0.
func smallest(cells []*cell, tests ...func(*cell) bool) *cell {
	var least *cell
	smaller := func(c *cell) bool {
		return c.point.Size > 0 && (least == nil || c.point.Size < least.point.Size)
	}
	for c := find(cells, append(tests, smaller)...); c != nil; c = find(cells, append(tests, smaller)...) {
		least = c
	}
	return least
}

// holds reports whether all settings of a serial run are those of a point;
// settings that only a backend knows are in the point alone.
func holds(serial, point results.Settings) bool {
	for k, v := range serial {
		if w, ok := point[k]; !ok || results.SettingText(v) != results.SettingText(w) {
			return false
		}
	}
	return true
}

// speedup fills in the speedup and what follows from it.
func (p *Point) speedup(c *cell, b *base, confidence float64) {
	if b == nil {
		p.warn("no_base", "there is neither a serial run nor one of a single worker to compare with",
			"add the serial baseline, or 1 core, to the plan")
		return
	}
	interval := Interval{Median: 1, Lo: 1, Hi: 1, Confidence: 1} // against itself, by definition
	if !b.self {
		ratio, warnings, err := RatioInterval(b.values, makespans(c.good()), confidence)
		if err != nil {
			p.warn("no_speedup", err.Error(), "use tasks that take measurable time")
			return
		}
		p.Warnings = append(p.Warnings, warnings...)
		interval = Interval{ratio.Median * b.factor, ratio.Lo * b.factor, ratio.Hi * b.factor, ratio.Confidence}
	}
	p.Speedup = &Speedup{Interval: interval, Base: b.name}
	if strings.HasSuffix(b.name, "scaled by size") {
		p.warn("scaled_base", "the base is "+b.name+": work is taken to be proportional to size",
			"measure the serial time at this size to take nothing for granted")
	}
	if p.Workers < 1 {
		return
	}
	n, s := float64(p.Workers), interval.Median
	efficiency := s / n
	p.Efficiency = &efficiency
	if p.Workers > 1 {
		kf := (1/s - 1/n) / (1 - 1/n)
		p.KarpFlatt = &kf
	}
}
