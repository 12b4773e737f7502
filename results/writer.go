package results

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"corecast/runner/trace"
)

// The files of a run.
const (
	linesFile = "run.jsonl"
	tasksFile = "tasks.bin"
)

// Writer writes a run's folder. What a call has written is on disk when it
// returns without an error; when it fails, the folder holds what it held
// before the call, and the Writer can only be closed. It holds the folder's
// lock until Close, and serves one goroutine at a time.
type Writer struct {
	dir          string
	lines, tasks *os.File
	at           mark
	trials       int
	machines     map[string]bool
	ended        bool
	failed       error
	builder      blockBuilder
	// spilled is what Rows has written of the trial to come.
	spilled struct {
		before                       mark
		blocks                       []Block
		chunks, deliveries, attempts int
	}
}

// mark is a place to go back to: the lengths of both files, and the checksum
// of the last line.
type mark struct {
	lines, tasks int64
	crc          uint32
}

// Create makes the folder of a new run, with its parents, and writes the
// header; Schema is set to this package's. The folder must not exist or be
// empty.
func Create(dir string, h Header) (*Writer, error) {
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("create the run's folder: %w", err)
	}
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL | os.O_APPEND
	lines, err := os.OpenFile(filepath.Join(dir, linesFile), flags, 0o666)
	if err != nil {
		return nil, fmt.Errorf("create the run: %w", err)
	}
	tasks, err := os.OpenFile(filepath.Join(dir, tasksFile), flags, 0o666)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create the run: %w", err), lines.Close(), os.Remove(lines.Name()))
	}
	w := &Writer{dir: dir, lines: lines, tasks: tasks, machines: make(map[string]bool)}
	if err := w.begin(h); err != nil {
		return nil, errors.Join(fmt.Errorf("create the run: %w", err), w.Close(), os.Remove(lines.Name()), os.Remove(tasks.Name()))
	}
	return w, nil
}

// makeFolder makes dir, or accepts it when it is an empty folder.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: it holds %s", dir, entries[0].Name())
	}
	return nil
}

// begin writes what an empty run holds: the header and the magic number.
func (w *Writer) begin(h Header) error {
	if err := lock(w.lines); err != nil {
		return fmt.Errorf("%s: %w", w.dir, err)
	}
	if err := w.writeTasks(append([]byte(tasksMagic), tasksVersion)); err != nil {
		return err
	}
	h.Schema = SchemaVersion
	if err := w.writeLine(headerLine{typeHeader, h}, h.Unknown); err != nil {
		return err
	}
	return w.sync()
}

// Dir returns the run's folder.
func (w *Writer) Dir() string { return w.dir }

// Machine writes a machine unless one with its ID was written before.
func (w *Writer) Machine(m Machine) error {
	if m.ID == "" {
		return fmt.Errorf("%s: a machine has no ID", w.dir)
	}
	if w.machines[m.ID] {
		return nil
	}
	err := w.transact("machine "+m.ID, func() error {
		return w.writeLine(machineLine{typeMachine, m}, m.Unknown)
	})
	if err == nil {
		w.machines[m.ID] = true
	}
	return err
}

// Trial writes a trial that is over, with its workers and task rows; t is nil
// where there was no job (a serial loop). Trials are numbered from 0 in the
// order of the calls, and name a machine written before, or none. The blocks
// of the trial are set by this method.
func (w *Writer) Trial(trial Trial, t *trace.Trace) error {
	if err := w.checkTrial(trial, t); err != nil {
		return fmt.Errorf("%s: trial %d: %w", w.dir, trial.Index, err)
	}
	err := w.transact(fmt.Sprintf("trial %d", trial.Index), func() error {
		line := trialLine{Type: typeTrial, Trial: trial}
		line.Blocks = nil
		if t != nil {
			line.Workers = len(t.Workers)
			if err := w.writeWorkers(trial, t.Workers); err != nil {
				return err
			}
			if err := w.writeBlocks(rowsOf(t), jobOf(t)); err != nil {
				return err
			}
			line.Blocks = w.spilled.blocks
			if err := w.sync(); err != nil {
				return err
			}
		}
		return w.writeLine(line, trial.Unknown)
	})
	if err == nil {
		w.trials++
	}
	return err
}

// checkTrial refuses what could not be read back.
func (w *Writer) checkTrial(trial Trial, t *trace.Trace) error {
	if trial.Index != w.trials {
		return fmt.Errorf("the next trial is %d", w.trials)
	}
	if trial.Machine != "" && !w.machines[trial.Machine] {
		return fmt.Errorf("machine %q has not been written", trial.Machine)
	}
	if _, err := encodeBody(trialLine{Type: typeTrial, Trial: trial}, trial.Unknown); err != nil {
		return err
	}
	if t == nil {
		return nil
	}
	if trial.Tasks != t.Tasks || trial.Slots != t.Slots {
		return fmt.Errorf("has %d tasks on %d slots, its trace %d on %d", trial.Tasks, trial.Slots, t.Tasks, t.Slots)
	}
	if p := &w.spilled; t.Spilled.Chunks != p.chunks || t.Spilled.Deliveries != p.deliveries || t.Spilled.Attempts != p.attempts {
		return fmt.Errorf("its trace follows on %d spilled attempts, %d were recorded", t.Spilled.Attempts, p.attempts)
	}
	return checkTrace(t)
}

