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
	"corecast/results"
)

// tableWidth is the most columns that a table or a line of words takes.
const tableWidth = 120

// TableOptions says how tables are written.
type TableOptions struct {
	// Colour is for terminals: headings bold, warnings yellow. Without it no
	// escape sequence is written.
	Colour bool
}

// WriteTable writes for each summary a heading, a table of results, a table of
// where the time went, and plain words: the best core count, the largest part
// of overhead, and what to distrust. Nothing is wider than 120 columns.
func WriteTable(w io.Writer, sums []metrics.Summary, o TableOptions) error {
	var b strings.Builder
	for i := range sums {
		if i > 0 {
			b.WriteString("\n")
		}
		s := &sums[i]
		b.WriteString(o.paint(text.Bold, heading(s)) + "\n\n")
		if len(s.Points) > 0 {
			b.WriteString(render(resultColumns(), s, o) + "\n\n" + render(timeColumns(), s, o) + "\n\n")
			if anyPoint(held)(s) {
				b.WriteString(render(resourceColumns(), s, o) + "\n\n")
			}
		}
		for _, line := range words(s) {
			for _, l := range wrapColumns(line.text, tableWidth) {
				if line.doubt {
					l = o.paint(text.FgYellow, l)
				}
				b.WriteString(l + "\n")
			}
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write table of %s: %w", plural(len(sums), "result"), err)
	}
	return nil
}

func (o TableOptions) paint(c text.Color, s string) string {
	if !o.Colour {
		return s
	}
	return c.EscapeSeq() + s + text.EscapeReset
}

// heading names what the tables below are of.
func heading(s *metrics.Summary) string {
	parts := []string{s.Workload + " on " + s.Backend + (&Source{Summary: s}).kindNote()}
	if s.Scaling != "" {
		parts = append(parts, s.Scaling+" scaling")
	}
	if s.Machine != nil {
		parts = append(parts, machineName(s.Machine))
	}
	if s.RunID != "" {
		parts = append(parts, "run "+s.RunID)
	}
	return strings.Join(wrapColumns(strings.Join(parts, ", "), tableWidth), "\n")
}

// column is one column of a table. A column for which shown is set and false
// is left out.
type column struct {
	head  string
	cell  func(p *metrics.Point) string
	shown func(s *metrics.Summary) bool
	left  bool
}

func anyPoint(is func(p *metrics.Point) bool) func(*metrics.Summary) bool {
	return func(s *metrics.Summary) bool {
		return slices.ContainsFunc(s.Points, func(p metrics.Point) bool { return is(&p) })
	}
}

// pointColumns say which point a row is of.
func pointColumns() []column {
	return []column{
		{head: "kind", cell: func(p *metrics.Point) string { return string(p.Kind) },
			shown: anyPoint(func(p *metrics.Point) bool { return p.Kind != results.Measured }), left: true},
		{head: "cores", cell: func(p *metrics.Point) string { return Count(p.Cores) }},
	}
}

func resultColumns() []column {
	return append(pointColumns(),
		column{head: "trials", cell: func(p *metrics.Point) string { return Count(p.Trials) }},
		column{head: "makespan", cell: makespanCell},
		column{head: "speedup", cell: speedupCell},
		column{head: "effic.", cell: func(p *metrics.Point) string { return optional(p.Efficiency, Percent) }},
		column{head: "per task", cell: func(p *metrics.Point) string { return Seconds(p.PerTaskOverhead) }},
		column{head: "dispatch", cell: func(p *metrics.Point) string { return optional(p.DispatchWall, Seconds) }},
		column{head: "cost", cell: func(p *metrics.Point) string { return optional(p.Cost, USD) },
			shown: anyPoint(func(p *metrics.Point) bool { return p.Cost != nil })},
	)
}

func timeColumns() []column {
	columns := append(pointColumns(),
		column{head: "start-up p50", cell: func(p *metrics.Point) string { return startupCell(p, p.Startup.P50) }},
		column{head: "last", cell: func(p *metrics.Point) string { return startupCell(p, p.Startup.Last) }},
		column{head: "core time", cell: func(p *metrics.Point) string { return CoreSeconds(coreTime(*p)) }},
	)
	for _, ps := range partStyles() {
		columns = append(columns, column{head: ps.short, cell: func(p *metrics.Point) string {
			if coreTime(*p) == 0 {
				return nothing
			}
			return Percent(ps.of(*p) / coreTime(*p))
		}})
	}
	return columns
}

// held reports whether a point's workers were held to a share of a core.
func held(p *metrics.Point) bool { return p.Resources != nil && p.Resources.CoreShare != nil }

// resourceColumns say what workers used.
func resourceColumns() []column {
	of := func(cell func(p *metrics.Point, r *metrics.Resources) string) func(p *metrics.Point) string {
		return func(p *metrics.Point) string {
			if p.Resources == nil {
				return nothing
			}
			return cell(p, p.Resources)
		}
	}
	return append(pointColumns(),
		column{head: "CPU", cell: of(func(p *metrics.Point, _ *metrics.Resources) string { return optional(p.WorkerCPU, Seconds) })},
		column{head: "share had", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.CoreShareHad, share) }), shown: anyPoint(held)},
		column{head: "of asked", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.CoreShare, share) }), shown: anyPoint(held)},
		column{head: "throttled", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.Throttled, Seconds) }), shown: anyPoint(held)},
		column{head: "waited", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.Waited, Seconds) }), shown: anyPoint(held)},
		column{head: "peak memory", cell: of(func(_ *metrics.Point, r *metrics.Resources) string {
			return optional(r.PeakMemory, func(v int64) string { return Bytes(float64(v)) })
		})},
		column{head: "in", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return Bytes(float64(r.BytesIn)) })},
		column{head: "out", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return Bytes(float64(r.BytesOut)) })},
		column{head: "gave way", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.Voluntary, count64) })},
		column{head: "preempted", cell: of(func(_ *metrics.Point, r *metrics.Resources) string { return optional(r.Involuntary, count64) })},
	)
}

