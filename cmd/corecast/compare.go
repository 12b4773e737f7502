package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"corecast/bench/metrics"
	"corecast/report"
)

// newCompare makes compare.
func (a *app) newCompare() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "compare BASE NEW",
		Short: "compare two runs, metric by metric",
		Long: `Compare two runs of the same points, metric by metric: medians with intervals,
their ratio, the p-value of a Mann-Whitney test corrected for all tests made, and
a verdict: better, worse, no clear difference, or cannot tell. A difference is
clear when the test and the interval of the ratio both say so.

The exit code is 1 when a metric is clearly worse.`,
		Example: "  corecast compare 20261123-1919 latest",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("compare takes two runs, a base and a new one: their folders or ids (see corecast list runs)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			base, err := a.open(args[0])
			if err != nil {
				return err
			}
			next, err := a.open(args[1])
			if err != nil {
				return err
			}
			c, err := metrics.CompareRuns(base, next)
			if err != nil {
				return err
			}
			if format == "json" {
				err = a.writeJSON(c)
			} else {
				err = report.WriteComparison(a.stdout, c, a.tableOptions())
			}
			if err == nil && c.Verdict == metrics.Worse {
				err = negative{errors.New(c.Verdict)}
			}
			return err
		},
		ValidArgsFunction: a.completeRuns,
	}
	formatFlag(cmd, &format, "table", "json")
	return cmd
}
