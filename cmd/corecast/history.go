package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/results/history"
	"corecast/results/history/db"
)

// historyFlag declares --history, where the history is.
func (a *app) historyFlag(cmd *cobra.Command, to *string) {
	cmd.PersistentFlags().StringVar(to, "history", "", "the history: a SQLite file, or postgres://… (default: $CORECAST_HISTORY, or history.db in the folder of runs)")
}

// openHistory opens the history. Only what saves may make a new one.
func (a *app) openHistory(ctx context.Context, where string, create bool) (*db.Store, error) {
	if where == "" {
		where = os.Getenv("CORECAST_HISTORY")
	}
	if where == "" {
		where = filepath.Join(a.runs, "history.db")
	}
	if !strings.Contains(where, "://") {
		if _, err := os.Stat(where); errors.Is(err, os.ErrNotExist) {
			if !create {
				return nil, fmt.Errorf("there is no history %s: make one with corecast history save, or name it by --history", show(where))
			}
			if err := os.MkdirAll(filepath.Dir(where), 0o777); err != nil {
				return nil, fmt.Errorf("make the history %s: %w", show(where), err)
			}
		}
	}
	return db.Open(ctx, where)
}

// newHistory makes history.
func (a *app) newHistory() *cobra.Command {
	var where string
	cmd := &cobra.Command{
		Use:   "history",
		Short: "keep runs over months: save, list, show, import, export, backup, check",
		Long: `Keep runs over months, in one SQLite file or a PostgreSQL server: the samples of
each metric with commit, branch, machine and tags, and with --with-tasks the
whole record. Several processes may save at a time.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	a.historyFlag(cmd, &where)
	with := func(create bool, do func(ctx context.Context, s *db.Store, args []string) error) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			s, err := a.openHistory(cmd.Context(), where, create)
			if err != nil {
				return err
			}
			defer s.Close()
			return do(cmd.Context(), s, args)
		}
	}
	cmd.AddCommand(a.historySave(&where), a.historyList(with), a.historyShow(with), a.historyImport(with), a.historyExport(with), a.historyBackup(with), a.historyCheck(with))
	return cmd
}

// withStore opens the history, made when it is not there if create is set, and
// closes it.
type withStore func(create bool, do func(ctx context.Context, s *db.Store, args []string) error) func(*cobra.Command, []string) error

// saveFlags say what is kept of a run.
type saveFlags struct {
	commit, branch string
	tags           []string
	tasks          bool
}

func (f *saveFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.commit, "commit", "", "commit that was measured (default: the run's own, else that of the folder)")
	fs.StringVar(&f.branch, "branch", "", "branch that was measured (default: that of the folder)")
	fs.StringArrayVar(&f.tags, "tag", nil, "a tag, key=value; may be given several times")
	fs.BoolVar(&f.tasks, "with-tasks", false, "keep the whole record, with every attempt at every task")
}

// entry makes what a history keeps of a run.
func (a *app) entry(ctx context.Context, r *results.Run, f saveFlags) (*history.Run, error) {
	summaries, err := a.summarize(r, "")
	if err != nil {
		return nil, err
	}
	series, err := metrics.SeriesOf(r, summaries)
	if err != nil {
		return nil, err
	}
	e := &history.Run{ID: r.Header.ID, Created: r.Header.Created, Branch: f.branch, Commit: f.commit, Tags: map[string]string{}, Source: r.Header.Source}
	for k, v := range r.Header.Tags {
		e.Tags[k] = v
	}
	for _, tag := range f.tags {
		k, v, ok := strings.Cut(tag, "=")
		if !ok || k == "" {
			return nil, fmt.Errorf("--tag: %q is not key=value", tag)
		}
		e.Tags[k] = v
	}
	if len(r.Machines) > 0 {
		e.Machine = r.Machines[0].ID
		if e.Environment, err = json.Marshal(r.Machines); err != nil {
			return nil, fmt.Errorf("keep the environment of run %s: %w", e.ID, err)
		}
		if e.Commit == "" {
			e.Commit = r.Machines[0].Commit
		}
	}
	if e.Commit == "" {
		e.Commit = git(ctx, "rev-parse", "HEAD")
	}
	if e.Branch == "" {
		e.Branch = git(ctx, "rev-parse", "--abbrev-ref", "HEAD")
	}
	for _, s := range series {
		e.Samples = append(e.Samples, history.Sample{Series: s.Name, Values: s.Values})
	}
	if f.tasks {
		if e.Lines, err = os.ReadFile(filepath.Join(r.Dir, "run.jsonl")); err != nil {
			return nil, err
		}
		if e.Tasks, err = os.ReadFile(filepath.Join(r.Dir, "tasks.bin")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return e, nil
}

// git asks git about the present folder; empty when there is nothing to say.
func git(ctx context.Context, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func (a *app) historySave(where *string) *cobra.Command {
	var f saveFlags
	cmd := &cobra.Command{
		Use: "save RUN…", Short: "save runs; saving one again changes nothing", Example: "  corecast history save latest",
		Args: cobra.MinimumNArgs(1), ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			var entries []*history.Run
			for _, name := range args {
				r, err := a.open(name)
				if err != nil {
					return err
				}
				e, err := a.entry(cmd.Context(), r, f)
				if err != nil {
					return err
				}
				entries = append(entries, e)
			}
			s, err := a.openHistory(cmd.Context(), *where, true)
			if err != nil {
				return err
			}
			defer s.Close()
			for _, e := range entries {
				if err := s.Save(cmd.Context(), e); err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "saved %s: %d series\n", e.ID, len(e.Samples))
			}
			return nil
		},
	}
	f.bind(cmd)
	return cmd
}

func (a *app) historyList(with withStore) *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "list", Short: "list the runs by time", Args: cobra.NoArgs}
	cmd.RunE = with(false, func(ctx context.Context, s *db.Store, _ []string) error {
		if err := checkFormat(format, "table", "json"); err != nil {
			return err
		}
		runs, err := s.Runs(ctx)
		if err != nil {
			return err
		}
		if format == "json" {
			return a.writeJSON(append([]history.Run{}, runs...))
		}
		w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "run\tcreated\tcommit\tbranch\tmachine")
		for _, r := range runs {
			fmt.Fprintf(w, "%s\t%s\t%.12s\t%s\t%s\n", r.ID, r.Created.Format(time.RFC3339), r.Commit, r.Branch, r.Machine)
		}
		return w.Flush()
	})
	formatFlag(cmd, &format, "table", "json")
	return cmd
}

func (a *app) historyShow(with withStore) *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "show all that is kept of a run, as JSON", Args: cobra.ExactArgs(1),
		RunE: with(false, func(ctx context.Context, s *db.Store, args []string) error {
			r, err := s.Run(ctx, args[0])
			if err != nil {
				return err
			}
			return a.writeJSON(r)
		}),
	}
}

func (a *app) historyBackup(with withStore) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "copy the history into a new SQLite file", Example: "  corecast history backup history-copy.db", Args: cobra.ExactArgs(1),
		RunE: with(false, func(ctx context.Context, s *db.Store, args []string) error {
			if err := s.Backup(ctx, args[0]); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.stdout, "backed up to", show(args[0]))
			return err
		}),
	}
}

func (a *app) historyCheck(with withStore) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "read all of the history, and say whether it is whole", Args: cobra.NoArgs,
		RunE: with(false, func(ctx context.Context, s *db.Store, _ []string) error {
			if err := s.Check(ctx); err != nil {
				return err
			}
			_, err := fmt.Fprintln(a.stdout, "the history is whole")
			return err
		}),
	}
}
