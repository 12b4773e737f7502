package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/metrics"
	"corecast/internal/machine"
	"corecast/report"
	"corecast/results"
	"corecast/runner"
	"corecast/workloads"
)

// runFlags are the flags of run's subcommands.
type runFlags struct {
	settings
	timeout   time.Duration
	resume    string
	noJournal bool
}

func (f *runFlags) bind(cmd *cobra.Command) {
	f.settings.bind(cmd, "", "number of cores (default: all)")
	formatFlag(cmd, &f.format, "table", "json")
	cmd.Flags().DurationVar(&f.timeout, "job-timeout", 0, "limit of the whole job, such as 10m (default: none)")
	cmd.Flags().StringVar(&f.resume, "resume", "", "go on with a run that was interrupted: its id, its folder, or latest; what is given besides must be as it was")
	cmd.Flags().BoolVar(&f.noJournal, "no-journal", false, "do not keep results while the run is going on: it cannot be resumed then")
}

// newRun makes run, with a subcommand for each workload.
func (a *app) newRun() *cobra.Command {
	f := &runFlags{}
	var own *workloads.Command
	cmd := &cobra.Command{
		Use:   "run workload",
		Short: "run a workload once, fanned out, and print its answer",
		Long: `Run a workload once, fanned out over cores, and print its answer with what the
fan-out cost. The run is recorded like a sweep's.

Results are kept in the record's folder as they come in. A run that was
interrupted, or whose machine failed, goes on by --resume: tasks whose results
were kept do not run again, and the answer is that of a run without a break.`,
		Example: `  corecast run logsearch --input '/var/log/*.log' --pattern 'error|fail' --cores 2 --format json
  corecast run montecarlo --size 1e8 --model pi
  corecast run sleep --tasks 1000 --duration 10ms
  corecast run --inputs inputs.txt --results out.jsonl -- ./score.sh {}
  corecast run --resume latest`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && cmd.ArgsLenAtDash() < 0 && f.resume == "" {
				return fmt.Errorf("run: which workload? (see corecast list workloads)")
			}
			return unknownWorkload(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			program, ok, err := behindDash(cmd, args)
			if err != nil {
				return err
			}
			if !ok {
				if others := besides(cmd, "resume", "format", "price", "runs"); others != "" {
					return fmt.Errorf("--resume goes on as the run was begun: leave out %s, or give all that it was begun with", others)
				}
				return a.resumeOnce(cmd, f, nil)
			}
			own.Args = program
			return a.runOnce(cmd, f, own)
		},
	}
	f.bind(cmd)
	outputAlias(cmd, &f.record)
	own = ownCommand(cmd)
	for _, make := range workloads.All() {
		w, f := make(), &runFlags{}
		sub := &cobra.Command{
			Use: w.Name(), Args: workloadArgs(w),
			RunE: func(cmd *cobra.Command, _ []string) error { return a.runOnce(cmd, f, w) },
		}
		f.bind(sub)
		cmd.AddCommand(sub)
		bindWorkload(sub, w, &f.record)
	}
	return cmd
}

// runOnce runs a workload once.
func (a *app) runOnce(cmd *cobra.Command, f *runFlags, w workloads.Workload) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	m := machine.Fingerprint()
	cores, err := oneCount(f.cores, m)
	if err != nil {
		return err
	}
	sweep, err := f.sweep(w, []int{cores})
	if err != nil {
		return err
	}
	sweep.JobTimeout = workloads.Duration(f.timeout)
	plan := bench.Plan{Sweeps: []bench.Sweep{sweep}, Reps: 1, Price: f.price, Once: true, NoJournal: f.noJournal}
	if err := plan.Validate(m); err != nil {
		return err
	}
	if f.resume != "" {
		return a.resumeOnce(cmd, f, &plan)
	}
	if err := a.prepareCloud(cmd.Context(), plan); err != nil {
		return err
	}
	writer, err := a.create(f.record, plan)
	if err != nil {
		return err
	}
	return a.carryOut(cmd.Context(), writer, plan, nil, f)
}

