package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/scaling"
	"corecast/report"
	"corecast/workloads"
)

// seriesFlags choose one series of a run that has several.
type seriesFlags struct{ workload, backend, label, kind string }

func (s *seriesFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.workload, "workload", "", "of a run with several workloads: which")
	f.StringVar(&s.backend, "backend", "", "of a run with several backends: which")
	f.StringVar(&s.label, "label", "", "of a run with several sizes or settings: which, as tables name it")
	f.StringVar(&s.kind, "kind", "", "of a run with several kinds of measuring: which, such as measured or simulated")
}

// newFit makes fit: scaling laws of measured points.
func (a *app) newFit() *cobra.Command {
	var series seriesFlags
	var laws []string
	var predict, confidence, work, upTo, format, output string
	cmd := &cobra.Command{
		Use:   "fit data.csv|RUN",
		Short: "fit scaling laws to measured points, and predict other core counts",
		Long: `Fit scaling laws to measured points, and predict other core counts by the law
that best predicts the larger measured core counts from the smaller ones.

The points are those of a run (its folder, its id, or latest), or of a CSV with
the columns cores and seconds or throughput, and work where it differs; several
rows at the same cores are repetitions; - reads standard input.
Laws: ` + strings.Join(scaling.LawNames(), ", ") + `, or all.`,
		Example: `  corecast fit latest --predict 16,32
  corecast fit data.csv --law usl --format json
  corecast fit latest --up-to 8             what would have been said of 16 cores?
  corecast fit runs/20261123-191945-x7k2 --workload montecarlo --predict 16..128x2`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("fit takes one CSV file or run (see corecast list runs)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			o, err := fitOptions(laws, predict, confidence, work)
			if err != nil {
				return err
			}
			if o.UpTo, err = parseUpTo(upTo); err != nil {
				return err
			}
			data, err := a.fitData(args[0], series)
			if err != nil {
				return err
			}
			f, err := scaling.New(data, o)
			if err != nil {
				return err
			}
			if output != "" {
				if _, err := report.WriteForecastPlots(output, f); err != nil {
					return err
				}
			}
			if format == "json" {
				return a.writeJSON(f)
			}
			return report.WriteForecast(a.stdout, f, a.tableOptions())
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, s string) ([]string, cobra.ShellCompDirective) {
			ids, _ := a.completeRuns(cmd, args, s)
			return ids, cobra.ShellCompDirectiveDefault
		},
	}
	formatFlag(cmd, &format, "table", "json")
	series.bind(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&laws, "law", []string{"all"}, "laws to fit: "+strings.Join(scaling.LawNames(), ", ")+", or all")
	f.StringVar(&predict, "predict", "", "core counts to predict: a list such as 8,16 or a range such as 8..64x2")
	f.StringVar(&confidence, "confidence", "95%", "confidence of intervals")
	f.StringVar(&upTo, "up-to", "", "fit to core counts up to this one only, and hold the predictions against those above")
	f.StringVar(&output, "output", "", "folder to draw plots into: the fit, predicted against measured, shares of the USL")
	f.StringVar(&work, "work", "", "work of the predicted jobs, in tasks or in the unit of the column work (default: as measured)")
	cmd.RegisterFlagCompletionFunc("law", cobra.FixedCompletions(append(scaling.LawNames(), "all"), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// fitOptions reads the flags of fit.
func fitOptions(laws []string, predict, confidence, work string) (o scaling.Options, err error) {
	if o.Laws, err = scaling.FindLaws(laws...); err != nil {
		return o, fmt.Errorf("--law: %w", err)
	}
	if o.Confidence, err = parseConfidence(confidence); err != nil {
		return o, err
	}
	if predict != "" {
		counts, err := bench.ParseCores(predict)
		if err != nil {
			return o, fmt.Errorf("--predict: %w", err)
		}
		for _, n := range counts {
			o.Predict = append(o.Predict, float64(n))
		}
	}
	if work != "" {
		n, err := workloads.ParseSize(work)
		if err == nil && n == 0 {
			err = errors.New("0 is no work")
		}
		if err != nil {
			return o, fmt.Errorf("--work: %w", err)
		}
		o.Work = float64(n)
	}
	return o, nil
}

// parseUpTo reads --up-to: one core count; 0 for nothing.
func parseUpTo(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	counts, err := bench.ParseCores(s)
	if err == nil && len(counts) != 1 {
		err = fmt.Errorf("one core count is expected, not %d", len(counts))
	}
	if err != nil {
		return 0, fmt.Errorf("--up-to: %w", err)
	}
	return float64(counts[0]), nil
}

// parseConfidence reads --confidence: 95% or 0.95.
func parseConfidence(s string) (float64, error) {
	c, err := bench.ParseShare(s)
	if err != nil || !(c > 0 && c < 1) {
		return 0, fmt.Errorf("--confidence: %q is not a share between 0 and 1: write 95%% or 0.95", s)
	}
	return c, nil
}

// fitData reads a CSV file, standard input for -, or a series of a run.
func (a *app) fitData(name string, which seriesFlags) (*scaling.Data, error) {
	if name == "-" {
		return scaling.ReadCSV(a.stdin, "standard input")
	}
	info, err := os.Stat(name)
	if err == nil && info.Mode().IsRegular() {
		if which != (seriesFlags{}) {
			return nil, errors.New("--workload, --backend, --label and --kind are for runs, not for a CSV file")
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return scaling.ReadCSV(io.Reader(f), show(name))
	}
	if err != nil && strings.HasSuffix(strings.ToLower(name), ".csv") {
		return nil, err
	}
	return a.runData(name, which)
}

// runData returns the one series of a run that the flags leave.
func (a *app) runData(name string, which seriesFlags) (*scaling.Data, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	summaries, err := a.summarize(r, "")
	if err != nil {
		return nil, err
	}
	var found []*scaling.Data
	var names []string
	for i := range summaries {
		s := &summaries[i]
		data, labels := scaling.FromSummary(s)
		for k, d := range data {
			fits := (which.workload == "" || which.workload == s.Workload) && (which.backend == "" || which.backend == s.Backend) &&
				(which.label == "" || which.label == labels[k]) && (which.kind == "" || which.kind == string(d.Kind))
			title := fmt.Sprintf("%s on %s", s.Workload, s.Backend)
			if labels[k] != "" {
				title += ", " + labels[k]
			}
			title += " (" + string(d.Kind) + ")"
			if fits {
				found = append(found, d)
			}
			names = append(names, title)
			d.Name = r.Header.ID + ", " + title
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && len(names) > 0:
		return nil, fmt.Errorf("%s has no such series: it has %s", show(r.Dir), strings.Join(names, "; "))
	case len(found) == 0:
		return nil, fmt.Errorf("%s has no point with a time", show(r.Dir))
	}
	return nil, fmt.Errorf("%s has several series: %s; choose one by --workload, --backend, --label or --kind", show(r.Dir), strings.Join(names, "; "))
}
