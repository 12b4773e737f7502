package results

import (
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"corecast/runner/trace"
)

// exampleTrace is the job of the example in docs/record.md.
func exampleTrace() *trace.Trace {
	u := trace.Unknown
	return &trace.Trace{Tasks: 2, Slots: 1, Makespan: 5_000_000,
		Workers: []trace.Worker{{ID: "4242", Requested: 0, Started: 1_000_000, Ready: 1_500_000, FirstTask: 2_000_000,
			Ended: u, CPU: u, Throttled: u, Waited: u, Billed: u, VCPU: 1}},
		Chunks: []trace.Chunk{{Dispatched: 1_600_000, ReceiveStart: u, Arrived: u}},
		Attempts: []trace.Attempt{
			{FuncStart: 2_000_000, FuncEnd: 3_000_000, Declared: u, Delivery: -1, ReplacedBy: -1, Outcome: trace.Failed},
			{FuncStart: 3_500_000, FuncEnd: 4_000_000, Declared: u, Task: 1, Delivery: -1, ReplacedBy: -1, Outcome: trace.Failed}},
		Errors: map[int]string{0: "no", 1: "no"}}
}

func writeExample(t *testing.T, dir string) {
	w, err := Create(dir, Header{ID: "20261123-191945-x7k2", Created: testTime, Version: "1.0"})
	check(t, err)
	unknown := Load{Load1: -1, Busy: -1, Steal: -1, Throttled: trace.Unknown, Window: trace.Unknown}
	check(t, w.Trial(Trial{Point: Point{Workload: "pi", Backend: "local", Cores: 1}, Role: RoleTrial, Kind: Measured, Seed: 7,
		Started: testTime, Tasks: 2, Slots: 1, VCPU: 1, Makespan: 5_000_000, Failed: 2, DriverCPU: 400_000,
		Before: unknown, During: unknown}, exampleTrace()))
	check(t, w.End(End{Finished: testTime, Reason: "done"}))
	check(t, w.Close())
}

// fenced returns the text of the one fenced block of a kind in the document.
func fenced(t *testing.T, document, kind string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)```"+kind+"\n(.*?)```").FindAllStringSubmatch(document, -1)
	if len(found) != 1 {
		t.Fatalf("%d blocks of kind %s in the document", len(found), kind)
	}
	return found[0][1]
}

// The example in the document is what is written, to the byte, and reads back.
func TestDocumentedExample(t *testing.T) {
	data, err := os.ReadFile("../docs/record.md")
	check(t, err)
	document := string(data)
	dir := t.TempDir()
	writeExample(t, dir)
	same(t, fenced(t, document, "jsonl"), string(readFile(t, dir, linesFile)))
	dump := hex.Dump(readFile(t, dir, tasksFile))
	same(t, strings.TrimSpace(fenced(t, document, "hex")), strings.TrimSpace(dump))
	_, all := openAll(t, dir)
	same(t, exampleTrace(), all.Traces[0])
}
