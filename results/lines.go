package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"corecast/runner/trace"
)

// The types of lines of run.jsonl.
const (
	typeHeader  = "header"
	typeMachine = "machine"
	typeWorker  = "worker"
	typeTrial   = "trial"
	typeEnd     = "end"
)

type headerLine struct {
	Type string `json:"type"`
	Header
}

type machineLine struct {
	Type string `json:"type"`
	Machine
}

// workerLine is one worker of a trial; it precedes the trial's line.
type workerLine struct {
	Type  string `json:"type"`
	Trial int    `json:"trial"`
	Index int    `json:"worker"`
	trace.Worker
}

// trialLine commits a trial: it tells how many worker lines belong to it.
type trialLine struct {
	Type string `json:"type"`
	Trial
	Workers int `json:"workers"`
}

type endLine struct {
	Type string `json:"type"`
	End
}

// checksum continues prev, the checksum of the line before (0 before the
// first), over the bytes of a line that stand before its crc field.
func checksum(prev uint32, body []byte) uint32 {
	return crc32.Update(prev, crc32.MakeTable(crc32.Castagnoli), body)
}

// The end of a line behind its body: ,"crc":"0123abcd"} without the newline.
const (
	sealHead = `,"crc":"`
	sealTail = `"}`
	sealSize = len(sealHead) + 8 + len(sealTail)
)

// seal returns body with its checksum and newline, and the checksum.
func seal(body []byte, prev uint32) ([]byte, uint32) {
	crc := checksum(prev, body)
	return fmt.Appendf(slices.Clip(body), "%s%08x%s\n", sealHead, crc, sealTail), crc
}

// unseal splits a line without its newline into body and checksum, and checks
// the one against the other.
func unseal(line []byte, prev uint32) ([]byte, uint32, error) {
	if len(line) < sealSize {
		return nil, 0, errors.New("has no checksum")
	}
	body, end := line[:len(line)-sealSize], line[len(line)-sealSize:]
	crc := checksum(prev, body)
	if string(end) != fmt.Sprintf("%s%08x%s", sealHead, crc, sealTail) {
		if !bytes.HasPrefix(end, []byte(sealHead)) || !bytes.HasSuffix(end, []byte(sealTail)) {
			return nil, 0, errors.New("has no checksum")
		}
		return nil, 0, errors.New("checksum does not match")
	}
	return body, crc, nil
}

// lineType returns the type in a line's body, whose first field it is.
func lineType(body []byte) (string, error) {
	rest, ok := bytes.CutPrefix(body, []byte(`{"type":"`))
	name, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed || len(name) == 0 || bytes.ContainsRune(name, '\\') {
		return "", errors.New("does not begin with its type")
	}
	return string(name), nil
}

// encodeBody returns the JSON of line and the unknown fields, in the order of
// their names, without the closing brace.
func encodeBody(line any, unknown Unknown) ([]byte, error) {
	data, err := json.Marshal(line)
	if err != nil {
		return nil, err
	}
	body := bytes.NewBuffer(data[:len(data)-1])
	if len(unknown) == 0 {
		return body.Bytes(), nil
	}
	known := knownFields(line)
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if known[name] || name == "crc" {
			return nil, fmt.Errorf("unknown field %q has the name of a known one", name)
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(body, ",%s:", quoted)
		if err := json.Compact(body, unknown[name]); err != nil {
			return nil, fmt.Errorf("unknown field %q: %w", name, err)
		}
	}
	return body.Bytes(), nil
}

// decodeBody fills line, a pointer to one of the line types, from a body and
// returns the fields that it has no place for. Times that the body does not
// have are unknown.
func decodeBody(body []byte, line any) (Unknown, error) {
	forgetTimes(reflect.ValueOf(line).Elem())
	data := append(slices.Clip(body), '}')
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(line); err == nil {
		if _, err := strict.Token(); err != io.EOF {
			return nil, errors.New("holds more than one object")
		}
		return nil, nil
	}
	if err := json.Unmarshal(data, line); err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, err
	}
	known := knownFields(line)
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool { return known[name] })
	if len(fields) == 0 {
		return nil, nil
	}
	return fields, nil
}

// forgetTimes sets the times of a struct and of those embedded in it to
// unknown.
func forgetTimes(v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case field.Type() == reflect.TypeFor[trace.Time]():
			field.SetInt(int64(trace.Unknown))
		case v.Type().Field(i).Anonymous:
			forgetTimes(field)
		}
	}
}

// knownFields returns the names of a line's JSON fields.
func knownFields(line any) map[string]bool {
	t := reflect.TypeOf(line)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	known := make(map[string]bool)
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			known[name] = true
		}
	}
	return known
}
