package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/change"
	"corecast/results"
)

// WriteChanges writes the changes of series for people: a table with a row a
// change, what drifts, and what to distrust.
func WriteChanges(w io.Writer, a *change.Analysis, o TableOptions) error {
	var b strings.Builder
	rows, clear := changeRows(a)
	b.WriteString(o.paint(text.Bold, fmt.Sprintf("%s: %s of %s", a.Data, plural(len(rows), "change"), Count(len(a.Series))+" series")) + "\n")
	if len(rows) > 0 {
		b.WriteString("\n" + plainTable(table.Row{"series", "row", "range", "commit", "before", "after", "ratio", "p"}, rows) + "\n")
	}
	var lines []string
	for _, s := range a.Series {
		if s.Drift != nil {
			lines = append(lines, driftWords(s))
		}
	}
	if len(clear) > 0 {
		lines = append(lines, "No change: "+strings.Join(clear, ", ")+".")
	}
	lines = append(lines, fmt.Sprintf("Rows count from 0; a change is before its row, within the range at 95 %%. Each series is tested at level %s on its own.", Percent(a.Alpha)))
	for _, line := range lines {
		for _, l := range wrapColumns(line, tableWidth) {
			b.WriteString("\n" + l)
		}
	}
	b.WriteString("\n")
	for _, l := range changeDoubts(a) {
		b.WriteString(o.paint(text.FgYellow, l) + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the changes: %w", err)
	}
	return nil
}

// changeRows returns a row a change, and the names of series without any.
func changeRows(a *change.Analysis) (rows []table.Row, clear []string) {
	for _, s := range a.Series {
		for _, p := range s.Points {
			ratio, commit := nothing, nothing
			switch {
			case p.Ratio != nil && p.Lo != nil && p.Hi != nil:
				ratio = RatioRange(*p.Ratio, *p.Lo, *p.Hi)
			case p.Ratio != nil:
				ratio = fmt.Sprintf("%.3gx", *p.Ratio)
			}
			if p.Commit != "" {
				commit = p.Commit
			}
			rows = append(rows, table.Row{
				s.Name, p.Index, fmt.Sprintf("%d to %d", p.First, p.Last), commit,
				fmt.Sprintf("%.4g", p.Before), fmt.Sprintf("%.4g", p.After), ratio, probability(p.P),
			})
		}
		if len(s.Points) == 0 && s.Drift == nil {
			clear = append(clear, s.Name)
		}
	}
	return rows, clear
}

func driftWords(s change.SeriesChanges) string {
	return fmt.Sprintf("%s drifts slowly, from %.4g to %.4g over all rows (p %s); changes are beside that.", s.Name, s.Drift.From, s.Drift.To, probability(s.Drift.P))
}

func changeDoubts(a *change.Analysis) (lines []string) {
	add := func(prefix string, list []results.Warning) {
		for _, w := range list {
			lines = append(lines, wrapColumns("Distrust: "+prefix+w.Text+"; "+w.Advice+".", tableWidth)...)
		}
	}
	add("", a.Warnings)
	for _, s := range a.Series {
		add(s.Name+": ", s.Warnings)
	}
	return lines
}
