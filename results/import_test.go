package results

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"corecast/runner/trace"
)

// lithopsRow is a line of a trace by the name of its column; an empty cell is
// missing.
type lithopsRow map[string]float64

func readLithops(t *testing.T, path string) []lithopsRow {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	check(t, err)
	var rows []lithopsRow
	for _, line := range lines[1:] {
		row := make(lithopsRow)
		for i, cell := range line {
			if cell == "" {
				continue
			}
			row[lines[0][i]], err = strconv.ParseFloat(cell, 64)
			check(t, err)
		}
		rows = append(rows, row)
	}
	return rows
}

func (r lithopsRow) time(column string) trace.Time {
	if s, ok := r[column]; ok {
		return trace.FromSeconds(s)
	}
	return trace.Unknown
}

// microsecond is the resolution of the times in the files.
const microsecond = trace.Time(1000)

// fromLithops is the mapping that docs/record.md describes: every invocation
// is a worker on a slot of its own, with one chunk of one task and one
// delivery.
func fromLithops(rows []lithopsRow) (Trial, *trace.Trace) {
	t := &trace.Trace{Tasks: len(rows), Slots: len(rows)}
	for i, r := range rows {
		worker := trace.Worker{Slot: int32(i), Requested: r.time("submit_s"), Started: r.time("worker_start_s"),
			Ready: r.time("worker_start_s"), FirstTask: r.time("func_start_s"), Ended: r.time("worker_end_s"),
			CPU: trace.Unknown, Billed: trace.Unknown, ClockOffset: trace.Unknown, ClockUncertainty: trace.Unknown}
		if r["cold_start"] == 1 {
			worker.Phases = append(worker.Phases, trace.Phase{Name: "cold_start", At: worker.Started, Resolution: microsecond})
		}
		if at := r.time("status_done_s"); at.Known() {
			worker.Phases = append(worker.Phases, trace.Phase{Name: "status_done", At: at, Resolution: microsecond})
		}
		sendStart := trace.Unknown
		if upload := r.time("result_upload_s"); upload.Known() && upload > 0 && worker.Ended.Known() {
			sendStart = worker.Ended - upload
		}
		t.Workers = append(t.Workers, worker)
		t.Chunks = append(t.Chunks, trace.Chunk{Dispatched: r.time("submit_s"), ReceiveStart: trace.Unknown,
			Arrived: trace.Unknown, Bytes: int64(r["data_bytes"]), Worker: int32(i)})
		t.Deliveries = append(t.Deliveries, trace.Delivery{SendStart: sendStart, Stored: r.time("worker_end_s"),
			Received: r.time("result_done_s"), Bytes: int64(r["result_bytes"]), Worker: int32(i)})
		t.Attempts = append(t.Attempts, trace.Attempt{FuncStart: r.time("func_start_s"), FuncEnd: r.time("func_end_s"),
			Declared: trace.Unknown, BytesIn: int64(r["data_bytes"]), BytesOut: int64(r["result_bytes"]),
			Task: int32(r["task"]), Chunk: int32(i), Delivery: int32(i), ReplacedBy: -1})
		t.Makespan = max(t.Makespan, r.time("result_done_s"))
	}
	unknown := Load{Load1: -1, Busy: -1, Steal: -1, Throttled: trace.Unknown, Window: trace.Unknown}
	return Trial{Role: RoleTrial, Kind: Measured, Tasks: t.Tasks, Slots: t.Slots, Makespan: t.Makespan,
		DriverCPU: trace.Unknown, Before: unknown, During: unknown}, t
}

// toLithops turns the record back into the columns that it came from.
func toLithops(t *trace.Trace) []lithopsRow {
	var rows []lithopsRow
	for _, a := range t.Attempts {
		chunk, delivery := t.Chunks[a.Chunk], t.Deliveries[a.Delivery]
		worker := t.Workers[chunk.Worker]
		row := lithopsRow{"task": float64(a.Task), "data_bytes": float64(a.BytesIn), "result_bytes": float64(a.BytesOut),
			"cold_start": 0, "result_upload_s": 0}
		if delivery.SendStart.Known() {
			row["result_upload_s"] = (delivery.Stored - delivery.SendStart).Seconds()
		}
		for column, at := range map[string]trace.Time{"submit_s": chunk.Dispatched, "worker_start_s": worker.Started,
			"func_start_s": a.FuncStart, "func_end_s": a.FuncEnd, "worker_end_s": delivery.Stored, "result_done_s": delivery.Received} {
			if at.Known() {
				row[column] = at.Seconds()
			}
		}
		for _, phase := range worker.Phases {
			switch phase.Name {
			case "cold_start":
				row["cold_start"] = 1
			case "status_done":
				row["status_done_s"] = phase.At.Seconds()
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Real traces of another system fit into the record without loss.
func TestLithopsTracesFit(t *testing.T) {
	const folder = "../../shared/data/traces"
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		skip(t, "the real traces are not there: "+folder)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	check(t, err)
	if len(files) < 10 {
		t.Fatalf("%d traces in %s", len(files), folder)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) { importLithops(t, path) })
	}
}

func importLithops(t *testing.T, path string) {
	rows := readLithops(t, path)
	trial, tr := fromLithops(rows)
	trial.Point = Point{Workload: "flops", Backend: "lithops", Cores: len(rows)}
	dir := t.TempDir()
	w, err := Create(dir, Header{ID: NewID(testTime), Created: testTime, Source: "lithops: " + filepath.Base(path)})
	check(t, err)
	check(t, w.Trial(trial, tr))
	check(t, w.End(End{Finished: testTime, Reason: "done"}))
	check(t, w.Close())

	_, all := openAll(t, dir)
	same(t, tr, all.Traces[0])
	trial.Blocks = all.Trials[0].Blocks
	same(t, trial, all.Trials[0])
	slices.SortStableFunc(rows, func(a, b lithopsRow) int { return cmp.Compare(a["task"], b["task"]) })
	back := toLithops(all.Traces[0])
	slices.SortStableFunc(back, func(a, b lithopsRow) int { return cmp.Compare(a["task"], b["task"]) })
	for i, row := range rows {
		for column := range union(row, back[i]) {
			want, known := row[column]
			got, kept := back[i][column]
			if difference := want - got; known != kept || difference > 1e-9 || difference < -1e-9 {
				t.Fatalf("row %d, column %s: %v (%t), from the record %v (%t)", i, column, want, known, got, kept)
			}
		}
	}
}

func union(a, b lithopsRow) map[string]bool {
	columns := make(map[string]bool)
	for name := range a {
		columns[name] = true
	}
	for name := range b {
		columns[name] = true
	}
	return columns
}
