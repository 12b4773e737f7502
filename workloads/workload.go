// Package workloads holds the built-in workloads: computations that split into
// independent tasks, reduce their outputs to one answer, and check it.
//
// A [Workload] is its settings. The command binds them to flags, a plan fills
// them from JSON; Prepare turns them into a [Job]: typed inputs for one
// runner.Func, a fold of the outputs to an answer that does not depend on how
// the work was split, and a check. Adding a workload is one file, one test,
// and one line in [All]; it knows nothing of measuring.
package workloads

import (
	"context"
	"flag"

	"corecast/runner"
)

// Workload is one kind of work with its settings. Its exported fields travel
// as JSON.
type Workload interface {
	// Name is what the user types.
	Name() string
	// Summary is one line, Examples are command lines without the program.
	Summary() string
	Examples() []string
	// Bind declares the settings as flags, with the present values as
	// defaults.
	Bind(fs *flag.FlagSet)
	// Prepare checks the settings and makes the job: it opens or generates
	// inputs, in env.Temp where they need a file. An error that is the user's
	// to mend names the setting.
	Prepare(ctx context.Context, env Env) (Job, error)
}

// Environ is a workload whose tasks need more of the environment than workers
// get of themselves.
type Environ interface {
	Workload
	// Environ names variables; * stands for all but those that set up corecast.
	Environ() []string
}

// Sized is a workload whose size can be scaled, for weak scaling.
type Sized interface {
	Workload
	// Size is in the workload's own unit; SetSize sets it.
	Size() int64
	SetSize(int64)
}

// Env is what a workload gets to prepare with.
type Env struct {
	// Temp is a private folder that is removed with the job.
	Temp string
}

// Job is a workload made ready to run, any number of times.
type Job interface {
	// Tasks is the number of tasks.
	Tasks() int
	// Serial runs the tasks in a plain loop, without a runner: the base of
	// speedup.
	Serial(ctx context.Context) (Answer, error)
	// Run fans the tasks out. When some tasks failed, the answer is of the
	// others and the error a *runner.TasksError.
	Run(ctx context.Context, pool *runner.Pool, options runner.JobOptions) (Answer, error)
	// Check says what is wrong with an answer, as far as it can be known.
	Check(Answer) error
	// Fingerprint identifies what the job works on: jobs of equal settings and
	// unchanged inputs have equal ones. A file counts by its size and the time
	// of its last change.
	Fingerprint() (string, error)
}

// Doubter is a job that may have something to say about an answer that is not
// wrong: it is kept as a warning of the trial.
type Doubter interface {
	Doubts(Answer) []Doubt
}

// Doubt is one thing to know about an answer.
type Doubt struct {
	// Code is a stable name for scripts.
	Code string
	// Text says what was seen, Advice what to do about it.
	Text, Advice string
}

// Answer is what a workload computes; it marshals to a JSON object.
type Answer any
