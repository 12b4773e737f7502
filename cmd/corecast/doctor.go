package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/metrics"
	"corecast/internal/machine"
	"corecast/report"
	"corecast/results"
)

// newDoctor makes doctor.
func (a *app) newDoctor() *cobra.Command {
	cmd := &cobra.Command{Use: "doctor", Short: "check what keeps this machine from measuring well", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	a.bindDoctor(cmd)
	var reps int
	var plan, format, record string
	noise := &cobra.Command{
		Use:   "noise",
		Short: "how small a change can this machine see, with how many repetitions?",
		Long: `Measure the same thing against itself, an A/A check: every other trial is taken
for another run. It tells the spread of each metric, whether the halves differ,
which they should not, and the smallest change that a comparison of two runs
finds four times out of five. The exit code is 1 when halves differ clearly.`,
		Example: "  corecast doctor noise --reps 20",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			if reps < 8 {
				return fmt.Errorf("--reps: %d is less than 8", reps)
			}
			p, err := trackPlan(plan)
			if err != nil {
				return err
			}
			p.Reps, p.MaxReps = reps, max(reps, p.MaxReps)
			if err := p.Validate(machine.Fingerprint()); err != nil {
				return err
			}
			w, err := a.create(record, p)
			if err != nil {
				return err
			}
			progress := a.newProgress()
			_, err = bench.Run(cmd.Context(), p, w, nil, bench.Options{Progress: progress.update})
			progress.stop()
			if e := w.Close(); e != nil && err == nil {
				err = e
			}
			if err != nil {
				return a.unfinished(w.Dir(), "bench", err)
			}
			return a.presentNoise(w.Dir(), format)
		},
	}
	fs := noise.Flags()
	fs.IntVar(&reps, "reps", 20, "repetitions, half of them for each side")
	fs.StringVar(&plan, "plan", "", "a plan to measure by instead of that of track (see corecast schema plan)")
	fs.StringVar(&record, "record", "", "folder for the run's record (default: a new one in the folder of runs)")
	formatFlag(noise, &format, "table", "json")
	cmd.AddCommand(noise)
	return cmd
}

func (a *app) presentNoise(dir, format string) error {
	r, err := results.Open(dir)
	if err != nil {
		return err
	}
	n, err := metrics.NoiseOf(r)
	if err != nil {
		return err
	}
	if format == "json" {
		err = a.writeJSON(n)
	} else {
		err = report.WriteNoise(a.stdout, n, a.tableOptions())
	}
	if err == nil && n.Alarms > 0 {
		err = negative{fmt.Errorf("%d metrics differ from themselves: %s", n.Alarms, strings.ToLower(n.RunID))}
	}
	return err
}
