package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/capacity"
	"corecast/bench/cost"
	"corecast/bench/sim"
	"corecast/report"
	"corecast/results"
	"corecast/workloads"
)

// planFlags are the flags of plan.
type planFlags struct {
	deadline, budget, tasks, confidence string
	prices                              []string
	granularity, minimum, pull          time.Duration
	freeTier, noSizes                   bool
	vcpu, threads                       float64
	memory, profile, size               string
	maxCores                            int
	select_                             sim.Select
	seed                                uint64
	format, output                      string
	probe, probeShare, probeBackend     string
	record                              string
}

func (f *planFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.deadline, "deadline", "", "when the job must be done: in 10m, at 08:00, or at 2026-12-01T08:00:00Z")
	fs.StringVar(&f.budget, "budget", "", "what the job may cost in USD, such as 5")
	fs.StringVar(&f.tasks, "tasks", "", "tasks of the job (default: as in the run)")
	fs.StringVar(&f.confidence, "confidence", "95%", "probability with which deadline and budget are to be kept")
	fs.StringSliceVar(&f.prices, "price", nil, "price lists (see corecast list prices) or files of your own; the first is planned by, the others compared (default: that of the run)")
	fs.DurationVar(&f.granularity, "granularity", 0, "billed time is rounded up to this, where the price list does not know it")
	fs.DurationVar(&f.minimum, "minimum", 0, "least time that a worker is billed for, where the price list does not know it")
	fs.DurationVar(&f.pull, "pull-time", 0, "time to pull the image and begin, which is billed")
	fs.BoolVar(&f.freeTier, "free-tier", false, "take a month's free tier off, as if nothing else used it")
	fs.BoolVar(&f.noSizes, "no-sizes", false, "do not compare other sizes of instances")
	fs.Float64Var(&f.vcpu, "vcpu", 0, "vCPU of a worker (default: as in the run)")
	fs.StringVar(&f.memory, "memory", "", "memory of a worker, such as 4GB (default: as in the run, or the least that the price list has)")
	fs.Float64Var(&f.threads, "threads", 1, "vCPU that a task can use; a worker with less takes longer, one with more is no faster")
	fs.StringVar(&f.profile, "profile", "", "how workers start: measured, or a profile such as codeengine-2021 (default: that of the price list's platform, where the run is from elsewhere)")
	fs.IntVar(&f.maxCores, "max-cores", 0, "most cores to look at (default: twice the quota, or 64 times what was measured)")
	fs.StringVar(&f.select_.Workload, "workload", "", "of a run with several workloads: which")
	fs.StringVar(&f.select_.Backend, "backend", "", "of a run with several backends: which")
	fs.StringVar(&f.size, "size", "", "of a run with several sizes: which")
	fs.Uint64Var(&f.seed, "seed", 1, "seed of the simulation")
	fs.StringVar(&f.output, "output", "", "folder to draw the plot of time against cost into")
	fs.StringVar(&f.probe, "probe", "", "measure what is needed first: a workload, with its settings in quotes, such as 'sleep --duration 10ms'")
	fs.StringVar(&f.probeShare, "probe-share", "5%", "most that --probe may spend, of the deadline and of the budget")
	fs.StringVar(&f.probeBackend, "probe-backend", "local", "where --probe measures (see corecast list backends)")
	fs.StringVar(&f.record, "record", "", "folder for the record of --probe (default: a new one in the folder of runs)")
	formatFlag(cmd, &f.format, "table", "json")
	noFiles := cobra.ShellCompDirectiveNoFileComp
	cmd.RegisterFlagCompletionFunc("price", cobra.FixedCompletions(priceNames(), cobra.ShellCompDirectiveDefault))
	cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(profileNames(), noFiles))
	cmd.RegisterFlagCompletionFunc("probe", cobra.FixedCompletions(workloadNames(), noFiles))
	cmd.RegisterFlagCompletionFunc("probe-backend", cobra.FixedCompletions(backendNames(), noFiles))
}

func profileNames() []string {
	names := []string{capacity.Measured}
	for _, p := range sim.Profiles() {
		names = append(names, p.Name)
	}
	return names
}

func workloadNames() []string {
	var names []string
	for _, make := range workloads.All() {
		names = append(names, make().Name())
	}
	return names
}

// newPlan makes plan: how many cores a job should have.
func (a *app) newPlan() *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan RUN",
		Short: "how many cores: the cheapest in time, the fastest within a budget, and what else there is",
		Long: `Say how many cores a job should have, by a run that was measured: the cheapest
core count that meets the deadline with the wished probability, the fastest within
the budget, a balanced one and the knee; the front of time against cost; other
sizes of instances and price lists; machines that run all day; and which core
count to measure next. Core counts that were not measured are simulated, and the
simulation is held against the larger measured ones first.

With --probe WORKLOAD instead of a run, the few points that are needed are
measured first, for at most a share of the deadline and of the budget.`,
		Example: `  corecast plan latest --deadline 10m --budget 5 --tasks 4000 --price codeengine
  corecast plan latest --deadline 08:00 --confidence 99% --price codeengine,fargate --granularity 1s
  corecast plan --probe 'montecarlo --size 1e11' --deadline 30m --price codeengine`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case f.probe != "" && len(args) > 0:
				return errors.New("--probe measures by itself: leave out the run")
			case f.probe == "" && len(args) != 1:
				return errors.New("plan takes one run (see corecast list runs), or --probe WORKLOAD")
			}
			return nil
		},
		RunE:              func(cmd *cobra.Command, args []string) error { return a.plan(cmd, f, args) },
		ValidArgsFunction: a.completeRuns,
	}
	f.bind(cmd)
	return cmd
}

