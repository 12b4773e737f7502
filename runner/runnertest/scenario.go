package runnertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"corecast/runner"
)

// Times of scenarios. They are long beside what a busy machine of two cores
// holds a process up, so that nothing but the scenario's own faults counts.
const (
	scenarioTaskTimeout = 600 * time.Millisecond
	scenarioSilence     = 1500 * time.Millisecond
	// scenarioLimit is after what time a scenario is stuck.
	scenarioLimit = 90 * time.Second
)

// scenario is a job with faults, drawn from a seed.
type scenario struct {
	seed    uint64
	workers int
	// steps are the tasks; none: so many numbers are squared, which takes no
	// time.
	steps   []Step
	squares int
	options runner.JobOptions
	// how results are taken: map, reduce or stream. A stream's consumer stops
	// for a time at some results.
	how    string
	pauses map[int]time.Duration

	faults  []string // names
	alone   func(t *testing.T, b Backend, seed uint64, dir string)
	harms   []harm
	outside []outside
	repeats float64 // share of deliveries that come twice
	memory  int64   // limit of a worker
	// losses is how many workers the faults may cost, those aside that tasks
	// kill again and again.
	losses int
	silent bool          // a worker may fall silent
	start  time.Duration // limit of a worker's start
	// lost and failed are the tasks that are given up, and why.
	lost, failed map[int]bool
}

// outside is something that happens from outside of job and workers.
type outside struct {
	what   string
	after  int           // so many tasks are settled
	wait   time.Duration // and this
	worker int           // index into those that are there
	hold   time.Duration // how long it lasts
}

func (o outside) String() string {
	return fmt.Sprintf("%s worker %d %v after %d results, for %v", o.what, o.worker, o.wait, o.after, o.hold)
}

// fault is one kind of fault.
type fault struct {
	name  string
	needs Needs
	// steps is set when it is about what tasks do: it needs such tasks.
	steps bool
	// rare is set for what takes a second and more.
	rare bool
	// add adds it to a scenario; alone is a scenario of its own.
	add   func(s *scenario, r *rand.Rand)
	alone func(t *testing.T, b Backend, seed uint64, dir string)
}

// draw makes the scenario of a seed, of the faults that a backend has.
func draw(seed uint64, has Needs) *scenario {
	r := rand.New(rand.NewPCG(seed, 7))
	s := &scenario{seed: seed, workers: 1 + r.IntN(4), lost: make(map[int]bool), failed: make(map[int]bool), pauses: make(map[int]time.Duration)}
	if r.IntN(10) == 0 {
		alone := possible(has, func(f fault) bool { return f.alone != nil })
		f := alone[r.IntN(len(alone))]
		s.faults, s.alone = []string{f.name}, f.alone
		return s
	}
	s.how = []string{"map", "reduce", "stream"}[r.IntN(3)]
	if r.IntN(2) == 0 {
		s.options.Chunk = 1 + r.IntN(10)
	}
	s.options.NoCopies = r.IntN(2) == 0
	if r.IntN(5) == 0 {
		s.squares = 1 + r.IntN(20_000)
	} else {
		s.drawSteps(r)
	}
	list := possible(has, func(f fault) bool { return f.add != nil && (len(s.steps) > 0 || !f.steps) })
	for range 1 + r.IntN(4) {
		f := list[r.IntN(len(list))]
		if f.rare && r.IntN(4) > 0 {
			continue
		}
		s.faults = append(s.faults, f.name)
		f.add(s, r)
	}
	s.options.LostRetries = max(1, s.losses)
	s.options.FailedRetries = 1
	if s.silent {
		s.options.Silence = scenarioSilence
	}
	return s
}

// possible lists the faults that a backend has and that are wanted.
func possible(has Needs, wanted func(fault) bool) []fault {
	var list []fault
	for _, f := range faults() {
		if f.needs&^has == 0 && wanted(f) {
			list = append(list, f)
		}
	}
	return list
}

func (s *scenario) drawSteps(r *rand.Rand) {
	s.steps = make([]Step, 1+r.IntN(80))
	for i := range s.steps {
		step := Step{Task: i}
		if r.IntN(2) == 0 {
			step.Nap = time.Duration(r.Int64N(int64(3 * time.Millisecond)))
		}
		step.Pad, step.Out = content(i, drawSize(r)), drawSize(r)
		s.steps[i] = step
	}
}

// drawSize is mostly nothing or small, sometimes large.
func drawSize(r *rand.Rand) int {
	switch n := r.IntN(200); {
	case n < 120:
		return 0
	case n < 190:
		return r.IntN(2000)
	case n < 199:
		return r.IntN(200_000)
	}
	return r.IntN(4_000_000)
}

// tasks is the number of tasks.
func (s *scenario) tasks() int {
	if len(s.steps) > 0 {
		return len(s.steps)
	}
	return s.squares
}

// pick returns a task that does no deed yet, nil when there is none.
func (s *scenario) pick(r *rand.Rand) *Step {
	for range 10 {
		if t := &s.steps[r.IntN(len(s.steps))]; t.Do == "" {
			return t
		}
	}
	return nil
}

// once has a task do a deed in its first attempt.
func (s *scenario) once(r *rand.Rand, d deed) {
	if t := s.pick(r); t != nil {
		t.Do, t.Once = d, true
		if d.lossy() {
			s.losses++
		}
		s.silent = s.silent || d == deedStop
	}
}

// always has a task do a deed in each attempt, so that it is given up.
func (s *scenario) always(r *rand.Rand, d deed) {
	t := s.pick(r)
	if t == nil {
		return
	}
	t.Do = d
	if d.lossy() {
		s.lost[t.Task] = true
	} else {
		s.failed[t.Task] = true
	}
	s.silent = s.silent || d == deedStop
}

// String describes the scenario.
func (s *scenario) String() string {
	var b strings.Builder
	if s.alone != nil {
		return fmt.Sprintf("seed %d: %s\n", s.seed, s.faults[0])
	}
	work := fmt.Sprintf("%d squares", s.squares)
	if len(s.steps) > 0 {
		work = fmt.Sprintf("%d steps", len(s.steps))
	}
	fmt.Fprintf(&b, "seed %d: %s on %d workers by %s, chunk %d, copies %v, retries %d of lost, %d of failed, task timeout %v\nfaults: %s\n",
		s.seed, work, s.workers, s.how, s.options.Chunk, !s.options.NoCopies, s.options.LostRetries, s.options.FailedRetries, s.options.TaskTimeout, strings.Join(s.faults, ", "))
	for _, t := range s.steps {
		if t.Do != "" {
			fmt.Fprintf(&b, "  task %d: %s, once: %v\n", t.Task, t.Do, t.Once)
		}
	}
	for at, wait := range s.pauses {
		fmt.Fprintf(&b, "  the consumer stops for %v at result %d\n", wait, at)
	}
	for _, h := range s.harms {
		fmt.Fprintf(&b, "  %v\n", h)
	}
	for _, o := range s.outside {
		fmt.Fprintf(&b, "  %v\n", o)
	}
	return b.String()
}
