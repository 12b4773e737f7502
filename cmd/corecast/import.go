package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/results"
	"corecast/results/lithops"
	"corecast/workloads"
)

// importFlags are the flags of import.
type importFlags struct {
	lithops.Options
	format, record, price, memory string
}

// newImport makes import.
func (a *app) newImport() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "make a run of what another system measured", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	f := &importFlags{}
	from := &cobra.Command{
		Use:   "lithops FILE…",
		Short: "import job statistics of Lithops",
		Long: `Import job statistics of Lithops as a run: reports, comparisons, fits and
simulations work on it like on any other. A file holds one row a task, or
future.stats of a job's futures, in CSV or JSON; several files, or jobs in a
file, are trials of the run. What a file does not tell stays unknown.`,
		Example: `  corecast import lithops stats.json --workload flops --backend aws_lambda
  corecast import lithops flops-100.csv flops-1000.csv --workload flops --record runs/flops`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which files? give one or more with statistics of Lithops")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.importLithops(f, args) },
	}
	fs := from.Flags()
	formatFlag(from, &f.format, exporterNames()...)
	fs.StringVar(&f.record, "record", "", "folder for the run's record (default: a new one in the folder of runs)")
	fs.StringVar(&f.Workload, "workload", "imported", "name of what ran")
	fs.StringVar(&f.Backend, "backend", "lithops", "name of where it ran")
	fs.Float64Var(&f.VCPU, "vcpu", 1, "vCPU that each worker had")
	fs.StringVar(&f.memory, "memory", "", "memory that each worker had, such as 2GB (default: not known)")
	fs.StringVar(&f.price, "price", "", "price list to tell costs by, such as lambda (see corecast list prices)")
	cmd.AddCommand(from)
	return cmd
}

// importLithops reads all files before it writes anything.
func (a *app) importLithops(f *importFlags, files []string) error {
	if err := f.check(); err != nil {
		return err
	}
	var trials []lithops.Trial
	for _, name := range files {
		some, err := readLithops(name, f.Options)
		if err != nil {
			return err
		}
		trials = append(trials, some...)
	}
	numberTrials(trials)
	dir, err := a.writeImported(f, files, trials)
	if err != nil {
		return err
	}
	return a.present(dir, f.format, f.price, nil)
}

func (f *importFlags) check() error {
	if err := checkFormat(f.format, exporterNames()...); err != nil {
		return err
	}
	if _, err := priceList(f.price); err != nil {
		return err
	}
	if !(f.VCPU > 0) || f.VCPU > 1024 {
		return fmt.Errorf("--vcpu: %g is not a number of vCPU", f.VCPU)
	}
	if f.memory != "" {
		bytes, err := workloads.ParseSize(f.memory)
		if err != nil {
			return fmt.Errorf("--memory: %w", err)
		}
		f.Memory = bytes
	}
	return nil
}

func readLithops(name string, o lithops.Options) ([]lithops.Trial, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	defer file.Close()
	trials, err := lithops.Read(file, o)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", name, err)
	}
	return trials, nil
}

// numberTrials counts trials, and the repetitions of each point.
func numberTrials(trials []lithops.Trial) {
	reps := make(map[int]int)
	for i := range trials {
		t := &trials[i].Trial
		t.Index, t.Rep = i, reps[t.Point.Cores]
		reps[t.Point.Cores]++
	}
}

// writeImported writes trials as a run and returns its folder.
func (a *app) writeImported(f *importFlags, files []string, trials []lithops.Trial) (string, error) {
	now := time.Now().UTC()
	names := make([]string, len(files))
	for i, name := range files {
		names[i] = filepath.Base(name)
	}
	plan, err := json.Marshal(struct {
		Price string `json:"price,omitempty"`
	}{f.price})
	if err != nil {
		return "", fmt.Errorf("keep the price list: %w", err)
	}
	h := results.Header{
		ID: results.NewID(now), Created: now, Version: version, Command: os.Args, Plan: plan,
		Source: "lithops: " + strings.Join(names, ", "),
	}
	dir := f.record
	if dir == "" {
		dir = filepath.Join(a.runs, h.ID)
	}
	w, err := results.Create(dir, h)
	if err != nil {
		return "", err
	}
	for i := range trials {
		if err := w.Trial(trials[i].Trial, trials[i].Trace); err != nil {
			return "", errors.Join(err, w.Close())
		}
	}
	err = w.End(results.End{Finished: time.Now().UTC(), Trials: len(trials), Reason: "done"})
	return dir, errors.Join(err, w.Close())
}
