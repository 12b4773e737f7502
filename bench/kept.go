package bench

import (
	"errors"
	"fmt"
	"path/filepath"

	"corecast/internal/wording"
	"corecast/results"
	"corecast/runner"
	"corecast/workloads"
)

// kept is the journal of the results of a single run, so that it goes on when
// its driver was killed. It is in the run's folder until the trial is written.
type kept struct {
	*results.Journal
	tasks, appended int
}

// Append keeps a result.
func (k *kept) Append(task int, result []byte) error {
	err := k.Journal.Append(task, result)
	if err == nil {
		k.appended++
	}
	return err
}

// keep opens the journal for a job, and tells the trial what it has.
func (s *sweeping) keep(j workloads.Job, t *results.Trial) error {
	print, err := j.Fingerprint()
	if err != nil {
		return err
	}
	path := filepath.Join(s.writer.Dir(), results.JournalFile)
	journal, warnings, err := results.OpenJournal(path, map[string]string{"build": runner.BuildID(), "inputs": print})
	var other *results.OtherJobError
	switch {
	case errors.As(err, &other) && other.Name == "build":
		return inputError("the run was begun by another build of this program, whose results are not mixed with this one's: go on with that one, or begin a new run")
	case errors.As(err, &other):
		return inputError("the inputs, or files that they name, have changed since the run began: its results are not mixed with those of others; begin a new run")
	case err != nil:
		return err
	}
	s.kept = &kept{Journal: journal, tasks: j.Tasks()}
	t.Warnings = append(t.Warnings, warnings...)
	if t.Resumed = journal.Kept(); t.Resumed > 0 {
		t.Warnings = append(t.Warnings, results.Warning{
			Code:   "resumed",
			Text:   fmt.Sprintf("%d of %s had their results from earlier parts of the run; all times are of the last part", t.Resumed, wording.Count(j.Tasks(), "task")),
			Advice: "measure in a run that is not interrupted",
		})
	}
	return nil
}

// leave closes the journal of a run that did not come to its end, and adds to
// the error what is kept.
func (s *sweeping) leave(err error) error {
	k := s.kept
	if k == nil {
		return err
	}
	s.kept = nil
	if e := k.Close(); e != nil && !errors.Is(err, e) {
		err = errors.Join(err, e)
	}
	if n := k.Kept() + k.appended; n > 0 {
		err = fmt.Errorf("%w; %d of %s are kept", err, n, wording.Count(k.tasks, "result"))
	}
	return err
}

// keptNoMore removes the journal of a trial that is in the record.
func (s *sweeping) keptNoMore() error {
	k := s.kept
	if k == nil {
		return nil
	}
	s.kept = nil
	return k.Discard()
}
