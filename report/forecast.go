package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/scaling"
	"corecast/results"
)

// WriteForecast writes a forecast for people: the measured points, each law
// with its parameters and its error in the backtest, the backtest of the
// selected law, predictions, and what to distrust.
func WriteForecast(w io.Writer, f *scaling.Forecast, o TableOptions) error {
	var b strings.Builder
	rows := 0
	for _, p := range f.Points {
		rows += p.Rows
	}
	b.WriteString(o.paint(text.Bold, fmt.Sprintf("%s: %s over %s, %s", f.Data, plural(rows, "row"), plural(len(f.Points), "point"), f.Kind)) + "\n\n")
	b.WriteString(lawTable(f, o) + "\n\n")
	for _, line := range selectedWords(f) {
		for _, l := range wrapColumns(line, tableWidth) {
			b.WriteString(l + "\n")
		}
	}
	if cases := backtestTable(f); cases != "" {
		b.WriteString("\n" + o.paint(text.Bold, "Backtest of "+f.Selected+": fitted to the smaller core counts, held against the larger") + "\n\n" + cases + "\n")
	}
	if len(f.Predictions) > 0 {
		b.WriteString("\n" + o.paint(text.Bold, "Predicted by "+f.Selected) + "\n\n" + predictionTable(f) + "\n")
	}
	for i, line := range forecastDoubts(f) {
		if i == 0 {
			b.WriteString("\n")
		}
		for _, l := range wrapColumns(line, tableWidth) {
			b.WriteString(o.paint(text.FgYellow, l) + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the forecast: %w", err)
	}
	return nil
}

// plainTable renders rows below a head, without frame or spaces at line ends.
func plainTable(head table.Row, rows []table.Row, configs ...table.ColumnConfig) string {
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.SetColumnConfigs(configs)
	t.AppendHeader(head)
	t.AppendRows(rows)
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// rightAligned are the configurations of columns, counted from 1.
func rightAligned(columns ...int) []table.ColumnConfig {
	configs := make([]table.ColumnConfig, len(columns))
	for i, c := range columns {
		configs[i] = table.ColumnConfig{Number: c, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	return configs
}

// lawTable has a line a parameter, with its law's figures in the first.
func lawTable(f *scaling.Forecast, o TableOptions) string {
	var rows []table.Row
	for i, fit := range f.Fits {
		first := true
		for _, name := range parameterNames(fit.Law) {
			p := fit.Parameters[name]
			row := table.Row{"", name, figureText(p.Value), "[" + figureOr(p.Lo, "open") + ", " + figureOr(p.Hi, "open") + "]", "", "", "", ""}
			if first {
				law := fit.Law
				if law == f.Selected {
					law = o.paint(text.Bold, law+" *")
				}
				se := figureOr(fit.ResidualSE, nothing)
				if fit.Response == scaling.Seconds && fit.ResidualSE != nil {
					se = Percent(*fit.ResidualSE)
				}
				row[0], row[4], row[5], row[6], row[7] = law, se, figureOr(fit.Peak, nothing), figureOr(fit.Asymptote, nothing), backtestCell(f.Backtest[i])
			}
			first = false
			rows = append(rows, row)
		}
	}
	head := table.Row{"law", "parameter", "value", fmt.Sprintf("interval, %s", Percent(f.Confidence)), "residual", "peak", "asymptote", "backtest"}
	return plainTable(head, rows, rightAligned(3, 5, 6, 7, 8)...)
}

// parameterNames are those of a law, in its order.
func parameterNames(law string) []string {
	laws, err := scaling.FindLaws(law)
	if err != nil || len(laws) != 1 {
		return nil
	}
	var names []string
	for _, p := range laws[0].About().Params {
		names = append(names, p.Name)
	}
	return names
}

func backtestCell(b scaling.Backtest) string {
	if b.Error == nil {
		return nothing
	}
	return Percent(*b.Error)
}

// figureText writes a figure without a unit to four digits.
func figureText(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func figureOr(v *float64, otherwise string) string {
	if v == nil {
		return otherwise
	}
	return figureText(*v)
}

// selectedWords says why the law was taken, and what the columns mean.
func selectedWords(f *scaling.Forecast) []string {
	var lines []string
	for _, b := range f.Backtest {
		if b.Law == f.Selected && b.Error != nil {
			lines = append(lines, fmt.Sprintf("Selected: %s. Fitted to the smaller core counts it misses the larger ones by %s in the mean of %s.",
				f.Selected, Percent(*b.Error), plural(len(b.Cases), "prediction")))
		}
	}
	for _, fit := range f.Fits {
		if fit.Law == f.Selected {
			lines = append(lines, fmt.Sprintf("%s: %s; %s. Intervals of parameters: %s.", fit.Law, fit.Formula, fit.Estimator, fit.Intervals))
		}
	}
	return append(lines, fmt.Sprintf("X: %ss a second; residual: standard error in units of X, in %% for laws of seconds; peak: cores; asymptote: X.", f.Unit))
}

func backtestTable(f *scaling.Forecast) string {
	for _, b := range f.Backtest {
		if b.Law == f.Selected {
			return caseTable(b.Cases)
		}
	}
	return ""
}

// caseTable lists the cases of a backtest.
func caseTable(cases []scaling.Case) string {
	var rows []table.Row
	for _, c := range cases {
		predicted, e := nothing, nothing
		if c.Predicted != nil {
			predicted, e = Seconds(*c.Predicted), signedPercent(*c.Error)
		}
		rows = append(rows, table.Row{figureText(c.UpTo), figureText(c.Cores), Seconds(c.Measured), predicted, e})
	}
	if len(rows) == 0 {
		return ""
	}
	return plainTable(table.Row{"fitted up to", "cores", "measured", "predicted", "error"}, rows, rightAligned(1, 2, 3, 4, 5)...)
}

func signedPercent(share float64) string {
	if share > 0 {
		return "+" + Percent(share)
	}
	return Percent(share)
}

func predictionTable(f *scaling.Forecast) string {
	var rows []table.Row
	held := false
	for _, p := range f.Predictions {
		seconds, throughput := nothing, nothing
		if p.Seconds != nil {
			seconds = secondsWithin(*p.Seconds, p.Lo, p.Hi)
		}
		if p.Throughput != nil {
			throughput = figureText(*p.Throughput)
		}
		row := table.Row{figureText(p.Cores), figureText(p.Work), seconds, throughput, string(p.Kind)}
		if p.Measured != nil {
			held = true
			row = append(row, Seconds(*p.Measured), optional(p.Error, signedPercent))
		}
		rows = append(rows, row)
	}
	head := table.Row{"cores", "work", fmt.Sprintf("time, holds a measurement with %s", Percent(f.Confidence)), "X", "kind"}
	if held {
		head = append(head, "measured, held out", "error")
	}
	return plainTable(head, rows, rightAligned(1, 2, 3, 4, 6, 7)...)
}

// secondsWithin writes a time with an interval whose ends may be open.
func secondsWithin(v float64, lo, hi *float64) string {
	if lo == nil && hi == nil {
		return Seconds(v)
	}
	u := unitFor(v, timeUnits())
	end := func(v *float64) string {
		if v == nil {
			return "open"
		}
		return digits3(*v / u.per)
	}
	return Seconds(v) + " [" + end(lo) + ", " + end(hi) + "]"
}

// forecastDoubts are the warnings about the data, the selected law and the
// predictions; those about other laws are in JSON.
func forecastDoubts(f *scaling.Forecast) []string {
	list := append([]results.Warning(nil), f.Warnings...)
	for _, fit := range f.Fits {
		if fit.Law == f.Selected {
			list = append(list, fit.Warnings...)
		}
	}
	for _, p := range f.Predictions {
		list = append(list, p.Warnings...)
	}
	var lines []string
	for _, w := range list {
		lines = appendNew(lines, "Distrust: "+w.Text+"; "+w.Advice+".")
	}
	return lines
}
