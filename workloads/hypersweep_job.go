package workloads

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"corecast/internal/boost"
	"corecast/internal/clock"
	"corecast/internal/learn"
	"corecast/runner"
	"corecast/runner/trace"
)

// searchJob is a search made ready. It runs its rungs one after another, each a
// fan-out of its own; a grid and a random search have one.
type searchJob struct {
	source   learn.Source
	table    *learn.Table
	fn       *runner.Func[fitTask, learn.Score]
	settings []boost.Settings // the default first
	rungs    []learn.Rung
}

// Tasks returns the number of settings x folds over all rungs.
func (j *searchJob) Tasks() int {
	n := 0
	for _, r := range j.rungs {
		n += r.Settings * j.source.Folds
	}
	return n
}

// Fingerprint is that of the first rung's tasks: they name the data, and the
// later rungs follow from them.
func (j *searchJob) Fingerprint() (string, error) {
	trials := make([]int, len(j.settings))
	for i := range trials {
		trials[i] = i
	}
	return runner.Fingerprint(j.fn, j.tasks(trials, j.rungs[0].Share))
}

// part is the journal of a part of the tasks that have one together: n from
// base on.
type part struct {
	whole   runner.Journal
	base, n int
}

// Load calls yield with the results of the part.
func (p part) Load(yield func(task int, result []byte) error) error {
	return p.whole.Load(func(task int, result []byte) error {
		if task < p.base || task >= p.base+p.n {
			return nil
		}
		return yield(task-p.base, result)
	})
}

// Append keeps a result of the part.
func (p part) Append(task int, result []byte) error { return p.whole.Append(p.base+task, result) }

// fanOut runs the tasks of one rung; base is the number of tasks before it.
// When some failed it returns the others' scores with a *runner.TasksError.
type fanOut func(ctx context.Context, tasks []fitTask, base int, label func(int) string) ([]learn.Score, error)

// Serial runs all rungs in a plain loop and stops at the first error.
func (j *searchJob) Serial(ctx context.Context) (Answer, error) {
	a, err := j.search(ctx, func(ctx context.Context, tasks []fitTask, _ int, label func(int) string) ([]learn.Score, error) {
		scores := make([]learn.Score, len(tasks))
		for i, t := range tasks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var err error
			if scores[i], err = j.fn.Call(ctx, t); err != nil {
				return nil, fmt.Errorf("%s: %w", label(i), err)
			}
		}
		return scores, nil
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Run fans each rung out over pool. The trace is of all rungs, the limit of the
// job's time too, and progress counts through.
func (j *searchJob) Run(ctx context.Context, pool *runner.Pool, options runner.JobOptions) (Answer, error) {
	if limit := options.JobTimeout; limit > 0 {
		cause := fmt.Errorf("%w: not done after %v", runner.ErrJobTimeout, limit)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, cause)
		defer cancel()
		options.JobTimeout = 0
	}
	r := rounds{pool: pool, options: options, planned: j.Tasks()}
	a, err := j.search(ctx, func(ctx context.Context, tasks []fitTask, base int, label func(int) string) ([]learn.Score, error) {
		return runRound(ctx, &r, j.fn, tasks, base, label)
	})
	if options.Trace != nil && r.trace != nil {
		r.trace.Tasks = max(r.trace.Tasks, r.planned) // those of rungs that were not reached have no attempt
		options.Trace(r.trace)
	}
	switch {
	case r.err != nil:
		return a, errors.Join(err, r.err)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()): // between two rungs
		return a, context.Cause(ctx)
	}
	return a, err
}

// rounds is what the rounds of one job have in common.
type rounds struct {
	pool    *runner.Pool
	options runner.JobOptions
	planned int
	began   int64        // the first one's submission
	trace   *trace.Trace // of those that are over
	err     error        // of merging traces
}

