package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/metrics"
	"corecast/report"
	"corecast/results"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	format, threshold string
	force             bool
}

// newCompare makes compare.
func (a *app) newCompare() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE NEW…",
		Short: "compare runs with a base, metric by metric",
		Long: `Compare runs of the same points with a base, metric by metric: medians with
intervals, their ratio, the p-value of a Mann-Whitney test corrected for all tests
made, and a verdict: better, worse, no clear difference, or cannot tell. A
difference is clear when the test and the interval of the ratio both say so, and
it counts when it is larger than --threshold. Trials that resemble those before
them count for fewer.

Runs of unlike machines are compared, but get no verdict without --force.
--format github is a comment for a pull request, and annotations where a step of
GitHub Actions prints it.

The exit code is 1 when a metric is clearly worse, 2 when a verdict is refused.`,
		Example: `  corecast compare 20261123-1919 latest
  corecast compare runs/before runs/after --threshold 10% --format junit`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("compare takes two runs or more, a base and new ones: their folders or ids (see corecast list runs)")
			}
			return nil
		},
		RunE:              func(_ *cobra.Command, args []string) error { return a.compare(f, args[0], args[1:]) },
		ValidArgsFunction: a.completeRuns,
	}
	formatFlag(cmd, &f.format, "table", "json", "markdown", "junit", "github")
	cmd.Flags().StringVar(&f.threshold, "threshold", "5%", "how much a clear difference must be of the base to count")
	cmd.Flags().BoolVar(&f.force, "force", false, "give a verdict on runs of unlike machines")
	return cmd
}

func (a *app) compare(f compareFlags, baseName string, names []string) error {
	if err := checkFormat(f.format, append(report.CompareFormats(), "json")...); err != nil {
		return err
	}
	threshold, err := bench.ParseShare(f.threshold)
	if err != nil || !(threshold >= 0 && threshold < 100) {
		return fmt.Errorf("--threshold: %q is no share: write 5%% or 0.05", f.threshold)
	}
	base, err := a.open(baseName)
	if err != nil {
		return err
	}
	var all []metrics.Comparison
	for _, name := range names {
		var next *results.Run
		if next, err = a.open(name); err != nil {
			return err
		}
		c, err := metrics.CompareRuns(base, next, metrics.CompareOptions{Threshold: threshold, News: len(names), Alike: !f.force})
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	switch {
	case f.format == "json" && len(all) == 1:
		err = a.writeJSON(all[0])
	case f.format == "json":
		err = a.writeJSON(all)
	default:
		err = report.WriteComparisons(a.stdout, all, f.format, a.tableOptions())
	}
	if err != nil {
		return err
	}
	return compareOutcome(all)
}

// compareOutcome is what the exit code tells: worse before refused.
func compareOutcome(all []metrics.Comparison) error {
	var refused error
	for _, c := range all {
		if c.Verdict == metrics.Worse {
			return negative{errors.New(c.Verdict)}
		}
		if c.Refused != "" && refused == nil {
			refused = fmt.Errorf("no verdict on %s and %s: %s; --force gives one", c.Base.ID, c.New.ID, c.Refused)
		}
	}
	return refused
}
