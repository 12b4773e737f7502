package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/cost"
	"corecast/bench/scenariofile"
	"corecast/bench/sim"
	"corecast/results"
)

// world is a scenario on one core count, and how it is to be simulated.
type world struct {
	*sim.Scenario
	options    sim.Options
	confidence float64
	point      results.Point // what it is recorded as
}

// recordedReps bounds the replications of a core count that are recorded: each
// is a trial with all its tasks.
const recordedReps = 7

// worlds makes the scenarios that are asked for, one a core count.
func (a *app) worlds(cmd *cobra.Command, f *simulateFlags, args []string) ([]world, error) {
	price, err := priceList(f.price)
	if err != nil {
		return nil, err
	}
	if f.tasks < 0 || f.tasks > sim.MaxTasks || f.tasks == 0 && cmd.Flags().Changed("tasks") {
		return nil, fmt.Errorf("--tasks: %d is not in 1 to %d", f.tasks, sim.MaxTasks)
	}
	if f.reps < 0 || f.reps > sim.MaxReplications || f.reps == 0 && cmd.Flags().Changed("reps") {
		return nil, fmt.Errorf("--reps: %d is not in 1 to %d", f.reps, sim.MaxReplications)
	}
	var cores []int
	if f.cores != "" {
		if cores, err = bench.ParseCores(f.cores); err != nil {
			return nil, fmt.Errorf("--cores: %w", err)
		}
	}
	var worlds []world
	if f.from != "" {
		worlds, err = a.calibrated(cmd, f, cores, price)
	} else {
		worlds, err = written(args[0], f.tasks, cores, price)
	}
	if err != nil {
		return nil, err
	}
	confidence, err := bench.ParseShare(f.confidence)
	if err != nil || f.confidence != "" && !(confidence > 0 && confidence < 1) {
		return nil, fmt.Errorf("--confidence: %q is not a share between 0 and 100 %%", f.confidence)
	}
	for i := range worlds {
		w := &worlds[i]
		if f.reps != 0 {
			w.options.Replications = f.reps
		}
		if cmd.Flags().Changed("seed") {
			w.options.Seed = f.seed
		}
		if confidence != 0 {
			w.confidence = confidence
		}
	}
	return worlds, nil
}

// written reads a scenario for each core count; for none, on its own.
func written(name string, tasks int, cores []int, price *cost.Price) ([]world, error) {
	if len(cores) == 0 {
		cores = []int{0}
	}
	var worlds []world
	for _, n := range cores {
		s, err := readScenario(name, scenariofile.Settings{Cores: n, Tasks: tasks, Price: price})
		if err != nil {
			return nil, err
		}
		point := results.Point{Workload: s.Name, Backend: "simulator", Settings: results.Settings{"scenario": filepath.Base(name)}}
		if point.Workload == "" {
			point.Workload = filepath.Base(name)
		}
		if s.Provisioning.Profile != "" {
			point.Settings["profile"] = s.Provisioning.Profile
		}
		worlds = append(worlds, world{&s.Scenario, s.Options, s.Confidence, point})
	}
	return worlds, nil
}

// calibrated makes the scenarios of a run.
func (a *app) calibrated(cmd *cobra.Command, f *simulateFlags, cores []int, price *cost.Price) ([]world, error) {
	run, err := a.open(f.from)
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	m, err := sim.Calibrate(run, sim.Select{Workload: f.workload, Backend: f.backend, Size: f.size})
	if err != nil {
		return nil, fmt.Errorf("--from: %w", err)
	}
	if cmd.Flags().Changed("slowdown") {
		m.Slowdown = sim.SampleSlowdown{Known: true, Exponent: f.slowdown}
	}
	if len(cores) == 0 {
		return nil, errors.New("--cores is missing: on how many?")
	}
	var worlds []world
	for _, n := range cores {
		workers, err := workersOf(n, m.Nearest(n).VCPU)
		if err != nil {
			return nil, fmt.Errorf("--cores: %w", err)
		}
		s := m.Scenario(workers, f.tasks)
		s.Billing.Price = price
		worlds = append(worlds, world{s, sim.Options{Seed: f.seed}, 0,
			results.Point{Workload: m.Workload, Backend: m.Backend, Settings: results.Settings{"from": m.From}}})
	}
	return worlds, nil
}

// workersOf is how many workers of so many vCPU have that number of cores.
func workersOf(cores int, vcpu float64) (int, error) {
	workers := float64(cores) / max(1, vcpu)
	if workers != float64(int(workers)) {
		return 0, fmt.Errorf("%d cores cannot be had in workers of %g vCPU", cores, vcpu)
	}
	return int(workers), nil
}

// simulateWorlds simulates scenarios one after another, records and shows them.
func (a *app) simulateWorlds(cmd *cobra.Command, f *simulateFlags, worlds []world) error {
	for _, w := range worlds {
		if err := w.Check(); err != nil {
			return fmt.Errorf("simulate: %w", err)
		}
	}
	progress := a.newProgress()
	list, err := simulateEach(cmd.Context(), worlds, progress)
	progress.stop()
	if err != nil {
		return err
	}
	if f.record != "" {
		if err := a.recordWorlds(cmd, f, worlds); err != nil {
			return err
		}
	}
	if err := a.showSimulations(list, f.format); err != nil {
		return err
	}
	if f.record != "" && f.format == "table" {
		fmt.Fprintf(a.stdout, "\nrecord: %s (show it with: corecast report %s)\n", show(f.record), show(f.record))
	}
	return nil
}

// simulateEach returns the result of each scenario.
func simulateEach(ctx context.Context, worlds []world, progress *progress) ([]*sim.Result, error) {
	var list []*sim.Result
	for i := range worlds {
		w := &worlds[i]
		if w.options.Replications == 0 {
			w.options.Replications = sim.DefaultReplications
		}
		w.options.Progress = func(done int) {
			progress.update(bench.Progress{Trial: fmt.Sprintf("simulated on %d cores", w.Cores()), Done: done, Planned: w.options.Replications})
		}
		outcomes, err := sim.Simulate(ctx, w.Scenario, w.options)
		if err != nil {
			return nil, err
		}
		r, err := sim.NewResult(ctx, w.Scenario, w.options, outcomes, w.confidence)
		if err != nil {
			return nil, err
		}
		list = append(list, &r)
	}
	return list, nil
}

// recordWorlds writes replications of scenarios as a run.
func (a *app) recordWorlds(cmd *cobra.Command, f *simulateFlags, worlds []world) error {
	plan, err := json.Marshal(struct {
		Price string `json:"price,omitempty"`
	}{priceName(worlds)})
	if err != nil {
		return fmt.Errorf("keep the price list: %w", err)
	}
	now := time.Now().UTC()
	h := results.Header{ID: results.NewID(now), Created: now, Version: version, Command: os.Args, Plan: plan}
	w, err := results.Create(f.record, h)
	if err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	next := 0
	for _, one := range worlds {
		if next, err = sim.Record(cmd.Context(), w, one.Scenario, one.options, recordedReps, next, one.point); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	err = w.End(results.End{Finished: time.Now().UTC(), Trials: next, Reason: "done"})
	return errors.Join(err, w.Close())
}

// priceName is the name of the price list that costs are by, empty for none.
func priceName(worlds []world) string {
	if p := worlds[0].Billing.Price; p != nil {
		return p.Name
	}
	return ""
}
