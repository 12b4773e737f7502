package sim

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"corecast/results"
	"corecast/runner/trace"
)

// Model is what a run says of workers and tasks: it makes scenarios of it.
type Model struct {
	// From is the run, Workload and Backend what of it was taken.
	From, Workload, Backend string
	// Kind is that of the trials.
	Kind results.Kind
	// Points are what was seen, by rising number of workers.
	Points []ModelPoint
	// Slowdown is what the points say of it together.
	Slowdown SampleSlowdown
	// Warnings are doubts about the run as a source.
	Warnings []results.Warning
}

// ModelPoint is what was seen at one number of workers.
type ModelPoint struct {
	Workers, Tasks int
	// VCPU and Memory (bytes, 0: not known) are what each worker had.
	VCPU   float64
	Memory int64
	// Trials are its repetitions; SameWorker, Receive and Faults are over all of
	// them (see [Sample], [Faults]).
	Trials              []SampleTrial
	SameWorker, Receive float64
	Faults              Faults
	// Released is set where workers ended when they had nothing left to do.
	Released bool
}

// Select says which trials of a run to calibrate by; the zero value takes all,
// which must be of one workload, backend and kind.
type Select struct {
	Workload, Backend string
	// Size is that of the points; 0: any.
	Size int64
}

// Calibrate takes a model from a run: from all trials of one workload on one
// backend, warm-ups and those without a result left out. An error says what is
// missing, or what to choose between.
func Calibrate(run *results.Run, sel Select) (*Model, error) {
	trials, err := choose(run, sel)
	if err != nil {
		return nil, fmt.Errorf("calibrate by %s: %w", run.Dir, err)
	}
	m := &Model{From: run.Header.ID, Workload: trials[0].Point.Workload, Backend: trials[0].Point.Backend, Kind: trials[0].Kind}
	b := calibration{run: run, points: make(map[int]*gathered)}
	for _, t := range trials {
		if err := b.add(t); err != nil {
			return nil, fmt.Errorf("calibrate by %s: trial %d: %w", run.Dir, t.Index, err)
		}
	}
	if len(b.points) == 0 {
		return nil, fmt.Errorf("calibrate by %s: no task's times are known", run.Dir)
	}
	for _, g := range b.points {
		m.Points = append(m.Points, g.point())
	}
	slices.SortFunc(m.Points, func(a, b ModelPoint) int { return cmp.Compare(a.Workers, b.Workers) })
	m.Slowdown = slowdownOf(m.Points)
	m.Warnings = b.warnings(m)
	return m, nil
}

// choose returns the trials of a run that are to be calibrated by.
func choose(run *results.Run, sel Select) ([]*results.Trial, error) {
	var chosen []*results.Trial
	var names []string
	settings := make(map[int]results.Point)
	for i := range run.Trials {
		t := &run.Trials[i]
		switch {
		case t.Role != results.RoleTrial || t.Error != "" || len(t.Blocks) == 0,
			sel.Workload != "" && t.Point.Workload != sel.Workload, sel.Backend != "" && t.Point.Backend != sel.Backend,
			sel.Size != 0 && t.Point.Size != sel.Size:
			continue
		}
		name := fmt.Sprintf("%s on %s (%s)", t.Point.Workload, t.Point.Backend, t.Kind)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		other, seen := settings[t.Slots]
		if seen && len(names) == 1 && (!other.Settings.Equal(t.Point.Settings) || other.Size != t.Point.Size) {
			return nil, fmt.Errorf("it has several sizes or settings of %s at %d cores: choose one with --size, or simulate by a run of one", name, t.Point.Cores)
		}
		settings[t.Slots] = t.Point
		chosen = append(chosen, t)
	}
	switch {
	case len(chosen) == 0 && sel != Select{}:
		return nil, errors.New("it has no trial of that workload, backend and size that gave an answer")
	case len(chosen) == 0:
		return nil, errors.New("it has no trial that gave an answer")
	case len(names) > 1:
		return nil, fmt.Errorf("it has several: %s; choose with --workload and --backend", strings.Join(names, ", "))
	}
	return chosen, nil
}

