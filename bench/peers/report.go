package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// formats are the ways to write a comparison.
func formats() map[string]func(*comparison) ([]byte, error) {
	return map[string]func(*comparison) ([]byte, error){
		"table":    func(c *comparison) ([]byte, error) { return []byte(tables(c, table.Writer.Render)), nil },
		"markdown": func(c *comparison) ([]byte, error) { return []byte(tables(c, table.Writer.RenderMarkdown)), nil },
		"json":     indented,
	}
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats())) }

func indented(c *comparison) ([]byte, error) {
	data, err := json.MarshalIndent(c, "", "  ")
	return append(data, '\n'), err
}

// write writes a comparison in a format that formats lists.
func write(w io.Writer, c *comparison, format string) error {
	data, err := formats()[format](c)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("write the comparison as %s: %w", format, err)
	}
	return nil
}

// width is the most columns that a line of words takes.
const width = 100

// tables writes a heading and a table a group.
func tables(c *comparison, render func(table.Writer) string) string {
	var b strings.Builder
	for _, line := range heading(c) {
		for wrapped := range strings.SplitSeq(text.WrapSoft(line, width), "\n") {
			b.WriteString(strings.TrimRight(wrapped, " ") + "\n")
		}
		b.WriteString("\n")
	}
	for _, g := range groups() {
		if t := groupTable(c, g); t.Length() > 0 {
			fmt.Fprintf(&b, "%s: %s\n\n%s\n\n", g.name, g.about, render(t))
		}
	}
	if len(c.Bars) > 0 {
		fmt.Fprintf(&b, "bars: what corecast's rows should reach\n\n%s\n\n", render(barTable(c.Bars)))
	}
	return b.String()
}

// heading says where and how it was measured, and what to distrust.
func heading(c *comparison) []string {
	m := c.Machine
	lines := []string{
		fmt.Sprintf("%s, %d cores, %s %s, %s; load average %.2f before, %.2f after",
			m.Processor, m.Cores, m.OS, m.Kernel, m.Go, c.Before.Load1, c.During.Load1),
		fmt.Sprintf("%d workers; medians of %d interleaved runs in random order (seed %d) after a warm-up. "+
			"Per task is wall / tasks of a job; ratio is to corecast's row of the group, above 1 is slower. "+
			"corecast's rows include the trace of every attempt; of the others only the sockets' take times.",
			c.Workers, c.Runs, c.Seed),
	}
	for _, w := range c.Warnings {
		lines = append(lines, fmt.Sprintf("warning: %s (%s)", w.Text, w.Advice))
	}
	return lines
}

func groupTable(c *comparison, g group) table.Writer {
	header := table.Row{"what", "tasks", "median per task", "min .. max", "ratio"}
	switch g.name {
	case groupBytes:
		header[2] = "median"
	case groupStart:
		header = table.Row{"what", "processes", "median per process", "min .. max", "ratio", "memory of all"}
	case groupLarge:
		header = append(header, "memory of the driver", "record")
	}
	t := newTable(header)
	for _, r := range c.Rows {
		if r.Group == g.name {
			t.AppendRow(cells(r))
		}
	}
	return t
}

// newTable makes a table whose columns are aligned to the right, but the first.
func newTable(header table.Row) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	var columns []table.ColumnConfig
	for n := 2; n <= len(header); n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	return t
}

// barTable shows how rows stand to their bars.
func barTable(bars []barResult) table.Writer {
	t := newTable(table.Row{"what", "figure", "measured", "at most", "holds"})
	for _, b := range bars {
		show := duration
		switch {
		case b.Against != "":
			show = func(v float64) string { return digits(v) + " times " + b.Against }
		case b.Figure != perTask:
			show = size
		}
		holds := "yes"
		if !b.Holds {
			holds = "no"
		}
		t.AppendRow(table.Row{b.Group + "/" + b.Name, string(b.Figure), show(b.Value), show(b.Most), holds})
	}
	return t
}

// cells are a row's; a peer without figures says why in their place.
func cells(r *row) table.Row {
	name := r.Name
	if r.Version != "" {
		name += " (" + r.Version + ")"
	}
	switch {
	case r.Missing != "":
		return table.Row{name, "missing", r.Missing, "", ""}
	case r.Error != "":
		return table.Row{name, "failed", r.Error, "", ""}
	case r.Median == nil:
		return table.Row{name, r.Tasks, "not run", "", ""}
	}
	show := duration
	low, high := *r.Min, *r.Max
	if r.Rate != nil {
		show = rate
		low, high = high, low // the longest time is the lowest rate
	}
	ratio := "-"
	if r.Ratio != nil {
		ratio = fmt.Sprintf("%.3g", *r.Ratio)
	}
	cells := table.Row{name, r.Tasks, show(*r.Median), show(low) + " .. " + show(high), ratio}
	if r.Memory != nil {
		cells = append(cells, size(*r.Memory))
	}
	if r.Disk != nil {
		cells = append(cells, size(*r.Disk))
	}
	return cells
}

// size prints bytes in kB or MB.
func size(bytes float64) string {
	if bytes < 1e6 {
		return digits(bytes/1e3) + " kB"
	}
	return digits(bytes/1e6) + " MB"
}

// duration prints seconds with three digits and a unit.
func duration(seconds float64) string {
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if v := seconds / u.unit.Seconds(); v >= 1 {
			return digits(v) + " " + u.name
		}
	}
	return digits(seconds*1e9) + " ns"
}

// rate prints the MB/s of a time for a block.
func rate(seconds float64) string { return digits(megabytes(seconds)) + " MB/s" }

// digits prints a number with three significant digits, whole from 100 on.
func digits(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
