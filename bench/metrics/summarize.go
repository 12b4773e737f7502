package metrics

import (
	"cmp"
	"fmt"
	"slices"

	"corecast/bench/cost"
	"corecast/results"
	"corecast/runner/trace"
)

// Options say how a run is summarized; the zero value is what most want.
type Options struct {
	// Price is the list that costs are by; nil: no costs.
	Price *cost.Price
	// Confidence is that of intervals, in 0 to 1; 0 means [Confidence].
	Confidence float64
	// Scaling is ScalingStrong or ScalingWeak; empty: weak when the size of
	// every point is proportional to its cores, and strong otherwise.
	Scaling string
}

// The values of Summary.Scaling.
const (
	ScalingStrong = "strong" // the size stays, the cores grow
	ScalingWeak   = "weak"   // the size grows with the cores
)

// SummarySchema is the version of Summary.
const SummarySchema = 1

// Summarize returns what a run says of each workload on each backend, in the
// order in which they first ran. Warm-ups are in no figure. Trials that gave
// no answer are counted in a warning and are in no figure unless a point has
// no others. It reads the task rows of all trials, one trial at a time.
func Summarize(r *results.Run, o Options) ([]Summary, error) {
	return summarize(&record{
		header: r.Header, dir: r.Dir, end: r.End, running: r.Running, warnings: r.Warnings,
		machines: r.Machines, trials: r.Trials, trace: r.Trace,
	}, o)
}

// record is what Summarize needs of a run.
type record struct {
	header   results.Header
	dir      string
	end      *results.End // nil: interrupted, or still running
	running  bool
	warnings []results.Warning
	machines []results.Machine
	trials   []results.Trial
	// trace returns the tasks of a trial by its index, nil when it has none.
	trace func(trial int) (*trace.Trace, error)
}

func summarize(r *record, o Options) ([]Summary, error) {
	o.Confidence = cmp.Or(o.Confidence, Confidence)
	groups := groupTrials(r.trials)
	summaries := make([]Summary, 0, len(groups))
	for _, g := range groups {
		s, err := g.summary(r, o)
		if err != nil {
			return nil, fmt.Errorf("summarize %s on %s: %w", g.workload, g.backend, err)
		}
		summaries = append(summaries, s)
	}
	return summaries, nil
}

// group is the trials of one workload on one backend.
type group struct {
	workload, backend string
	cells             []*cell
	serials           []*cell // of the workload, whatever their backend says
	scaling           string
}

// cell is the trials of one point; kinds of measuring are points of their own.
type cell struct {
	point    results.Point
	settings string // canonical
	kind     results.Kind
	trials   []*results.Trial
	dispatch []*results.Trial
	label    string
}

// groupTrials sorts trials into groups and cells, in order of appearance. A
// workload that has run serially only is a group without backend.
func groupTrials(trials []results.Trial) []*group {
	var groups, serial []*group
	for i := range trials {
		t := &trials[i]
		switch t.Role {
		case results.RoleSerial:
			g := groupOf(&serial, t.Point.Workload, "")
			c := cellOf(&g.serials, t)
			c.trials = append(c.trials, t)
		case results.RoleTrial:
			c := cellOf(&groupOf(&groups, t.Point.Workload, t.Point.Backend).cells, t)
			c.trials = append(c.trials, t)
		case results.RoleDispatch:
			c := cellOf(&groupOf(&groups, t.Point.Workload, t.Point.Backend).cells, t)
			c.dispatch = append(c.dispatch, t)
		}
	}
	for _, g := range groups {
		g.cells = slices.DeleteFunc(g.cells, func(c *cell) bool { return len(c.trials) == 0 })
	}
	for _, s := range serial {
		alone := true
		for _, g := range groups {
			if g.workload == s.workload {
				g.serials, alone = slices.Clone(s.serials), false
			}
		}
		if alone {
			groups = append(groups, s)
		}
	}
	return groups
}

func groupOf(groups *[]*group, workload, backend string) *group {
	for _, g := range *groups {
		if g.workload == workload && g.backend == backend {
			return g
		}
	}
	g := &group{workload: workload, backend: backend}
	*groups = append(*groups, g)
	return g
}

func cellOf(cells *[]*cell, t *results.Trial) *cell {
	settings := canonical(t.Point.Settings)
	for _, c := range *cells {
		if c.point.Size == t.Point.Size && c.point.Cores == t.Point.Cores &&
			c.settings == settings && c.kind == t.Kind {
			return c
		}
	}
	c := &cell{point: t.Point, settings: settings, kind: t.Kind}
	*cells = append(*cells, c)
	return c
}