// share writes a share of a core with the digits that a quota has.
func share(v float64) string { return digits3(100*v) + " %" }

func count64(v int64) string { return Count(int(v)) }

func makespanCell(p *metrics.Point) string {
	if p.Trials < 2 {
		return Seconds(p.Makespan.Median)
	}
	return SecondsRange(p.Makespan.Median, p.Makespan.Lo, p.Makespan.Hi)
}

func speedupCell(p *metrics.Point) string {
	switch {
	case p.Speedup == nil:
		return nothing
	case p.Trials < 2:
		return Ratio(p.Speedup.Median)
	}
	return RatioRange(p.Speedup.Median, p.Speedup.Lo, p.Speedup.Hi)
}

// startupCell writes a start-up time, which is not known without a worker that
// ran a task.
func startupCell(p *metrics.Point, seconds float64) string {
	if p.Startup.Workers == 0 {
		return nothing
	}
	return Seconds(seconds)
}

func optional[T any](v *T, format func(T) string) string {
	if v == nil {
		return nothing
	}
	return format(*v)
}

// render writes a table without frame, columns two spaces apart. Where points
// have labels, a line with the label stands above those that share it.
func render(columns []column, s *metrics.Summary, o TableOptions) string {
	columns = slices.DeleteFunc(columns, func(c column) bool { return c.shown != nil && !c.shown(s) })
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	head := make(table.Row, len(columns))
	configs := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		head[i] = c.head
		align := text.AlignRight
		if c.left {
			align = text.AlignLeft
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align}
		if o.Colour {
			configs[i].ColorsHeader = text.Colors{text.Bold}
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for i := range s.Points {
		row := make(table.Row, len(columns))
		for k, c := range columns {
			row[k] = c.cell(&s.Points[i])
		}
		t.AppendRow(row)
	}
	return labelled(strings.Split(t.Render(), "\n"), s)
}

func plainStyle() table.Style {
	plain := table.StyleDefault
	plain.Format.Header = text.FormatDefault
	plain.Options = table.Options{SeparateHeader: true}
	plain.Box.PaddingLeft, plain.Box.PaddingRight = "", "  "
	plain.Box.MiddleHorizontal = "-"
	return plain
}

// headLines is how many lines of a table stand above its first row.
const headLines = 2

// labelled takes spaces off the ends of a table's lines and puts labels
// between its rows, which are one line each.
func labelled(lines []string, s *metrics.Summary) string {
	var out []string
	last := ""
	for i, line := range lines {
		if row := i - headLines; row >= 0 && s.Points[row].Label != last {
			last = s.Points[row].Label
			out = append(out, wrapColumns(cmp.Or(last, "no label")+":", tableWidth)...)
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	return strings.Join(out, "\n")
}

// wrapColumns breaks text at spaces into lines of at most width characters;
// lines after the first are indented.
func wrapColumns(s string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(s, " ") {
		longer := word
		if line != "" {
			longer = line + " " + word
		}
		if line != "" && text.StringWidth(longer) > width {
			lines, longer = append(lines, line), "  "+word
		}
		line = longer
	}
	return append(lines, line)
}
