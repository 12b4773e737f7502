package lithops

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

const folder = "../../../shared/data/traces"

// traces returns the files of real traces, or skips the test.
func traces(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal("the real traces are not there: " + folder)
		}
		t.Skip("the real traces are not there: " + folder)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("%d traces in %s", len(files), folder)
	}
	return files
}

// back turns a trace into the cells that it came from; what is not told is NaN.
func back(t *trace.Trace) [][]float64 {
	rows := make([][]float64, t.Tasks)
	for i, a := range t.Attempts {
		c, d, w := t.Chunks[a.Chunk], t.Deliveries[a.Delivery], t.Workers[t.WorkerOf(i)]
		status, cold, upload := trace.Unknown, 0.0, 0.0
		for _, p := range w.Phases {
			switch p.Name {
			case "status_done":
				status = p.At
			case "cold_start":
				cold = 1
			}
		}
		if d.SendStart.Known() {
			upload = (d.Stored - d.SendStart).Seconds()
		}
		rows[a.Task] = []float64{float64(a.Task), c.Dispatched.Seconds(), w.Started.Seconds(), a.FuncStart.Seconds(), a.FuncEnd.Seconds(),
			d.Stored.Seconds(), status.Seconds(), d.Received.Seconds(), float64(a.BytesIn), float64(a.BytesOut), upload, cold}
	}
	return rows
}

// Real traces come back from a run's record without loss, and are figures of a
// run like any other.
func TestRealTraces(t *testing.T) {
	for _, path := range traces(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			trials, err := Read(bytes.NewReader(data), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(trials) != 1 || len(trials[0].Trial.Warnings) > 0 {
				t.Fatalf("%d trials, warnings %v", len(trials), trials[0].Trial.Warnings)
			}
			run := record(t, trials)
			tr, err := run.Trace(0)
			if err != nil {
				t.Fatal(err)
			}
			compareCells(t, data, back(tr))
			summaries, err := metrics.Summarize(run, metrics.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if p := summaries[0].Points[0]; p.Cores != tr.Tasks || p.Startup.Workers != tr.Tasks || !(p.BusyCore > 0) {
				t.Errorf("point %+v", p)
			}
		})
	}
}

func compareCells(t *testing.T, data []byte, got [][]float64) {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines[1:] {
		for k, cell := range line {
			want := math.NaN()
			if cell != "" {
				if want, err = strconv.ParseFloat(cell, 64); err != nil {
					t.Fatal(err)
				}
			}
			if g := got[i][k]; math.IsNaN(g) != math.IsNaN(want) || math.Abs(g-want) > 1e-9 {
				t.Fatalf("row %d, column %s: %v, from the record %v", i, lines[0][k], want, g)
			}
		}
	}
}

