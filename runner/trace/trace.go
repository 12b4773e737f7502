// Package trace holds what a job leaves behind: every attempt at every task,
// the chunks in which tasks went out, the deliveries in which results came
// back, and the life of every worker.
//
// It is data only. Package runner fills a [Trace]; package results stores it;
// package bench/metrics cuts it into the parts of overhead. All times are on
// the driver's clock, in integer nanoseconds since the job was submitted, so
// that sums over them are exact. A worker's own stamps are mapped to the
// driver's clock by one offset a worker and job ([Worker.ClockOffset]); the
// raw stamp is the mapped one less the offset.
package trace

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Time is a point in time in nanoseconds since the job was submitted
// (negative: before it), or a length of time in nanoseconds. In JSON it is a
// decimal number of seconds that holds every nanosecond.
type Time int64

// Unknown marks a time that was not observed.
const Unknown Time = math.MinInt64

// Known reports whether t was observed.
func (t Time) Known() bool { return t != Unknown }

// Seconds returns t in seconds; NaN when t is not known.
func (t Time) Seconds() float64 {
	if !t.Known() {
		return math.NaN()
	}
	return float64(t) / 1e9
}

// Or returns t when it is known, and other when it is not.
func (t Time) Or(other Time) Time {
	if t.Known() {
		return t
	}
	return other
}

// FromSeconds returns s seconds as a Time, rounded to the nanosecond, and
// Unknown for NaN.
func FromSeconds(s float64) Time {
	if math.IsNaN(s) {
		return Unknown
	}
	return Time(math.Round(s * 1e9))
}

// MarshalJSON writes t as a decimal number of seconds, exact to the
// nanosecond, or null when it is not known.
func (t Time) MarshalJSON() ([]byte, error) {
	if !t.Known() {
		return []byte("null"), nil
	}
	return []byte(t.decimal()), nil
}

func (t Time) decimal() string {
	sign, u := "", uint64(t)
	if t < 0 {
		sign, u = "-", -uint64(t)
	}
	whole, frac := u/1e9, u%1e9
	if frac == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%09d", frac), "0")
}

// UnmarshalJSON reads a number of seconds, or null. Digits beyond the
// nanosecond are an error, as is a number out of range (292 years).
func (t *Time) UnmarshalJSON(data []byte) error {
	s := string(data)
	if s == "null" {
		*t = Unknown
		return nil
	}
	v, err := parseDecimal(s)
	if err != nil {
		return fmt.Errorf("time %q: %w", s, err)
	}
	*t = v
	return nil
}

func parseDecimal(s string) (Time, error) {
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > 9e9 {
			return 0, fmt.Errorf("not a number of seconds in range")
		}
		return FromSeconds(f), nil
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if whole == "" {
		return 0, fmt.Errorf("not a number of seconds")
	}
	if len(frac) > 9 {
		return 0, fmt.Errorf("finer than a nanosecond")
	}
	n, err := strconv.ParseUint(whole+frac+strings.Repeat("0", 9-len(frac)), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("not a number of seconds in range")
	}
	if negative {
		return -Time(n), nil
	}
	return Time(n), nil
}

// Outcome says how an attempt at a task ended.
type Outcome uint8

// The outcomes of an attempt.
const (
	// Done: the attempt's result is the task's accepted result.
	Done Outcome = iota
	// Failed: the function returned an error, panicked or ran out of its time.
	Failed
	// Lost: the worker ended, or fell silent, without a result.
	Lost
	// Cancelled: the driver gave the attempt up: the job was cancelled, or the
	// chunk came back unstarted because its worker was lost before its turn.
	Cancelled
	// Replaced: a result came, but another attempt's had been accepted.
	Replaced
)

var outcomeNames = [...]string{"done", "failed", "lost", "cancelled", "replaced"}

// Outcomes is the number of outcomes.
const Outcomes = len(outcomeNames)

// String returns the outcome's name: done, failed, lost, cancelled, replaced.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "outcome " + strconv.Itoa(int(o))
}

// Attempt is one try at one task. Rows that stand for the same task differ in
// Number. Which worker ran it is in its chunk.
type Attempt struct {
	// FuncStart and FuncEnd bracket the call of the function, by the worker's
	// clock mapped to the driver's; Unknown when the worker did not tell.
	FuncStart, FuncEnd Time
	// Declared is when the driver gave the attempt up (loss, cancel); Unknown
	// for an attempt whose result was received.
	Declared Time
	// BytesIn and BytesOut are the sizes of the encoded input and result; 0
	// where nothing is encoded.
	BytesIn, BytesOut int64
	// Task is the index of the task, Number counts its attempts from 0.
	Task, Number int32
	// Chunk indexes Trace.Chunks; Delivery indexes Trace.Deliveries and is -1
	// when no result was received.
	Chunk, Delivery int32
	// ReplacedBy is the number of the attempt that took this one's place, -1
	// when none did.
	ReplacedBy int32
	// Outcome says how it ended.
	Outcome Outcome
}

// Chunk is a set of tasks handed to a worker together.
type Chunk struct {
	// Dispatched is when the driver handed the chunk over to be sent.
	Dispatched Time
	// ReceiveStart is when the worker began to receive it, Arrived when it had
	// it whole; both Unknown when the worker did not tell. Between them the
	// chunk is in transfer; what lies before is waiting.
	ReceiveStart, Arrived Time
	// Bytes is the size of the chunk on the wire; 0 in memory.
	Bytes int64
	// Worker indexes Trace.Workers.
	Worker int32
}

