package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/metrics"
	"corecast/bench/track"
	"corecast/results"
)

// WriteTrack writes what a history says for people: the verdict, a table of
// the changes, worst first, what drifts, and what to distrust.
func WriteTrack(w io.Writer, a *track.Analysis, o TableOptions) error {
	var b strings.Builder
	b.WriteString(o.paint(text.Bold, fmt.Sprintf("%s: %s of %s", a.History, a.Verdict, plural(len(a.Series), "series"))) + "\n")
	if rows := trackRows(a, o); len(rows) > 0 {
		b.WriteString("\n" + plainTable(table.Row{"series", "since run", "commit", "before", "after", "ratio", "p", "verdict"}, rows) + "\n")
	}
	for _, line := range trackWords(a) {
		for _, l := range wrapColumns(line, tableWidth) {
			b.WriteString("\n" + l)
		}
	}
	b.WriteString("\n")
	for _, warning := range trackDoubts(a) {
		for _, l := range wrapColumns("Distrust: "+warning.Text+"; "+warning.Advice+".", tableWidth) {
			b.WriteString(o.paint(text.FgYellow, l) + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the track: %w", err)
	}
	return nil
}

// trackRows lists all changes: worse before others, and the largest first.
func trackRows(a *track.Analysis, o TableOptions) []table.Row {
	type row struct {
		t track.Trend
		c track.Change
	}
	var all []row
	for _, t := range a.Series {
		for _, c := range t.Changes {
			all = append(all, row{t, c})
		}
	}
	rank := func(r row) float64 { // the worst have the least
		size := 1.0
		if r.c.Ratio != nil {
			size = max(*r.c.Ratio, 1 / *r.c.Ratio)
		}
		if r.c.Verdict == track.Worse {
			return -1e9 - size
		}
		return -size
	}
	slices.SortStableFunc(all, func(x, y row) int { return cmp.Compare(rank(x), rank(y)) })
	var rows []table.Row
	for _, r := range all {
		ratio := nothing
		if r.c.Ratio != nil && r.c.Lo != nil && r.c.Hi != nil {
			ratio = RatioRange(*r.c.Ratio, *r.c.Lo, *r.c.Hi)
		}
		verdict := r.c.Verdict
		if r.c.Reason != "" {
			verdict += ": " + r.c.Reason
		}
		if r.c.Verdict == track.Worse {
			verdict = o.paint(text.FgYellow, verdict)
		}
		rows = append(rows, table.Row{r.t.Name, r.c.Run, commitRange(r.c), trackValue(r.t.Name, r.c.Before), trackValue(r.t.Name, r.c.After), ratio, probability(r.c.P), verdict})
	}
	return rows
}

// commitRange names the first commit after a change, and those between which
// it lies.
func commitRange(c track.Change) string {
	short := func(s string) string { return cmp.Or(s, nothing)[:min(len(cmp.Or(s, nothing)), 12)] }
	if c.Commit == "" {
		return nothing
	}
	if c.Since == "" || c.Until == c.Commit && c.First == c.Index {
		return short(c.Commit)
	}
	return fmt.Sprintf("%s (%s..%s)", short(c.Commit), short(c.Since), short(c.Until))
}

// trackValue writes a value of a series in what its name says it is.
func trackValue(series string, v float64) string {
	if strings.HasSuffix(series, "_s") {
		return Seconds(v)
	}
	return fmt.Sprintf("%.4g", v)
}

func trackWords(a *track.Analysis) []string {
	var lines []string
	corrected := 0
	for _, t := range a.Series {
		if t.Drift != nil {
			lines = append(lines, fmt.Sprintf("%s drifts slowly, from %s to %s over all runs (p %s).", t.Name, trackValue(t.Name, t.Drift.From), trackValue(t.Name, t.Drift.To), probability(t.Drift.P)))
		}
		if t.Exponent > 0 {
			corrected++
		}
	}
	lines = append(lines, fmt.Sprintf("Each series is tested at level %s on its own. A regression is a change for the worse that was neither accepted nor taken back since.", Percent(a.Alpha)))
	if corrected > 0 {
		lines = append(lines, fmt.Sprintf("%s for slower days of the machine, by spin and noop in a plain loop; --format json has the raw values too.", plural(corrected, "series corrected")))
	}
	return lines
}

// trackDoubts lists what to distrust, the same of several series once.
func trackDoubts(a *track.Analysis) []results.Warning {
	list := slices.Clone(a.Warnings)
	seen := map[string]bool{}
	for _, t := range a.Series {
		for _, w := range t.Warnings {
			if !seen[w.Code+w.Text] {
				seen[w.Code+w.Text] = true
				w.Text = t.Name + ": " + w.Text
				list = append(list, w)
			}
		}
	}
	return list
}

// rawOf returns the raw value of a point, or an empty interval.
func rawOf(p track.Point) metrics.Interval {
	if p.Raw == nil {
		return metrics.Interval{}
	}
	return *p.Raw
}
