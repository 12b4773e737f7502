package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/metrics"
)

// WriteComparison writes a comparison for people: a table of metrics for each
// point, and the verdict.
func WriteComparison(w io.Writer, c metrics.Comparison, o TableOptions) error {
	var b strings.Builder
	b.WriteString(o.paint(text.Bold, fmt.Sprintf("%s (base) and %s (new)", c.Base.ID, c.New.ID)) + "\n")
	for _, p := range c.Points {
		where := fmt.Sprintf("on %s of %s", plural(p.Cores, "core"), p.Backend)
		if p.Backend == "serial" {
			where = "serially"
		}
		fmt.Fprintf(&b, "\n%s %s\n\n%s\n", p.Workload, where, comparisonTable(p, o))
	}
	fmt.Fprintf(&b, "\n%s\n", o.paint(text.Bold, "Verdict: "+c.Verdict+"."))
	for _, l := range wrapColumns(comparisonRules(&c), tableWidth) {
		b.WriteString(l + "\n")
	}
	for _, warning := range c.Warnings {
		for _, l := range wrapColumns("Distrust: "+warning.Text+"; "+warning.Advice+".", tableWidth) {
			b.WriteString(o.paint(text.FgYellow, l) + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// comparisonRules says how a comparison was made.
func comparisonRules(c *metrics.Comparison) string {
	how := fmt.Sprintf("Values are medians over all trials with their intervals and the number of trials, overhead too, which bench shows of the trial with the median makespan. A difference is clear when its test (Mann-Whitney, %s at level %s together by Holm's correction) and the interval of the ratio, new over base, both say so.",
		plural(c.Tests, "test"), Percent(c.Alpha))
	if c.Threshold > 0 {
		how += fmt.Sprintf(" It counts when it is larger than %s.", Percent(c.Threshold))
	}
	if c.Refused != "" {
		how += " There is no verdict, since " + c.Refused + "; --force gives one."
	}
	return how
}

func comparisonTable(p metrics.PointComparison, o TableOptions) string {
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.AppendHeader(table.Row{"metric", "base", "new", "ratio", "p", "verdict"})
	for _, m := range p.Metrics {
		verdict := m.Verdict
		if m.Small {
			verdict = "clear, but small"
		}
		if verdict == metrics.Worse {
			verdict = o.paint(text.FgYellow, verdict)
		}
		t.AppendRow(table.Row{
			metricWords(m.Name),
			fmt.Sprintf("%s (%d)", SecondsRange(m.Base.Median, m.Base.Lo, m.Base.Hi), m.BaseN),
			fmt.Sprintf("%s (%d)", SecondsRange(m.New.Median, m.New.Lo, m.New.Hi), m.NewN),
			ratioWords(&m), probability(m.Adjusted), verdict,
		})
	}
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// probability writes a p-value.
func probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
