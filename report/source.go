package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

// Source is what plots are drawn from: one workload on one backend.
type Source struct {
	// Summary is what the run says of it.
	Summary *metrics.Summary
	// Created is when the run began.
	Created time.Time
	// workers and medians stand beside Summary.Points.
	workers []startups
	medians []*trace.Trace
}

// startups holds the start-up times of one point, pooled over its trials.
type startups struct {
	seconds []float64 // first task - job submitted, of each worker with a task
	without int       // workers without a task
	trials  int
}

// NewSource returns a source of plots without traces; those that need them
// are not drawn until [Source.Add] has brought some.
func NewSource(s *metrics.Summary, created time.Time) *Source {
	return &Source{
		Summary: s, Created: created,
		workers: make([]startups, len(s.Points)),
		medians: make([]*trace.Trace, len(s.Points)),
	}
}

// Add takes from a trial's trace what plots need: the start-up of every
// worker, and all of it when trial (results.Trial.Index) is the point's median
// trial. The point is an index into Summary.Points. A trace that is not the
// median's is not kept.
func (s *Source) Add(point, trial int, t *trace.Trace) error {
	if point < 0 || point >= len(s.Summary.Points) {
		return fmt.Errorf("add trial %d to the plots: no point %d among %d", trial, point, len(s.Summary.Points))
	}
	w := &s.workers[point]
	w.trials++
	seconds, without := metrics.StartupTimes(t)
	w.seconds, w.without = append(w.seconds, seconds...), w.without+without
	if trial == s.Summary.Points[point].MedianTrial {
		s.medians[point] = t
	}
	return nil
}

// only returns the part of s whose points satisfy keep, by index.
func (s *Source) only(keep func(i int) bool) *Source {
	sum := *s.Summary
	sum.Points = nil
	part := &Source{Summary: &sum, Created: s.Created}
	for i, p := range s.Summary.Points {
		if keep(i) {
			sum.Points = append(sum.Points, p)
			part.workers = append(part.workers, s.workers[i])
			part.medians = append(part.medians, s.medians[i])
		}
	}
	return part
}

// labels returns the labels of the points in order of first appearance.
func (s *Source) labels() []string {
	var names []string
	for _, p := range s.Summary.Points {
		if !slices.Contains(names, p.Label) {
			names = append(names, p.Label)
		}
	}
	return names
}

// byCores returns the indices of the points with the label, by rising cores.
func (s *Source) byCores(label string) []int {
	var idx []int
	for i, p := range s.Summary.Points {
		if p.Label == label {
			idx = append(idx, i)
		}
	}
	slices.SortStableFunc(idx, func(a, b int) int {
		return cmp.Compare(s.Summary.Points[a].Cores, s.Summary.Points[b].Cores)
	})
	return idx
}

// kinds returns the kinds of the points, measured first, then as they come.
func (s *Source) kinds() []results.Kind {
	var kinds []results.Kind
	for _, p := range s.Summary.Points {
		if !slices.Contains(kinds, p.Kind) {
			kinds = append(kinds, p.Kind)
		}
	}
	slices.SortStableFunc(kinds, func(a, b results.Kind) int {
		return cmp.Compare(kindRank(a), kindRank(b))
	})
	return kinds
}

func kindRank(k results.Kind) int {
	order := []results.Kind{results.Measured, results.Scaled, results.Emulated, results.Simulated, results.Extrapolated}
	if i := slices.Index(order, k); i >= 0 {
		return i
	}
	return len(order)
}

// kindNote says in a title that points are not measured; empty when all are.
func (s *Source) kindNote() string {
	kinds := s.kinds()
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, string(k))
	}
	if len(kinds) == 0 || len(kinds) == 1 && kinds[0] == results.Measured {
		return ""
	}
	return " (" + list(names) + ")"
}

// heading returns a plot's title and the line under it: what was measured
// where, when, and how often.
func (s *Source) heading(title string) (string, string) {
	sum := s.Summary
	head := fmt.Sprintf("%s: %s on %s%s", title, sum.Workload, sum.Backend, s.kindNote())
	var facts []string
	if names := s.labels(); len(names) == 1 && names[0] != "" {
		facts = append(facts, names[0])
	}
	if m := sum.Machine; m != nil {
		facts = append(facts, machineName(m))
	}
	if !s.Created.IsZero() {
		facts = append(facts, s.Created.UTC().Format("2006-01-02 15:04 UTC"))
	}
	facts = append(facts, s.trialsNote())
	if !sum.Complete {
		facts = append(facts, "run not complete")
	}
	return head, strings.Join(facts, "  |  ")
}

func machineName(m *results.Machine) string {
	name := cmp.Or(m.Processor, strings.Trim(m.OS+"/"+m.Arch, "/"))
	if m.Cores < m.CoresOnline {
		return fmt.Sprintf("%s, %d of %s", name, m.Cores, plural(m.CoresOnline, "core"))
	}
	return fmt.Sprintf("%s, %s", name, plural(m.Cores, "core"))
}

// trialsNote says how many trials a point has: one number or a range.
func (s *Source) trialsNote() string {
	if len(s.Summary.Points) == 0 {
		return "no points"
	}
	lo, hi := s.Summary.Points[0].Trials, s.Summary.Points[0].Trials
	for _, p := range s.Summary.Points {
		lo, hi = min(lo, p.Trials), max(hi, p.Trials)
	}
	if lo == hi {
		return plural(lo, "trial") + " a point"
	}
	return fmt.Sprintf("%d to %d trials a point", lo, hi)
}
