package report

import (
	"fmt"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
)

// Sources returns what plots of a run are drawn from: one source a summary,
// with the traces of all trials. Traces are read one by one, and only those of
// median trials are kept.
func Sources(r *results.Run, summaries []metrics.Summary) ([]*Source, error) {
	sources := make([]*Source, len(summaries))
	for i := range summaries {
		sources[i] = NewSource(&summaries[i], measured(r))
	}
	for i := range r.Trials {
		t := &r.Trials[i]
		if t.Role != results.RoleTrial {
			continue
		}
		s, point := placeOf(sources, t)
		if s == nil {
			continue // its point is in no figure, and the summary says so
		}
		tr, err := r.Trace(t.Index)
		if err != nil {
			return nil, fmt.Errorf("draw trial %d: %w", t.Index, err)
		}
		if tr == nil {
			continue
		}
		if err := s.Add(point, t.Index, tr); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// measured is when a run was measured: its creation, but for an imported run
// that of its first trial, where that is known.
func measured(r *results.Run) time.Time {
	if r.Header.Source == "" || len(r.Trials) == 0 {
		return r.Header.Created
	}
	return r.Trials[0].Started
}

// placeOf finds the point that a trial is a repetition of.
func placeOf(sources []*Source, t *results.Trial) (*Source, int) {
	for _, s := range sources {
		if s.Summary.Workload != t.Point.Workload || s.Summary.Backend != t.Point.Backend {
			continue
		}
		for i, p := range s.Summary.Points {
			if p.Cores == t.Point.Cores && p.Size == t.Point.Size && p.Kind == t.Kind && p.Settings.Equal(t.Point.Settings) {
				return s, i
			}
		}
	}
	return nil, 0
}
