package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench"
	"corecast/bench/change"
	"corecast/bench/planfile"
	"corecast/bench/track"
	"corecast/internal/machine"
	"corecast/report"
	"corecast/results"
	"corecast/results/history"
	"corecast/results/history/db"
	"corecast/workloads"
)

// trackFlags are the flags of track.
type trackFlags struct {
	where, format, alpha, output, machine string
	accept, reason                        string
	measure                               bool
	plan                                  string
	confirm                               int
	save                                  saveFlags
}

// newTrack makes track.
func (a *app) newTrack() *cobra.Command {
	var f trackFlags
	cmd := &cobra.Command{
		Use:   "track [SERIES…]",
		Short: "did start-up, per-task overhead, speedup or cost get worse, and since which commit?",
		Long: `Look for changes in the history of each metric, and say which got worse, since
which commit, and by how much. SERIES are patterns such as '*/local/*/makespan_s',
where * is any text; without one it is all of the history.

With --measure it measures first and saves the run: no-op tasks on local and
inproc, or --plan, and spin and noop in a plain loop, which tell how fast the
machine is today; values are corrected by them. --confirm N measures up to N
times more when something looks worse.

A change that is known and meant is accepted by the run since which it is there:
--accept RUN --reason TEXT, for the series named.

The exit code is 1 with a regression: a change for the worse that is neither
accepted nor taken back since; 0 without; 2 on an error.`,
		Example: `  corecast track --measure --confirm 4
  corecast track '*/per_task_overhead_s' --format json
  corecast track 'noop/local/*/*' --accept 20261124-101500-abcd --reason 'checks were added'`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.track(cmd.Context(), f, args) },
	}
	a.historyFlag(cmd, &f.where)
	formatFlag(cmd, &f.format, "table", "json")
	alphaFlag(cmd, &f.alpha)
	fs := cmd.Flags()
	fs.StringVar(&f.output, "output", "", "folder to draw the trend of each series into")
	fs.StringVar(&f.machine, "machine", "", "runs of this machine alone, by its id (see corecast history list)")
	fs.StringVar(&f.accept, "accept", "", "accept the change since this run, in the series named")
	fs.StringVar(&f.reason, "reason", "", "why a change is accepted")
	fs.BoolVar(&f.measure, "measure", false, "measure first, and save the run")
	fs.StringVar(&f.plan, "plan", "", "with --measure: a plan to measure by (see corecast schema plan)")
	fs.IntVar(&f.confirm, "confirm", 0, "with --measure: measure up to this many times more when something looks worse")
	f.save.bind(cmd)
	return cmd
}

func (f *trackFlags) check() error {
	switch {
	case f.accept != "" && f.reason == "":
		return errors.New("--accept: why? give --reason")
	case f.reason != "" && f.accept == "":
		return errors.New("--reason is for --accept RUN")
	case (f.plan != "" || f.confirm != 0) && !f.measure:
		return errors.New("--plan and --confirm are for --measure")
	case f.confirm < 0:
		return fmt.Errorf("--confirm: %d is less than 0", f.confirm)
	}
	return checkFormat(f.format, "table", "json")
}

func (a *app) track(ctx context.Context, f trackFlags, patterns []string) error {
	if err := f.check(); err != nil {
		return err
	}
	level, err := parseAlpha(f.alpha)
	if err != nil {
		return err
	}
	s, err := a.openHistory(ctx, f.where, f.measure)
	if err != nil {
		return err
	}
	defer s.Close()
	o := track.Options{Options: change.Options{Alpha: level}}
	if f.accept != "" {
		if err := acceptChange(ctx, s, f, patterns); err != nil {
			return err
		}
	}
	if f.measure {
		if err := a.measureTrack(ctx, s, f); err != nil {
			return err
		}
	}
	found, err := a.analyse(ctx, s, f, patterns, o)
	for more := f.confirm; err == nil && more > 0 && len(found.Suspect()) > 0; more-- {
		if err = a.measureTrack(ctx, s, f); err == nil {
			found, err = a.analyse(ctx, s, f, patterns, o)
		}
	}
	if err != nil {
		return err
	}
	if f.output != "" {
		if _, err := report.WriteTrends(f.output, found); err != nil {
			return err
		}
	}
	if f.format == "json" {
		err = a.writeJSON(found)
	} else {
		err = report.WriteTrack(a.stdout, found, a.tableOptions())
	}
	if err == nil && found.Verdict == track.Regression {
		err = negative{errors.New(found.Verdict)}
	}
	return err
}

