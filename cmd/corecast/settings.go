package main

import (
	"flag"
	"fmt"
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
	cores, backend, format, record, price string
	chunk                                 int
	vcpu                                  int
	coreShare, memory                     string
	pin                                   bool
	env                                   []string
	taskTimeout                           time.Duration
}

func (s *settings) bind(cmd *cobra.Command, coresDefault, coresUsage string) {
	f := cmd.Flags()
	f.StringVar(&s.cores, "cores", coresDefault, coresUsage)
	f.StringVar(&s.backend, "backend", "local", "where workers run (see corecast list backends)")
	f.StringVar(&s.record, "record", "", "folder for the run's record (default: a new one in the folder of runs)")
	f.StringVar(&s.price, "price", "", "price list to tell costs by: codeengine and others (see corecast list prices), or a file of your own")
	f.IntVar(&s.chunk, "chunk", 0, "tasks handed out together (default: adapted to their time)")
	f.IntVar(&s.vcpu, "vcpu", 1, "vCPU a worker; the cores must divide by it")
	f.StringVar(&s.coreShare, "core-share", "", "hold each worker to a share of a core, such as 12.5%: more cores than the machine has, scaled down")
	f.StringVar(&s.memory, "memory", "", "hold each worker to so much memory, such as 512M (default: no limit)")
	f.BoolVar(&s.pin, "pin", false, "have each worker stay on a core of its own")
	f.StringArrayVar(&s.env, "env", nil, "variable of this environment that workers get besides the usual ones, * for all; can be given again (the programs of command get all)")
	f.DurationVar(&s.taskTimeout, "task-timeout", 0, "limit of one attempt at a task, such as 30s (default: none)")
	cmd.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(backendNames(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("price", cobra.FixedCompletions(priceNames(), cobra.ShellCompDirectiveNoFileComp))
}

// check checks what does not depend on the workload.
func (s *settings) check() error {
	if s.price != "" {
		if _, err := cost.Load(s.price); err != nil {
			return fmt.Errorf("--price: %w", err)
		}
	}
	return nil
}

// sweep makes the sweep of a workload over core counts.
func (s *settings) sweep(w workloads.Workload, cores []int) (bench.Sweep, error) {
	sweep, err := bench.NewSweep(w, s.backend, cores)
	if err != nil {
		return sweep, err
	}
	sweep.Chunk, sweep.VCPU, sweep.Pin, sweep.Env = s.chunk, float64(s.vcpu), s.pin, s.env
	sweep.TaskTimeout = workloads.Duration(s.taskTimeout)
	if sweep.CoreShare, err = bench.ParseCoreShare(s.coreShare); err != nil {
		return sweep, fmt.Errorf("--core-share: %w", err)
	}
	if sweep.Memory, err = bench.ParseMemory(s.memory); err != nil {
		return sweep, fmt.Errorf("--memory: %w", err)
	}
	return sweep, nil
}

// priceList returns the named price list, nil for none.
func priceList(name string) (*cost.Price, error) {
	if name == "" {
		return nil, nil
	}
	p, err := cost.Load(name)
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

// outputAlias lets --output name the record's folder, on commands that write
// nothing else.
func outputAlias(cmd *cobra.Command, record *string) {
	cmd.Flags().StringVar(record, "output", "", "the same as --record")
	cmd.Flags().Lookup("output").Hidden = true
}

// bindWorkload declares a workload's own settings on its subcommand, which has
// the shared ones. It panics when a name is taken: the flag would be lost.
func bindWorkload(cmd *cobra.Command, w workloads.Workload, record *string) {
	fs := flag.NewFlagSet(w.Name(), flag.ContinueOnError)
	w.Bind(fs)
	fs.VisitAll(func(f *flag.Flag) {
		if cmd.Flags().Lookup(f.Name) != nil {
			panic(fmt.Sprintf("the setting --%s of workload %s is a flag of %s already", f.Name, w.Name(), cmd.Parent().Name()))
		}
	})
	if fs.Lookup("output") == nil {
		outputAlias(cmd, record)
	}
	cmd.Flags().AddGoFlagSet(fs)
	cmd.Short = w.Summary()
	var lines []string
	for _, e := range w.Examples() {
		lines = append(lines, "  corecast "+cmd.Parent().Name()+" "+e)
	}
	cmd.Example = strings.Join(lines, "\n")
}

// ownCommand declares the settings of the workload command on a command whose
// users may leave its name out before --.
func ownCommand(cmd *cobra.Command) *workloads.Command {
	w := workloads.NewCommand().(*workloads.Command)
	fs := flag.NewFlagSet(w.Name(), flag.ContinueOnError)
	w.Bind(fs)
	cmd.Flags().AddGoFlagSet(fs)
	return w
}

// behindDash returns the arguments behind --; ok is false when there is no --.
// Arguments before it are an error.
func behindDash(cmd *cobra.Command, args []string) (program []string, ok bool, err error) {
	dash := cmd.ArgsLenAtDash()
	switch {
	case dash < 0:
		return nil, false, nil
	case dash > 0:
		return nil, true, fmt.Errorf("unexpected argument %q before --", args[0])
	case len(args) == 0:
		return nil, true, fmt.Errorf("which program? write it behind --, such as: -- ./score.sh {}")
	}
	return args, true, nil
}

// workloadArgs is the check of arguments of a workload's subcommand: none, but
// for command, which takes the program behind --.
func workloadArgs(w workloads.Workload) cobra.PositionalArgs {
	own, ok := w.(*workloads.Command)
	if !ok {
		return cobra.NoArgs
	}
	return func(cmd *cobra.Command, args []string) error {
		program, ok, err := behindDash(cmd, args)
		if err == nil && !ok {
			err = fmt.Errorf("which program? write it behind --, such as: -- ./score.sh {}")
		}
		own.Args = program
		return err
	}
}

// misplaced refuses settings of command on a command line that has none.
func misplaced(cmd *cobra.Command, own *workloads.Command) error {
	var err error
	fs := flag.NewFlagSet(own.Name(), flag.ContinueOnError)
	own.Bind(fs)
	fs.VisitAll(func(f *flag.Flag) {
		if cmd.Flags().Changed(f.Name) && err == nil {
			err = fmt.Errorf("--%s is for a program of your own, and there is none behind -- (a workload's flags stand after its name)", f.Name)
		}
	})
	return err
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
