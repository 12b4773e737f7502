package results

import (
	"path/filepath"
	"testing"

	"corecast/runner/trace"
)

// spillTrace writes the first rows of a trace as they would spill, and returns
// the trace of the rest.
func spillTrace(t *testing.T, w *Writer, tr *trace.Trace, chunks, deliveries, attempts int) *trace.Trace {
	t.Helper()
	first, rest := map[int]string{}, map[int]string{}
	for i, text := range tr.Errors {
		if i < attempts {
			first[i] = text
		} else {
			rest[i-attempts] = text
		}
	}
	var used, usedLater []trace.TaskUsage
	for _, u := range tr.Usages {
		if int(u.Attempt) < attempts {
			used = append(used, u)
		} else {
			u.Attempt -= int32(attempts)
			usedLater = append(usedLater, u)
		}
	}
	check(t, w.Rows(trace.Rows{Chunks: tr.Chunks[:chunks], Deliveries: tr.Deliveries[:deliveries], Attempts: tr.Attempts[:attempts], Usages: used, Errors: first}))
	left := *tr
	left.Chunks, left.Deliveries, left.Attempts, left.Errors = tr.Chunks[chunks:], tr.Deliveries[deliveries:], tr.Attempts[attempts:], rest
	left.Usages = usedLater
	left.Spilled.Chunks, left.Spilled.Deliveries, left.Spilled.Attempts = chunks, deliveries, attempts
	return &left
}

// A trial whose rows spilled reads as one whose rows came at once.
func TestSpilledRowsAreRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, testHeader())
	check(t, err)
	check(t, w.Machine(testMachine("m1")))
	var want []*trace.Trace
	for i := range 4 {
		tr := randomTrace(uint64(i+1), 200)
		want = append(want, tr)
		written := tr
		if i%2 == 1 { // and no attempt waits for its chunk to be there
			written = spillTrace(t, w, tr, i, 2*i, len(tr.Attempts)/2)
		}
		check(t, w.Trial(testTrial(i, tr), written))
	}
	check(t, w.End(End{Reason: "done"}))
	check(t, w.Close())
	_, all := openAll(t, dir)
	same(t, want, all.Traces)
}

// Rows of a trial that is not written leave nothing, nor do they when the
// trial that follows on them is refused.
func TestSpilledRowsAreTakenBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, testHeader())
	check(t, err)
	check(t, w.Machine(testMachine("m1")))
	first, second := randomTrace(1, 50), randomTrace(2, 50)
	check(t, w.Trial(testTrial(0, first), first))
	size := w.at.tasks
	left := spillTrace(t, w, second, 1, 1, 20)
	if err := w.Trial(testTrial(1, second), second); err == nil {
		t.Error("a trace was taken that does not follow on what was spilled")
	}
	if w.at.tasks == size || left.Spilled.Attempts != 20 {
		t.Error("nothing was spilled")
	}
	check(t, w.Close())
	if got := int64(len(readFile(t, dir, tasksFile))); got != size {
		t.Errorf("%s has %d bytes, want %d", tasksFile, got, size)
	}
	_, all := openAll(t, dir)
	same(t, []*trace.Trace{first}, all.Traces)
}
