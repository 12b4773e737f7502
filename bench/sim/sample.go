package sim

import (
	"errors"
	"fmt"
	"math"
)

// Sample is workers and tasks as they were seen, for a scenario to draw from.
type Sample struct {
	// From is the run that was seen.
	From string
	// Trials are the repetitions that were seen. Each replication draws from
	// one of them, so that what differs between repetitions stays together.
	Trials []SampleTrial
	// SameWorker is the probability that a worker's later task is like those
	// that it ran when it was seen, rather than like any worker's. NaN: not
	// known; each replication draws it.
	SameWorker float64
	// Slowdown says how task times change with the number of workers.
	Slowdown SampleSlowdown
	// Receive is what it takes the driver to take in a result, Dispatch to
	// hand out a task, in seconds; it does one thing at a time.
	Receive, Dispatch float64
}

// SampleTrial is one repetition.
type SampleTrial struct {
	// Requests are when workers were requested, in rising order; Workers what
	// they did, in the same order; Tasks what they ran, each worker's together
	// and in the order in which it ran them.
	Requests []float64
	Workers  []SampleWorker
	Tasks    []SampleTask
}

// SampleWorker is a worker.
type SampleWorker struct {
	// Delay is from its request until it was ready.
	Delay float64
	// First and Count say which of SampleTrial.Tasks it ran.
	First, Count int32
}

// SampleTask is a task as a worker ran it.
type SampleTask struct {
	// Before is from when the worker was free to the task's begin, Run its own
	// time, Stored and Received are from its end until its result was stored
	// and until the driver had it.
	Before, Run, Stored, Received float64
}

// SampleSlowdown multiplies task times by (workers / workers seen)^exponent.
type SampleSlowdown struct {
	// Exponent was measured over several numbers of workers, with the standard
	// error Error, where Known is set. Otherwise it is drawn: see
	// docs/simulator.md.
	Known           bool
	Exponent, Error float64
}

func (s *Sample) check() error {
	if len(s.Trials) == 0 {
		return errors.New("the sample has no trial")
	}
	if !math.IsNaN(s.SameWorker) && !(s.SameWorker >= 0 && s.SameWorker <= 1) {
		return fmt.Errorf("the sample's share of like tasks, %g, is not in 0 to 1", s.SameWorker)
	}
	for i := range s.Trials {
		if err := s.Trials[i].check(); err != nil {
			return fmt.Errorf("trial %d of the sample: %w", i, err)
		}
	}
	return first(notNegative("receive", s.Receive), notNegative("dispatch", s.Dispatch), s.Slowdown.check())
}

func (s *SampleSlowdown) check() error {
	if !(math.Abs(s.Exponent) < 10) {
		return fmt.Errorf("a slowdown's exponent of %g is not possible", s.Exponent)
	}
	return notNegative("slowdown error", s.Error)
}

func (t *SampleTrial) check() error {
	if len(t.Workers) == 0 || len(t.Tasks) == 0 {
		return errors.New("no worker, or no task")
	}
	if len(t.Requests) != len(t.Workers) {
		return fmt.Errorf("%d requests for %d workers", len(t.Requests), len(t.Workers))
	}
	for i, w := range t.Workers {
		if w.First < 0 || w.Count < 0 || int(w.First)+int(w.Count) > len(t.Tasks) {
			return fmt.Errorf("worker %d has tasks that are not there", i)
		}
		if i > 0 && t.Requests[i] < t.Requests[i-1] {
			return errors.New("requests are not in rising order")
		}
		if err := first(notNegative("delay", w.Delay), notNegative("request", t.Requests[i])); err != nil {
			return fmt.Errorf("worker %d: %w", i, err)
		}
	}
	for i, k := range t.Tasks {
		if err := first(notNegative("run", k.Run), notNegative("stored", k.Stored), notNegative("received", k.Received), finite(k.Before)); err != nil {
			return fmt.Errorf("task %d: %w", i, err)
		}
	}
	return nil
}

func finite(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("a wait of %g is not possible", v)
	}
	return nil
}

// scale is how many workers a trial had.
func (t *SampleTrial) scale() int { return len(t.Workers) }

// beginSampled has a slot's worker run the one task of a chunk as the sample
// has it.
func (e *engine) beginSampled(id int32) {
	d := &e.draw.sample
	c := &e.chunks[id]
	sl, own := &e.slots[c.slot], &e.sampled[c.slot]
	task := d.task(e, own, sl.ran == 0)
	e.busy++
	e.driver += e.s.Sample.Dispatch
	now := e.now
	// A negative wait is a difference of clocks; the engine has one clock.
	e.now = max(e.now, e.now+task.Before, e.driver)
	e.starting(id)
	e.now = now
	run := d.run(e, task.Run) * d.factor
	c.ends = append(c.ends, c.begin+run)
	c.store, c.receive = task.Stored, max(task.Received, task.Stored)
	e.running(id)
}

// sampledDone has a worker go on at once, while its result is on its way.
func (e *engine) sampledDone(id int32) {
	c := &e.chunks[id]
	c.stored = true
	i, at := c.slot, e.now+c.receive
	e.sampled[i].stored = e.now + c.store
	if e.rec != nil {
		e.rec.stored(e, id)
	}
	e.forChunk(at, id, evBack)
	sl := &e.slots[i]
	sl.forget(id)
	if !e.spent(i) {
		e.feed(i)
	}
}

// sampledDelay is the start delay of a slot's next worker, which is drawn with
// it: the first near its place in the order of requests, others from all.
func (e *engine) sampledDelay(i int32, first bool) float64 {
	sl, d := &e.sampled[i], &e.draw.sample
	e.slots[i].factor = 1
	if first {
		sl.worker = d.workers[i]
		return d.delays[i]
	}
	sl.worker = d.any(e.rngs[forRepeats])
	return d.trial.Workers[sl.worker].Delay
}

// sampledSlot is what a slot has of a sample.
type sampledSlot struct {
	worker int32   // the sample's worker that its worker is like
	stored float64 // when its last result was stored
}

// storedAt is when a slot's last result was stored.
func (e *engine) storedAt(i int32) float64 {
	if e.s.Sample == nil {
		return 0
	}
	return e.sampled[i].stored
}
