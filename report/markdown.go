package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// writeMarkdown writes for each summary a heading, a table with intervals, a
// table of where core time went, and the plain words, in GitHub's Markdown.
func writeMarkdown(w io.Writer, _ *results.Run, sums []metrics.Summary) error {
	var b strings.Builder
	for i := range sums {
		if i > 0 {
			b.WriteString("\n")
		}
		markdownSummary(&b, &sums[i])
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write results as Markdown: %w", err)
	}
	return nil
}

func markdownSummary(b *strings.Builder, s *metrics.Summary) {
	title := s.Workload + " on " + cmp.Or(s.Backend, "no backend") + (&Source{Summary: s}).kindNote()
	fmt.Fprintf(b, "### %s\n\n", markdownText(title))
	var facts []string
	if s.Machine != nil {
		facts = append(facts, machineName(s.Machine))
	}
	if s.RunID != "" {
		facts = append(facts, "run "+s.RunID)
	}
	if len(facts) > 0 {
		b.WriteString(markdownText(strings.Join(facts, ", ")) + "\n\n")
	}
	if len(s.Points) > 0 {
		markdownTable(b, pointTable("", resultColumns(), s))
		markdownTable(b, pointTable("", timeColumns(), s))
	}
	for _, l := range words(s) {
		text := markdownText(l.text)
		if l.doubt {
			text = "⚠ " + text
		}
		b.WriteString("- " + text + "\n")
	}
}

// markdownTable writes a table; labels of points become its first column.
func markdownTable(b *strings.Builder, t gridTable) {
	labels := false
	for _, r := range t.Rows {
		labels = labels || r.Label != ""
	}
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	var head, rule []string
	if labels {
		head, rule = []string{"settings"}, []string{":--"}
	}
	for _, c := range t.Head {
		head = append(head, markdownText(c.Text))
		rule = append(rule, map[bool]string{true: ":--", false: "--:"}[c.Left])
	}
	line(head)
	line(rule)
	label := ""
	for _, r := range t.Rows {
		if r.Label != "" {
			label = r.Label
			continue
		}
		var cells []string
		if labels {
			cells = append(cells, markdownText(label))
		}
		for _, c := range r.Cells {
			cells = append(cells, markdownCell(c.Text))
		}
		line(cells)
	}
	b.WriteString("\n")
}

// markdownText writes text so that nothing in it is markup: no emphasis, link,
// mention, element or cell, on one line.
func markdownText(s string) string {
	return strings.NewReplacer(
		"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~",
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "://", ":&#47;/", "\r", " ", "\n", " ",
	).Replace(s)
}

// markdownCell writes a figure, whose brackets are no link.
func markdownCell(s string) string {
	return strings.NewReplacer("\\[", "[", "\\]", "]").Replace(markdownText(s))
}
