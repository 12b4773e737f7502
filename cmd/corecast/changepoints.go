package main

import (
	"errors"
	"os"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/change"
	"corecast/report"
)

// newChangepoints makes changepoints.
func (a *app) newChangepoints() *cobra.Command {
	var format, alpha string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "changepoints series.csv",
		Short: "find where the level of any series changed",
		Long: `Find where the level of series changed, by how much, and how sure that is:
E-divisive with a test that spikes, slow drift and autocorrelation do not fool.

The CSV has a header, a row a measurement, in their order, and a column a metric;
a column time (or date, timestamp) and one commit (or revision, sha) may be
among them. - reads standard input. A field that is empty, NaN or infinite is a
missing value. Fewer than 8 values have no change. Rows are taken in the order of
the file, also when times go backwards or a commit comes twice, with a warning.

A change is before its row, which counts from 0. Whether a metric should be low
or high is not asked, so the exit code is 0 with changes and without.`,
		Example: `  corecast changepoints series.csv
  corecast changepoints series.csv --format json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("changepoints takes one CSV file, or - for standard input")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			level, err := parseAlpha(alpha)
			if err != nil {
				return err
			}
			table, err := a.readSeries(args[0])
			if err != nil {
				return err
			}
			found := change.Analyse(table, change.Options{Alpha: level, Seed: seed})
			if format == "json" {
				return a.writeJSON(found)
			}
			return report.WriteChanges(a.stdout, found, a.tableOptions())
		},
	}
	formatFlag(cmd, &format, "table", "json")
	alphaFlag(cmd, &alpha)
	cmd.Flags().Uint64Var(&seed, "seed", 0, "seed of the resampled series that tests draw")
	return cmd
}

func alphaFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "alpha", "5%", "level of a series: the chance of a change in one without")
}

// parseAlpha reads --alpha: 5% or 0.05.
func parseAlpha(s string) (float64, error) {
	level, err := bench.ParseShare(s)
	if err != nil || level < 0.002 || level > 0.5 {
		return 0, errors.New("--alpha: " + s + " is not a share from 0.2% to 50%")
	}
	return level, nil
}

// readSeries reads a CSV file, standard input for -.
func (a *app) readSeries(name string) (*change.Table, error) {
	if name == "-" {
		return change.ReadCSV(a.stdin, "standard input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return change.ReadCSV(f, show(name))
}