// calibration gathers what trials say.
type calibration struct {
	run    *results.Run
	points map[int]*gathered // by number of slots
	// What the trials lack.
	backwards, unready, untimed int
}

// gathered is what the trials of a point say.
type gathered struct {
	ModelPoint
	gaps                    []float64 // between results that were both there
	attempts, failed        int
	lived                   float64
	lost, released, workers int
}

// add takes in a trial.
func (b *calibration) add(t *results.Trial) error {
	tr, err := b.run.Trace(t.Index)
	if err != nil {
		return err
	}
	s := b.sample(tr)
	if len(s.Tasks) == 0 {
		return nil
	}
	g := b.points[t.Slots]
	if g == nil {
		g = &gathered{ModelPoint: ModelPoint{Workers: t.Slots, VCPU: cmp.Or(t.VCPU, 1)}}
		b.points[t.Slots] = g
	}
	g.Tasks = max(g.Tasks, t.Tasks)
	g.Trials = append(g.Trials, s)
	g.gaps = append(g.gaps, receiptGaps(tr)...)
	g.faults(tr)
	return nil
}

// sample makes the sample of a trace.
func (b *calibration) sample(t *trace.Trace) SampleTrial {
	attempts := make([][]int, len(t.Workers))
	for i := range t.Attempts {
		k := t.WorkerOf(i)
		attempts[k] = append(attempts[k], i)
	}
	order := make([]int, 0, len(t.Workers))
	for i := range t.Workers {
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(requested(t, x), requested(t, y)) })
	var s SampleTrial
	for _, k := range order {
		ready := readyAt(t, k, attempts[k])
		if !ready.Known() {
			b.unready++
			continue
		}
		request := requested(t, k)
		w := SampleWorker{Delay: b.length(request, ready), First: int32(len(s.Tasks))}
		s.Tasks = b.tasks(t, ready, attempts[k], s.Tasks)
		w.Count = int32(len(s.Tasks)) - w.First
		s.Requests, s.Workers = append(s.Requests, request.Seconds()), append(s.Workers, w)
	}
	return s
}

// requested is when a worker was asked for, within the job.
func requested(t *trace.Trace, k int) trace.Time {
	return max(0, t.Workers[k].Requested.Or(0))
}

// readyAt is when a worker was ready, within the job; where it is not known,
// its first task stands for it.
func readyAt(t *trace.Trace, k int, attempts []int) trace.Time {
	ready := t.Workers[k].Ready.Or(t.Workers[k].FirstTask)
	if !ready.Known() && len(attempts) > 0 {
		ready = t.Attempts[attempts[0]].FuncStart
	}
	if !ready.Known() {
		return ready
	}
	return max(0, ready)
}

// length is the time between two times that cannot be in another order, but for
// clocks that disagree.
func (b *calibration) length(from, to trace.Time) float64 {
	if !from.Known() || !to.Known() {
		return 0
	}
	if to < from {
		b.backwards++
		return 0
	}
	return (to - from).Seconds()
}

// tasks appends the tasks that a worker ran to its end.
func (b *calibration) tasks(t *trace.Trace, free trace.Time, attempts []int, to []SampleTask) []SampleTask {
	for _, i := range attempts {
		a := &t.Attempts[i]
		if !a.FuncStart.Known() || !a.FuncEnd.Known() {
			if a.Outcome == trace.Done {
				b.untimed++
			}
			free = max(free, a.Declared.Or(free))
			continue
		}
		if a.Outcome == trace.Done && a.Delivery >= 0 {
			d := &t.Deliveries[a.Delivery]
			to = append(to, SampleTask{
				Before: (a.FuncStart - free).Seconds(), Run: b.length(a.FuncStart, a.FuncEnd),
				Stored: b.length(a.FuncEnd, d.Stored), Received: b.length(a.FuncEnd, d.Received),
			})
		}
		free = a.FuncEnd
	}
	return to
}

