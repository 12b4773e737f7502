package lithops

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"corecast/results"
	"corecast/runner/trace"
)

// Options say what a file does not.
type Options struct {
	// Workload and Backend name what ran, and where; empty: imported, lithops.
	Workload, Backend string
	// VCPU and Memory (bytes) are what each worker had; a VCPU of 0 means 1, a
	// Memory of 0 not known.
	VCPU   float64
	Memory int64
}

// Trial is one job as a trial of a run.
type Trial struct {
	Trial results.Trial
	Trace *trace.Trace
}

// microsecond is the resolution of the times in such files.
const microsecond = trace.Time(1000)

// Read reads the jobs of a file, in the order of their creation: every
// invocation is a worker on a slot of its own, with one task. Index and Rep of
// the trials are left to the caller. Errors say what is wrong and where.
func Read(r io.Reader, o Options) ([]Trial, error) {
	rows, err := read(r)
	if err != nil {
		return nil, err
	}
	var trials []Trial
	for _, job := range jobs(rows) {
		t, err := newTrial(job, o)
		if err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
	return trials, nil
}

// jobs parts rows by the creation of their job, where it is told.
func jobs(rows []row) [][]row {
	byJob := make(map[float64][]row)
	var order []float64
	for _, r := range rows {
		key := r.created
		if math.IsNaN(key) {
			key = -1
		}
		if _, ok := byJob[key]; !ok {
			order = append(order, key)
		}
		byJob[key] = append(byJob[key], r)
	}
	slices.Sort(order)
	list := make([][]row, len(order))
	for i, key := range order {
		list[i] = byJob[key]
	}
	return list
}

// epoch is the time from which on a time is since 1970, rather than since the
// job was created: 2001-09-09.
const epoch = 1e9

// origin is what times of a job are counted from, and its time of day when that
// is known.
func origin(rows []row) (float64, time.Time) {
	start := rows[0].created
	if math.IsNaN(start) {
		first := slices.MinFunc(rows, func(a, b row) int { return cmp.Compare(a.submit, b.submit) }).submit
		if first < epoch {
			return 0, time.Time{} // times are since the job was created
		}
		start = first // the job's creation is not told: its first submission
	}
	if start < epoch {
		return start, time.Time{}
	}
	whole, part := math.Modf(start)
	return start, time.Unix(int64(whole), int64(part*1e9)).UTC()
}

// newTrial makes the trial of a job.
func newTrial(rows []row, o Options) (Trial, error) {
	start, day := origin(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.submit, b.submit) })
	seen := make(map[int]string, len(rows))
	for _, r := range rows {
		if before, ok := seen[r.task]; ok {
			return Trial{}, fmt.Errorf("%s: task %d is there already, in %s", r.place, r.task, before)
		}
		seen[r.task] = r.place
	}
	for i := range rows {
		if err := rows[i].near(start); err != nil {
			return Trial{}, fmt.Errorf("%s: %w", rows[i].place, err)
		}
	}
	b := builder{start: start, o: o, t: &trace.Trace{Slots: len(rows)}}
	for i := range rows {
		b.add(&rows[i], int32(i))
	}
	b.finish(seen)
	if b.t.Makespan.Seconds()*float64(len(rows)) > 9e9 { // what 64 bits of nanoseconds hold
		return Trial{}, fmt.Errorf("%d workers for %g s are more than can be added up", len(rows), b.t.Makespan.Seconds())
	}
	vcpu := cmp.Or(o.VCPU, 1)
	unknown := results.Load{Load1: -1, Busy: -1, Steal: -1, Throttled: trace.Unknown, Window: trace.Unknown}
	trial := results.Trial{
		Point: results.Point{
			Workload: cmp.Or(o.Workload, "imported"), Size: int64(b.t.Tasks), Backend: cmp.Or(o.Backend, "lithops"),
			Cores: int(math.Round(float64(len(rows)) * max(1, vcpu))),
		},
		Role: results.RoleTrial, Kind: results.Measured, Started: day,
		Tasks: b.t.Tasks, Slots: b.t.Slots, VCPU: vcpu, Makespan: b.t.Makespan, Failed: b.lost,
		DriverCPU: trace.Unknown, Before: unknown, During: unknown, Warnings: b.warnings(),
	}
	return Trial{trial, b.t}, nil
}

// builder makes a trace of rows.
type builder struct {
	start float64
	o     Options
	t     *trace.Trace
	lost  int
	// What the rows lack, and where clocks disagree.
	unseen, early int
}

