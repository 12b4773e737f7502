package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corecast/runner/exchange"
	"corecast/runner/trace"
	"corecast/runner/work"
)

const (
	// taskGrace is how long a function may take to heed its context before its
	// worker is given up.
	taskGrace = 200 * time.Millisecond
	// closeWait is how long workers have to close a job whose results are all
	// in, or that was cancelled.
	closeWait = 500 * time.Millisecond
	// maxStartFailures is after how many workers in a row that never got ready,
	// or were lost without ever having had a task, a slot is given up.
	maxStartFailures = 4
)

// startWait is how long the next worker of a slot is waited with after so many
// in a row that did not start: what keeps them from it, such as descriptors
// that are used up, may pass.
func startWait(failures int) time.Duration {
	switch failures {
	case 0, 1:
		return 0
	case 2:
		return 100 * time.Millisecond
	}
	return time.Second
}

// schedule runs one job on a pool: it hands out chunks, settles each task
// exactly once, replaces what is lost, and writes the trace. All of it happens
// on one goroutine.
type schedule struct {
	pool    *Pool
	job     work.Job
	options JobOptions
	t0      int64
	spec    exchange.Spec

	next    int     // first task never handed out
	again   []again // tasks to hand out once more
	settled taskSet
	copied  taskSet      // a copy was handed out
	twins   map[int]bool // the tasks at which two attempts are out
	left    int          // tasks not settled
	tries   map[int]*tries
	failed  []*TaskError
	last    int64 // when the last task was settled

	log       *log // nil: no trace is wanted
	workers   []trace.Worker
	begun     bool
	cancelled bool
	fatal     error
	inBytes   meanSize
	reuse     []exchange.Event
	fed       []*slot // that have chunks to be flushed
	upfront   bool    // workers get their shares before they begin
	// generations are those of workers.
	generations []int
}

// again are tasks lo to before hi to run once more, as their attempt-th
// attempt; alone, with nothing else at the worker, when a worker was lost with
// them.
type again struct {
	lo, hi, attempt int32
	alone           bool
}

func newSchedule(p *Pool, j work.Job, o JobOptions) *schedule {
	s := &schedule{pool: p, job: j, options: o, t0: now(), tries: make(map[int]*tries), twins: make(map[int]bool)}
	s.last = s.t0
	if u, ok := p.launcher.(Upfront); ok {
		s.upfront = u.Upfront()
	}
	if j != nil {
		p.jobs++
		s.left = j.Len()
		s.settled, s.copied = newTaskSet(s.left), newTaskSet(s.left)
		s.spec = exchange.Spec{ID: p.jobs, TaskTimeout: o.TaskTimeout, Grace: taskGrace, Silence: o.silence(), Stamps: o.Trace != nil, Prompt: o.lostRetries() == 0, Job: j}
		if o.Trace != nil {
			s.log = &log{}
			if o.Spill != nil && s.left > spillRows {
				s.log.spill = newSpill(o.Spill)
			}
		}
	}
	for _, sl := range p.slots {
		sl.open, sl.row, sl.outstanding, sl.out, sl.lastChunk, sl.taskTime, sl.timedOut, sl.unstored, sl.waiting = false, -1, nil, 0, 0, 0, false, nil, false
		sl.share, sl.shared, sl.turnaround = 0, false, 0
	}
	return s
}

// run runs the job to its end.
func (s *schedule) run(ctx context.Context) error {
	if s.left == 0 {
		return nil
	}
	if s.options.JobTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, s.options.JobTimeout, fmt.Errorf("%w: not done after %v", ErrJobTimeout, s.options.JobTimeout))
		defer cancel()
	}
	s.job.Begin(ctx.Done())
	s.handle() // what happened since the last job
	s.begin()
	look := time.NewTimer(time.Hour) // for workers that are far behind
	defer look.Stop()
	for s.left > 0 && s.fatal == nil && !s.cancelled {
		if after := s.speculate(); after > 0 {
			look.Reset(after)
		}
		select {
		case <-ctx.Done():
			s.cancelled = true
		case <-s.pool.inbox.signal:
			s.handle()
		case <-look.C:
		}
	}
	s.end()
	switch {
	case s.fatal != nil:
		return s.fatal
	case s.cancelled && ctx.Err() != nil:
		return context.Cause(ctx)
	case s.cancelled:
		return context.Canceled
	case len(s.failed) > 0:
		slices.SortFunc(s.failed, func(a, b *TaskError) int { return a.Task - b.Task })
		return &TasksError{Tasks: s.job.Len(), Failed: s.failed}
	}
	return nil
}

