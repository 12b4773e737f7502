package results

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"corecast/runner/trace"
)

// lineLog is what run.jsonl holds.
type lineLog struct {
	run Run
	// light leaves worker lines undecoded; they are still checked and counted.
	light bool
	// line is the number of the line being read; crc is the checksum of the
	// line before it.
	line int
	crc  uint32
	// pending are the workers of a trial whose line has not come yet.
	pending        []trace.Worker
	pendingUnknown map[int]Unknown
	pendingLines   int
	machines       map[string]bool
	// committed is where the last line ends that is not waiting for a trial.
	committed mark
	// torn is the damage of a last line without its newline.
	torn *DamageError
}

func (j *lineLog) damage(what string) *DamageError {
	return &DamageError{Dir: j.run.Dir, File: linesFile, Line: j.line, What: what}
}

// readLineLog reads and verifies the lines of a run. A torn last line is left
// to the caller; every other damage is an error.
func readLineLog(dir string, light bool) (*lineLog, error) {
	f, err := os.Open(filepath.Join(dir, linesFile))
	if err != nil {
		return nil, notRun(dir, err)
	}
	defer f.Close()
	j := &lineLog{run: Run{Dir: dir}, light: light, machines: make(map[string]bool)}
	if err := j.read(f); err != nil {
		return nil, err
	}
	if j.line == 0 || (j.line == 1 && j.torn != nil) {
		return nil, j.damage("cut off in its header: nothing of the run can be read")
	}
	return j, nil
}

// notRun explains why run.jsonl cannot be opened.
func notRun(dir string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		if _, statErr := os.Stat(dir); statErr != nil {
			return fmt.Errorf("%w: %w", ErrNotRun, statErr)
		}
		return fmt.Errorf("%w: %s has no %s", ErrNotRun, dir, linesFile)
	}
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		return fmt.Errorf("%w: %s is a file", ErrNotRun, dir)
	}
	return fmt.Errorf("open the run: %w", err)
}

func (j *lineLog) read(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 1<<16)
	offset := int64(0)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		j.line++
		if err == io.EOF {
			j.torn = j.damage(fmt.Sprintf("cut off after %d bytes", len(line)))
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the run: %w", err)
		}
		offset += int64(len(line))
		body, crc, err := unseal(bytes.TrimSuffix(line, []byte("\n")), j.crc)
		if err != nil {
			return j.damage(err.Error())
		}
		j.crc = crc
		if err := j.add(body); err != nil {
			return j.damage(err.Error())
		}
		if j.pendingLines == 0 {
			j.committed = mark{lines: offset, crc: crc}
		}
	}
}

// add takes in one line whose checksum is right.
func (j *lineLog) add(body []byte) error {
	kind, err := lineType(body)
	if err != nil {
		return err
	}
	if (kind == typeHeader) != (j.line == 1) {
		return errors.New("the header is not the one first line")
	}
	if j.run.End != nil {
		return errors.New("stands after the end line")
	}
	switch kind {
	case typeHeader:
		return j.addHeader(body)
	case typeMachine:
		return j.addMachine(body)
	case typeWorker:
		return j.addWorker(body)
	case typeTrial:
		return j.addTrial(body)
	case typeEnd:
		return j.addEnd(body)
	}
	return j.addOther(kind, body)
}

func (j *lineLog) addHeader(body []byte) error {
	var schema struct {
		Schema int `json:"schema"`
	}
	if _, err := decodeBody(body, &schema); err != nil {
		return err
	}
	if schema.Schema > SchemaVersion {
		return fmt.Errorf("the record has schema %d, this program reads up to %d: use a newer corecast", schema.Schema, SchemaVersion)
	}
	if schema.Schema < 1 {
		return fmt.Errorf("schema %d does not exist", schema.Schema)
	}
	var line headerLine
	unknown, err := decodeBody(body, &line)
	j.run.Header = line.Header
	j.run.Header.Unknown = unknown
	return err
}

func (j *lineLog) addMachine(body []byte) error {
	var line machineLine
	unknown, err := decodeBody(body, &line)
	if err != nil {
		return err
	}
	if line.ID == "" || j.machines[line.ID] {
		return fmt.Errorf("machine %q is there twice or has no ID", line.ID)
	}
	j.machines[line.ID] = true
	line.Machine.Unknown = unknown
	j.run.Machines = append(j.run.Machines, line.Machine)
	return nil
}

func (j *lineLog) addWorker(body []byte) error {
	j.pendingLines++
	if j.light {
		return nil
	}
	var line workerLine
	unknown, err := decodeBody(body, &line)
	if err != nil {
		return err
	}
	if line.Trial != len(j.run.Trials) || line.Index != len(j.pending) {
		return fmt.Errorf("worker %d of trial %d stands where worker %d of trial %d should",
			line.Index, line.Trial, len(j.pending), len(j.run.Trials))
	}
	if unknown != nil {
		if j.pendingUnknown == nil {
			j.pendingUnknown = make(map[int]Unknown)
		}
		j.pendingUnknown[line.Index] = unknown
	}
	j.pending = append(j.pending, line.Worker)
	return nil
}

func (j *lineLog) addTrial(body []byte) error {
	var line trialLine
	unknown, err := decodeBody(body, &line)
	if err != nil {
		return err
	}
	if line.Index != len(j.run.Trials) {
		return fmt.Errorf("trial %d stands where trial %d should", line.Index, len(j.run.Trials))
	}
	if line.Workers != j.pendingLines {
		return fmt.Errorf("trial %d has %d workers, %d lines of them are there", line.Index, line.Workers, j.pendingLines)
	}
	if line.Machine != "" && !j.machines[line.Machine] {
		return fmt.Errorf("trial %d ran on machine %q, which has no line", line.Index, line.Machine)
	}
	line.Trial.Unknown = unknown
	line.Trial.WorkerUnknown = j.pendingUnknown
	j.run.Trials = append(j.run.Trials, line.Trial)
	j.run.workers = append(j.run.workers, j.pending)
	j.pending, j.pendingUnknown, j.pendingLines = nil, nil, 0
	return nil
}

func (j *lineLog) addEnd(body []byte) error {
	var line endLine
	unknown, err := decodeBody(body, &line)
	if err != nil {
		return err
	}
	if line.Trials != len(j.run.Trials) || j.pendingLines > 0 {
		return fmt.Errorf("the end line counts %d trials, %d are there", line.Trials, len(j.run.Trials))
	}
	line.End.Unknown = unknown
	j.run.End = &line.End
	return nil
}

func (j *lineLog) addOther(kind string, body []byte) error {
	var line struct {
		Type string `json:"type"`
	}
	fields, err := decodeBody(body, &line)
	j.run.Others = append(j.run.Others, Other{Type: kind, Fields: fields})
	return err
}
