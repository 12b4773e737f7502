package lithops

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// row is what a file says of one task. Times are in seconds, since the job was
// created or since 1970; NaN where they are not told.
type row struct {
	place string // where it stands, for errors
	task  int
	// times by stage, in the order of the life of an invocation.
	created, submit, workerStart, funcStart, funcEnd, workerEnd, statusDone, resultDone float64
	upload                                                                              float64
	dataBytes, resultBytes                                                              float64
	peakMemory                                                                          float64
	cold                                                                                bool
}

// field is where a value of a row is found.
type field struct {
	// names are those that it goes by: the columns of a table, then the keys of
	// future.stats, of newer versions first.
	names []string
	set   func(r *row, v float64)
	// client is set for times by the client's clock: they are not before the
	// job. A worker's clock may be behind it.
	client bool
}

func fields() []field {
	return []field{
		{names: []string{"task", "call_id"}, set: func(r *row, v float64) { r.task = int(v) }},
		{names: []string{"host_job_create_tstamp"}, set: func(r *row, v float64) { r.created = v }, client: true},
		{names: []string{"submit_s", "host_submit_tstamp"}, set: func(r *row, v float64) { r.submit = v }, client: true},
		{names: []string{"worker_start_s", "worker_start_tstamp"}, set: func(r *row, v float64) { r.workerStart = v }},
		{names: []string{"func_start_s", "worker_func_start_tstamp"}, set: func(r *row, v float64) { r.funcStart = v }},
		{names: []string{"func_end_s", "worker_func_end_tstamp"}, set: func(r *row, v float64) { r.funcEnd = v }},
		{names: []string{"worker_end_s", "worker_end_tstamp"}, set: func(r *row, v float64) { r.workerEnd = v }},
		{names: []string{"status_done_s", "host_status_done_tstamp"}, set: func(r *row, v float64) { r.statusDone = v }, client: true},
		{names: []string{"result_done_s", "host_result_done_tstamp"}, set: func(r *row, v float64) { r.resultDone = v }, client: true},
		{names: []string{"result_upload_s", "worker_result_upload_time"}, set: func(r *row, v float64) { r.upload = v }},
		{names: []string{"data_bytes", "func_data_size_bytes", "data_size_bytes"}, set: func(r *row, v float64) { r.dataBytes = v }},
		{names: []string{"result_bytes", "func_result_size"}, set: func(r *row, v float64) { r.resultBytes = v }},
		{names: []string{"worker_peak_memory_end"}, set: func(r *row, v float64) { r.peakMemory = v }},
		{names: []string{"cold_start", "worker_cold_start"}, set: func(r *row, v float64) { r.cold = v != 0 }},
	}
}

func newRow(place string, task int) row {
	nan := math.NaN()
	return row{
		place: place, task: task, created: nan, submit: nan, workerStart: nan, funcStart: nan, funcEnd: nan,
		workerEnd: nan, statusDone: nan, resultDone: nan, upload: nan,
	}
}

// number reads a value of a field: an empty text is not told.
func (f *field) number(name, text string) (v float64, told bool, err error) {
	switch strings.TrimSpace(text) {
	case "", "nan", "NaN", "None", "null":
		return 0, false, nil
	case "True", "true":
		return 1, true, nil
	case "False", "false":
		return 0, true, nil
	}
	v, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, false, fmt.Errorf("%s: %q is not a number", name, text)
	}
	if math.Abs(v) > 1e15 {
		return 0, false, fmt.Errorf("%s: %s is out of range", name, text)
	}
	if v < 0 && (f.client || !strings.Contains(name, "worker") && !strings.Contains(name, "func")) {
		return 0, false, fmt.Errorf("%s: %s is negative", name, text)
	}
	return v, true, nil
}

// check says what about a row cannot be.
func (r *row) check() error {
	if r.task < 0 || r.task > math.MaxInt32 {
		return fmt.Errorf("task %d is out of range", r.task)
	}
	if math.IsNaN(r.submit) {
		return fmt.Errorf("there is no time of submission (submit_s or host_submit_tstamp)")
	}
	for _, pair := range []struct {
		earlier, later string
		a, b           float64
	}{
		{"the job's creation", "submission", r.created, r.submit},
		{"the function's start", "its end", r.funcStart, r.funcEnd},
		{"the worker's start", "its end", r.workerStart, r.workerEnd},
		{"submission", "the status", r.submit, r.statusDone},
		{"submission", "the result", r.submit, r.resultDone},
	} {
		if pair.b < pair.a { // false where either is not told
			return fmt.Errorf("%s (%g) is before %s (%g)", pair.later, pair.b, pair.earlier, pair.a)
		}
	}
	for _, v := range []float64{r.upload, r.dataBytes, r.resultBytes, r.peakMemory} {
		if v < 0 {
			return fmt.Errorf("a size or a length of time is negative: %g", v)
		}
	}
	return nil
}

// longest is how far from the beginning of a job a time may be, in seconds.
const longest = 1e9

// near refuses times that cannot be of the job that began at start.
func (r *row) near(start float64) error {
	for _, t := range []float64{r.submit, r.workerStart, r.funcStart, r.funcEnd, r.workerEnd, r.statusDone, r.resultDone} {
		if math.Abs(t-start) > longest {
			return fmt.Errorf("the time %g is %.3g s from the job's beginning", t, math.Abs(t-start))
		}
	}
	return nil
}
