package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"corecast/bench"
	"corecast/runner"
)

// version is the version of corecast.
const version = "0.1.0"

// Exit codes.
const (
	exitDone        = 0
	exitNegative    = 1 // a verdict is negative, or some tasks failed
	exitInput       = 2 // bad input or settings, or something that cannot be done
	exitInterrupted = 130
)

// app is what the subcommands share.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	cloud          cloudFlags
	// runs is the folder of runs; newRuns says that this command made it.
	runs    string
	newRuns bool
}

// negative is the error of a command that did what it was asked to, with a
// result that is not good. Its text has been printed.
type negative struct{ error }

// run runs the command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var bad negative
	switch {
	case err == nil:
		return exitDone
	case bench.Interrupted(err) || errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintf(stderr, "corecast: %v\n", err)
		return exitInterrupted
	case errors.As(err, &bad):
		return exitNegative
	}
	fmt.Fprintf(stderr, "corecast: %s\n", oneLine(err.Error()))
	return exitInput
}

// oneLine joins the lines of an error.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\n", "; ")), " ")
}

func (a *app) newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "corecast",
		Short: "How many cores should this job run on, how long will it take, what will it cost?",
		Long: `corecast fans independent tasks out over workers, measures start-up, speedup,
overhead and cost across core counts, and shows where the time goes.

Exit codes: 0 done; 1 some tasks failed, or a verdict is negative; 2 bad input
or settings, or something that cannot be done; 130 interrupted.`,
		Example: `  corecast bench                          measure four workloads at 1 to all cores
  corecast bench montecarlo --cores 1..8x2 --reps 10
  corecast run logsearch --input '/var/log/*.log' --pattern 'error|fail' --cores 2
  corecast report latest                  show the newest run again`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&a.runs, "runs", defaultRuns(), "folder of runs (or $CORECAST_RUNS)")
	a.cloud.bind(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return err })
	root.AddCommand(a.newBench(), a.newRun(), a.newSimulate(), a.newImport(), a.newReport(), a.newCompare(), a.newChangepoints(), a.newHistory(), a.newTrack(), a.newDoctor(), a.newFit(), a.newPlan(), a.newList(), a.newExport(), a.newSchema(), a.newGenerate(), a.newEmulate(), a.newConfig(), a.newClean(), a.newImage())
	return root
}

func defaultRuns() string {
	if dir := os.Getenv("CORECAST_RUNS"); dir != "" {
		return dir
	}
	return "runs"
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// formatFlag declares --format with its choices, the first the default.
func formatFlag(cmd *cobra.Command, to *string, choices ...string) {
	cmd.Flags().StringVar(to, "format", choices[0], "output format: "+strings.Join(choices, ", "))
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
}

// checkFormat refuses a format that is none of the choices.
func checkFormat(format string, choices ...string) error {
	for _, c := range choices {
		if c == format {
			return nil
		}
	}
	return fmt.Errorf("--format: %q is none of %s", format, strings.Join(choices, ", "))
}

// printFailures names the tasks that failed, each with its input.
func (a *app) printFailures(failed *runner.TasksError) {
	const most = 20
	for i, t := range failed.Failed {
		if i == most {
			fmt.Fprintf(a.stderr, "corecast: and %d more\n", len(failed.Failed)-most)
			break
		}
		fmt.Fprintf(a.stderr, "corecast: failed: %s\n", oneLine(t.Error()))
	}
}

// show makes a path short for people: relative where that is shorter.
func show(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && len(rel) < len(path) {
		return rel
	}
	return path
}