// warm starts all workers and waits until each slot has a ready one.
func (s *schedule) warm(ctx context.Context) error {
	s.handle()
	s.begin()
	for s.fatal == nil {
		ready := 0
		for _, sl := range s.pool.slots {
			if sl.link != nil && sl.life.ready != exchange.NotKnown {
				ready++
			}
		}
		if ready == len(s.pool.slots) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.pool.inbox.signal:
			s.handle()
		}
	}
	return s.fatal
}

// begin opens the job on the workers that are there and requests the others.
func (s *schedule) begin() {
	s.begun = true
	var requests []Request
	for _, sl := range s.pool.slots {
		switch {
		case sl.link != nil:
			s.enlist(sl)
			s.open(sl)
		case sl.alive: // on its way since before this job
			s.enlist(sl)
		default:
			sl.startFailures = 0
			requests = append(requests, s.request(sl))
		}
	}
	if len(requests) > 0 {
		s.pool.launcher.Launch(s.pool.ctx, requests, s.pool.inbox.post)
	}
	s.flush()
}

// request notes that a new worker is asked for.
func (s *schedule) request(sl *slot) Request {
	sl.generation++
	sl.alive, sl.used, sl.row, sl.unstored = true, false, -1, nil
	sl.life = life{requested: now(), started: exchange.NotKnown, ready: exchange.NotKnown, ended: exchange.NotKnown}
	s.enlist(sl)
	return Request{Slot: sl.index, Generation: sl.generation, Fed: s.job != nil && (s.next < s.job.Len() || len(s.again) > 0)}
}

// enlist gives the slot's worker its row in the trace.
func (s *schedule) enlist(sl *slot) {
	if s.job == nil {
		return
	}
	sl.row = int32(len(s.workers))
	s.generations = append(s.generations, sl.generation)
	s.workers = append(s.workers, trace.Worker{
		Slot: int32(sl.index), VCPU: s.pool.VCPU(), MemoryLimit: s.pool.MemoryLimit(),
		FirstTask: trace.Unknown, CPU: trace.Unknown, Billed: trace.Unknown, Throttled: trace.Unknown, Waited: trace.Unknown,
	})
	s.note(sl)
}

// note copies what is known of the slot's worker to its row.
func (s *schedule) note(sl *slot) {
	if sl.row < 0 {
		return
	}
	w, l := &s.workers[sl.row], &sl.life
	w.ID, w.ExitReason, w.Lost = l.id, l.reason, l.lost
	w.Requested, w.Started = since(s.t0, l.requested), since(s.t0, l.started)
	w.Ready, w.Ended = since(s.t0, l.ready), since(s.t0, l.ended)
	w.Warm = w.Ready.Known() && w.Ready <= 0
	w.ClockOffset, w.ClockUncertainty = trace.Time(l.offset), trace.Time(l.uncertainty)
}

// open announces the job to a ready worker and gives it work.
func (s *schedule) open(sl *slot) {
	if s.job == nil || s.left == 0 {
		return
	}
	sl.open = true
	sl.link.Open(s.spec)
	if s.upfront {
		s.share(sl)
	}
	s.feed(sl)
}

// handle takes care of all events that wait.
func (s *schedule) handle() {
	events := s.pool.inbox.take(s.reuse)
	for i := range events {
		s.event(&events[i])
	}
	s.reuse = events
	s.staff()
	s.flush()
	s.spillOver()
	if s.job != nil && s.options.Progress != nil {
		s.options.Progress(s.job.Len()-s.left, s.job.Len())
	}
}

func (s *schedule) event(e *exchange.Event) {
	sl := s.pool.slots[e.Slot]
	if e.Kind == exchange.Due && e.Generation == sl.generation && sl.waiting {
		s.due(sl)
		return
	}
	if e.Generation != sl.generation || !sl.alive {
		return // of a worker that was given up
	}
	switch e.Kind {
	case exchange.Started:
		sl.life.started, sl.life.id = e.At, e.ID
		s.note(sl)
	case exchange.Linked:
		sl.link = e.Link
		if s.begun && !s.stopped() {
			s.open(sl)
		}
	case exchange.Ready:
		if e.ID != "" {
			sl.life.id = e.ID
		}
		linked := s.upfront && sl.link != nil
		sl.link = e.Link
		sl.life.ready, sl.life.offset, sl.life.uncertainty = e.At, e.ClockOffset, e.ClockUncertainty
		s.note(sl)
		if s.begun && !s.stopped() && !linked { // begin opens it on who came before
			s.open(sl)
		}
	case exchange.Synced:
		sl.life.offset, sl.life.uncertainty = e.ClockOffset, e.ClockUncertainty
		s.note(sl)
	case exchange.Delivered:
		for _, d := range e.Deliveries {
			s.delivered(sl, d)
		}
	case exchange.Closed:
		s.closed(sl, e.Stats)
	case exchange.Exited:
		s.exited(sl, e)
	}
}

