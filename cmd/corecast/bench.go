package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"corecast/bench"
	"corecast/bench/planfile"
	"corecast/internal/machine"
	"corecast/results"
	"corecast/runner"
	"corecast/workloads"
)

// defaultBudget keeps a bench without arguments under a minute on a slow
// machine too.
const defaultBudget = 48 * time.Second

// defaultWorkloads returns what a bench without arguments measures: four kinds
// of work, each small enough for all to be measured seven times in the budget
// on two cores.
func defaultWorkloads() ([]workloads.Workload, error) {
	var works []workloads.Workload
	for _, line := range []string{
		"montecarlo --size 6e7 --task-samples 262144",
		"logsearch --size 3e7 --split 262144",
		"hypersweep --trials 5",
		"image --size 24",
	} {
		words := strings.Fields(line)
		w, err := workloads.New(words[0])
		if err != nil {
			return nil, err
		}
		fs := flag.NewFlagSet(words[0], flag.ContinueOnError)
		w.Bind(fs)
		if err := fs.Parse(words[1:]); err != nil {
			return nil, fmt.Errorf("the default %q: %w", line, err)
		}
		works = append(works, w)
	}
	return works, nil
}

// benchFlags are the flags of bench and of its subcommands.
type benchFlags struct {
	settings
	reps, maxReps int
	budget        time.Duration
	precision     string
	scaling       string
	orderSeed     uint64
	resume, plan  string
}

func (f *benchFlags) bind(cmd *cobra.Command) {
	f.settings.bind(cmd, "", "core counts: a list such as 1,2,4 or a range such as 1..16x2 or 1..8 (default: powers of two up to all)")
	formatFlag(cmd, &f.format, exporterNames()...)
	fs := cmd.Flags()
	fs.IntVar(&f.reps, "reps", bench.DefaultReps, "repetitions of each point")
	fs.DurationVar(&f.budget, "time", 0, "time to measure in, such as 60s: repetitions as it allows, each point once at least")
	fs.StringVar(&f.precision, "precision", "", "repeat until the interval of the makespan is this narrow, such as 2%")
	fs.IntVar(&f.maxReps, "max-reps", bench.DefaultMaxReps, "most repetitions that --precision or --time ask for")
	fs.StringVar(&f.scaling, "scaling", "strong", "strong: the same work on all core counts; weak: work in proportion to cores")
	fs.Uint64Var(&f.orderSeed, "order-seed", 0, "seed of the order of trials (default: drawn, and recorded)")
	cmd.RegisterFlagCompletionFunc("scaling", cobra.FixedCompletions([]string{"strong", "weak"}, cobra.ShellCompDirectiveNoFileComp))
}

// newBench makes bench: with a subcommand for each workload, and without one
// the default sweep.
func (a *app) newBench() *cobra.Command {
	f := &benchFlags{}
	var own *workloads.Command
	cmd := &cobra.Command{
		Use:   "bench [workload]",
		Short: "measure a workload over core counts",
		Long: `Measure a workload over core counts: a sweep, each point several times in
random order, after a warm-up, beside the same work in a plain loop (serial).

Without a workload, montecarlo, logsearch, hypersweep and image are measured at 1
to all cores, in under a minute. Each trial is saved as it ends; a run that was
interrupted is finished by --resume.`,
		Example: `  corecast bench
  corecast bench montecarlo --cores 1,2,4 --reps 10 --price codeengine
  corecast bench logsearch --input '/var/log/*.log' --pattern 'error|fail' --time 30s
  corecast bench --inputs inputs.txt -- ./score.sh {}
  corecast bench overhead
  corecast bench --plan plan.yaml
  corecast bench --resume latest`,
		Args: unknownWorkload,
		RunE: func(cmd *cobra.Command, args []string) error {
			program, ok, err := behindDash(cmd, args)
			if err != nil {
				return err
			}
			if ok {
				own.Args = program
				return a.bench(cmd, f, own)
			}
			if err := misplaced(cmd, own); err != nil {
				return err
			}
			if f.resume != "" {
				if others := besides(cmd, "resume", "format", "price", "runs"); others != "" {
					return fmt.Errorf("--resume goes on by the run's own plan: leave out %s", others)
				}
				return a.resume(cmd.Context(), f)
			}
			if f.plan != "" {
				return a.planFile(cmd, f)
			}
			if !cmd.Flags().Changed("time") && !cmd.Flags().Changed("reps") {
				f.budget, f.maxReps = defaultBudget, f.reps
			}
			works, err := defaultWorkloads()
			if err != nil {
				return err
			}
			return a.bench(cmd, f, works...)
		},
	}
	f.bind(cmd)
	outputAlias(cmd, &f.record)
	own = ownCommand(cmd)
	cmd.Flags().StringVar(&f.resume, "resume", "", "finish a run that was interrupted: its id, its folder, or latest")
	cmd.Flags().StringVar(&f.plan, "plan", "", "measure what a plan in YAML says (see corecast schema plan, examples/plan.yaml)")
	for _, make := range workloads.All() {
		w, f := make(), &benchFlags{}
		sub := &cobra.Command{
			Use: w.Name(), Args: workloadArgs(w),
			RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd, f, w) },
		}
		f.bind(sub)
		cmd.AddCommand(sub)
		bindWorkload(sub, w, &f.record)
	}
	cmd.AddCommand(a.newOverhead())
	return cmd
}

