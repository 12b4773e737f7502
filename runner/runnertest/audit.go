package runnertest

import (
	"fmt"

	"corecast/bench/metrics"
	"corecast/runner"
	"corecast/runner/trace"
)

// Audit returns what is wrong with the trace of a job of so many tasks on so
// many slots that ran to its end with err: each task must have been settled
// once, each attempt accounted for, and the parts of the overhead must add up.
func Audit(tr *trace.Trace, tasks, slots int, err error) []string {
	a := audit{tr: tr}
	if tr == nil {
		return []string{"there is no trace"}
	}
	if tr.Tasks != tasks || tr.Slots != slots {
		a.wrong("the trace is of %d tasks on %d slots, want %d on %d", tr.Tasks, tr.Slots, tasks, slots)
	}
	a.workers()
	a.chunks()
	a.attempts()
	a.tasks(tasks, err)
	parts, warnings, e := metrics.Partition(tr)
	if e != nil {
		a.wrong("%v", e)
	} else if got, want := parts.Total()+parts.Busy, trace.Time(tr.Slots)*tr.Makespan; got != want {
		a.wrong("parts and busy time add up to %d ns, want %d", got, want)
	}
	for _, w := range warnings {
		a.wrong("%s: %s", w.Code, w.Text)
	}
	return a.found
}

type audit struct {
	tr    *trace.Trace
	found []string
}

func (a *audit) wrong(format string, args ...any) {
	if len(a.found) < 20 {
		a.found = append(a.found, fmt.Sprintf(format, args...))
	}
}

func (a *audit) workers() {
	for i, w := range a.tr.Workers {
		if w.Slot < 0 || int(w.Slot) >= a.tr.Slots || !w.Requested.Known() || w.Warm != (w.Ready.Known() && w.Ready <= 0) ||
			w.Lost && !w.Ended.Known() || w.Ended.Known() && w.ExitReason == "" {
			a.wrong("worker %d: %+v", i, w)
		}
	}
}

func (a *audit) chunks() {
	for i, c := range a.tr.Chunks {
		if c.Worker < 0 || int(c.Worker) >= len(a.tr.Workers) || c.Dispatched < 0 || c.ReceiveStart.Known() != c.Arrived.Known() ||
			c.Arrived.Known() && c.Arrived < c.ReceiveStart {
			a.wrong("chunk %d: %+v", i, c)
		}
	}
}

// attempts checks the rows one by one, and the order of those of a worker.
func (a *audit) attempts() {
	ended := make(map[int]trace.Time)
	for i, r := range a.tr.Attempts {
		if r.Chunk < 0 || int(r.Chunk) >= len(a.tr.Chunks) || int(r.Delivery) >= len(a.tr.Deliveries) || r.Delivery < -1 {
			a.wrong("attempt %d: %+v", i, r)
			continue
		}
		received := r.Delivery >= 0
		if received == r.Declared.Known() || received != r.FuncStart.Known() || received != r.FuncEnd.Known() {
			a.wrong("attempt %d has the stamps of another outcome: %+v", i, r)
		}
		if got := a.tr.Errors[i] != ""; got != (received && (r.Outcome == trace.Failed || r.Outcome == trace.Cancelled)) {
			a.wrong("attempt %d: %+v, error %q", i, r, a.tr.Errors[i])
		}
		if !received {
			continue
		}
		w, d := a.tr.WorkerOf(i), a.tr.Deliveries[r.Delivery]
		off := a.tr.Workers[w].ClockUncertainty
		if int(d.Worker) != w || r.FuncStart < ended[w] || r.FuncEnd < r.FuncStart || d.SendStart < r.FuncEnd || d.Received < d.SendStart-off {
			a.wrong("attempt %d: %+v, delivery %+v, the one before ended at %d", i, r, d, ended[w])
		}
		if a.tr.Workers[w].FirstTask > r.FuncStart {
			a.wrong("attempt %d began before the first task of its worker: %+v", i, r)
		}
		ended[w] = r.FuncEnd
	}
}

// tasks checks that each task has one accepted result, or is given up in the
// job's error, and that its attempts follow one another.
func (a *audit) tasks(tasks int, err error) {
	failed := make(map[int]*runner.TaskError)
	if e := tasksError(err); e != nil {
		for _, f := range e.Failed {
			failed[f.Task] = f
		}
	}
	byTask := make([]map[int32]trace.Attempt, tasks)
	var last trace.Time
	for i, r := range a.tr.Attempts {
		if r.Task < 0 || int(r.Task) >= tasks {
			a.wrong("attempt %d: %+v", i, r)
			continue
		}
		if byTask[r.Task] == nil {
			byTask[r.Task] = make(map[int32]trace.Attempt)
		}
		if _, twice := byTask[r.Task][r.Number]; twice {
			a.wrong("attempt %d: a second row for task %d, number %d", i, r.Task, r.Number)
		}
		byTask[r.Task][r.Number] = r
		if r.Outcome == trace.Done && r.Delivery >= 0 {
			last = max(last, a.tr.Deliveries[r.Delivery].Received)
		}
	}
	for task, attempts := range byTask {
		a.task(task, attempts, failed[task])
	}
	if a.tr.Makespan < last || len(failed) == 0 && a.tr.Makespan != last {
		a.wrong("makespan %d, last result at %d", a.tr.Makespan, last)
	}
}

func (a *audit) task(task int, attempts map[int32]trace.Attempt, given *runner.TaskError) {
	done := 0
	for number, r := range attempts {
		if r.Outcome == trace.Done {
			done++
		}
		if _, found := attempts[r.ReplacedBy]; r.ReplacedBy >= 0 && (r.ReplacedBy <= number || !found) {
			a.wrong("task %d: %+v is replaced by no later attempt", task, r)
		}
		if r.Outcome != trace.Done && r.Outcome != trace.Replaced && r.ReplacedBy < 0 && given == nil && done == 0 && !a.accepted(attempts) {
			a.wrong("task %d: %+v was not replaced, and the task not given up", task, r)
		}
	}
	if done > 1 || (done == 1) == (given != nil) {
		a.wrong("task %d: %d accepted results, given up: %v", task, done, given)
	}
	if given != nil && given.Attempts != len(attempts) {
		a.wrong("task %d: %d attempts in the trace, the error says %v", task, len(attempts), given)
	}
}

func (a *audit) accepted(attempts map[int32]trace.Attempt) bool {
	for _, r := range attempts {
		if r.Outcome == trace.Done {
			return true
		}
	}
	return false
}
