package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/bench/metrics"
	"corecast/bench/sim"
	"corecast/internal/wording"
	"corecast/report"
	"corecast/results"
	"corecast/workloads"
)

// newReport makes report: show a run again.
func (a *app) newReport() *cobra.Command {
	var format, price, output string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "show a run again: tables, and plots drawn anew",
		Long: `Show a run again. RUN is its folder, its id or the beginning of it, or latest.
With format table, or --output, the page report.html and the plots are made anew
from the record, in the run's folder or in --output.`,
		Example: `  corecast report latest
  corecast report 20261123-1919 --price codeengine
  corecast report runs/20261123-191945-x7k2 --format gobench > new.txt`,
		Args: oneRun,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, exporterNames()...); err != nil {
				return err
			}
			r, err := a.open(args[0])
			if err != nil {
				return err
			}
			dir := r.Dir
			if output != "" {
				dir = output
			}
			summaries, err := a.summarize(r, price)
			if err != nil {
				return err
			}
			if err := a.write(r, summaries, format); err != nil {
				return err
			}
			if format != "table" && output == "" {
				return nil // nothing but what was asked for
			}
			if err := a.draw(r, summaries, dir); err != nil {
				return fmt.Errorf("%w; give another folder with --output", err)
			}
			if format != "table" {
				return nil
			}
			_, err = fmt.Fprintf(a.stdout, "\nreport: %s\n", show(filepath.Join(dir, "report.html")))
			return err
		},
		ValidArgsFunction: a.completeRuns,
	}
	formatFlag(cmd, &format, exporterNames()...)
	cmd.Flags().StringVar(&price, "price", "", "price list to tell costs by (default: the one of the run)")
	cmd.Flags().StringVar(&output, "output", "", "folder to write report.html and plots to (default: the run's)")
	return cmd
}

func oneRun(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("which run? give its folder, its id, or latest (see corecast list runs)")
	}
	return nil
}

// open opens a run by its folder or id.
func (a *app) open(name string) (*results.Run, error) {
	dir, err := results.Find(a.runs, name)
	if err != nil {
		return nil, err
	}
	return results.Open(dir)
}

func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	infos, err := results.List(a.runs)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ids := []string{"latest"}
	for _, i := range infos {
		ids = append(ids, i.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// summarize summarizes a run, with costs by a price list: empty means the one
// of the run's plan.
func (a *app) summarize(r *results.Run, price string) ([]metrics.Summary, error) {
	given := price != ""
	if !given {
		price = bench.PriceOf(r.Header)
	}
	list, err := priceList(price)
	if err != nil && !given { // a file that is not here is no reason to show nothing
		fmt.Fprintf(a.stderr, "corecast: no costs are shown: %s\n", oneLine(err.Error()))
		err = nil
	}
	if err != nil {
		return nil, err
	}
	return metrics.Summarize(r, metrics.Options{Price: list})
}

// draw draws a run's plots into the folder plots of dir and writes
// dir/report.html.
func (a *app) draw(r *results.Run, summaries []metrics.Summary, dir string) error {
	sources, err := report.Sources(r, summaries)
	if err != nil {
		return err
	}
	if _, err := report.WriteAll(dir, sources...); err != nil {
		return err
	}
	page := filepath.Join(dir, "report.html")
	return a.toFile(page, func(w io.Writer) error { return report.WriteHTML(w, r, summaries, sources) })
}

// write prints summaries in a format.
func (a *app) write(r *results.Run, summaries []metrics.Summary, format string) error {
	if format == "table" { // with colour where it can be seen
		return report.WriteTable(a.stdout, summaries, a.tableOptions())
	}
	e, err := report.FindExporter(format)
	if err != nil {
		return fmt.Errorf("--format: %w", err)
	}
	return e.Write(a.stdout, r, summaries)
}

// tableOptions has colour for a terminal whose user has not said no
// (no-color.org).
func (a *app) tableOptions() report.TableOptions {
	return report.TableOptions{Colour: isTerminal(a.stdout) && os.Getenv("NO_COLOR") == ""}
}

func exporterNames() []string {
	var names []string
	for _, e := range report.Exporters() {
		names = append(names, e.Name)
	}
	return names
}

// newExport makes export.
func (a *app) newExport() *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "write a run's record in other formats", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		a.newExportOf("tasks", "write a row for each attempt at each task", results.ExportTasks),
		a.newExportOf("workers", "write a row for each worker: its life, and what it used", results.ExportWorkers),
	)
	return cmd
}

// newExportOf makes a subcommand of export.
func (a *app) newExportOf(what, short string, export func(io.Writer, *results.Run, string) error) *cobra.Command {
	var format, output string
	cmd := &cobra.Command{
		Use:     what + " RUN",
		Short:   short,
		Example: fmt.Sprintf("  corecast export %s latest --format csv --output %s.csv", what, what),
		Args:    oneRun,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, results.ExportFormats()...); err != nil {
				return err
			}
			r, err := a.open(args[0])
			if err != nil {
				return err
			}
			return a.toFile(output, func(w io.Writer) error { return export(w, r, format) })
		},
		ValidArgsFunction: a.completeRuns,
	}
	formatFlag(cmd, &format, results.ExportFormats()...)
	cmd.Flags().StringVar(&output, "output", "", "file to write (default: standard output)")
	return cmd
}

