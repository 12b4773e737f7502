package runnertest

import (
	"math/rand/v2"
	"time"
)

// faults lists what can go wrong: one entry a fault, each saying what it needs
// of a backend.
func faults() []fault {
	return []fault{
		// What tasks do to their worker.
		{name: "a task fails once", steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedFail) }},
		{name: "a task always fails", steps: true, add: func(s *scenario, r *rand.Rand) { s.always(r, deedFail) }},
		{name: "a task panics once", steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedPanic) }},
		{name: "a task always panics", steps: true, add: func(s *scenario, r *rand.Rand) { s.always(r, deedPanic) }},
		{name: "a task ends its goroutine", steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedGoexit) }},
		{name: "a task heeds no timeout", steps: true, rare: true, add: addOverrun},
		{name: "a task takes all descriptors", needs: Process, steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedDescriptors) }},
		{name: "a task kills its worker", needs: Process, steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedKill) }},
		{name: "a task exits its worker", needs: Process, steps: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedExit) }},
		{name: "a task stops its worker", needs: Process, steps: true, rare: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedStop) }},
		{name: "poison: a task kills each worker", needs: Process, steps: true, add: func(s *scenario, r *rand.Rand) { s.always(r, deedKill) }},
		{name: "poison: a task exits each worker", needs: Process, steps: true, add: func(s *scenario, r *rand.Rand) { s.always(r, deedExit) }},
		{name: "poison: a task stops each worker", needs: Process, steps: true, rare: true, add: func(s *scenario, r *rand.Rand) { s.always(r, deedStop) }},
		{name: "a task runs out of address space", needs: Process, steps: true, rare: true, add: func(s *scenario, r *rand.Rand) { s.once(r, deedMemory) }},
		{name: "poison: a task is killed for its memory", needs: Memory, steps: true, rare: true, add: addMemory},

		// What comes to workers from outside.
		{name: "a worker is killed", needs: Process, add: func(s *scenario, r *rand.Rand) { s.strike(r, strikeKill) }},
		{name: "a worker is killed as it starts", needs: Process, add: func(s *scenario, r *rand.Rand) { s.strike(r, strikeNewborn) }},
		{name: "a worker is stopped and goes on", needs: Process, add: func(s *scenario, r *rand.Rand) { s.strike(r, strikePause) }},
		{name: "a worker is stopped", needs: Process, rare: true, add: func(s *scenario, r *rand.Rand) { s.strike(r, strikeStop) }},

		// What comes to what travels.
		{name: "the stream is cut", needs: Stream, add: harmful(harmCut)},
		{name: "a frame is lost", needs: Stream, rare: true, add: harmful(harmDrop)},
		{name: "a frame is repeated", needs: Stream, rare: true, add: harmful(harmRepeat)},
		{name: "two frames change places", needs: Stream, rare: true, add: harmful(harmSwap)},
		{name: "a bit of a frame is changed", needs: Stream, add: harmful(harmFlip)},
		{name: "a frame is another worker's", needs: Stream, rare: true, add: harmful(harmForeign)},
		{name: "nothing passes any more", needs: Stream, rare: true, add: harmful(harmStall)},
		{name: "a frame is late", needs: Stream, add: harmful(harmDelay)},
		{name: "a frame comes byte by byte", needs: Stream, add: harmful(harmDribble)},
		{name: "results come twice, late, or as another worker's", add: func(s *scenario, r *rand.Rand) { s.repeats = r.Float64() }},

		// What comes to the driver.
		{name: "the consumer of results is slow", add: addPauses},
		{name: "the driver's descriptors are used up", needs: Process | Descriptors, add: func(s *scenario, r *rand.Rand) { s.strike(r, strikeDescriptors) }},
		{name: "the driver is killed, and the job resumed", needs: Driver, alone: driverKilled},
		{name: "the disk is full", alone: diskFull},
	}
}

// What strikes from outside.
const (
	strikeKill    = "kill"
	strikeNewborn = "kill as it starts" // the worker-th that starts
	strikePause   = "pause"
	strikeStop    = "stop"
	// strikeDescriptors leaves the driver no descriptor, kills a worker, and
	// gives the descriptors back later.
	strikeDescriptors = "use up descriptors and kill"
)

// strike adds a blow from outside.
func (s *scenario) strike(r *rand.Rand, what string) {
	o := outside{what: what, worker: r.IntN(s.workers), after: r.IntN(s.tasks())}
	if r.IntN(4) == 0 {
		o.after = 0
	}
	if r.IntN(2) == 0 {
		o.wait = time.Duration(r.Int64N(int64(20 * time.Millisecond)))
	}
	switch what {
	case strikePause:
		o.hold = time.Duration(r.Int64N(int64(200 * time.Millisecond)))
	case strikeDescriptors:
		o.hold = time.Duration(r.Int64N(int64(400 * time.Millisecond)))
		s.losses++
	case strikeStop:
		s.silent = true
		s.losses++
	default:
		s.losses++
	}
	s.outside = append(s.outside, o)
}

// addOverrun has a task run beyond its time whatever its context says.
func addOverrun(s *scenario, r *rand.Rand) {
	s.options.TaskTimeout = scenarioTaskTimeout
	s.losses += 4 // a worker gives itself up each time: the task's, its retry's, their copies'
	if r.IntN(2) == 0 {
		s.once(r, deedOverrun)
	} else {
		s.always(r, deedOverrun)
	}
}

// addMemory has a task that needs more memory than its worker may have.
func addMemory(s *scenario, r *rand.Rand) {
	s.memory = 128 << 20
	s.always(r, deedMemory)
}

// harmful returns what adds a harm to a stream.
func harmful(what string) func(*scenario, *rand.Rand) {
	return func(s *scenario, r *rand.Rand) {
		h := harm{what: what, stream: r.IntN(s.workers + 1), out: r.IntN(2) == 0, frame: r.IntN(6), at: r.Float64()}
		if r.IntN(3) == 0 {
			h.frame = r.IntN(40)
		}
		if what == harmDelay {
			h.wait = time.Duration(r.Int64N(int64(100 * time.Millisecond)))
		}
		if !h.harmless() {
			s.losses++
			s.silent = true
			if !h.out && h.frame == 0 { // nothing may be heard of a worker that starts
				s.start = 2 * scenarioSilence
				s.losses++ // a busy machine may hold another up for as long
			}
		}
		s.harms = append(s.harms, h)
	}
}

// addPauses has a consumer that stops at some results.
func addPauses(s *scenario, r *rand.Rand) {
	s.how = "stream"
	for range 1 + r.IntN(3) {
		s.pauses[r.IntN(s.tasks())] = time.Duration(r.Int64N(int64(100 * time.Millisecond)))
	}
}
