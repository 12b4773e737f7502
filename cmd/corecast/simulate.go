package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"corecast/bench/scenariofile"
	"corecast/bench/sim"
	"corecast/report"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	format                    string
	serviceTimes, startDelays string
	rate                      float64
	cores                     int
}

// newSimulate makes simulate.
func (a *app) newSimulate() *cobra.Command {
	f := &simulateFlags{}
	cmd := &cobra.Command{
		Use:   "simulate [scenario.yaml]",
		Short: "simulate a fan-out: how long, when workers start, what it costs",
		Long: `Simulate a fan-out. Everything that is printed is simulated.

With --service-times, ready workers take the tasks of a file in their order, and
nothing is random: worker i (from 0) is ready at i/R + its start delay; of workers
that are free at the same time the one of the lowest index goes first. Each file
has one number of seconds a line.`,
		Example: `  corecast simulate --service-times tasks.txt --start-delays delays.txt --provision-rate 4 --cores 100 --format json`,
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.simulate(cmd, f, args) },
	}
	formatFlag(cmd, &f.format, "table", "json")
	fs := cmd.Flags()
	fs.StringVar(&f.serviceTimes, "service-times", "", "file with the time of each task, one a line, in the order in which they are taken")
	fs.StringVar(&f.startDelays, "start-delays", "", "file with the start delay of each worker, one a line (default: 0 for all)")
	fs.Float64Var(&f.rate, "provision-rate", 0, "workers that are requested a second (default: all at once)")
	fs.IntVar(&f.cores, "cores", 0, "number of cores")
	return cmd
}

func (a *app) simulate(cmd *cobra.Command, f *simulateFlags, args []string) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	if f.serviceTimes == "" {
		return errors.New("what should be simulated? give --service-times FILE")
	}
	r, err := f.list(cmd)
	if err != nil {
		return err
	}
	return a.showSimulation(&r, f.format)
}

// list simulates lists of times.
func (f *simulateFlags) list(cmd *cobra.Command) (sim.Result, error) {
	if !cmd.Flags().Changed("cores") {
		return sim.Result{}, errors.New("--cores is missing: on how many?")
	}
	if cmd.Flags().Changed("provision-rate") && !(f.rate > 0) {
		return sim.Result{}, fmt.Errorf("--provision-rate: %g workers a second would never be there; leave it out to request all at once", f.rate)
	}
	if f.cores < 1 || f.cores > sim.MaxWorkers {
		return sim.Result{}, fmt.Errorf("--cores: %d is not in 1 to %d", f.cores, sim.MaxWorkers)
	}
	l := sim.List{Workers: f.cores, Rate: f.rate}
	var err error
	if l.Service, err = scenariofile.Numbers(f.serviceTimes); err != nil {
		return sim.Result{}, fmt.Errorf("--service-times: %w", err)
	}
	l.Delays = make([]float64, f.cores)
	if f.startDelays != "" {
		if l.Delays, err = scenariofile.Numbers(f.startDelays); err != nil {
			return sim.Result{}, fmt.Errorf("--start-delays: %w", err)
		}
		if len(l.Delays) < f.cores {
			return sim.Result{}, fmt.Errorf("--start-delays: %s has %d start delays, and %d cores need one each", f.startDelays, len(l.Delays), f.cores)
		}
	}
	return sim.NewListResult(&l)
}

// showSimulation prints a simulation.
func (a *app) showSimulation(r *sim.Result, format string) error {
	if format == "json" {
		return a.writeJSON(r)
	}
	return report.WriteSimulation(a.stdout, r, a.tableOptions())
}
