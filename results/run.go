package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"corecast/runner/trace"
)

// Other is a line of a type that this version does not know.
type Other struct {
	Type   string
	Fields Unknown
}

// Run is a run's record, read from its folder.
type Run struct {
	// Dir is the folder.
	Dir    string
	Header Header
	// Machines that trials name by their ID.
	Machines []Machine
	// Trials in the order in which they ran; Trials[i].Index is i.
	Trials []Trial
	// End is nil while the run is not complete.
	End *End
	// Running is set when a process was writing the run as it was read: there
	// will be more.
	Running bool
	// Warnings are about the folder: what in it is not part of the record.
	Warnings []Warning
	// Others are lines that this version does not know.
	Others  []Other
	workers [][]trace.Worker
}

// Complete reports whether the run has its end line: all that was planned was
// done, or was given up for the reason in End.
func (r *Run) Complete() bool { return r.End != nil }

// Workers returns the workers of a trial; none when the trial had no job, and
// nil for a trial that is not there. They must not be changed.
func (r *Run) Workers(trial int) []trace.Worker {
	if trial < 0 || trial >= len(r.workers) {
		return nil
	}
	return r.workers[trial]
}

// Trace reads the trace of a trial; nil for a trial that had no job. The
// checksums are verified again.
func (r *Run) Trace(trial int) (*trace.Trace, error) {
	if trial < 0 || trial >= len(r.Trials) {
		return nil, fmt.Errorf("%s: there is no trial %d, the run has %d", r.Dir, trial, len(r.Trials))
	}
	if len(r.Trials[trial].Blocks) == 0 {
		return nil, nil
	}
	blocks, err := r.readBlocks(trial)
	if err != nil {
		return nil, err
	}
	workers := append([]trace.Worker(nil), r.workers[trial]...)
	t, err := decodeTrace(blocks, workers)
	if err != nil {
		return nil, &DamageError{Dir: r.Dir, File: tasksFile, Place: fmt.Sprintf("trial %d", trial), What: err.Error()}
	}
	return t, nil
}

// readBlocks reads the blocks of a trial with one read.
func (r *Run) readBlocks(trial int) ([]*block, error) {
	f, err := os.Open(filepath.Join(r.Dir, tasksFile))
	if err != nil {
		return nil, fmt.Errorf("read trial %d: %w", trial, err)
	}
	defer f.Close()
	entries := r.Trials[trial].Blocks
	first, last := entries[0], entries[len(entries)-1]
	data := make([]byte, last.Offset+last.Bytes-first.Offset)
	if _, err := f.ReadAt(data, first.Offset); err != nil {
		return nil, fmt.Errorf("read trial %d: %s: %w", trial, f.Name(), err)
	}
	blocks := make([]*block, len(entries))
	for i, e := range entries {
		from := e.Offset - first.Offset
		if blocks[i], err = parseBlock(data[from : from+e.Bytes]); err != nil {
			return nil, &DamageError{Dir: r.Dir, File: tasksFile, Place: fmt.Sprintf("block at byte %d (trial %d)", e.Offset, trial), What: err.Error()}
		}
	}
	return blocks, nil
}

// liveAttempts is how often Open looks at a run that changes under its eyes.
const liveAttempts = 5

// Open reads a run and verifies all of it: the checksum of every line and
// block, and that lines and blocks match. A folder that holds no run gives
// ErrNotRun, a damaged one a *DamageError. A run without end line is
// interrupted, or running, and not damaged.
func Open(dir string) (*Run, error) { return open(dir, false) }

func open(dir string, light bool) (*Run, error) {
	for attempt := 1; ; attempt++ {
		running := isLocked(dir)
		run, err := load(dir, light)
		if err == nil {
			run.Running = running
			return run, nil
		}
		var damage *DamageError
		if attempt == liveAttempts || !running || !errors.As(err, &damage) {
			return nil, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func isLocked(dir string) bool {
	f, err := os.Open(filepath.Join(dir, linesFile))
	if err != nil {
		return false
	}
	defer f.Close()
	return locked(f)
}

// load reads a run once, and refuses what is torn.
func load(dir string, light bool) (*Run, error) {
	j, torn, err := inspect(dir, light)
	if err != nil {
		return nil, err
	}
	if j.torn != nil {
		j.torn.Advice = adviseResume
		return nil, j.torn
	}
	if torn != nil {
		return nil, torn
	}
	return &j.run, nil
}

// inspect reads both files. It leaves torn ends to the caller, and notes
// whole ones that no trial line commits as warnings.
func inspect(dir string, light bool) (*lineLog, *DamageError, error) {
	j, err := readLineLog(dir, light)
	if err != nil {
		return nil, nil, err
	}
	if j.run.Complete() && j.torn != nil {
		return nil, nil, j.damage("stands after the end line")
	}
	tasks, err := openTasks(dir, light)
	if err != nil {
		return nil, nil, err
	}
	defer tasks.file.Close()
	if err := tasks.committed(j.run.Trials); err != nil {
		return nil, nil, err
	}
	j.committed.tasks = tasks.at
	beyond := tasks.size - tasks.at
	if j.run.End != nil && beyond > 0 {
		return nil, nil, tasks.damage("", fmt.Sprintf("%d bytes at byte %d belong to no trial of a complete run", beyond, tasks.at))
	}
	torn, err := tasks.tail(len(j.run.Trials))
	if err != nil {
		return nil, nil, err
	}
	if j.pendingLines > 0 || beyond > 0 {
		j.run.Warnings = append(j.run.Warnings, Warning{
			Code:   "uncommitted_trial",
			Text:   fmt.Sprintf("trial %d was cut off while it was being written: %d worker lines and %d bytes of task rows are not read", len(j.run.Trials), j.pendingLines, beyond),
			Advice: "run it again with --resume",
		})
	}
	return j, torn, nil
}