func (w *Writer) writeWorkers(trial Trial, workers []trace.Worker) error {
	for i := range workers {
		line := workerLine{typeWorker, trial.Index, i, workers[i]}
		if err := w.writeLine(line, trial.WorkerUnknown[i]); err != nil {
			return err
		}
	}
	return nil
}

// Rows writes rows of the next trial, whose job is not over: a writer is the
// [trace.Sink] of one that does not keep them all. They count when Trial has
// been called with the rest.
func (w *Writer) Rows(r trace.Rows) error {
	p := &w.spilled
	switch {
	case w.failed != nil:
		return fmt.Errorf("%s: cannot record rows after an earlier failure: %w", w.dir, w.failed)
	case w.ended:
		return fmt.Errorf("%s: cannot record rows: %w", w.dir, ErrComplete)
	case len(p.blocks) == 0:
		p.before = w.at
	}
	if err := w.writeBlocks(r, nil); err != nil {
		return fmt.Errorf("record rows of trial %d: %w", w.trials, err)
	}
	p.chunks, p.deliveries, p.attempts = p.chunks+len(r.Chunks), p.deliveries+len(r.Deliveries), p.attempts+len(r.Attempts)
	return nil
}

// writeBlocks writes rows of the next trial as its next parts, and notes where
// they are.
func (w *Writer) writeBlocks(r trace.Rows, job *jobRow) error {
	for k := range blockCount(r) {
		data, err := w.builder.encode(r, job, k, w.trials, len(w.spilled.blocks))
		if err != nil {
			return err
		}
		block := Block{Offset: w.at.tasks, Bytes: int64(len(data)), Rows: int64(len(cutRows(r.Attempts, k)))}
		if err := w.writeTasks(data); err != nil {
			return err
		}
		w.spilled.blocks = append(w.spilled.blocks, block)
	}
	return nil
}

// Other writes a line of a type that this version does not know, as it was
// read ([Run.Others]).
func (w *Writer) Other(o Other) error {
	switch o.Type {
	case "", typeHeader, typeMachine, typeWorker, typeTrial, typeEnd:
		return fmt.Errorf("%s: a line of type %q is not another's", w.dir, o.Type)
	}
	return w.transact("line of type "+o.Type, func() error {
		return w.writeLine(struct {
			Type string `json:"type"`
		}{o.Type}, o.Fields)
	})
}

// End writes the end line, which makes the run complete. The number of trials
// is set by this method. Nothing can be written after it.
func (w *Writer) End(e End) error {
	e.Trials = w.trials
	err := w.transact("the end", func() error {
		return w.writeLine(endLine{typeEnd, e}, e.Unknown)
	})
	w.ended = w.ended || err == nil
	return err
}

// Close closes the files and gives up the lock. A run without end line stays
// as interrupted, for Resume.
func (w *Writer) Close() error {
	if len(w.spilled.blocks) > 0 { // of a trial that is not kept
		if err := w.tasks.Truncate(w.spilled.before.tasks); err != nil {
			return errors.Join(fmt.Errorf("take back what was spilled: %w", err), w.tasks.Close(), w.lines.Close())
		}
	}
	if err := errors.Join(w.tasks.Close(), w.lines.Close()); err != nil {
		return fmt.Errorf("close the run: %w", err)
	}
	return nil
}

// transact runs write, brings what it wrote to the disk, and takes it back
// when anything fails.
func (w *Writer) transact(what string, write func() error) error {
	if w.failed != nil {
		return fmt.Errorf("%s: cannot record %s after an earlier failure: %w", w.dir, what, w.failed)
	}
	if w.ended {
		return fmt.Errorf("%s: cannot record %s: %w", w.dir, what, ErrComplete)
	}
	before := w.at
	if len(w.spilled.blocks) > 0 {
		before = w.spilled.before
	}
	err := write()
	if err == nil {
		err = w.sync()
	}
	if err == nil {
		w.spilled.blocks, w.spilled.chunks, w.spilled.deliveries, w.spilled.attempts = nil, 0, 0, 0
		return nil
	}
	w.failed = errors.Join(err, w.lines.Truncate(before.lines), w.tasks.Truncate(before.tasks))
	w.at = before
	return fmt.Errorf("record %s: %w", what, w.failed)
}

// writeLine appends one line by one write.
func (w *Writer) writeLine(line any, unknown Unknown) error {
	body, err := encodeBody(line, unknown)
	if err != nil {
		return fmt.Errorf("%s: %w", w.lines.Name(), err)
	}
	data, crc := seal(body, w.at.crc)
	if _, err := w.lines.Write(data); err != nil {
		return err
	}
	w.at.lines += int64(len(data))
	w.at.crc = crc
	return nil
}

func (w *Writer) writeTasks(data []byte) error {
	if _, err := w.tasks.Write(data); err != nil {
		return err
	}
	w.at.tasks += int64(len(data))
	return nil
}

func (w *Writer) sync() error {
	if err := w.tasks.Sync(); err != nil {
		return err
	}
	return w.lines.Sync()
}