// at is a time on the job's clock.
func (b *builder) at(seconds float64) trace.Time {
	return trace.FromSeconds(seconds - b.start)
}

func (b *builder) add(r *row, i int32) {
	w := trace.Worker{
		Slot: i, Requested: b.at(r.submit), Started: b.at(r.workerStart), Ready: b.at(r.workerStart),
		FirstTask: b.at(r.funcStart), Ended: b.at(r.workerEnd),
		VCPU: b.o.VCPU, MemoryLimit: b.o.Memory, PeakMemory: int64(r.peakMemory),
		CPU: trace.Unknown, Throttled: trace.Unknown, Waited: trace.Unknown, Billed: trace.Unknown, ClockOffset: trace.Unknown, ClockUncertainty: trace.Unknown,
	}
	if r.cold {
		w.Phases = append(w.Phases, trace.Phase{Name: "cold_start", At: w.Started, Resolution: microsecond})
	}
	if at := b.at(r.statusDone); at.Known() {
		w.Phases = append(w.Phases, trace.Phase{Name: "status_done", At: at, Resolution: microsecond})
	}
	if r.workerStart < r.submit {
		b.early++
	}
	chunk := trace.Chunk{
		Dispatched: b.at(r.submit), ReceiveStart: trace.Unknown, Arrived: trace.Unknown, Bytes: int64(r.dataBytes), Worker: i,
	}
	attempt := trace.Attempt{
		FuncStart: b.at(r.funcStart), FuncEnd: b.at(r.funcEnd), Declared: trace.Unknown,
		BytesIn: int64(r.dataBytes), BytesOut: int64(r.resultBytes),
		Task: int32(r.task), Chunk: i, Delivery: -1, ReplacedBy: -1,
	}
	if received := b.received(r); received.Known() {
		b.deliver(r, &attempt, received, i)
	} else {
		attempt.Outcome, w.Lost, w.ExitReason = trace.Lost, true, "no result is recorded"
		b.lost++
	}
	b.t.Workers, b.t.Chunks, b.t.Attempts = append(b.t.Workers, w), append(b.t.Chunks, chunk), append(b.t.Attempts, attempt)
}

// received is when the client had a result: of what is told, what is nearest
// to it.
func (b *builder) received(r *row) trace.Time {
	if at := b.at(r.resultDone); at.Known() {
		return at
	}
	b.unseen++
	return b.at(r.statusDone).Or(b.at(r.workerEnd)).Or(b.at(r.funcEnd))
}

func (b *builder) deliver(r *row, a *trace.Attempt, received trace.Time, worker int32) {
	d := trace.Delivery{
		SendStart: trace.Unknown, Stored: b.at(r.workerEnd), Received: received, Bytes: int64(r.resultBytes), Worker: worker,
	}
	if r.upload > 0 && d.Stored.Known() {
		d.SendStart = d.Stored - trace.FromSeconds(r.upload)
	}
	a.Delivery = int32(len(b.t.Deliveries))
	b.t.Deliveries = append(b.t.Deliveries, d)
	b.t.Makespan = max(b.t.Makespan, received)
}

// finish counts tasks: by their numbers where those have no gaps, and by rows
// otherwise.
func (b *builder) finish(seen map[int]string) {
	b.t.Tasks = len(b.t.Attempts)
	for task := range seen {
		if task >= b.t.Tasks { // numbers with gaps: count them anew, in order
			b.renumber()
			return
		}
	}
}

func (b *builder) renumber() {
	order := make([]int32, len(b.t.Attempts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(b.t.Attempts[x].Task, b.t.Attempts[y].Task) })
	for task, i := range order {
		b.t.Attempts[i].Task = int32(task)
	}
}

// warnings are about what the file does not tell.
func (b *builder) warnings() []results.Warning {
	var list []results.Warning
	add := func(n int, code, text, advice string) {
		if n > 0 {
			list = append(list, results.Warning{Code: code, Text: fmt.Sprintf(text, n), Advice: advice})
		}
	}
	add(b.unseen-b.lost, "results_not_timed", "%d tasks have no time at which the client had the result; that of their status, or of their end, stands for it",
		"the makespan is a lower bound")
	add(b.lost, "no_result", "%d tasks have neither a result nor an end", "they count as lost")
	add(b.early, "clocks_disagree", "%d workers began before they were submitted", "their clocks are behind the client's; trust start-up less than that")
	return list
}