// record writes trials as a run and reads it.
func record(t *testing.T, trials []Trial) *results.Run {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	now := time.Date(2026, 11, 23, 19, 19, 45, 0, time.UTC)
	w, err := results.Create(dir, results.Header{ID: results.NewID(now), Created: now, Source: "lithops"})
	if err != nil {
		t.Fatal(err)
	}
	for i, trial := range trials {
		trial.Trial.Index = i
		if err := w.Trial(trial.Trial, trial.Trace); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.End(results.End{Finished: now, Reason: "done", Trials: len(trials)}), w.Close()); err != nil {
		t.Fatal(err)
	}
	run, err := results.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// stats are two tasks as Lithops documents future.stats, with times of a job
// that was created at 1647526900.
const stats = `[
 {"func_data_size_bytes": 21, "func_result_size": 26.0, "host_job_create_tstamp": 1647526900.0, "host_submit_tstamp": 1647526900.5,
  "host_status_done_tstamp": 1647526903.5, "host_result_done_tstamp": 1647526904.0, "worker_cold_start": true,
  "worker_start_tstamp": 1647526901.0, "worker_func_start_tstamp": 1647526901.25, "worker_func_end_tstamp": 1647526902.25,
  "worker_end_tstamp": 1647526902.5, "worker_result_upload_time": 0.125, "worker_func_cpu_usage": [0.0, 25.0], "worker_peak_memory_end": 126469504},
 {"data_size_bytes": 22, "host_job_create_tstamp": 1647526900.0, "host_submit_tstamp": 1647526900.75,
  "worker_start_tstamp": 1647526901.5, "worker_func_start_tstamp": 1647526901.5, "worker_func_end_tstamp": 1647526905.5,
  "worker_end_tstamp": null, "host_status_done_tstamp": 1647526906.5, "worker_cold_start": false}
]`

// TestStats reads the same two tasks from each form that future.stats comes in.
func TestStats(t *testing.T) {
	inner := strings.Trim(stats, "[] \n")
	lines := strings.Replace(inner, "},\n {", "}\n{", 1)
	byTask := `{"0": ` + strings.Replace(inner, "},\n {", `}, "10": {`, 1) + `}`
	table := `,func_data_size_bytes,func_result_size,host_job_create_tstamp,host_submit_tstamp,host_status_done_tstamp,host_result_done_tstamp,worker_cold_start,worker_start_tstamp,worker_func_start_tstamp,worker_func_end_tstamp,worker_end_tstamp,worker_result_upload_time,worker_peak_memory_end
0,21,26.0,1647526900.0,1647526900.5,1647526903.5,1647526904.0,True,1647526901.0,1647526901.25,1647526902.25,1647526902.5,0.125,126469504
1,22,,1647526900.0,1647526900.75,1647526906.5,,False,1647526901.5,1647526901.5,1647526905.5,,,
`
	var first Trial
	for i, c := range []struct{ name, text string }{
		{"an array", stats}, {"an object a line", lines}, {"objects by task", byTask}, {"a table", table}, {"a table behind a byte order mark", "\ufeff" + table},
	} {
		trials, err := Read(strings.NewReader(c.text), Options{Workload: "w", Backend: "b", VCPU: 2, Memory: 1e9})
		if err != nil || len(trials) != 1 {
			t.Fatalf("%s: %d trials, %v", c.name, len(trials), err)
		}
		if i == 0 {
			first = trials[0]
		} else if diff := cmp.Diff(first, trials[0]); diff != "" {
			t.Errorf("%s differs from an array (-array +this):\n%s", c.name, diff)
		}
	}
	seconds := func(s float64) trace.Time { return trace.FromSeconds(s) }
	tr := first.Trace
	if w := tr.Workers[0]; w.Requested != seconds(0.5) || w.Started != seconds(1) || w.FirstTask != seconds(1.25) || w.Ended != seconds(2.5) ||
		len(w.Phases) != 2 || w.PeakMemory != 126469504 || w.VCPU != 2 || w.MemoryLimit != 1e9 {
		t.Errorf("worker 0: %+v", w)
	}
	if d := tr.Deliveries[0]; d.SendStart != seconds(2.375) || d.Stored != seconds(2.5) || d.Received != seconds(4) || d.Bytes != 26 {
		t.Errorf("delivery 0: %+v", d)
	}
	if d, w := tr.Deliveries[1], tr.Workers[1]; d.Stored.Known() || d.Received != seconds(6.5) || w.Ended.Known() {
		t.Errorf("what is not told is not unknown: %+v, %+v", d, w)
	}
	p := first.Trial
	if p.Point.Cores != 4 || p.Point.Size != 2 || p.Point.Workload != "w" || p.Point.Backend != "b" || tr.Makespan != seconds(6.5) ||
		!p.Started.Equal(time.Unix(1647526900, 0)) || p.Kind != results.Measured {
		t.Errorf("trial %+v", p)
	}
	if len(p.Warnings) != 1 || p.Warnings[0].Code != "results_not_timed" {
		t.Errorf("warnings %v", p.Warnings)
	}
}

// A file may hold several jobs, a job tasks without a result.
func TestJobsAndLosses(t *testing.T) {
	text := `host_job_create_tstamp,host_submit_tstamp,worker_start_tstamp,worker_func_start_tstamp,worker_func_end_tstamp,host_result_done_tstamp
2000000100,2000000101,2000000102,2000000103,2000000104,2000000105
2000000000,2000000001,2000000000.5,2000000003,2000000004,2000000005
2000000000,2000000001,,,,
`
	trials, err := Read(strings.NewReader(text), Options{})
	if err != nil || len(trials) != 2 {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	a := trials[0]
	if a.Trace.Tasks != 2 || a.Trial.Failed != 1 || a.Trace.Attempts[1].Outcome != trace.Lost || !a.Trace.Workers[1].Lost {
		t.Errorf("the first job: %+v, %+v", a.Trial, a.Trace.Attempts)
	}
	var codes []string
	for _, w := range a.Trial.Warnings {
		codes = append(codes, w.Code)
	}
	if !slices.Equal(codes, []string{"no_result", "clocks_disagree"}) {
		t.Errorf("warnings %v", a.Trial.Warnings)
	}
	if _, _, err := metrics.Partition(a.Trace); err != nil {
		t.Error(err)
	}
}

func TestErrorsTellThePlace(t *testing.T) {
	const head = "task,submit_s,worker_start_s,func_start_s,func_end_s,result_done_s\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty"},
		{"blank", " \n\t\n", "the file is empty"},
		{"only names", head, "no task below the line of names"},
		{"other table", "a,b\n1,2\n", "line 1: none of its columns is submit_s"},
		{"no names", "0,1,2,3\n", "line 1: none of its columns"},
		{"text in a number", head + "0,1,2,3,4,5\n1,soon,2,3,4,5\n", `line 3: submit_s: "soon" is not a number`},
		{"negative time", head + "0,-1,2,3,4,5\n", "line 2: submit_s: -1 is negative"},
		{"no time", head + "0,NaN,2,3,4,5\n", "line 2: there is no time of submission"},
		{"infinite time", head + "0,Inf,2,3,4,5\n", `line 2: submit_s: "Inf" is not a number`},
		{"huge time", head + "0,1e300,2,3,4,5\n", "line 2: submit_s: 1e300 is out of range"},
		{"time of another job", head + "0,1,2,3,4,2e9\n", "line 2: the time 2e+09 is 2e+09 s from the job's beginning"},
		{"end before start", head + "0,1,2,4,3,5\n", "line 2: its end (3) is before the function's start (4)"},
		{"result before submission", head + "0,9,2,3,4,5\n", "line 2: the result (5) is before submission (9)"},
		{"task twice", head + "0,1,2,3,4,5\n0,1,2,3,4,5\n", "line 3: task 0 is there already, in line 2"},
		{"negative task", head + "-1,1,2,3,4,5\n", "line 2: task: -1 is negative"},
		{"short line", head + "0,1\n", "line 2: wrong number of fields"},
		{"column twice", "submit_s,submit_s\n1,2\n", "line 1: the column submit_s is there twice"},
		{"open quote", head + "0,1,2,3,4,\"5\n", "line 2"},
		{"not JSON", `[{"host_submit_tstamp": 1},`, "record 1: not JSON"},
		{"JSON without a time", `[{"a": 1}]`, "record 1: there is no time of submission"},
		{"JSON with text", `[{"host_submit_tstamp": 1}, {"host_submit_tstamp": "x"}]`, `record 2: host_submit_tstamp: "x" is not a number`},
		{"JSON of numbers", `[1, 2]`, "record 1: an object with the statistics of a task is expected"},
		{"empty array", `[]`, "no task in it"},
	} {
		_, err := Read(strings.NewReader(c.text), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}

func TestMillionRows(t *testing.T) {
	if testing.Short() {
		t.Skip("not applicable: short")
	}
	var b bytes.Buffer
	b.WriteString("task,submit_s,worker_start_s,func_start_s,func_end_s,result_done_s\n")
	for i := range 200_000 {
		fmt.Fprintf(&b, "%d,0.1,1,1.5,2.5,3\n", i)
	}
	trials, err := Read(&b, Options{})
	if err != nil || trials[0].Trace.Tasks != 200_000 {
		t.Fatalf("%v", err)
	}
}

// FuzzRead holds any input to an error in one line, or a trace that can be cut
// and recorded.
func FuzzRead(f *testing.F) {
	f.Add([]byte(stats))
	f.Add([]byte("task,submit_s,worker_start_s,func_start_s,func_end_s,result_done_s\n0,1,2,3,4,5\n7,1,,,,\n"))
	f.Add([]byte("host_submit_tstamp,worker_func_end_tstamp\n1647526900,1647526901\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		trials, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of several lines: %q", err)
			}
			return
		}
		for _, trial := range trials {
			if tr := trial.Trace; len(tr.Attempts) != tr.Tasks || len(tr.Workers) != tr.Slots {
				t.Fatalf("%d attempts of %d tasks, %d workers on %d slots", len(tr.Attempts), tr.Tasks, len(tr.Workers), tr.Slots)
			}
			if _, _, err := metrics.Partition(trial.Trace); err != nil {
				t.Fatal(err)
			}
		}
	})
}
