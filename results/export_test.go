package results

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"corecast/runner/trace"
)

// exportedRun has one trial with an attempt that is lost and the one that
// took its place.
func exportedRun(t *testing.T) *Run {
	dir := t.TempDir()
	w, err := Create(dir, testHeader())
	check(t, err)
	check(t, w.Machine(testMachine("m1")))
	check(t, w.Trial(testTrial(0, nil), nil))
	u := trace.Unknown
	tr := &trace.Trace{Tasks: 1, Slots: 2, Makespan: 9e9,
		Workers: []trace.Worker{{Slot: 0}, {Slot: 1}},
		Chunks: []trace.Chunk{
			{Dispatched: 1, ReceiveStart: u, Arrived: u, Worker: 0},
			{Dispatched: 2e9, ReceiveStart: 2100000000, Arrived: 2200000000, Worker: 1}},
		Deliveries: []trace.Delivery{{SendStart: 4e9, Stored: 5e9, Received: 6e9, Worker: 1}},
		Attempts: []trace.Attempt{
			{FuncStart: u, FuncEnd: u, Declared: 1500000000, Chunk: 0, Delivery: -1, ReplacedBy: 1, Outcome: trace.Lost},
			{FuncStart: 3e9, FuncEnd: 3999999999, Declared: u, BytesIn: 10, BytesOut: 20, Number: 1, Chunk: 1, ReplacedBy: -1}},
		Usages: []trace.TaskUsage{{Attempt: 1, CPU: 9e8, Voluntary: 3, PeakMemory: 1 << 20, Throttled: 5e7}},
		Errors: map[int]string{0: "killed, \"hard\""},
	}
	check(t, w.Trial(testTrial(1, tr), tr))
	check(t, w.Close())
	r, _ := openAll(t, dir)
	return r
}

func TestExportCSV(t *testing.T) {
	var out bytes.Buffer
	check(t, ExportTasks(&out, exportedRun(t), "csv"))
	same(t, strings.Join([]string{
		"trial,task,attempt,worker,slot,chunk,dispatched_s,receive_start_s,arrived_s,func_start_s,func_end_s,stored_s,received_s,declared_s,bytes_in,bytes_out,outcome,replaced_by,error,cpu_s,voluntary_switches,involuntary_switches,peak_memory_bytes,throttled_s",
		`1,0,0,0,0,0,0.000000001,,,,,,,1.5,0,0,lost,1,"killed, ""hard""",,,,,`,
		"1,0,1,1,1,1,2,2.1,2.2,3,3.999999999,5,6,,10,20,done,,,0.9,3,0,1048576,0.05",
		""}, "\n"), out.String())
	rows, err := csv.NewReader(&out).ReadAll()
	check(t, err)
	if len(rows) != 3 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestExportJSON(t *testing.T) {
	r := exportedRun(t)
	var out bytes.Buffer
	check(t, ExportTasks(&out, r, "jsonl"))
	first, second, _ := strings.Cut(out.String(), "\n")
	same(t, `{"trial":1,"task":0,"attempt":0,"worker":0,"slot":0,"chunk":0,"dispatched_s":0.000000001,"receive_start_s":null,"arrived_s":null,"func_start_s":null,"func_end_s":null,"stored_s":null,"received_s":null,"declared_s":1.5,"bytes_in":0,"bytes_out":0,"outcome":"lost","replaced_by":1,"error":"killed, \"hard\"","cpu_s":null,"voluntary_switches":null,"involuntary_switches":null,"peak_memory_bytes":null,"throttled_s":null}`, first)
	var row TaskRow
	check(t, json.Unmarshal([]byte(second), &row))
	if row.CPU != 9e8 || *row.Voluntary != 3 || *row.Involuntary != 0 || *row.PeakMemory != 1<<20 || row.Throttled != 5e7 {
		t.Errorf("it used %+v", row)
	}
	if row.ReplacedBy != nil || row.Error != nil || row.FuncEnd != 3999999999 || row.Declared.Known() {
		t.Errorf("got %+v", row)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestExportFails(t *testing.T) {
	r := exportedRun(t)
	for _, format := range ExportFormats() {
		if err := ExportTasks(brokenWriter{}, r, format); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("%s: %v", format, err)
		}
	}
	if err := ExportTasks(brokenWriter{}, r, "xml"); err == nil || !strings.Contains(err.Error(), "[jsonl csv]") {
		t.Errorf("got %v", err)
	}
}

// TestExportWorkers holds that both formats have the life of each worker.
func TestExportWorkers(t *testing.T) {
	r := exportedRun(t)
	var lines, table bytes.Buffer
	check(t, ExportWorkers(&lines, r, "jsonl"))
	rows := json.NewDecoder(&lines)
	var got []WorkerRow
	for rows.More() {
		var row WorkerRow
		check(t, rows.Decode(&row))
		got = append(got, row)
	}
	want := []WorkerRow{{1, 0, r.Workers(1)[0]}, {1, 1, r.Workers(1)[1]}}
	same(t, want, got)
	check(t, ExportWorkers(&table, r, "csv"))
	records, err := csv.NewReader(&table).ReadAll()
	check(t, err)
	if len(records) != 3 || records[2][0] != "1" || records[2][1] != "1" || records[2][2] != "1" || records[0][18] != "throttled_s" {
		t.Errorf("CSV %q", records)
	}
	if err := ExportWorkers(&table, r, "xml"); err == nil || !strings.Contains(err.Error(), `no export format "xml"`) {
		t.Errorf("format xml: %v", err)
	}
}