// unknownWorkload refuses what is not a subcommand.
func unknownWorkload(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || cmd.ArgsLenAtDash() >= 0 {
		return nil
	}
	if _, err := workloads.New(args[0]); err != nil {
		return err
	}
	return fmt.Errorf("unexpected argument %q", args[len(args)-1])
}

// check checks the format and what does not depend on the workload.
func (f *benchFlags) check() error {
	if err := checkFormat(f.format, exporterNames()...); err != nil {
		return err
	}
	return f.settings.check()
}

// drawSeed draws the seed of an order of trials, short enough to type.
func drawSeed() uint64 {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return binary.LittleEndian.Uint64(b[:]) >> 16
}

// besides lists the flags that were given, but for some.
func besides(cmd *cobra.Command, some ...string) string {
	var others []string
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains(some, flag.Name) {
			others = append(others, "--"+flag.Name)
		}
	})
	return strings.Join(others, ", ")
}

// planFile measures what a plan in a file says.
func (a *app) planFile(cmd *cobra.Command, f *benchFlags) error {
	if others := besides(cmd, "plan", "format", "record", "output", "runs"); others != "" {
		return fmt.Errorf("--plan says what to measure: leave out %s", others)
	}
	if err := f.check(); err != nil {
		return err
	}
	data, err := os.ReadFile(f.plan)
	if err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	plan, places, err := planfile.Read(data, machine.Fingerprint(), drawSeed)
	if err != nil {
		return fmt.Errorf("--plan %s: %w", f.plan, err)
	}
	if err := a.prepareCloud(cmd.Context(), plan); err != nil {
		return err
	}
	w, err := a.create(f.record, plan)
	if err != nil {
		return err
	}
	err = a.measure(cmd.Context(), w, plan, nil, f.format)
	if located, ok := places.Locate(err); ok {
		return fmt.Errorf("--plan %s: %w", f.plan, located)
	}
	return err
}

// asked makes the plan that the flags ask for.
func (f *benchFlags) asked(cmd *cobra.Command, m results.Machine, works []workloads.Workload) (bench.Plan, error) {
	p := bench.Plan{Seed: f.orderSeed, Reps: f.reps, MaxReps: max(f.maxReps, f.reps), Budget: workloads.Duration(f.budget), Price: f.price}
	if err := f.check(); err != nil {
		return p, err
	}
	cores, err := parseCores(f.cores, m)
	if err != nil {
		return p, err
	}
	if p.Precision, err = bench.ParseShare(f.precision); err != nil {
		return p, fmt.Errorf("--precision: %w", err)
	}
	if !cmd.Flags().Changed("order-seed") {
		p.Seed = drawSeed()
	}
	for _, w := range works {
		s, err := f.sweep(w, cores)
		if err != nil {
			return p, err
		}
		s.Scaling = bench.Scaling(f.scaling)
		p.Sweeps = append(p.Sweeps, s)
	}
	return p, p.Validate(m)
}

// bench measures workloads and shows what was found.
func (a *app) bench(cmd *cobra.Command, f *benchFlags, works ...workloads.Workload) error {
	plan, err := f.asked(cmd, machine.Fingerprint(), works)
	if err != nil {
		return err
	}
	if err := a.prepareCloud(cmd.Context(), plan); err != nil {
		return err
	}
	w, err := a.create(f.record, plan)
	if err != nil {
		return err
	}
	return a.measure(cmd.Context(), w, plan, nil, f.format)
}

// create makes the folder of a run.
func (a *app) create(output string, plan bench.Plan) (*results.Writer, error) {
	data, err := json.Marshal(plan)
	if err != nil {
		return nil, fmt.Errorf("keep the plan: %w", err)
	}
	now := time.Now().UTC()
	h := results.Header{ID: results.NewID(now), Created: now, Version: version, Command: os.Args, Plan: data}
	if output == "" {
		_, err := os.Stat(a.runs)
		a.newRuns = errors.Is(err, fs.ErrNotExist)
		output = filepath.Join(a.runs, h.ID)
	}
	return results.Create(output, h)
}

