package change

import (
	"fmt"
	"math"
	"time"

	"corecast/internal/wording"
	"corecast/results"
)

// Schema is the version of Analysis.
const Schema = 1

// Analysis is what was found in series.
type Analysis struct {
	Schema int     `json:"schema"`
	Data   string  `json:"data"`
	Alpha  float64 `json:"alpha"`
	// Series are in the order of the table.
	Series   []SeriesChanges   `json:"series"`
	Warnings []results.Warning `json:"warnings"`
}

// SeriesChanges is what was found in one series.
type SeriesChanges struct {
	Name string `json:"name"`
	// Rows counts all values, Values those that are numbers.
	Rows   int           `json:"rows"`
	Values int           `json:"values"`
	Points []ChangePoint `json:"change_points"`
	Drift  *Drift        `json:"drift"`
	// Autocorrelation is the coefficient that was taken into account.
	Autocorrelation float64           `json:"autocorrelation"`
	Spikes          []int             `json:"spikes"`
	Warnings        []results.Warning `json:"warnings"`
}

// ChangePoint is a change of level with its place in the history.
type ChangePoint struct {
	Point
	// Commit and Time are of the first value after the change; Since is the
	// commit of the last value before the range in which it lies, which had
	// not changed, and Until that of the range's end.
	Commit string     `json:"commit,omitempty"`
	Since  string     `json:"commit_before,omitempty"`
	Until  string     `json:"commit_last,omitempty"`
	Time   *time.Time `json:"time,omitempty"`
}

// Analyse looks for changes in each series of a table.
func Analyse(t *Table, o Options) *Analysis {
	if o.Alpha == 0 {
		o.Alpha = Alpha
	}
	a := &Analysis{Schema: Schema, Data: t.Name, Alpha: o.Alpha, Series: []SeriesChanges{}, Warnings: t.doubts()}
	for _, s := range t.Series {
		a.Series = append(a.Series, t.changes(s, o))
	}
	return a
}

func (t *Table) changes(s Series, o Options) SeriesChanges {
	r := Detect(s.Values, o)
	out := SeriesChanges{
		Name: s.Name, Rows: len(s.Values), Values: r.Used, Points: []ChangePoint{}, Drift: r.Drift,
		Autocorrelation: r.Autocorrelation, Spikes: append([]int{}, r.Spikes...), Warnings: valueDoubts(s.Values, r.Used),
	}
	for _, p := range r.Points {
		c := ChangePoint{Point: p}
		if t.Commits != nil {
			c.Commit, c.Until = t.Commits[p.Index], t.Commits[p.Last]
			if p.First > 0 {
				c.Since = t.Commits[p.First-1]
			}
		}
		if t.Times != nil && !t.Times[p.Index].IsZero() {
			c.Time = &t.Times[p.Index]
		}
		out.Points = append(out.Points, c)
	}
	return out
}

// valueDoubts says which values could not be used, and whether any can.
func valueDoubts(values []float64, used int) []results.Warning {
	list := []results.Warning{}
	infinite := 0
	for _, v := range values {
		if math.Abs(v) > Largest {
			infinite++
		}
	}
	if missing := len(values) - used - infinite; missing > 0 {
		list = append(list, results.Warning{
			Code: "missing_values", Text: fmt.Sprintf("%s of %d missing or not a number", wording.Count(missing, "value"), len(values)),
			Advice: "they count as rows, and take part in nothing else",
		})
	}
	if infinite > 0 {
		list = append(list, results.Warning{
			Code: "infinite_values", Text: fmt.Sprintf("%s of %d infinite, or beyond %g", wording.Count(infinite, "value"), len(values), Largest),
			Advice: "they are treated as missing; look for the fault that made them",
		})
	}
	if used < Shortest {
		list = append(list, results.Warning{
			Code: "short_series", Text: fmt.Sprintf("%s: no change can be found", wording.Count(used, "value")),
			Advice: fmt.Sprintf("%d are needed at least, 20 to find a change as large as twice the noise", Shortest),
		})
	}
	return list
}

// doubts says what is odd about the rows.
func (t *Table) doubts() []results.Warning {
	list := []results.Warning{}
	last := time.Time{}
	for i, at := range t.Times {
		if at.IsZero() {
			continue
		}
		if at.Before(last) {
			list = append(list, results.Warning{
				Code: "times_backwards", Text: fmt.Sprintf("the time of row %d is before that of a row above it", i),
				Advice: "rows are taken in their order, whatever their times; sort them if that is wrong",
			})
			break
		}
		last = at
	}
	seen := map[string]int{}
	for i, c := range t.Commits {
		if before, ok := seen[c]; ok && c != "" {
			list = append(list, results.Warning{
				Code: "duplicate_commits", Text: fmt.Sprintf("commit %s is in rows %d and %d", c, before, i),
				Advice: "each row is a measurement of its own; a change between two rows of one commit is not the commit's",
			})
			break
		}
		seen[c] = i
	}
	return list
}
