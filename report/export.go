package report

import (
	"fmt"
	"io"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// Exporter writes what a run found in one format. To add one: a file, a test
// and a line in [Exporters].
type Exporter struct {
	// Name is what users ask for, Summary says in a line what it is for.
	Name, Summary string
	// Write writes all summaries of the run.
	Write func(w io.Writer, r *results.Run, summaries []metrics.Summary) error
}

// Exporters returns every exporter, in the order in which help lists them.
func Exporters() []Exporter {
	return []Exporter{
		{"table", "tables and plain words for a terminal, without colour", func(w io.Writer, _ *results.Run, s []metrics.Summary) error {
			return WriteTable(w, s, TableOptions{})
		}},
		{"json", "every figure, by the schema bench", func(w io.Writer, _ *results.Run, s []metrics.Summary) error {
			return WriteJSON(w, s)
		}},
		{"csv", "a row a point with every figure, units in the header", writeCSV},
		{"markdown", "tables and plain words that GitHub renders", writeMarkdown},
		{"gobench", "a line a trial in Go's benchmark format, for benchstat", writeGoBench},
	}
}

// FindExporter returns the exporter of a name; the error for an unknown one
// lists those that exist.
func FindExporter(name string) (Exporter, error) {
	var names []string
	for _, e := range Exporters() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return Exporter{}, fmt.Errorf("no format %q: there is %s", name, strings.Join(names, ", "))
}