// exited takes note that a worker is gone, hands its tasks to others, and
// replaces it when there is work left.
func (s *schedule) exited(sl *slot, e *exchange.Event) {
	useless := sl.link == nil || e.Unstarted || !sl.used && len(sl.outstanding) == 0
	sl.alive, sl.link, sl.open = false, nil, false
	sl.life.ended, sl.life.reason, sl.life.lost = e.At, e.Reason, !e.Expected
	s.note(sl)
	s.lose(sl, e)
	if !s.needs() {
		return
	}
	switch {
	case e.Expected:
	case useless:
		sl.startFailures++
	default:
		sl.startFailures = 0
	}
	given := sl.startFailures >= maxStartFailures
	switch {
	case e.Fatal, given && (s.job == nil || s.allGone()):
		s.fatal = startError(s.pool.Backend(), e.Reason)
	case !given && (!s.upfront || !e.Expected || s.job == nil):
		s.replace(sl)
	}
}

// needs reports whether a slot that has no worker should get one.
func (s *schedule) needs() bool {
	return s.begun && (s.job == nil || s.left > 0) && !s.stopped()
}

// replace requests the slot's next worker, when its time has come.
func (s *schedule) replace(sl *slot) {
	sl.waiting = true
	wait := startWait(sl.startFailures)
	if wait == 0 {
		s.due(sl)
		return
	}
	e := exchange.Event{Kind: exchange.Due, Slot: sl.index, Generation: sl.generation}
	time.AfterFunc(wait, func() { s.pool.inbox.post(e) })
}

func (s *schedule) due(sl *slot) {
	sl.waiting = false
	if s.needs() {
		s.pool.launcher.Launch(s.pool.ctx, []Request{s.request(sl)}, s.pool.inbox.post)
	}
}

func startError(backend, reason string) error {
	return fmt.Errorf("backend %s: workers do not start: %s", backend, reason)
}

func (s *schedule) allGone() bool {
	return !slices.ContainsFunc(s.pool.slots, func(sl *slot) bool { return sl.alive || sl.waiting })
}

// end closes the job on all workers. Those that do not close it in time are
// ended, after a job that was cancelled, or else told apart in the trace by
// what is missing.
func (s *schedule) end() {
	stop := s.stopped()
	for _, sl := range s.pool.slots {
		if sl.open { // what it is still at was settled by a copy
			sl.link.Finish(stop || len(sl.outstanding) > 0)
		}
	}
	s.wait(closeWait, func(sl *slot) bool { return sl.open })
	if stop || s.anyOpen() {
		for _, sl := range s.pool.slots {
			if sl.open {
				sl.link.Kill()
				sl.link = nil // the next job waits for its successor
			}
		}
		s.wait(4*closeWait, func(sl *slot) bool { return sl.open })
	}
	outcome := trace.Replaced
	if stop {
		s.last, outcome = now(), trace.Cancelled
	}
	for _, sl := range s.pool.slots {
		s.beaten(sl, outcome)
	}
}

// stopped reports whether the job ends before its tasks are done: workers get
// no more of them.
func (s *schedule) stopped() bool { return s.cancelled || s.fatal != nil }

func (s *schedule) anyOpen() bool {
	return slices.ContainsFunc(s.pool.slots, func(sl *slot) bool { return sl.open })
}

// wait handles events while some slot is as asked, but no longer than limit.
func (s *schedule) wait(limit time.Duration, while func(*slot) bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for slices.ContainsFunc(s.pool.slots, while) {
		select {
		case <-timer.C:
			return
		case <-s.pool.inbox.signal:
			s.handle()
		}
	}
}

// closed takes a worker's account of the job.
func (s *schedule) closed(sl *slot, stats *exchange.Stats) {
	if !sl.open || stats.JobID != s.spec.ID {
		return
	}
	sl.open = false
	w := &s.workers[sl.row]
	account(w, stats)
	s.stored(sl, stats.Stored)
}

// finishedTrace returns the trace of a job that is over.
func (s *schedule) finishedTrace() *trace.Trace {
	t := s.log.trace()
	t.Tasks, t.Slots = s.job.Len(), len(s.pool.slots)
	if r, ok := s.pool.launcher.(Reporter); ok {
		s.report(r)
	}
	t.Makespan, t.Workers = trace.Time(s.last-s.t0), s.workers
	return t
}

// label names a task by its input.
func (s *schedule) label(task int) string {
	if s.options.Label != nil {
		return s.options.Label(task)
	}
	return taskLabel(task)
}

func taskLabel(task int) string { return fmt.Sprintf("task %d", task) }

// errLost is the cause of a task's error when its workers were lost.
var errLost = errors.New("the worker was lost")
