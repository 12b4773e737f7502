package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/metrics"
)

// WriteNoise writes an A/A check for people.
func WriteNoise(w io.Writer, n *metrics.Noise, o TableOptions) error {
	var rows []table.Row
	head := table.Row{"series", "trials", "median", "spread", "A/A"}
	for _, m := range n.Metrics {
		verdict := m.Verdict
		if verdict == metrics.Better || verdict == metrics.Worse {
			verdict = "differs"
		}
		row := table.Row{m.Series, m.Trials, trackValue(m.Series, m.Median), Percent(m.Spread), verdict}
		for _, v := range m.Visible {
			row = append(row, Percent(v.Change))
		}
		rows = append(rows, row)
	}
	if len(n.Metrics) > 0 {
		for _, v := range n.Metrics[0].Visible {
			head = append(head, fmt.Sprintf("%d reps", v.Reps))
		}
	}
	var b strings.Builder
	b.WriteString(o.paint(text.Bold, "A/A check of run "+n.RunID) + "\n\n" + plainTable(head, rows) + "\n")
	for _, l := range wrapColumns("The last columns have the smallest change that a comparison of two runs of so many repetitions each finds four times out of five. Spread is a robust standard deviation, over the median.", tableWidth) {
		b.WriteString("\n" + l)
	}
	b.WriteString("\n")
	for _, warning := range n.Warnings {
		b.WriteString(o.paint(text.FgYellow, "Distrust: "+warning.Text+"; "+warning.Advice+".") + "\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the A/A check: %w", err)
	}
	return nil
}