// receiptGaps returns the times between one delivery and the next at the driver
// where the next one was stored before the first was received, for each of its
// tasks: the driver was at work meanwhile, or did not look.
func receiptGaps(t *trace.Trace) []float64 {
	tasks := make([]int, len(t.Deliveries))
	for i := range t.Attempts {
		if d := t.Attempts[i].Delivery; d >= 0 {
			tasks[d]++
		}
	}
	order := make([]int, 0, len(t.Deliveries))
	for i := range t.Deliveries {
		if d := &t.Deliveries[i]; d.Received.Known() && d.Stored.Known() && tasks[i] > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(t.Deliveries[x].Received, t.Deliveries[y].Received) })
	var gaps []float64
	for k := 1; k < len(order); k++ {
		before, d := &t.Deliveries[order[k-1]], &t.Deliveries[order[k]]
		if d.Stored <= before.Received {
			gaps = append(gaps, (d.Received-before.Received).Seconds()/float64(tasks[order[k]]))
		}
	}
	return gaps
}

// faults counts what went wrong in a trace.
func (g *gathered) faults(t *trace.Trace) {
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch a.Outcome {
		case trace.Done, trace.Replaced:
			g.attempts++
		case trace.Failed:
			g.attempts++
			g.failed++
		}
		g.Faults.FailedRetries = max(g.Faults.FailedRetries, int(a.Number))
	}
	for i := range t.Workers {
		w := &t.Workers[i]
		g.Memory = max(g.Memory, w.MemoryLimit)
		if !w.Ready.Known() {
			continue
		}
		g.workers++
		g.lived += max(0, (w.Ended.Or(t.Makespan) - max(0, w.Ready)).Seconds())
		switch {
		case w.Lost:
			g.lost++
		case w.Ended.Known() && w.Ended < t.Makespan:
			g.released++
		}
	}
}

// receiptsNeeded is how many gaps a median is taken of.
const receiptsNeeded = 10

// point sums up what was gathered.
func (g *gathered) point() ModelPoint {
	p := g.ModelPoint
	p.SameWorker = sameWorker(p.Trials)
	if len(g.gaps) >= receiptsNeeded {
		slices.Sort(g.gaps)
		p.Receive = g.gaps[len(g.gaps)/2]
	}
	p.Faults.TaskFailure = float64(g.failed) / float64(max(1, g.attempts))
	if g.failed == 0 {
		p.Faults.FailedRetries = 0
	}
	if g.lost > 0 {
		p.Faults.WorkerLife, p.Faults.LostRetries = g.lived/float64(g.lost), 3
	}
	p.Released = 2*g.released > g.workers
	return p
}

// warnings are doubts about the run.
func (b *calibration) warnings(m *Model) []results.Warning {
	var list []results.Warning
	add := func(code, text, advice string) {
		list = append(list, results.Warning{Code: code, Text: text, Advice: advice})
	}
	if m.Kind != results.Measured {
		add("not_measured", fmt.Sprintf("the run that this is calibrated by is %s itself", m.Kind), "calibrate by a measured run")
	}
	if b.backwards > 0 {
		add("clocks_disagree", fmt.Sprintf("%d lengths of time in the run are negative, because clocks disagree; they are simulated as 0", b.backwards), "trust times of that order less")
	}
	if b.unready > 0 {
		add("never_ready", fmt.Sprintf("%d workers of the run were never ready, and are not simulated", b.unready), "start-up may take longer than this")
	}
	if b.untimed > 0 {
		add("untimed_tasks", fmt.Sprintf("%d tasks of the run have no times of their own, and are not simulated", b.untimed), "")
	}
	return list
}
