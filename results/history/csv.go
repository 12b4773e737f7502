package history

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// WriteCSV writes runs as a table: time, commit and run, then the median of
// each series, empty where a run lacks it. corecast changepoints reads it.
func WriteCSV(w io.Writer, runs []*Run) error {
	var names []string
	for _, r := range runs {
		for _, s := range r.Samples {
			if !slices.Contains(names, s.Series) {
				names = append(names, s.Series)
			}
		}
	}
	out := csv.NewWriter(w)
	out.Write(append([]string{"time", "commit"}, names...))
	for _, r := range runs {
		row := make([]string, 2+len(names))
		row[0], row[1] = r.Created.UTC().Format(time.RFC3339Nano), r.Commit
		for _, s := range r.Samples {
			row[2+slices.Index(names, s.Series)] = strconv.FormatFloat(s.Values.Median(), 'g', -1, 64)
		}
		out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the history as CSV: %w", err)
	}
	return nil
}

// Median returns the median of the values that are numbers; NaN without any.
func (v Values) Median() float64 {
	var list []float64
	for _, x := range v {
		if x == x {
			list = append(list, x)
		}
	}
	slices.Sort(list)
	n := len(list)
	if n == 0 {
		return math.NaN()
	}
	if a, b := list[(n-1)/2], list[n/2]; a == b {
		return a
	} else {
		return a + (b-a)/2
	}
}

// FromRows makes runs of a table: one a row that has any value, at its time,
// or created plus a nanosecond for each row before it. times and commits may
// be nil; columns are as long as there are rows.
func FromRows(source string, created time.Time, times []time.Time, commits []string, names []string, columns [][]float64) []*Run {
	var runs []*Run
	for i := range rowsOf(columns) {
		r := &Run{Created: created.Add(time.Duration(i)), Source: source}
		if times != nil && !times[i].IsZero() {
			r.Created = times[i]
		}
		if commits != nil {
			r.Commit = commits[i]
		}
		for k, name := range names {
			if v := columns[k][i]; v == v {
				r.add(name, v)
			}
		}
		if len(r.Samples) > 0 {
			r.ID = fmt.Sprintf("%s-%04d", digestID("csv", r), i)
			runs = append(runs, r)
		}
	}
	return runs
}

func rowsOf(columns [][]float64) int {
	if len(columns) == 0 {
		return 0
	}
	return len(columns[0])
}
