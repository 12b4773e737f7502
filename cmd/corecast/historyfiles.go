package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench/change"
	"corecast/results/history"
	"corecast/results/history/db"
)

// fileFormats are the forms that runs leave a history in, and come back in.
func fileFormats() []string { return []string{"jsonl", "gobench", "csv"} }

func (a *app) historyImport(with withStore) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "import FILE", Short: "import runs from JSON lines, Go's benchmark format, or a CSV series",
		Long: `Import runs from a file, or standard input for -: JSON lines as history export
writes them; what go test -bench printed, a run for each run-id or commit that it
names; or a CSV with a row a run, a column a metric, and columns time and commit
as changepoints reads them. The form is told by the name of the file, or --format.
Runs without a time get that of the file. A run that is there already is left as
it is; one of the same ID that differs is an error, with the runs before it saved.`,
		Example: `  corecast history import runs.jsonl
  go test -bench . | corecast history import - --format gobench`,
		Args: cobra.ExactArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if format == "" {
			format = formatOf(args[0])
		}
		if err := checkFormat(format, fileFormats()...); err != nil {
			return err
		}
		return with(true, func(ctx context.Context, s *db.Store, args []string) error {
			n, err := a.importRuns(ctx, s, args[0], format)
			if n > 0 || err == nil {
				fmt.Fprintf(a.stdout, "imported %d runs\n", n)
			}
			return err
		})(cmd, args)
	}
	cmd.Flags().StringVar(&format, "format", "", "form of the file: "+strings.Join(fileFormats(), ", ")+" (default: by its name)")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(fileFormats(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// formatOf tells the form of a file by its name.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv":
		return "csv"
	case ".txt", ".bench":
		return "gobench"
	}
	return "jsonl"
}

// importRuns saves the runs of a file, and counts them.
func (a *app) importRuns(ctx context.Context, s *db.Store, name, format string) (n int, err error) {
	in, created := io.Reader(a.stdin), time.Now()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			created = info.ModTime()
		}
		in = f
	}
	save := func(r *history.Run) error {
		err := s.Save(ctx, r)
		if err == nil {
			n++
		}
		return err
	}
	var runs []*history.Run
	switch format {
	case "jsonl":
		return n, history.ReadJSONL(in, name, save)
	case "gobench":
		runs, err = history.ReadGoBench(in, name, created)
	default:
		var t *change.Table
		if t, err = change.ReadCSV(in, name); err == nil {
			var names []string
			var columns [][]float64
			for _, c := range t.Series {
				names, columns = append(names, c.Name), append(columns, c.Values)
			}
			runs = history.FromRows("csv "+filepath.Base(name), created, t.Times, t.Commits, names, columns)
		}
	}
	for _, r := range runs {
		if err == nil {
			err = save(r)
		}
	}
	return n, err
}

func (a *app) historyExport(with withStore) *cobra.Command {
	var format string
	var tasks bool
	cmd := &cobra.Command{
		Use: "export [RUN…]", Short: "write runs, all or those named, to standard output",
		Example: `  corecast history export > runs.jsonl
  corecast history export --format csv`,
	}
	cmd.RunE = with(false, func(ctx context.Context, s *db.Store, args []string) error {
		if err := checkFormat(format, fileFormats()...); err != nil {
			return err
		}
		if len(args) == 0 {
			runs, err := s.Runs(ctx)
			if err != nil {
				return err
			}
			for _, r := range runs {
				args = append(args, r.ID)
			}
		}
		var table []*history.Run
		for _, id := range args {
			r, err := s.Run(ctx, id)
			if err != nil {
				return err
			}
			if !tasks {
				r.Lines, r.Tasks = nil, nil
			}
			switch format {
			case "jsonl":
				err = history.WriteJSONL(a.stdout, r)
			case "gobench":
				err = history.WriteGoBench(a.stdout, r)
			default:
				table = append(table, r)
			}
			if err != nil {
				return err
			}
		}
		if format == "csv" {
			return history.WriteCSV(a.stdout, table)
		}
		return nil
	})
	formatFlag(cmd, &format, fileFormats()...)
	cmd.Flags().BoolVar(&tasks, "with-tasks", false, "in JSON lines, with the records of runs that have one")
	return cmd
}