// runRound runs one round and adds its trace to the others'.
func runRound[In, Out any](ctx context.Context, r *rounds, fn *runner.Func[In, Out], inputs []In, base int, label func(int) string) ([]Out, error) {
	submitted := clock.Now()
	if r.trace == nil {
		r.began = submitted
	}
	o := r.options
	o.Label, o.Spill = label, nil // rounds are merged, which takes all rows
	if r.options.Progress != nil {
		o.Progress = func(settled, _ int) { r.options.Progress(base+settled, r.planned) }
	}
	if r.options.Trace != nil {
		o.Trace = func(t *trace.Trace) { r.add(t, trace.Time(submitted-r.began)) }
	}
	if r.options.Journal != nil {
		o.Journal = part{r.options.Journal, base, len(inputs)}
	}
	return runner.Map(ctx, r.pool, fn, inputs, o)
}

func (r *rounds) add(t *trace.Trace, measured trace.Time) {
	if r.trace == nil {
		r.trace = t
		return
	}
	merged, err := trace.Merge(r.trace, t, measured)
	if err != nil {
		r.err = err
		return
	}
	r.trace = merged
}

// candidate is a setting with the scores of its folds in the present rung.
type candidate struct {
	trial  int // index into the settings
	scores []learn.Score
}

// search runs the rungs. The better settings of each go on, and the default.
// Tasks that fail take their setting out of the search; their errors are
// returned beside the answer about the others.
func (j *searchJob) search(ctx context.Context, run fanOut) (Answer, error) {
	trials := make([]int, len(j.settings))
	for i := range trials {
		trials[i] = i
	}
	failed := &runner.TasksError{}
	var ranked []candidate
	for i, rung := range j.rungs {
		if i > 0 {
			trials = survivors(ranked, rung.Settings)
		}
		tasks := j.tasks(trials, rung.Share)
		scores, err := run(ctx, tasks, failed.Tasks, func(k int) string { return j.label(i, tasks, trials, k) })
		if err := collect(failed, len(tasks), err); err != nil {
			return j.answer(nil), err
		}
		ranked = j.rank(trials, scores)
	}
	if len(failed.Failed) > 0 {
		return j.answer(ranked), failed
	}
	return j.answer(ranked), nil
}

// tasks returns a task for each setting and fold, the folds of a setting
// together.
func (j *searchJob) tasks(trials []int, share float64) []fitTask {
	var tasks []fitTask
	for _, trial := range trials {
		for fold := range j.source.Folds {
			tasks = append(tasks, fitTask{j.source, j.settings[trial], fold, share})
		}
	}
	return tasks
}

func (j *searchJob) label(rung int, tasks []fitTask, trials []int, k int) string {
	s := fmt.Sprintf("setting %d, fold %d", trials[k/j.source.Folds], tasks[k].Fold)
	if len(j.rungs) > 1 {
		s = fmt.Sprintf("rung %d, %s", rung, s)
	}
	return s
}

// collect adds the failures of a rung of n tasks to those before; any other
// error is returned.
func collect(all *runner.TasksError, n int, err error) error {
	var failed *runner.TasksError
	if errors.As(err, &failed) {
		for _, f := range failed.Failed {
			moved := *f
			moved.Task += all.Tasks
			all.Failed = append(all.Failed, &moved)
		}
		err = nil
	}
	all.Tasks += n
	return err
}

// rank sorts the settings all of whose folds were scored, the best first, the
// earlier of equals.
func (j *searchJob) rank(trials []int, scores []learn.Score) []candidate {
	var ranked []candidate
	for i, trial := range trials {
		c := candidate{trial, scores[i*j.source.Folds : (i+1)*j.source.Folds]}
		if !slices.ContainsFunc(c.scores, func(s learn.Score) bool { return s.Rows == 0 }) {
			ranked = append(ranked, c)
		}
	}
	slices.SortStableFunc(ranked, func(a, b candidate) int {
		x, y := j.summary(a.scores).Mean, j.summary(b.scores).Mean
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return a.trial - b.trial
	})
	return ranked
}

// survivors returns the best n settings of a rung, in the order of the search.
// The default is one of them, if it was scored.
func survivors(ranked []candidate, n int) []int {
	var trials []int
	for _, c := range ranked {
		if c.trial == 0 {
			trials = append(trials, 0)
		}
	}
	for _, c := range ranked {
		if c.trial != 0 && len(trials) < n {
			trials = append(trials, c.trial)
		}
	}
	slices.Sort(trials)
	return trials
}
