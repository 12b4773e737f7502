package results

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corecast/runner/trace"
)

var testTime = time.Date(2026, 11, 23, 19, 19, 45, 0, time.UTC)

func testHeader() Header {
	return Header{Schema: SchemaVersion, ID: "20261123-191945-x7k2", Created: testTime, Version: "test",
		Command: []string{"sweep", "pi"}, Plan: json.RawMessage(`{"workload":"pi"}`),
		Tags: map[string]string{"who": "<me> & you"}, Unknown: Unknown{"later": json.RawMessage(`{"a":[1,2]}`)}}
}

func testMachine(id string) Machine {
	return Machine{ID: id, OS: "linux", Arch: "amd64", Cores: 2, CoresOnline: 4, CPUQuota: 1.5, Go: "go1.26",
		Unknown: Unknown{"sockets": json.RawMessage("1")}}
}

// randomTrace returns a job in which attempts fail, are lost and are
// replaced, some times are not known, and some attempts have error texts.
func randomTrace(seed uint64, tasks int) *trace.Trace {
	r := rand.New(rand.NewPCG(seed, 1))
	t := &trace.Trace{Tasks: tasks, Slots: 3, Makespan: trace.Time(r.Int64N(1e12))}
	maybe := func(v int64) trace.Time {
		if r.IntN(8) == 0 {
			return trace.Unknown
		}
		return trace.Time(v)
	}
	for i := range 4 {
		t.Workers = append(t.Workers, trace.Worker{Slot: int32(i % 3), ID: fmt.Sprint("w", i), Requested: 0,
			Started: maybe(int64(i) * 1e6), Ready: maybe(2e6), FirstTask: trace.Unknown, Ended: trace.Unknown,
			Lost: i == 1, VCPU: 0.25, CPU: maybe(5e8), Throttled: maybe(4e8), Waited: maybe(6e8), VoluntarySwitches: 7, InvoluntarySwitches: int64(i), Billed: trace.Unknown, ClockOffset: -17, ClockUncertainty: 5,
			Phases: []trace.Phase{{Name: "queued", At: -3e9, Resolution: 1e9}}})
	}
	now := int64(0)
	for task := 0; task < tasks; {
		now += r.Int64N(1e6)
		chunk := trace.Chunk{Dispatched: trace.Time(now), ReceiveStart: maybe(now + 10), Arrived: maybe(now + 99),
			Bytes: r.Int64N(1 << 20), Worker: int32(r.IntN(len(t.Workers)))}
		t.Chunks = append(t.Chunks, chunk)
		t.Deliveries = append(t.Deliveries, trace.Delivery{SendStart: maybe(now + 5e6), Stored: maybe(now + 6e6),
			Received: trace.Time(now + 7e6), Bytes: r.Int64N(1 << 12), Worker: chunk.Worker})
		for n := 1 + r.IntN(5); n > 0 && task < tasks; n-- {
			a := trace.Attempt{FuncStart: maybe(now + 200), FuncEnd: maybe(now + 200 + r.Int64N(1e6)), Declared: trace.Unknown,
				BytesIn: r.Int64N(100), BytesOut: 8, Task: int32(task), Chunk: int32(len(t.Chunks) - 1),
				Delivery: int32(len(t.Deliveries) - 1), ReplacedBy: -1, Outcome: trace.Outcome(r.IntN(trace.Outcomes))}
			if a.Outcome != trace.Done {
				a.Delivery, a.Declared, a.Number, a.ReplacedBy = -1, trace.Time(now+9e6), int32(r.IntN(3)), int32(r.IntN(3))
				if t.Errors == nil {
					t.Errors = make(map[int]string)
				}
				t.Errors[len(t.Attempts)] = []string{"exit status 1", "", "not UTF-8: \xff\x00"}[r.IntN(3)]
			}
			if r.IntN(3) == 0 {
				t.Usages = append(t.Usages, trace.TaskUsage{Attempt: int32(len(t.Attempts)), CPU: maybe(r.Int64N(1e9)), Voluntary: r.Int64N(9),
					Involuntary: r.Int64N(9), PeakMemory: r.Int64N(1 << 40), Throttled: maybe(r.Int64N(1e9))})
			}
			t.Attempts = append(t.Attempts, a)
			task++
		}
	}
	return t
}

func testTrial(index int, t *trace.Trace) Trial {
	trial := Trial{Index: index, Role: RoleTrial, Rep: index, Kind: Measured, Seed: math.MaxUint64, Machine: "m1",
		Point:   Point{Workload: "pi", Size: 1e9, Backend: "local", Cores: 3, Settings: Settings{"chunk": int64(4), "scale": 0.5, "mode": "a", "on": true}},
		Started: testTime, VCPU: 1, Makespan: 123456789, Answer: json.RawMessage(`{"pi":3.14}`), DriverCPU: trace.Unknown,
		Before: Load{Load1: -1, Busy: 0.25, Throttled: trace.Unknown, Window: 1e9},
		Usage:  []Usage{{"class_a_requests", 12}}, Warnings: []Warning{{"busy_machine", "busy", "wait"}}}
	if t == nil {
		trial.Role = RoleSerial
		return trial
	}
	trial.Tasks, trial.Slots = t.Tasks, t.Slots
	trial.Unknown = Unknown{"energy_j": json.RawMessage("17.5")}
	trial.WorkerUnknown = map[int]Unknown{1: {"gpu": json.RawMessage(`"none"`)}}
	return trial
}

// writeRun writes a small run: a serial trial and traced ones. It returns the
// traces by trial.
func writeRun(t testing.TB, dir string, trials int, complete bool) []*trace.Trace {
	t.Helper()
	w, err := Create(dir, testHeader())
	check(t, err)
	check(t, w.Machine(testMachine("m1")))
	check(t, w.Machine(testMachine("m1"))) // the second is not written
	var traces []*trace.Trace
	for i := range trials {
		var tr *trace.Trace
		if i != 1 {
			tr = randomTrace(uint64(i), 3+4*i)
		}
		check(t, w.Trial(testTrial(i, tr), tr))
		traces = append(traces, tr)
	}
	check(t, w.Other(Other{Type: "remark", Fields: Unknown{"text": json.RawMessage(`"from later"`)}}))
	if complete {
		check(t, w.End(End{Finished: testTime, Reason: "done", Unknown: Unknown{"x": json.RawMessage("1")}}))
	}
	check(t, w.Close())
	return traces
}

// everything is all that can be read of a run.
type everything struct {
	Header   Header
	Machines []Machine
	Trials   []Trial
	Workers  [][]trace.Worker
	Traces   []*trace.Trace
	Others   []Other
	End      *End
}

func readAll(r *Run) (everything, error) {
	all := everything{Header: r.Header, Machines: r.Machines, Trials: r.Trials, Others: r.Others, End: r.End}
	for i := range r.Trials {
		tr, err := r.Trace(i)
		if err != nil {
			return all, err
		}
		all.Workers = append(all.Workers, r.Workers(i))
		all.Traces = append(all.Traces, tr)
	}
	return all, nil
}

func openAll(t testing.TB, dir string) (*Run, everything) {
	t.Helper()
	r, err := Open(dir)
	check(t, err)
	all, err := readAll(r)
	check(t, err)
	return r, all
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return // much quicker than a difference
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	check(t, err)
	return data
}

func writeFile(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
}

// skip skips a test that this machine cannot run, unless all are required.
func skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CORECAST_REQUIRE") == "all" {
		t.Fatal("cannot be skipped: " + why)
	}
	t.Skip(why)
}
