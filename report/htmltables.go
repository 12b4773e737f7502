package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// gridTable is a table of a page.
type gridTable struct {
	Caption string
	Head    []gridCell
	Rows    []gridRow
}

// gridCell is a cell; Left aligns its column to the left.
type gridCell struct {
	Text string
	Left bool
}

// gridRow is a row of cells, or, where Label is set, a heading above those
// that follow.
type gridRow struct {
	Label string
	Cells []gridCell
}

// pointTable makes a table with a row a point, the same as the terminal's.
func pointTable(caption string, columns []column, s *metrics.Summary) gridTable {
	columns = slices.DeleteFunc(columns, func(c column) bool { return c.shown != nil && !c.shown(s) })
	t := gridTable{Caption: caption}
	for _, c := range columns {
		t.Head = append(t.Head, gridCell{c.head, c.left})
	}
	last := ""
	for i := range s.Points {
		p := &s.Points[i]
		if p.Label != last {
			last = p.Label
			t.Rows = append(t.Rows, gridRow{Label: cmp.Or(last, "no label")})
		}
		row := gridRow{}
		for _, c := range columns {
			row.Cells = append(row.Cells, gridCell{c.cell(p), c.left})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// trialColumn is a column of the table of trials.
type trialColumn struct {
	head string
	cell func(t *results.Trial) string
	left bool
}

func trialColumns() []trialColumn {
	return []trialColumn{
		{"trial", func(t *results.Trial) string { return strconv.Itoa(t.Index) }, false},
		{"role", func(t *results.Trial) string { return string(t.Role) }, true},
		{"workload", func(t *results.Trial) string { return t.Point.Workload }, true},
		{"backend", func(t *results.Trial) string { return cmp.Or(t.Point.Backend, nothing) }, true},
		{"cores", func(t *results.Trial) string { return Count(t.Point.Cores) }, false},
		{"size and settings", pointSettings, true},
		{"rep", func(t *results.Trial) string { return strconv.Itoa(t.Rep) }, false},
		{"kind", func(t *results.Trial) string { return string(t.Kind) }, true},
		{"started", func(t *results.Trial) string { return cmp.Or(moment(t.Started), nothing) }, true},
		{"tasks", func(t *results.Trial) string { return Count(t.Tasks) }, false},
		{"makespan", func(t *results.Trial) string { return Seconds(t.Makespan.Seconds()) }, false},
		{"driver CPU", func(t *results.Trial) string { return Seconds(t.DriverCPU.Seconds()) }, false},
		{"machine busy before", func(t *results.Trial) string { return loadShare(t.Before.Busy) }, false},
		{"during", func(t *results.Trial) string { return loadShare(t.During.Busy) }, false},
		{"stolen", func(t *results.Trial) string { return loadShare(t.During.Steal) }, false},
		{"outcome", trialOutcome, true},
	}
}

// trialTable makes the table of all trials, warm-ups and serial ones too.
func trialTable(trials []results.Trial) gridTable {
	columns := trialColumns()
	t := gridTable{Caption: "Every trial in the order in which they ran"}
	for _, c := range columns {
		t.Head = append(t.Head, gridCell{c.head, c.left})
	}
	for i := range trials {
		row := gridRow{}
		for _, c := range columns {
			row.Cells = append(row.Cells, gridCell{c.cell(&trials[i]), c.left})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func pointSettings(t *results.Trial) string {
	var parts []string
	if t.Point.Size != 0 {
		parts = append(parts, "size="+strconv.FormatInt(t.Point.Size, 10))
	}
	for _, k := range slices.Sorted(maps.Keys(t.Point.Settings)) {
		parts = append(parts, k+"="+results.SettingText(t.Point.Settings[k]))
	}
	return strings.Join(parts, ", ")
}

// loadShare writes a share of the machine; negative ones are not known.
func loadShare(v float64) string {
	if v < 0 {
		return nothing
	}
	return Percent(v)
}

// trialOutcome says whether a trial gave its answer, and what was seen.
func trialOutcome(t *results.Trial) string {
	var parts []string
	if t.Error != "" {
		parts = append(parts, "no answer: "+t.Error)
	}
	if t.Check != "" {
		parts = append(parts, "wrong answer: "+t.Check)
	}
	if t.Failed > 0 {
		parts = append(parts, plural(t.Failed, "task")+" without a result")
	}
	for _, w := range t.Warnings {
		parts = append(parts, fmt.Sprintf("%s: %s", w.Code, w.Text))
	}
	if len(parts) == 0 {
		return "ok"
	}
	return strings.Join(parts, "; ")
}