// analyse judges the series that the patterns name.
func (a *app) analyse(ctx context.Context, s *db.Store, f trackFlags, patterns []string, o track.Options) (*track.Analysis, error) {
	names, err := s.Series(ctx)
	if err != nil {
		return nil, err
	}
	if o.Accepted, err = s.Accepted(ctx); err != nil {
		return nil, err
	}
	all := make(map[string][]history.Point)
	for _, name := range names {
		if !anyMatches(patterns, name) && !track.IsReference(name) {
			continue
		}
		points, err := s.Points(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			if f.machine == "" || p.Machine == f.machine {
				all[name] = append(all[name], p)
			}
		}
	}
	if len(patterns) > 0 && len(all) == 0 {
		return nil, fmt.Errorf("the history has no series that %v names: it has %d, such as %v", patterns, len(names), names[:min(3, len(names))])
	}
	return track.New(s.Name(), all, o), nil
}

// anyMatches reports whether a pattern names a series; no pattern names all.
func anyMatches(patterns []string, series string) bool {
	if len(patterns) == 0 {
		return true
	}
	for _, p := range patterns {
		if ok, _ := regexp.MatchString("^"+strings.ReplaceAll(regexp.QuoteMeta(p), `\*`, ".*")+"$", series); ok {
			return true
		}
	}
	return false
}

// acceptChange accepts the change since a run in each series named.
func acceptChange(ctx context.Context, s *db.Store, f trackFlags, patterns []string) error {
	if _, err := s.Run(ctx, f.accept); err != nil {
		return fmt.Errorf("--accept: %w", err)
	}
	names, err := s.Series(ctx)
	if err != nil {
		return err
	}
	count := 0
	for _, name := range names {
		if anyMatches(patterns, name) {
			count++
			if err := s.Accept(ctx, history.Acceptance{Series: name, Run: f.accept, Reason: f.reason, At: time.Now()}); err != nil {
				return err
			}
		}
	}
	if count == 0 {
		return fmt.Errorf("--accept: no series is named by %v", patterns)
	}
	return nil
}

// measureTrack measures once, and saves the run.
func (a *app) measureTrack(ctx context.Context, s *db.Store, f trackFlags) error {
	plan, err := trackPlan(f.plan)
	if err != nil {
		return err
	}
	if err := plan.Validate(machine.Fingerprint()); err != nil {
		return err
	}
	w, err := a.create("", plan)
	if err != nil {
		return err
	}
	progress := a.newProgress()
	_, err = bench.Run(ctx, plan, w, nil, bench.Options{Progress: progress.update})
	progress.stop()
	if e := w.Close(); e != nil && err == nil {
		err = e
	}
	if err != nil {
		return a.unfinished(w.Dir(), "bench", err)
	}
	r, err := results.Open(w.Dir())
	if err != nil {
		return err
	}
	e, err := a.entry(ctx, r, f.save)
	if err != nil {
		return err
	}
	return s.Save(ctx, e)
}

// The default plan of track: what a runner costs, with as many tasks as take
// about as long as starting the workers does.
const (
	trackTasks = 20_000
	trackReps  = 7
)

// trackPlan returns the plan of a file, or the default one, with what is
// missing of the references.
func trackPlan(file string) (bench.Plan, error) {
	plan := bench.Plan{Reps: trackReps, MaxReps: trackReps}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return plan, err
		}
		if plan, _, err = planfile.Read(data, machine.Fingerprint(), drawSeed); err != nil {
			return plan, fmt.Errorf("%s: %w", file, err)
		}
	}
	has := map[string]bool{}
	for _, s := range plan.Sweeps {
		has[s.Workload] = true
	}
	add := func(w workloads.Workload, backend string, cores []int) error {
		s, err := bench.NewSweep(w, backend, cores)
		plan.Sweeps = append(plan.Sweeps, s)
		return err
	}
	noop, spin := workloads.NewNoop(), workloads.NewSpin()
	for w, n := range map[workloads.Workload]int64{noop: trackTasks, spin: 1} {
		if sized, ok := w.(workloads.Sized); ok {
			sized.SetSize(n)
		}
	}
	var err error
	if !has["noop"] {
		err = errors.Join(add(noop, "local", bench.DefaultCores(machine.Fingerprint().Cores)), add(noop, "inproc", []int{1}))
	}
	if !has["spin"] {
		err = errors.Join(err, add(spin, "inproc", []int{1}))
	}
	return plan, err
}
