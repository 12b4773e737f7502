package metrics

import (
	"cmp"
	"fmt"
	"slices"

	"corecast/internal/wording"
	"corecast/results"
)

// summary makes the summary of a group.
func (g *group) summary(r *record, o Options) (Summary, error) {
	untimed := g.dropUntimed()
	g.scaling = o.Scaling
	if g.scaling == "" {
		g.scaling = ScalingStrong
		if g.sizesFollowCores() {
			g.scaling = ScalingWeak
		}
	}
	g.labelCells()
	s := Summary{
		Schema: SummarySchema, RunID: r.header.ID, Dir: r.dir,
		Workload: g.workload, Backend: g.backend, Scaling: g.scaling,
		Complete: r.end != nil, Points: []Point{}, Machine: g.machine(r),
	}
	if o.Price != nil {
		s.Price = o.Price.Title()
	}
	for _, c := range g.cells {
		p, err := g.newPoint(r, c, o)
		if err != nil {
			return Summary{}, err
		}
		if p.Warnings == nil {
			p.Warnings = []results.Warning{}
		}
		s.Points = append(s.Points, p)
	}
	s.Warnings = slices.Concat(r.doubts(), untimed, g.serial(&s, o))
	return s, nil
}

// dropUntimed takes out the cells none of whose trials has a time, and says
// which they are.
func (g *group) dropUntimed() []results.Warning {
	var warnings []results.Warning
	untimed := func(c *cell) bool {
		for _, t := range c.trials {
			if t.Makespan.Known() {
				return false
			}
		}
		warnings = append(warnings, results.Warning{
			Code: "no_time", Text: fmt.Sprintf("size %d on %s: none of %s has a time, first: %s",
				c.point.Size, wording.Count(c.point.Cores, "core"), wording.Count(len(c.trials), "trial"), cmp.Or(c.trials[0].Error, "no error recorded")),
			Advice: "this point is in no figure; look at its trials in the record",
		})
		return true
	}
	g.cells = slices.DeleteFunc(g.cells, untimed)
	g.serials = slices.DeleteFunc(g.serials, untimed)
	return warnings
}

// machine is the one that the group's first trial ran on.
func (g *group) machine(r *record) *results.Machine {
	for _, cells := range [][]*cell{g.cells, g.serials} {
		if len(cells) > 0 {
			return r.machine(cells[0].trials[0].Machine)
		}
	}
	return nil
}

// serial fills in the serial time: that of the smallest size of which there
// is one, when there are several. It returns what to doubt about it.
func (g *group) serial(s *Summary, o Options) []results.Warning {
	var c *cell
	for _, other := range g.serials {
		if other.answered() && (c == nil || other.point.Size < c.point.Size) {
			c = other
		}
	}
	warnings := []results.Warning{}
	for _, other := range g.serials {
		warnings = append(warnings, serialDoubts(other)...)
	}
	if c == nil {
		return warnings
	}
	interval, few := MedianInterval(makespans(c.good()), o.Confidence)
	s.Serial = &Serial{Trials: len(c.good()), Size: c.point.Size, Makespan: interval}
	for _, w := range few {
		w.Text = "serial: " + w.Text
		warnings = append(warnings, w)
	}
	return warnings
}

func serialDoubts(c *cell) []results.Warning {
	folded := newFold(len(c.trials))
	for _, t := range c.trials {
		folded.add(t.Index, t.Warnings)
		if t.Error != "" {
			folded.add(t.Index, []results.Warning{{Code: "no_answer", Text: t.Error, Advice: "these trials are in no figure"}})
		}
		if t.Check != "" {
			folded.add(t.Index, []results.Warning{{Code: "wrong_answer", Text: t.Check,
				Advice: "do not use these times before the answer is right"}})
		}
	}
	for i := range folded.list {
		folded.list[i].Text = "serial: " + folded.list[i].Text
	}
	return folded.list
}

// doubts are the warnings about a run as a whole.
func (r *record) doubts() []results.Warning {
	list := append([]results.Warning{}, r.warnings...)
	switch {
	case r.end != nil:
		list = append(list, r.end.Warnings...)
		if reason := cmp.Or(r.end.Reason, "done"); reason != "done" {
			list = append(list, results.Warning{
				Code: "ended_early", Text: fmt.Sprintf("the run ended before all that was planned (%s), after %s", reason, wording.Count(len(r.trials), "trial")),
				Advice: "points may have fewer trials than asked for, or be missing",
			})
		}
	case r.running:
		list = append(list, results.Warning{
			Code: "incomplete", Text: fmt.Sprintf("the run is still being measured; it has %s so far", wording.Count(len(r.trials), "trial")),
			Advice: "wait for its end",
		})
	default:
		list = append(list, results.Warning{
			Code: "incomplete", Text: fmt.Sprintf("the run was interrupted after %s", wording.Count(len(r.trials), "trial")),
			Advice: "continue it with --resume; points may be missing",
		})
	}
	return list
}
