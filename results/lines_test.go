package results

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"corecast/runner/trace"
)

func TestUnknownFieldsAreKept(t *testing.T) {
	var line trialLine
	body := []byte(`{"type":"trial","trial":7,"point":{"workload":"pi","new":1},"zeta":[1, 2],"alpha":{"b":null}`)
	unknown, err := decodeBody(body, &line)
	check(t, err)
	same(t, Unknown{"zeta": json.RawMessage("[1, 2]"), "alpha": json.RawMessage(`{"b":null}`)}, unknown)
	if line.Makespan.Known() || line.DriverCPU.Known() {
		t.Error("a time that the line does not have is not unknown")
	}
	again, err := encodeBody(line, unknown)
	check(t, err)
	if !bytes.HasSuffix(again, []byte(`,"alpha":{"b":null},"zeta":[1,2]`)) {
		t.Errorf("unknown fields were not written back: %s", again)
	}
}

func TestUnknownFieldMustNotHideAKnownOne(t *testing.T) {
	for _, name := range []string{"trial", "type", "crc", "workers", "makespan_s"} {
		if _, err := encodeBody(trialLine{}, Unknown{name: json.RawMessage("1")}); err == nil {
			t.Errorf("field %q accepted as unknown", name)
		}
	}
	if _, err := encodeBody(trialLine{}, Unknown{"bad": json.RawMessage("{")}); err == nil {
		t.Error("an unknown field that is not JSON was accepted")
	}
}

func TestSettingsKeepWholeNumbers(t *testing.T) {
	var s Settings
	check(t, json.Unmarshal([]byte(`{"a":9007199254740993,"b":1.5,"c":1e3,"d":"x","e":true,"f":18446744073709551615}`), &s))
	same(t, Settings{"a": int64(9007199254740993), "b": 1.5, "c": 1000.0, "d": "x", "e": true, "f": json.Number("18446744073709551615")}, s)
}

// The checksum of a line covers the lines before it, so that a line that is
// missing, moved or doubled is found as well.
func TestMissingAndMovedLinesAreFound(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, 3, true)
	lines := bytes.SplitAfter(readFile(t, dir, linesFile), []byte("\n"))
	lines = lines[:len(lines)-1]
	for i := range lines {
		missing := bytes.Join(append(append([][]byte(nil), lines[:i]...), lines[i+1:]...), nil)
		writeFile(t, dir, linesFile, missing)
		if _, err := Open(dir); err == nil && i != len(lines)-1 {
			t.Errorf("line %d is missing and nobody knows", i+1)
		}
		doubled := bytes.Join(append(append([][]byte(nil), lines[:i+1]...), lines[i:]...), nil)
		writeFile(t, dir, linesFile, doubled)
		if _, err := Open(dir); err == nil {
			t.Errorf("line %d is there twice and nobody knows", i+1)
		}
		if i == 0 {
			continue
		}
		moved := append([][]byte(nil), lines...)
		moved[i-1], moved[i] = moved[i], moved[i-1]
		writeFile(t, dir, linesFile, bytes.Join(moved, nil))
		if _, err := Open(dir); err == nil {
			t.Errorf("lines %d and %d are exchanged and nobody knows", i, i+1)
		}
	}
}

func TestWhatJSONCannotHoldIsRefused(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, testHeader())
	check(t, err)
	defer w.Close()
	check(t, w.Machine(testMachine("m1")))
	trial := testTrial(0, nil)
	trial.Before.Busy = math.NaN()
	if err := w.Trial(trial, nil); err == nil || !strings.Contains(err.Error(), "trial 0") {
		t.Errorf("got %v", err)
	}
	// Nothing was written, and the writer still serves.
	check(t, w.Trial(testTrial(0, nil), nil))
	if r, _ := openAll(t, dir); len(r.Trials) != 1 {
		t.Errorf("%d trials", len(r.Trials))
	}
}

// FuzzLines reads arbitrary bodies as the lines of a run, with their
// checksums set right, and writes back what could be read.
func FuzzLines(f *testing.F) {
	dir := f.TempDir()
	writeRun(f, dir, 2, true)
	var bodies [][]byte
	for line := range bytes.Lines(readFile(f, dir, linesFile)) {
		bodies = append(bodies, line[:len(line)-1-sealSize])
	}
	f.Add(bytes.Join(bodies, []byte("\n")))
	for _, body := range bodies {
		f.Add(append(append(bytes.Clone(bodies[0]), '\n'), body...))
	}
	f.Add([]byte(`{"type":"header","schema":2`))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := readBodies(bytes.Split(data, []byte("\n")))
		if err != nil {
			return
		}
		again, err := readBodies(encodeRun(t, &j.run))
		if err != nil {
			t.Fatalf("what was read cannot be written back: %v", err)
		}
		compareJSON(t, j, again)
	})
}

func readBodies(bodies [][]byte) (*lineLog, error) {
	var file []byte
	crc := uint32(0)
	for _, body := range bodies {
		var line []byte
		line, crc = seal(body, crc)
		file = append(file, line...)
	}
	j := &lineLog{machines: make(map[string]bool)}
	return j, j.read(bytes.NewReader(file))
}

// encodeRun returns the bodies of the lines that a run would be written in.
func encodeRun(t *testing.T, r *Run) [][]byte {
	var bodies [][]byte
	add := func(line any, unknown Unknown) {
		body, err := encodeBody(line, unknown)
		check(t, err)
		bodies = append(bodies, body)
	}
	add(headerLine{typeHeader, r.Header}, r.Header.Unknown)
	for _, m := range r.Machines {
		add(machineLine{typeMachine, m}, m.Unknown)
	}
	for i, trial := range r.Trials {
		for k, worker := range r.workers[i] {
			add(workerLine{typeWorker, i, k, worker}, trial.WorkerUnknown[k])
		}
		add(trialLine{typeTrial, trial, len(r.workers[i])}, trial.Unknown)
	}
	if r.End != nil {
		add(endLine{typeEnd, *r.End}, r.End.Unknown)
	}
	return bodies
}

// compareJSON compares runs by what they say, since the raw JSON of a plan or
// answer may be spaced otherwise.
func compareJSON(t *testing.T, a, b *lineLog) {
	view := func(j *lineLog) string {
		text, err := json.Marshal(struct {
			Header   Header
			Machines []Machine
			Trials   []Trial
			Workers  [][]trace.Worker
			End      *End
		}{j.run.Header, j.run.Machines, j.run.Trials, j.run.workers, j.run.End})
		check(t, err)
		return string(text)
	}
	same(t, view(a), view(b))
}
