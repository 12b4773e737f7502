package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/scenariofile"
	"corecast/bench/sim"
	"corecast/report"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	format, cores, price, record string
	// Of lists.
	serviceTimes, startDelays string
	rate                      float64
	// Of a run that is calibrated by.
	from, workload, backend string
	size                    int64
	slowdown                float64
	// Of scenarios and runs.
	tasks, reps int
	seed        uint64
	confidence  string
}

// newSimulate makes simulate.
func (a *app) newSimulate() *cobra.Command {
	f := &simulateFlags{}
	cmd := &cobra.Command{
		Use:   "simulate [scenario.yaml]",
		Short: "simulate a fan-out: how long it takes, when workers start, what it costs",
		Long: `Simulate a fan-out on core counts that nobody has run. Everything that is printed
is simulated: medians over replications, with the interval that one run would be
in.

A scenario in YAML says what happens: task times, provisioning, quotas, driver,
store, faults (corecast schema scenario, examples/scenario.yaml). With --from, all
of that is drawn from a run that was measured or imported; what goes beyond it
is assumed, said, and in the interval.

With --service-times nothing is random: ready workers take the tasks of a file in
their order; worker i (from 0) is ready at i/R + its start delay; of workers that
are free at the same time the one of the lowest index goes first. Each file has
one number of seconds a line.`,
		Example: `  corecast simulate scenario.yaml
  corecast simulate scenario.yaml --cores 50,100,200 --record runs/what-if
  corecast simulate --from latest --cores 1000 --tasks 100000 --price codeengine
  corecast simulate --service-times tasks.txt --start-delays delays.txt --provision-rate 4 --cores 100 --format json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.simulate(cmd, f, args) },
	}
	formatFlag(cmd, &f.format, "table", "json")
	fs := cmd.Flags()
	fs.StringVar(&f.cores, "cores", "", "core counts: a list such as 100,200 or a range such as 1..16x2 (default: the scenario's)")
	fs.IntVar(&f.tasks, "tasks", 0, "number of tasks (default: the scenario's, or as the run has them)")
	fs.IntVar(&f.reps, "reps", 0, fmt.Sprintf("replications (default: the scenario's, or %d)", sim.DefaultReplications))
	fs.Uint64Var(&f.seed, "seed", 1, "seed of all random numbers; the same seed gives the same figures")
	fs.StringVar(&f.confidence, "confidence", "", "share of runs in an interval, such as 95% (default: 90%)")
	fs.StringVar(&f.price, "price", "", "price list to tell costs by, such as codeengine (see corecast list prices)")
	fs.StringVar(&f.record, "record", "", fmt.Sprintf("folder to write up to %d replications of each core count to, as a run for corecast report", recordedReps))
	fs.StringVar(&f.from, "from", "", "run to calibrate by: its folder, its id, or latest")
	fs.StringVar(&f.workload, "workload", "", "with --from: workload, where the run has several")
	fs.StringVar(&f.backend, "backend", "", "with --from: backend, where the run has several")
	fs.Int64Var(&f.size, "size", 0, "with --from: size, where the run has several")
	fs.Float64Var(&f.slowdown, "slowdown", 0, "with --from: task times grow as cores to this power (default: by the run, or uncertain)")
	fs.StringVar(&f.serviceTimes, "service-times", "", "file with the time of each task, one a line, in the order in which they are taken")
	fs.StringVar(&f.startDelays, "start-delays", "", "with --service-times: file with the start delay of each worker, one a line (default: 0)")
	fs.Float64Var(&f.rate, "provision-rate", 0, "with --service-times: workers that are requested a second (default: all at once)")
	cmd.RegisterFlagCompletionFunc("from", a.completeRuns)
	cmd.RegisterFlagCompletionFunc("price", cobra.FixedCompletions(priceNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// onlyWith refuses flags that mean nothing without another one.
func onlyWith(cmd *cobra.Command, what string, names ...string) error {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s goes with %s only", name, what)
		}
	}
	return nil
}

func (a *app) simulate(cmd *cobra.Command, f *simulateFlags, args []string) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	sources := 0
	for _, given := range []bool{len(args) > 0, f.from != "", f.serviceTimes != ""} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		return errors.New("what should be simulated? give one of: a scenario in YAML, --from RUN, --service-times FILE")
	}
	if f.serviceTimes != "" {
		if err := onlyWith(cmd, "a scenario or --from", "tasks", "reps", "seed", "confidence", "price", "record", "workload", "backend", "size", "slowdown"); err != nil {
			return err
		}
		if cmd.Flags().Changed("provision-rate") && !(f.rate > 0) {
			return fmt.Errorf("--provision-rate: %g workers a second would never be there; leave it out to request all at once", f.rate)
		}
		r, err := f.list()
		if err != nil {
			return err
		}
		return a.showSimulations([]*sim.Result{&r}, f.format)
	}
	if err := onlyWith(cmd, "--service-times", "start-delays", "provision-rate"); err != nil {
		return err
	}
	if f.from == "" {
		if err := onlyWith(cmd, "--from", "workload", "backend", "size", "slowdown"); err != nil {
			return err
		}
	}
	worlds, err := a.worlds(cmd, f, args)
	if err != nil {
		return err
	}
	return a.simulateWorlds(cmd, f, worlds)
}

// list simulates lists of times.
func (f *simulateFlags) list() (sim.Result, error) {
	cores, err := bench.ParseCores(f.cores)
	switch {
	case f.cores == "":
		return sim.Result{}, errors.New("--cores is missing: on how many?")
	case err != nil:
		return sim.Result{}, fmt.Errorf("--cores: %w", err)
	case len(cores) != 1:
		return sim.Result{}, fmt.Errorf("--cores: lists are simulated on one core count, %q gives %d", f.cores, len(cores))
	}
	l := sim.List{Workers: cores[0], Rate: f.rate}
	if l.Service, err = scenariofile.Numbers(f.serviceTimes); err != nil {
		return sim.Result{}, fmt.Errorf("--service-times: %w", err)
	}
	l.Delays = make([]float64, l.Workers)
	if f.startDelays != "" {
		if l.Delays, err = scenariofile.Numbers(f.startDelays); err != nil {
			return sim.Result{}, fmt.Errorf("--start-delays: %w", err)
		}
		if len(l.Delays) < l.Workers {
			return sim.Result{}, fmt.Errorf("--start-delays: %s has %d start delays, and %d cores need one each", f.startDelays, len(l.Delays), l.Workers)
		}
	}
	return sim.NewListResult(&l)
}

// showSimulations prints simulations: as JSON one object for one, an array for
// several.
func (a *app) showSimulations(list []*sim.Result, format string) error {
	if format == "json" {
		if len(list) == 1 {
			return a.writeJSON(list[0])
		}
		return a.writeJSON(list)
	}
	for i, r := range list {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		if err := report.WriteSimulation(a.stdout, r, a.tableOptions()); err != nil {
			return err
		}
	}
	return nil
}

// readScenario reads a scenario's file.
func readScenario(name string, set scenariofile.Settings) (*scenariofile.Scenario, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	s, err := scenariofile.Read(data, filepath.Dir(name), set)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return s, nil
}