// resumeOnce goes on with a run that was interrupted. asked is the plan that
// the command line gives; nil: none, the run's own counts.
func (a *app) resumeOnce(cmd *cobra.Command, f *runFlags, asked *bench.Plan) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.record != "" {
		return fmt.Errorf("--resume goes on in the run's own folder: leave out --record")
	}
	dir, w, r, err := a.reopen(f.resume)
	if errors.Is(err, results.ErrComplete) {
		return a.presentOnce(dir, f, nil)
	}
	if err != nil {
		return err
	}
	plan, err := planOf(r, true)
	if err == nil && asked != nil {
		var differs string
		if differs, err = plan.Differs(*asked); err == nil && differs != "" {
			err = fmt.Errorf("%s was begun otherwise: %s; give what it was begun with, or nothing besides --resume", show(dir), differs)
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("--resume: %w", err), w.Close())
	}
	if f.price == "" {
		f.price = plan.Price
	}
	if err := a.prepareCloud(cmd.Context(), plan); err != nil {
		return errors.Join(err, w.Close())
	}
	return a.carryOut(cmd.Context(), w, plan, r.Trials, f)
}

// carryOut runs a plan of one trial into a run's folder and prints its result.
func (a *app) carryOut(ctx context.Context, w *results.Writer, plan bench.Plan, done []results.Trial, f *runFlags) error {
	progress := a.newProgress()
	failed, err := bench.Run(ctx, plan, w, done, a.benchOptions(progress))
	progress.stop()
	if e := w.Close(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		return a.unfinished(w.Dir(), "run", err)
	}
	return a.presentOnce(w.Dir(), f, failed)
}

// oneCount reads --cores of run: one core count.
func oneCount(s string, m results.Machine) (int, error) {
	if s == "" {
		return m.Cores, nil
	}
	cores, err := parseCores(s, m)
	if err != nil {
		return 0, err
	}
	if len(cores) != 1 {
		return 0, fmt.Errorf("--cores: run takes one core count, %q gives %d (corecast bench takes several)", s, len(cores))
	}
	return cores[0], nil
}

// presentOnce prints the result of a run of one trial.
func (a *app) presentOnce(dir string, f *runFlags, failed *runner.TasksError) error {
	r, err := results.Open(dir)
	if err != nil {
		return err
	}
	price, err := priceList(f.price)
	if err != nil {
		return err
	}
	summaries, err := metrics.Summarize(r, metrics.Options{Price: price})
	if err != nil {
		return err
	}
	if len(summaries) != 1 || len(summaries[0].Points) != 1 {
		return fmt.Errorf("%s: a run of one trial has %d summaries", show(dir), len(summaries))
	}
	result := report.NewRunResult(&summaries[0], r.Trials[0])
	if failed != nil {
		for _, t := range failed.Failed {
			result.Failed = append(result.Failed, report.FailedTask{Task: t.Task, Input: t.Label, Error: t.Err.Error(), Attempts: t.Attempts, Lost: t.Lost})
		}
	}
	if f.format == "json" {
		err = a.writeJSON(result)
	} else {
		err = report.WriteRun(a.stdout, result, show(dir))
	}
	if err != nil {
		return err
	}
	if failed != nil {
		a.printFailures(failed)
		return negative{failed}
	}
	if text := r.Trials[0].Error; text != "" { // of an earlier part of the run
		fmt.Fprintf(a.stderr, "corecast: failed: %s\n", oneLine(text))
		return negative{errors.New(text)}
	}
	if check := r.Trials[0].Check; check != "" {
		fmt.Fprintf(a.stderr, "corecast: wrong answer: %s\n", check)
		return negative{fmt.Errorf("wrong answer")}
	}
	return nil
}

// writeJSON writes one JSON value, indented.
func (a *app) writeJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
