package runner

import (
	"sync"

	"corecast/runner/exchange"
	"corecast/runner/trace"
)

// log collects the rows of a job's trace. Deliveries of results that went well
// are kept as they came, a batch each, and made rows when the job is over, or
// when they are many and spill.
type log struct {
	chunks     []trace.Chunk
	deliveries []trace.Delivery
	batches    []batch
	attempts   int // rows in all batches
	usages     []trace.TaskUsage
	errors     map[int]string
	// gone are the rows that were spilled: indices of rows count them.
	gone  struct{ chunks, deliveries, attempts int }
	spill *spill // nil: all is kept
}

// chunk is the row of a chunk, delivery that of a delivery.
func (l *log) chunk(row int32) *trace.Chunk       { return &l.chunks[int(row)-l.gone.chunks] }
func (l *log) delivery(row int32) *trace.Delivery { return &l.deliveries[int(row)-l.gone.deliveries] }

// addChunk and addDelivery add a row and return its index.
func (l *log) addChunk(c trace.Chunk) int32 {
	l.chunks = append(l.chunks, c)
	return int32(l.gone.chunks + len(l.chunks) - 1)
}

func (l *log) addDelivery(d trace.Delivery) int32 {
	l.deliveries = append(l.deliveries, d)
	return int32(l.gone.deliveries + len(l.deliveries) - 1)
}

// batch is consecutive rows of attempts: either rows, or those of a delivery
// whose results were all accepted. shift brings its stamps to the trace's time.
type batch struct {
	rows []trace.Attempt

	delivery      *exchange.Delivery
	chunk, number int32
	row           int32 // of the delivery
	shift         int64
}

// accepted notes that all results of a delivery were accepted.
func (l *log) accepted(d *exchange.Delivery, c *dispatched, row int32, shift int64) {
	l.batches = append(l.batches, batch{delivery: d, chunk: c.row, number: c.attempt, row: row, shift: shift})
	for k := range d.Usages {
		l.used(&d.Usages[k], l.attempts+k)
	}
	d.Usages = nil
	l.attempts += int(d.Count)
	d.Results = nil // they were handed to the caller
}

// used notes what the attempt of a row used, if it was measured.
func (l *log) used(u *exchange.TaskUsage, row int) {
	if u.Measured {
		l.usages = append(l.usages, trace.TaskUsage{
			Attempt: int32(row), CPU: trace.Time(u.CPU), Voluntary: u.Voluntary, Involuntary: u.Involuntary,
			PeakMemory: u.PeakMemory, Throttled: timeOf(u.Throttled),
		})
	}
}

// add adds a row.
func (l *log) add(row trace.Attempt, errorText string) {
	if errorText != "" {
		if l.errors == nil {
			l.errors = make(map[int]string)
		}
		l.errors[l.attempts] = errorText
	}
	if n := len(l.batches); n == 0 || l.batches[n-1].delivery != nil {
		l.batches = append(l.batches, batch{})
	}
	last := &l.batches[len(l.batches)-1]
	last.rows = append(last.rows, row)
	l.attempts++
}

// trace returns all rows as a trace.
func (l *log) trace() *trace.Trace {
	t := &trace.Trace{Chunks: l.chunks, Deliveries: l.deliveries, Usages: l.usages, Errors: l.errors, Attempts: make([]trace.Attempt, l.attempts)}
	t.Spilled.Chunks, t.Spilled.Deliveries, t.Spilled.Attempts = l.gone.chunks, l.gone.deliveries, l.gone.attempts
	fill(t.Attempts, l.batches)
	return t
}

// fillTogether is how many rows are worth a goroutine: some 3 ms of them.
const fillTogether = 1 << 16

// fill makes the rows of batches, on several cores when they are many: no
// worker has anything to do meanwhile.
func fill(rows []trace.Attempt, batches []batch) {
	var parts sync.WaitGroup
	for len(batches) > 0 {
		n, end := 0, 0
		for end < len(batches) && n < fillTogether {
			n += batches[end].count()
			end++
		}
		part, into := batches[:end], rows[:n]
		batches, rows = batches[end:], rows[n:]
		parts.Go(func() { fillPart(into, part) })
	}
	parts.Wait()
}

func fillPart(rows []trace.Attempt, batches []batch) {
	for i := range batches {
		rows = rows[batches[i].fill(rows):]
	}
}

// count is how many rows the batch has.
func (b *batch) count() int {
	if b.delivery == nil {
		return len(b.rows)
	}
	return len(b.delivery.Start)
}

// fill makes the batch's rows, and returns how many they are.
func (b *batch) fill(rows []trace.Attempt) int {
	if b.delivery == nil {
		return copy(rows, b.rows)
	}
	d := b.delivery
	rows = rows[:len(d.Start)]
	for k, start := range d.Start {
		row := trace.Attempt{
			FuncStart: trace.Time(start + b.shift), FuncEnd: trace.Time(d.End[k] + b.shift), Declared: trace.Unknown,
			Task: d.Lo + int32(k), Number: b.number, Chunk: b.chunk, Delivery: b.row, ReplacedBy: -1, Outcome: trace.Done,
		}
		if d.BytesOut != nil {
			row.BytesOut = int64(d.BytesOut[k])
		}
		if k < len(d.BytesIn) {
			row.BytesIn = int64(d.BytesIn[k])
		}
		rows[k] = row
	}
	return len(rows)
}
