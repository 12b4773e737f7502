package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"corecast/runner/trace"
)

// Part is what a stretch of a slot's line is counted as.
type Part uint8

// The parts of a slot's line. All but PartBusy are overhead.
const (
	PartStartup  Part = iota // from the start, or a predecessor's loss, to ready
	PartDispatch             // a ready worker waits for its next attempt
	PartTransfer             // it receives a chunk or sends results
	PartIdle                 // after its last attempt
	PartLost                 // an attempt that was not accepted
	PartBusy                 // an accepted attempt
)

// PartCount is the number of parts.
const PartCount = int(PartBusy) + 1

var partNames = [...]string{"startup", "dispatch", "transfer", "idle", "lost", "busy"}

// String returns the part's name: startup, dispatch, transfer, idle, lost or
// busy.
func (p Part) String() string {
	if int(p) < len(partNames) {
		return partNames[p]
	}
	return fmt.Sprintf("part %d", p)
}

// Parts is the partition of overhead of a trial in worker time (integer
// nanoseconds): Startup + Dispatch + Transfer + Idle + Lost + Busy = Slots x
// Makespan, exactly. A part can be negative where clocks disagree.
type Parts struct {
	Startup, Dispatch, Transfer, Idle, Lost, Busy trace.Time
	// Slots and Makespan are of the trial; Slots is 1 for one slot's parts.
	Slots    int
	Makespan trace.Time
}

// Of returns one part.
func (p *Parts) Of(part Part) trace.Time { return *p.field(part) }

// Total is the overhead, Slots x Makespan - Busy, in worker time.
func (p *Parts) Total() trace.Time { return trace.Time(p.Slots)*p.Makespan - p.Busy }

// Overhead returns the partition in core-seconds for workers of so many cores.
func (p *Parts) Overhead(cores float64) Overhead {
	s := func(t trace.Time) float64 { return t.Seconds() * cores }
	return Overhead{
		Startup: s(p.Startup), Dispatch: s(p.Dispatch), Transfer: s(p.Transfer),
		Idle: s(p.Idle), Lost: s(p.Lost), Total: s(p.Total()),
	}
}

func (p *Parts) field(part Part) *trace.Time {
	switch part {
	case PartStartup:
		return &p.Startup
	case PartDispatch:
		return &p.Dispatch
	case PartTransfer:
		return &p.Transfer
	case PartIdle:
		return &p.Idle
	case PartLost:
		return &p.Lost
	default:
		return &p.Busy
	}
}

func (p *Parts) add(c Cut) { *p.field(c.Part) += c.To - c.From }

// check holds the parts against the window they must fill.
func (p *Parts) check() error {
	sum := p.Startup + p.Dispatch + p.Transfer + p.Idle + p.Lost + p.Busy
	if window := trace.Time(p.Slots) * p.Makespan; sum != window {
		return fmt.Errorf("parts add up to %d ns, %d slots x makespan to %d ns", sum, p.Slots, window)
	}
	return nil
}

// Cut is a stretch of a slot's line. The cuts of a slot follow on each other
// from 0 to the makespan; a cut that runs backwards (To < From) counts
// negative and comes from clocks that disagree. Empty cuts are left out.
type Cut struct {
	Slot int
	Part Part
	// From and To are on the driver's clock, since the job was submitted.
	From, To trace.Time
	// Worker indexes Trace.Workers, -1 where the slot has none. Attempt
	// indexes Trace.Attempts, -1 in parts other than busy and lost.
	Worker, Attempt int
}

// validate refuses a trace that cannot be cut: indices out of range, a
// makespan that is unknown, a task with two accepted results.
func validate(t *trace.Trace) error {
	if t.Makespan < 0 || t.Slots < 0 || t.Tasks < 0 {
		return errors.New("makespan, slots or tasks unknown or negative")
	}
	if t.Slots > math.MaxInt32 || t.Tasks > math.MaxInt32 {
		return fmt.Errorf("%d slots, %d tasks: too many to index", t.Slots, t.Tasks)
	}
	if hi, lo := bits.Mul64(uint64(t.Slots), uint64(t.Makespan)); hi != 0 || lo > math.MaxInt64 {
		return fmt.Errorf("%d slots x %d ns do not fit in 64 bits", t.Slots, t.Makespan)
	}
	for i := range t.Workers {
		if s := t.Workers[i].Slot; s < 0 || int(s) >= t.Slots {
			return fmt.Errorf("worker %d: slot %d of %d", i, s, t.Slots)
		}
	}
	for i := range t.Chunks {
		if w := t.Chunks[i].Worker; w < 0 || int(w) >= len(t.Workers) {
			return fmt.Errorf("chunk %d: worker %d of %d", i, w, len(t.Workers))
		}
	}
	for i := range t.Deliveries {
		if w := t.Deliveries[i].Worker; w < 0 || int(w) >= len(t.Workers) {
			return fmt.Errorf("delivery %d: worker %d of %d", i, w, len(t.Workers))
		}
	}
	return validateAttempts(t)
}

func validateAttempts(t *trace.Trace) error {
	accepted := make([]bool, t.Tasks)
	for i := range t.Attempts {
		a := &t.Attempts[i]
		switch {
		case a.Task < 0 || int(a.Task) >= t.Tasks:
			return fmt.Errorf("attempt %d: task %d of %d", i, a.Task, t.Tasks)
		case a.Chunk < 0 || int(a.Chunk) >= len(t.Chunks):
			return fmt.Errorf("attempt %d: chunk %d of %d", i, a.Chunk, len(t.Chunks))
		case a.Delivery < -1 || int(a.Delivery) >= len(t.Deliveries):
			return fmt.Errorf("attempt %d: delivery %d of %d", i, a.Delivery, len(t.Deliveries))
		case a.Outcome != trace.Done:
		case accepted[a.Task]:
			return fmt.Errorf("attempt %d: task %d has two accepted results", i, a.Task)
		default:
			accepted[a.Task] = true
		}
	}
	return nil
}