// plan plans a job and prints the answer.
func (a *app) plan(cmd *cobra.Command, f *planFlags, args []string) error {
	if err := checkFormat(f.format, "table", "json"); err != nil {
		return err
	}
	w, err := f.wish(time.Now())
	if err != nil {
		return err
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	var r *results.Run
	var probe *capacity.Probe
	if f.probe != "" {
		if r, probe, err = a.probe(cmd.Context(), f, &w, &o); err != nil {
			return err
		}
	} else if r, err = a.open(args[0]); err != nil {
		return err
	}
	if len(f.prices) == 0 {
		if list, err := priceList(bench.PriceOf(r.Header)); err == nil && list != nil {
			o.Prices = []cost.Price{list.With(f.settings())}
		}
	}
	if w.Budget > 0 && len(o.Prices) == 0 {
		return errors.New("--budget needs --price (see corecast list prices)")
	}
	answer, err := capacity.Plan(cmd.Context(), r, w, o)
	if err != nil {
		return err
	}
	answer.Probe = probe
	if f.output != "" {
		if err := report.WritePlanPlot(f.output, answer); err != nil {
			return err
		}
	}
	if f.format == "json" {
		return a.writeJSON(answer)
	}
	return report.WritePlan(a.stdout, answer, a.tableOptions())
}

func (f *planFlags) settings() cost.Settings {
	return cost.Settings{Granularity: f.granularity.Seconds(), Minimum: f.minimum.Seconds()}
}

// wish reads what is asked for.
func (f *planFlags) wish(now time.Time) (capacity.Wish, error) {
	var w capacity.Wish
	var err error
	if w.Confidence, err = parseConfidence(f.confidence); err != nil {
		return w, err
	}
	if w.Deadline, err = parseDeadline(f.deadline, now); err != nil {
		return w, fmt.Errorf("--deadline: %w", err)
	}
	if w.Budget, err = parseUSD(f.budget); err != nil {
		return w, fmt.Errorf("--budget: %w", err)
	}
	if f.tasks != "" {
		n, err := workloads.ParseSize(f.tasks)
		switch {
		case err != nil:
		case n < 1:
			err = errors.New("a job has at least 1 task")
		case n > sim.MaxTasks:
			err = fmt.Errorf("%d are more than %d", n, sim.MaxTasks)
		}
		if err != nil {
			return w, fmt.Errorf("--tasks: %w", err)
		}
		w.Tasks = int(n)
	}
	if f.maxCores < 0 {
		return w, fmt.Errorf("--max-cores: %d is less than 1", f.maxCores)
	}
	w.MaxCores = f.maxCores
	return w, nil
}

// options reads where the job could run.
func (f *planFlags) options() (capacity.Options, error) {
	o := capacity.Options{
		Select: f.select_, VCPU: f.vcpu, Threads: f.threads, Profile: f.profile,
		Pull: f.pull.Seconds(), FreeTier: f.freeTier, NoSizes: f.noSizes, Seed: f.seed,
	}
	for _, d := range []struct {
		flag  string
		value float64
	}{
		{"granularity", f.granularity.Seconds()}, {"minimum", f.minimum.Seconds()}, {"pull-time", f.pull.Seconds()},
		{"vcpu", f.vcpu}, {"threads", f.threads},
	} {
		if d.value < 0 || math.IsNaN(d.value) || math.IsInf(d.value, 0) {
			return o, fmt.Errorf("--%s: %g is not possible", d.flag, d.value)
		}
	}
	for _, name := range f.prices {
		p, err := cost.Load(name)
		if err != nil {
			return o, fmt.Errorf("--price: %w", err)
		}
		o.Prices = append(o.Prices, p.With(f.settings()))
	}
	for _, s := range []struct {
		flag, text string
		to         *int64
	}{{"memory", f.memory, &o.Memory}, {"size", f.size, &o.Select.Size}} {
		if s.text == "" {
			continue
		}
		n, err := workloads.ParseSize(s.text)
		if err != nil {
			return o, fmt.Errorf("--%s: %w", s.flag, err)
		}
		*s.to = n
	}
	if f.profile != "" && f.profile != capacity.Measured {
		if _, err := sim.FindProfile(f.profile); err != nil {
			return o, fmt.Errorf("--profile: %w; and %s", err, capacity.Measured)
		}
	}
	return o, nil
}

// parseDeadline reads a length of time, a time of day (the next one), or a date
// with a time, and returns the seconds from now until then; 0 for nothing.
func parseDeadline(s string, now time.Time) (float64, error) {
	if s == "" {
		return 0, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		if d <= 0 {
			return 0, fmt.Errorf("%q is past: write how long from now, such as 10m", s)
		}
		return d.Seconds(), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if clock, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			y, m, d := now.Date()
			at := time.Date(y, m, d, clock.Hour(), clock.Minute(), clock.Second(), 0, now.Location())
			if !at.After(now) {
				at = at.AddDate(0, 0, 1)
			}
			return at.Sub(now).Seconds(), nil
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			if !at.After(now) {
				return 0, fmt.Errorf("%q is past: it is %s now", s, now.Format(time.RFC3339))
			}
			return at.Sub(now).Seconds(), nil
		}
	}
	return 0, fmt.Errorf("%q is neither a length of time such as 10m, nor a time such as 08:00 or 2026-12-01T08:00:00Z", s)
}

// parseUSD reads an amount above 0; 0 for nothing.
func parseUSD(s string) (float64, error) {
	if s == "" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(s), "$"), 64)
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("%q is not an amount in USD, such as 5", s)
	case v <= 0:
		return 0, fmt.Errorf("%q is not above 0", s)
	}
	return v, nil
}