// toFile has a function write to a new file, or to standard output.
func (a *app) toFile(path string, write func(io.Writer) error) (err error) {
	if path == "" {
		return write(a.stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if e := f.Close(); e != nil && err == nil {
			err = fmt.Errorf("write %s: %w", path, e)
		}
	}()
	return write(f)
}

// newList makes list.
func (a *app) newList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "list workloads, backends, runs, prices, profiles, plots or exporters", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		listOf(a, "workloads", "the built-in workloads", func() ([]named, error) {
			var rows []named
			for _, make := range workloads.All() {
				rows = append(rows, named{make().Name(), make().Summary()})
			}
			return rows, nil
		}),
		listOf(a, "backends", "where workers can run", func() ([]named, error) {
			var rows []named
			for _, b := range bench.Backends() {
				rows = append(rows, named{b.Name, b.Summary})
			}
			return rows, nil
		}),
		listOf(a, "prices", "the price lists", func() ([]priceRow, error) {
			var rows []priceRow
			for _, p := range cost.Prices() {
				rows = append(rows, priceRow{p.Title() + ": " + p.Source, p})
			}
			return rows, nil
		}),
		listOf(a, "profiles", "how platforms have been seen to start workers, for simulations", func() ([]named, error) {
			var rows []named
			for _, p := range sim.Profiles() {
				rows = append(rows, named{p.Name, p.Source})
			}
			return rows, nil
		}),
		listOf(a, "plots", "the plots of a report", func() ([]named, error) {
			var rows []named
			for _, p := range report.Plots() {
				rows = append(rows, named{p.Name, p.Title})
			}
			rows = append(rows, named{"trend", report.TrendTitle + ", by corecast track --output"})
			return rows, nil
		}),
		listOf(a, "exporters", "the formats of report", func() ([]named, error) {
			var rows []named
			for _, e := range report.Exporters() {
				rows = append(rows, named{e.Name, e.Summary})
			}
			return rows, nil
		}),
		listOf(a, "runs", "the runs in the folder of runs, newest first", a.runRows),
	)
	return cmd
}

// runRow is a row of the list of runs.
type runRow struct {
	ID        string    `json:"run_id"`
	Dir       string    `json:"dir"`
	Created   time.Time `json:"created"`
	Workloads []string  `json:"workloads"`
	Backends  []string  `json:"backends"`
	Trials    int       `json:"trials"`
	Complete  bool      `json:"complete"`
	Running   bool      `json:"running"`
	Damage    string    `json:"damage,omitempty"`
}

func (a *app) runRows() ([]runRow, error) {
	infos, err := results.List(a.runs)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // there has been no run yet
	}
	rows := make([]runRow, 0, len(infos))
	for _, i := range infos {
		r := runRow{i.ID, i.Dir, i.Created, i.Workloads, i.Backends, i.Trials, i.Complete, i.Running, ""}
		if i.Damage != nil {
			r.Damage = i.Damage.Error()
		}
		rows = append(rows, r)
	}
	return rows, err
}

// named is a row of most lists.
type named struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// priceRow is a row of the list of prices; JSON has all of the list.
type priceRow struct {
	Summary string `json:"summary"`
	cost.Price
}

// listOf makes a subcommand of list.
func listOf[T any](a *app, what, short string, rows func() ([]T, error)) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: what, Short: "list " + short, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			list, err := rows()
			if err != nil {
				return err
			}
			if format == "json" {
				return a.writeJSON(append([]T{}, list...))
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, row := range list {
				writeRow(w, row)
			}
			return w.Flush()
		},
	}
	formatFlag(cmd, &format, "table", "json")
	return cmd
}

func writeRow(w io.Writer, row any) {
	switch row := row.(type) {
	case named:
		fmt.Fprintf(w, "%s\t%s\n", row.Name, row.Summary)
	case priceRow:
		fmt.Fprintf(w, "%s\t%s\n", row.Name, row.Summary)
	case runRow:
		state := "complete"
		switch {
		case row.Damage != "":
			state = "damaged: " + row.Damage
		case row.Running:
			state = "running"
		case !row.Complete:
			state = "interrupted: finish it with corecast bench --resume " + row.ID
		}
		fmt.Fprintf(w, "%s\t%s\t%s on %s\t%s\t%s\n", row.ID, row.Created.Local().Format("2006-01-02 15:04"),
			strings.Join(row.Workloads, ", "), strings.Join(slices.DeleteFunc(row.Backends, func(b string) bool { return b == "serial" }), ", "), wording.Count(row.Trials, "trial"), state)
	}
}