// resume finishes a run that was interrupted.
func (a *app) resume(ctx context.Context, f *benchFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	dir, w, r, err := a.reopen(f.resume)
	if errors.Is(err, results.ErrComplete) {
		return a.present(dir, f.format, f.price, nil)
	}
	if err != nil {
		return err
	}
	plan, err := planOf(r, false)
	if err != nil {
		return errors.Join(fmt.Errorf("--resume: %w", err), w.Close())
	}
	if err := a.prepareCloud(ctx, plan); err != nil {
		return errors.Join(err, w.Close())
	}
	return a.measure(ctx, w, plan, r.Trials, f.format)
}

// reopen opens a run that was interrupted for more. One that is complete gives
// results.ErrComplete, and the user is told.
func (a *app) reopen(name string) (dir string, w *results.Writer, r *results.Run, err error) {
	if dir, err = results.Find(a.runs, name); err != nil {
		return dir, nil, nil, fmt.Errorf("--resume: %w", err)
	}
	w, r, warnings, err := results.Resume(dir)
	if errors.Is(err, results.ErrComplete) {
		fmt.Fprintf(a.stderr, "corecast: %s is complete; nothing to resume\n", show(dir))
		return dir, nil, nil, err
	}
	if err != nil {
		return dir, nil, nil, fmt.Errorf("--resume: %w", err)
	}
	for _, warning := range warnings {
		fmt.Fprintf(a.stderr, "corecast: %s\n", warning.Text)
	}
	return dir, w, r, nil
}

// planOf returns the plan of a run that is to go on: one of corecast run (once)
// or of corecast bench.
func planOf(r *results.Run, once bool) (bench.Plan, error) {
	var plan bench.Plan
	if err := json.Unmarshal(r.Header.Plan, &plan); err != nil || len(plan.Sweeps) == 0 {
		return plan, fmt.Errorf("%s has no plan that this version can go on by", show(r.Dir))
	}
	if command := map[bool]string{true: "run", false: "bench"}; plan.Once != once {
		return plan, fmt.Errorf("%s is of corecast %s: go on with corecast %[2]s --resume %[1]s", show(r.Dir), command[plan.Once])
	}
	return plan, nil
}

// measure runs a plan into a run's folder and shows it.
func (a *app) measure(ctx context.Context, w *results.Writer, plan bench.Plan, done []results.Trial, format string) error {
	progress := a.newProgress()
	failed, err := bench.Run(ctx, plan, w, done, a.benchOptions(progress))
	progress.stop()
	if e := w.Close(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		return a.unfinished(w.Dir(), "bench", err)
	}
	return a.present(w.Dir(), format, plan.Price, failed)
}

// unfinished says where what was measured is, and by which command the run goes
// on; a folder in which nothing was is removed.
func (a *app) unfinished(dir, command string, err error) error {
	if removed, e := a.removeEmpty(dir); e != nil || removed {
		return errors.Join(err, e)
	}
	var input *bench.InputError
	if errors.As(err, &input) { // it would fail again
		return err
	}
	return fmt.Errorf("%w in %s; finish the run with: corecast %s --resume %s", err, show(dir), command, show(dir))
}

// removeEmpty removes the folder of a run in which nothing was measured, and
// the folder of runs when it was made for that. It reports whether it did.
func (a *app) removeEmpty(dir string) (bool, error) {
	removed, err := results.RemoveEmpty(dir)
	if err == nil && removed && a.newRuns {
		os.Remove(a.runs) // unless other runs are in it by now
	}
	return removed, err
}

// present shows a run, and names the tasks that failed.
func (a *app) present(dir, format, price string, failed *runner.TasksError) error {
	r, err := results.Open(dir)
	if err != nil {
		return err
	}
	summaries, err := a.summarize(r, price)
	if err != nil {
		return err
	}
	if err := a.write(r, summaries, format); err != nil {
		return err
	}
	if err := a.draw(r, summaries, dir); err != nil {
		return fmt.Errorf("%w; the run is complete and saved, show it with: corecast report %s --output FOLDER", err, show(dir))
	}
	if format == "table" {
		fmt.Fprintf(a.stdout, "\nreport: %s\n", show(filepath.Join(dir, "report.html")))
	}
	if failed != nil {
		a.printFailures(failed)
		return negative{failed}
	}
	var wrong []string
	for _, t := range r.Trials {
		if t.Check != "" {
			wrong = append(wrong, fmt.Sprintf("trial %d: %s", t.Index, t.Check))
		}
	}
	if len(wrong) > 0 {
		fmt.Fprintf(a.stderr, "corecast: wrong answers: %s\n", strings.Join(wrong, "; "))
		return negative{errors.New("wrong answers")}
	}
	return nil
}
