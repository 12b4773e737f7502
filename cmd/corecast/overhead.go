package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/internal/machine"
	"corecast/report"
	"corecast/results"
)

// newOverhead makes bench overhead.
func (a *app) newOverhead() *cobra.Command {
	var o bench.OverheadPlan
	var cores, format, record string
	cmd := &cobra.Command{
		Use:   "overhead",
		Short: "measure what a backend itself costs: dispatch wall and METG(50 %)",
		Long: `Measure what a backend itself costs, on a ready pool: the wall time a no-op task
(dispatch wall), and the smallest mean task time at which half of the cores'
time is still work, METG(50 %) of Task Bench (SC'20).`,
		Example: "  corecast bench overhead --backend inproc --cores 2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, "table", "json"); err != nil {
				return err
			}
			m := machine.Fingerprint()
			var err error
			if o.Cores, err = oneCount(cores, m); err != nil {
				return err
			}
			if o.Tasks < 1 {
				return fmt.Errorf("--tasks: %d is less than 1", o.Tasks)
			}
			plan, err := o.Plan()
			if err != nil {
				return err
			}
			if err := plan.Validate(m); err != nil {
				return err
			}
			w, err := a.create(record, plan)
			if err != nil {
				return err
			}
			progress := a.newProgress()
			_, err = bench.Run(cmd.Context(), plan, w, nil, bench.Options{Progress: progress.update})
			progress.stop()
			if e := w.Close(); e != nil && err == nil {
				err = e
			}
			if err != nil {
				return a.unfinished(w.Dir(), "bench", err)
			}
			return a.presentOverhead(w.Dir(), format)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Backend, "backend", "local", "where workers run (see corecast list backends)")
	f.StringVar(&cores, "cores", "", "number of cores (default: all)")
	f.IntVar(&o.Tasks, "tasks", 100_000, "no-op tasks that measure dispatch")
	f.IntVar(&o.Reps, "reps", 6, "repetitions of each figure")
	f.StringVar(&record, "record", "", "folder for the run's record (default: a new one in the folder of runs)")
	outputAlias(cmd, &record)
	formatFlag(cmd, &format, "table", "json")
	cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(backendNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// presentOverhead prints what a backend costs.
func (a *app) presentOverhead(dir, format string) error {
	r, err := results.Open(dir)
	if err != nil {
		return err
	}
	o, err := bench.SummarizeOverhead(r)
	if err != nil {
		return err
	}
	if format == "json" {
		return a.writeJSON(o)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "backend %s, ready pool, cores: %d\n\n", o.Backend, o.Cores)
	fmt.Fprintf(&b, "dispatch wall   %s a task (%s no-op tasks)\n", report.SecondsRange(o.DispatchWall.Median, o.DispatchWall.Lo, o.DispatchWall.Hi), report.Count(o.Tasks))
	if o.METG50 != nil {
		fmt.Fprintf(&b, "METG(50 %%)      %s\n", report.Seconds(*o.METG50))
	}
	fmt.Fprintf(&b, "\n%12s %12s %12s\n", "mean task", "tasks", "efficiency")
	for _, p := range o.Points {
		fmt.Fprintf(&b, "%12s %12s %12s\n", report.Seconds(p.MeanTask), report.Count(p.Tasks), report.Percent(p.Efficiency))
	}
	for _, w := range o.Warnings {
		fmt.Fprintf(&b, "! %s; %s\n", w.Text, w.Advice)
	}
	fmt.Fprintf(&b, "\nrecord: %s\n", show(dir))
	_, err = a.stdout.Write([]byte(b.String()))
	return err
}
