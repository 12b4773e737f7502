// Package report turns what a run found into what people and scripts read:
// plots (PNG and SVG), tables for the terminal, one page of HTML that needs
// nothing beside it ([WriteHTML]), JSON with its schema, and formats for other
// programs ([Exporters]).
//
// Everything comes from summaries made by package bench/metrics; plots that
// look at single workers are also given the traces of trials, one at a time
// ([Source.Add]), so that a long run need not be held in memory. Each plot is
// one file and one line in [Plots], each exporter one in [Exporters], each JSON
// document one line in the list of documents. The package measures nothing, and
// prints nothing by itself.
//
// What a value is (measured, scaled, emulated, simulated, extrapolated) is
// told wherever it is shown: by a marker on plots, a note in their titles, and
// a column in tables. A value that cannot be drawn is named in a note.
package report
