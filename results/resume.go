package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Resume opens an interrupted run for more trials. It cuts what its writer
// left unfinished at the end of the two files (a torn line, the workers and
// task rows of a trial without its line), and a warning says what was cut;
// every other damage is an error. A complete run gives ErrComplete, one that
// is being written ErrLocked. The Run is what was there before.
func Resume(dir string) (*Writer, *Run, []Warning, error) {
	lines, err := os.OpenFile(filepath.Join(dir, linesFile), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, nil, notRun(dir, err)
	}
	w, run, warnings, err := resume(dir, lines)
	if err != nil {
		return nil, nil, nil, errors.Join(err, lines.Close())
	}
	return w, run, warnings, nil
}

func resume(dir string, lines *os.File) (*Writer, *Run, []Warning, error) {
	if err := lock(lines); err != nil {
		return nil, nil, nil, fmt.Errorf("resume %s: %w", dir, err)
	}
	j, torn, err := inspect(dir, false)
	if err != nil {
		return nil, nil, nil, err
	}
	if j.run.Complete() {
		return nil, nil, nil, fmt.Errorf("resume %s: %w", dir, ErrComplete)
	}
	tasks, err := os.OpenFile(filepath.Join(dir, tasksFile), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("resume the run: %w", err)
	}
	w := &Writer{dir: dir, lines: lines, tasks: tasks, at: j.committed,
		trials: len(j.run.Trials), machines: j.machines}
	warnings, err := w.cut(torn, j.torn)
	if err != nil {
		return nil, nil, nil, errors.Join(fmt.Errorf("resume the run: %w", err), tasks.Close())
	}
	j.run.Warnings = nil
	return w, &j.run, warnings, nil
}

// cut shortens both files to what is committed, first the task rows: as long
// as their lines are there, a second attempt finds the same to cut.
func (w *Writer) cut(tornRows, tornLine *DamageError) ([]Warning, error) {
	var warnings []Warning
	for _, c := range []struct {
		file   *os.File
		length int64
		torn   *DamageError
		what   string
	}{
		{w.tasks, w.at.tasks, tornRows, "task rows"},
		{w.lines, w.at.lines, tornLine, "lines"},
	} {
		info, err := c.file.Stat()
		if err != nil {
			return nil, err
		}
		beyond := info.Size() - c.length
		if beyond == 0 {
			continue
		}
		if err := c.file.Truncate(c.length); err != nil {
			return nil, err
		}
		text := fmt.Sprintf("%s: cut %d bytes of %s behind byte %d: trial %d had not been committed",
			filepath.Base(c.file.Name()), beyond, c.what, c.length, w.trials)
		if c.torn != nil {
			text += "; " + c.torn.What
		}
		warnings = append(warnings, Warning{Code: "cut_tail", Text: text, Advice: "the trial is run again"})
	}
	return warnings, w.sync()
}