// Delivery is a set of results that came back together.
type Delivery struct {
	// SendStart is when the worker began to send, Stored when what it sent was
	// out of its hands (written to the stream, stored as an object).
	SendStart, Stored Time
	// Received is when the driver had it.
	Received Time
	// Bytes is its size on the wire; 0 in memory.
	Bytes int64
	// Worker indexes Trace.Workers.
	Worker int32
}

// Phase is a point in a worker's life that the platform reports of itself
// (queued, scheduled, image pulled), kept apart from own measurements.
type Phase struct {
	Name string `json:"name"`
	At   Time   `json:"at_s"`
	// Resolution is the platform's: 1 s where it reports whole seconds.
	Resolution Time `json:"resolution_s"`
}

// Worker is the life of one worker within a job.
type Worker struct {
	// Slot is the place it filled, from 0. A replacement has its
	// predecessor's slot and a later index in Trace.Workers.
	Slot int32 `json:"slot"`
	// ID is the platform's name for it: a process id, an instance, a pod.
	ID string `json:"id,omitempty"`
	// Requested is when the driver asked for it, Started when its process (or
	// goroutine) began, Ready when it could take tasks, FirstTask when its
	// first function of this job began, Ended when it was gone or declared
	// lost. On a warm pool they lie before 0. Unknown where it never happened
	// or, for Ended, had not happened when the job was over.
	Requested Time `json:"requested_s"`
	Started   Time `json:"started_s"`
	Ready     Time `json:"ready_s"`
	FirstTask Time `json:"first_task_s"`
	Ended     Time `json:"ended_s"`
	// ExitReason says why it ended, empty while it lives.
	ExitReason string `json:"exit_reason,omitempty"`
	// Lost is set when it ended without having been asked to.
	Lost bool `json:"lost,omitempty"`
	// Warm is set when it was ready before the job was submitted.
	Warm bool `json:"warm,omitempty"`
	// Phases are what the platform reports of it.
	Phases []Phase `json:"phases,omitempty"`
	// VCPU and MemoryLimit (bytes, 0: none) are what it was given.
	VCPU        float64 `json:"vcpu,omitempty"`
	MemoryLimit int64   `json:"memory_limit_bytes,omitempty"`
	// CPU is the processor time that it used for this job; Unknown when it
	// could not be told (a goroutine, a lost process).
	CPU Time `json:"cpu_s"`
	// PeakMemory is its largest resident set so far in bytes; 0 when unknown.
	PeakMemory int64 `json:"peak_memory_bytes,omitempty"`
	// VoluntarySwitches counts how often it gave a processor up for this job, to
	// wait for something; 0 when unknown, since every worker waits for its
	// tasks. InvoluntarySwitches counts how often a processor was taken from it,
	// and is known when the other is.
	VoluntarySwitches   int64 `json:"voluntary_switches,omitempty"`
	InvoluntarySwitches int64 `json:"involuntary_switches,omitempty"`
	// Throttled is for how long its quota held it back during this job, Waited
	// for how long it could have run and had no processor, that included; both
	// Unknown for a worker without a quota, and where the system does not tell.
	Throttled Time `json:"throttled_s"`
	Waited    Time `json:"waited_s"`
	// Billed is the time that the platform bills; Unknown where none does.
	Billed Time `json:"billed_s"`
	// ClockOffset was added to the worker's stamps; the mapped stamps are
	// right to within ClockUncertainty either way.
	ClockOffset      Time `json:"clock_offset_s"`
	ClockUncertainty Time `json:"clock_uncertainty_s"`
}

// TaskUsage is what one attempt used of its worker's machine: the worker's
// process with those that it waited for. It is measured of attempts that took
// long enough for that to cost next to nothing, and whose worker's attempt
// before had.
type TaskUsage struct {
	// Attempt indexes Trace.Attempts.
	Attempt int32
	// CPU is processor time, user and system.
	CPU Time
	// Voluntary counts how often a processor was given up to wait for
	// something, Involuntary how often one was taken away.
	Voluntary, Involuntary int64
	// PeakMemory is the largest resident set of the worker's process while the
	// function ran, in bytes; 0 when not measured.
	PeakMemory int64
	// Throttled is for how long the worker's quota held it back; Unknown when
	// not measured.
	Throttled Time
}

// Rows are consecutive rows of a trace that will not change any more.
type Rows struct {
	Chunks     []Chunk
	Deliveries []Delivery
	Attempts   []Attempt
	// Usages and Errors are as in Trace, by index into these Attempts.
	Usages []TaskUsage
	Errors map[int]string
}

// Sink takes the rows of a job's trace while it runs, so that a long job need
// not keep them. Each call's rows follow on those of the call before; an
// attempt may point at a chunk or a delivery that comes later. The slices are
// valid during the call.
type Sink interface {
	Rows(Rows) error
}

// Trace is all that is known of one job.
type Trace struct {
	// Spilled counts the rows that a Sink has taken; those in this trace follow
	// on them, with indices that count them.
	Spilled struct{ Chunks, Deliveries, Attempts int }
	// Tasks is the number of tasks of the job, Slots the number of places for
	// workers.
	Tasks, Slots int
	// Makespan is when the last task was settled: the driver had its accepted
	// result, or gave it up for good.
	Makespan Time
	// Workers in the order in which they were requested.
	Workers    []Worker
	Chunks     []Chunk
	Deliveries []Delivery
	// Attempts of one worker stand in the order in which it ran them.
	Attempts []Attempt
	// Usages are those of the attempts that were measured, by rising attempt.
	Usages []TaskUsage
	// Errors holds the error text of attempts that have one, by index into
	// Attempts.
	Errors map[int]string
}

// WorkerOf returns the index into t.Workers of the worker that ran attempt i.
func (t *Trace) WorkerOf(i int) int {
	return int(t.Chunks[t.Attempts[i].Chunk].Worker)
}
