package results

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"corecast/runner/trace"
)

// TaskRow is one attempt at one task as it is exported, with the times of its
// chunk and of its delivery. Times are seconds since the job was submitted,
// on the driver's clock.
type TaskRow struct {
	Trial        int        `json:"trial"`
	Task         int32      `json:"task"`
	Attempt      int32      `json:"attempt"`
	Worker       int32      `json:"worker"`
	Slot         int32      `json:"slot"`
	Chunk        int32      `json:"chunk"`
	Dispatched   trace.Time `json:"dispatched_s"`
	ReceiveStart trace.Time `json:"receive_start_s"`
	Arrived      trace.Time `json:"arrived_s"`
	FuncStart    trace.Time `json:"func_start_s"`
	FuncEnd      trace.Time `json:"func_end_s"`
	Stored       trace.Time `json:"stored_s"`
	Received     trace.Time `json:"received_s"`
	Declared     trace.Time `json:"declared_s"`
	BytesIn      int64      `json:"bytes_in"`
	BytesOut     int64      `json:"bytes_out"`
	Outcome      string     `json:"outcome"`
	// ReplacedBy is nil where no attempt took this one's place, Error empty
	// where the function returned none.
	ReplacedBy *int32  `json:"replaced_by"`
	Error      *string `json:"error"`
	// What it used; nil and unknown where that was not measured.
	CPU         trace.Time `json:"cpu_s"`
	Voluntary   *int64     `json:"voluntary_switches"`
	Involuntary *int64     `json:"involuntary_switches"`
	PeakMemory  *int64     `json:"peak_memory_bytes"`
	Throttled   trace.Time `json:"throttled_s"`
}

// exportFormat writes rows in one format: begin once, then row by row, then
// flush.
type exportFormat interface {
	begin() error
	row(*TaskRow) error
	flush() error
}

// ExportFormats returns the names of the formats of ExportTasks.
func ExportFormats() []string { return []string{"jsonl", "csv"} }

// ExportTasks writes one row an attempt of every trial that has task rows, in
// the order of the record: "jsonl" as a JSON object a line, "csv" with a line
// of names first. What is not known is null, or empty in CSV.
func ExportTasks(w io.Writer, r *Run, format string) error {
	var out exportFormat
	switch format {
	case "jsonl":
		out = newJSONRows(w)
	case "csv":
		out = &csvRows{csv.NewWriter(w)}
	default:
		return fmt.Errorf("there is no export format %q; there are %v", format, ExportFormats())
	}
	if err := out.begin(); err != nil {
		return fmt.Errorf("export tasks: %w", err)
	}
	for trial := range r.Trials {
		t, err := r.Trace(trial)
		if err != nil {
			return fmt.Errorf("export tasks: %w", err)
		}
		if t == nil {
			continue
		}
		usages := t.Usages
		for i := range t.Attempts {
			row := taskRow(t, trial, i)
			if len(usages) > 0 && int(usages[0].Attempt) == i {
				row.used(&usages[0])
				usages = usages[1:]
			}
			if err := out.row(&row); err != nil {
				return fmt.Errorf("export tasks: %w", err)
			}
		}
	}
	if err := out.flush(); err != nil {
		return fmt.Errorf("export tasks: %w", err)
	}
	return nil
}

// taskRow joins attempt i with its chunk, worker and delivery.
func taskRow(t *trace.Trace, trial, i int) TaskRow {
	a := &t.Attempts[i]
	chunk := &t.Chunks[a.Chunk]
	row := TaskRow{
		Trial: trial, Task: a.Task, Attempt: a.Number,
		Worker: chunk.Worker, Slot: t.Workers[chunk.Worker].Slot, Chunk: a.Chunk,
		Dispatched: chunk.Dispatched, ReceiveStart: chunk.ReceiveStart, Arrived: chunk.Arrived,
		FuncStart: a.FuncStart, FuncEnd: a.FuncEnd,
		Stored: trace.Unknown, Received: trace.Unknown, Declared: a.Declared,
		BytesIn: a.BytesIn, BytesOut: a.BytesOut, Outcome: a.Outcome.String(),
		CPU: trace.Unknown, Throttled: trace.Unknown,
	}
	if a.Delivery >= 0 {
		row.Stored, row.Received = t.Deliveries[a.Delivery].Stored, t.Deliveries[a.Delivery].Received
	}
	if a.ReplacedBy >= 0 {
		row.ReplacedBy = &a.ReplacedBy
	}
	if text, ok := t.Errors[i]; ok {
		row.Error = &text
	}
	return row
}

// used adds what the attempt used.
func (r *TaskRow) used(u *trace.TaskUsage) {
	r.CPU, r.Voluntary, r.Involuntary, r.Throttled = u.CPU, &u.Voluntary, &u.Involuntary, u.Throttled
	if u.PeakMemory > 0 {
		r.PeakMemory = &u.PeakMemory
	}
}

type jsonRows struct {
	buffer  *bufio.Writer
	encoder *json.Encoder
}

func newJSONRows(w io.Writer) *jsonRows {
	buffer := bufio.NewWriterSize(w, 1<<16)
	return &jsonRows{buffer, json.NewEncoder(buffer)}
}

func (j *jsonRows) begin() error         { return nil }
func (j *jsonRows) row(r *TaskRow) error { return j.encoder.Encode(r) }
func (j *jsonRows) flush() error         { return j.buffer.Flush() }

type csvRows struct{ *csv.Writer }

func (c *csvRows) begin() error {
	return c.Write([]string{"trial", "task", "attempt", "worker", "slot", "chunk",
		"dispatched_s", "receive_start_s", "arrived_s", "func_start_s", "func_end_s",
		"stored_s", "received_s", "declared_s", "bytes_in", "bytes_out",
		"outcome", "replaced_by", "error",
		"cpu_s", "voluntary_switches", "involuntary_switches", "peak_memory_bytes", "throttled_s"})
}

func (c *csvRows) row(r *TaskRow) error {
	fields := make([]string, 0, 24)
	for _, v := range []int64{int64(r.Trial), int64(r.Task), int64(r.Attempt), int64(r.Worker), int64(r.Slot), int64(r.Chunk)} {
		fields = append(fields, strconv.FormatInt(v, 10))
	}
	for _, t := range []trace.Time{r.Dispatched, r.ReceiveStart, r.Arrived, r.FuncStart, r.FuncEnd, r.Stored, r.Received, r.Declared} {
		text, err := csvTime(t)
		if err != nil {
			return err
		}
		fields = append(fields, text)
	}
	fields = append(fields, strconv.FormatInt(r.BytesIn, 10), strconv.FormatInt(r.BytesOut, 10), r.Outcome)
	replacedBy, text := "", ""
	if r.ReplacedBy != nil {
		replacedBy = strconv.Itoa(int(*r.ReplacedBy))
	}
	if r.Error != nil {
		text = *r.Error
	}
	cpu, err := csvTime(r.CPU)
	if err != nil {
		return err
	}
	throttled, err := csvTime(r.Throttled)
	if err != nil {
		return err
	}
	return c.Write(append(fields, replacedBy, text, cpu, csvCount(r.Voluntary), csvCount(r.Involuntary), csvCount(r.PeakMemory), throttled))
}

// csvCount returns a count, empty when not known.
func csvCount(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// csvTime returns t as a decimal number of seconds, empty when not known.
func csvTime(t trace.Time) (string, error) {
	if !t.Known() {
		return "", nil
	}
	text, err := t.MarshalJSON()
	return string(text), err
}

func (c *csvRows) flush() error {
	c.Flush()
	return c.Error()
}
