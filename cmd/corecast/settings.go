package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/results"
	"corecast/workloads"
)

// settings are the flags that run and bench share.
type settings struct {
	cores, backend, format, output, price string
	chunk                                 int
	vcpu                                  int
	taskTimeout                           time.Duration
}

func (s *settings) bind(cmd *cobra.Command, coresDefault, coresUsage string) {
	f := cmd.Flags()
	f.StringVar(&s.cores, "cores", coresDefault, coresUsage)
	f.StringVar(&s.backend, "backend", "local", "where workers run (see corecast list backends)")
	f.StringVar(&s.output, "output", "", "folder for the run's record (default: a new one in the folder of runs)")
	f.StringVar(&s.price, "price", "", "price list to tell costs by, such as codeengine (see corecast list prices)")
	f.IntVar(&s.chunk, "chunk", 0, "tasks handed out together (default: adapted to their time)")
	f.IntVar(&s.vcpu, "vcpu", 1, "vCPU a worker; the cores must divide by it")
	f.DurationVar(&s.taskTimeout, "task-timeout", 0, "limit of one attempt at a task, such as 30s (default: none)")
	formatFlag(cmd, &s.format, "table", "json")
	cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(backendNames(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("price", cobra.FixedCompletions(priceNames(), cobra.ShellCompDirectiveNoFileComp))
}

// check checks what does not depend on the workload.
func (s *settings) check() error {
	if err := checkFormat(s.format, "table", "json"); err != nil {
		return err
	}
	if s.price != "" {
		if _, err := cost.Lookup(s.price); err != nil {
			return fmt.Errorf("--price: %w", err)
		}
	}
	return nil
}

// sweep makes the sweep of a workload over core counts.
func (s *settings) sweep(w workloads.Workload, cores []int) (bench.Sweep, error) {
	sweep, err := bench.NewSweep(w, s.backend, cores)
	sweep.Chunk, sweep.VCPU = s.chunk, float64(s.vcpu)
	sweep.TaskTimeout = workloads.Duration(s.taskTimeout)
	return sweep, err
}

// priceList returns the named price list, nil for none.
func priceList(name string) (*cost.Price, error) {
	if name == "" {
		return nil, nil
	}
	p, err := cost.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("--price: %w", err)
	}
	return &p, nil
}

func priceNames() []string {
	var names []string
	for _, p := range cost.Prices() {
		names = append(names, p.Name)
	}
	return names
}

func backendNames() []string {
	var names []string
	for _, b := range bench.Backends() {
		names = append(names, b.Name)
	}
	return names
}

// bindWorkload declares a workload's own settings on its subcommand.
func bindWorkload(cmd *cobra.Command, w workloads.Workload) {
	fs := flag.NewFlagSet(w.Name(), flag.ContinueOnError)
	w.Bind(fs)
	cmd.Flags().AddGoFlagSet(fs)
	cmd.Short = w.Summary()
	var lines []string
	for _, e := range w.Examples() {
		lines = append(lines, "  corecast "+cmd.Parent().Name()+" "+e)
	}
	cmd.Example = strings.Join(lines, "\n")
}

// parseCores reads --cores for a sweep; empty means the default of the machine.
func parseCores(s string, m results.Machine) ([]int, error) {
	if s == "" {
		return bench.DefaultCores(m.Cores), nil
	}
	cores, err := bench.ParseCores(s)
	if err != nil {
		return nil, fmt.Errorf("--cores: %w", err)
	}
	return cores, nil
}

// parseShare reads 2% or 0.02.
func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a share: write 2%% or 0.02", s)
	}
	if percent {
		v /= 100
	}
	return v, nil
}
