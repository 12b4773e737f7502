package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// worker is the state of a worker process: one goroutine reads frames, one
// runs tasks.
type worker struct {
	conn  io.Reader
	out   *exchange.FrameWriter
	funcs map[string]AnyFunc
	early bool // there are more functions to be had
	in    *exchange.Mailbox[command]

	// quotaFile tells for how long a quota has held this process back; empty:
	// none does.
	quotaFile string

	piece []byte // what is left of the memory that keep cuts from

	mu  sync.Mutex // guards job and cancel
	job *openJob
}

// command is one frame for the goroutine that runs tasks.
type command struct {
	open  *openJob
	chunk *exchange.Inbound
	// finish is set for the end of the job.
	finish bool
}

// openJob is the job that a worker serves.
type openJob struct {
	exchange.Open
	fn     AnyFunc // nil: not known here
	x      *executor
	cancel context.CancelFunc
	before reading // when it was opened
	stored int64   // of the last delivery
}

// read takes frames until the driver is gone, which is a worker's normal end.
// Their sum goes on from that of the hello.
func (w *worker) read(sum exchange.Sum) error {
	r := exchange.NewFrameReader(w.conn, sum)
	for {
		var begun int64
		kind, body, err := r.Next(func() { begun = clock.Now() })
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the driver: %w", err)
		}
		if kind == exchange.FrameChunk && r.Lent() {
			body = w.keep(body)
		}
		if err := w.dispatch(kind, body, begun); err != nil {
			return err
		}
		if !r.More() {
			w.in.Wake()
		}
	}
}

// keep copies what the reader has lent to memory that is cut from larger
// pieces.
func (w *worker) keep(body []byte) []byte {
	const piece = 16 << 10
	if len(w.piece) < len(body) {
		w.piece = make([]byte, max(piece, len(body)))
	}
	kept := w.piece[:copy(w.piece, body):len(body)]
	w.piece = w.piece[len(body):]
	return kept
}

// dispatch hands a frame on. A chunk waits for what is here already.
func (w *worker) dispatch(kind exchange.FrameType, body []byte, begun int64) error {
	switch kind {
	case exchange.FrameOpen:
		open, err := exchange.ParseOpen(body)
		if err != nil {
			return err
		}
		w.in.Push(command{open: w.open(open)})
	case exchange.FrameChunk:
		in, err := exchange.ParseChunk(body)
		if err != nil {
			return err
		}
		in.ReceiveStart, in.Arrived = begun, clock.Now()
		w.in.Queue(command{chunk: in})
	case exchange.FrameFinish:
		_, cancel, err := exchange.ParseFinish(body)
		if err != nil {
			return err
		}
		if cancel {
			w.stop()
			w.in.Drop(func(c command) bool { return c.chunk != nil })
		}
		w.in.Push(command{finish: true})
	case exchange.FramePing:
		number, err := exchange.ParsePing(body)
		if err != nil {
			return err
		}
		pong, err := exchange.AppendPong(nil, number, clock.Now())
		if err != nil {
			return err
		}
		w.out.Write(pong, nil) // on failure the driver is gone, and read ends the process
	default:
		return fmt.Errorf("%w: type %d from the driver", exchange.ErrFrame, kind)
	}
	return nil
}

// open makes the job that Finish can cancel.
func (w *worker) open(o exchange.Open) *openJob {
	ctx, cancel := context.WithCancel(context.Background())
	j := &openJob{Open: o, fn: w.find(o.Func), cancel: cancel, before: read(w.quotaFile), stored: exchange.NotKnown}
	j.x = &executor{ctx: ctx, timeout: o.TaskTimeout, grace: o.Grace, giveUp: w.giveUp}
	w.mu.Lock()
	w.job = j
	w.mu.Unlock()
	return j
}

// find returns the function of a name, nil when nobody knows it.
func (w *worker) find(name string) AnyFunc {
	for w.funcs[name] == nil && w.early {
		early.wanted <- struct{}{}
		o := <-early.offers
		w.know(o.funcs)
		w.early = !o.last
	}
	return w.funcs[name]
}

func (w *worker) know(funcs []AnyFunc) {
	for _, f := range funcs {
		w.funcs[f.Name()] = f
	}
}

// giveUp ends the process, when what it has said is on its way.
func (w *worker) giveUp(string) {
	if f, ok := w.conn.(interface{ Flush() error }); ok {
		f.Flush() // what it cannot say is lost with the worker
	}
	os.Exit(exitGaveUp)
}

// exitGaveUp is the exit code of a worker whose task would not end.
const exitGaveUp = 124

// ExitGaveUp is runner.ExitGaveUp.
func ExitGaveUp(code int) bool { return code == exitGaveUp }

func (w *worker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job != nil {
		w.job.x.cancel()
		w.job.cancel()
	}
}

// workOrExit is work, and ends the process when a function ends its goroutine
// (runtime.Goexit): without it the worker would only seem to be at work.
func (w *worker) workOrExit() {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			panic(v)
		}
		if !returned {
			fmt.Fprintln(os.Stderr, "worker: a function ended its goroutine")
			os.Exit(1)
		}
	}()
	w.work()
	returned = true
}

// work runs what read hands over. A driver that cannot be written to is gone,
// and read ends the process.
func (w *worker) work() {
	var job *openJob
	var batch []command
	out := &streamOutlet{conn: w.out, meter: meter{quotaFile: w.quotaFile}}
	for {
		if batch = w.in.Take(batch); batch == nil {
			return
		}
		for i, c := range batch {
			switch {
			case c.open != nil:
				job = c.open
				out.meter.level = meterCounters // of the first task
			case c.chunk != nil && job != nil && c.chunk.JobID == job.JobID:
				out.begin(job, c.chunk)
				if !job.x.run(int(c.chunk.Hi-c.chunk.Lo), out) {
					return
				}
				if out.results.End(); job.Prompt || travels(i, len(batch)) || out.late() {
					out.deliver()
				}
			case c.finish && job != nil:
				out.deliver()
				out.finish(job)
				job.cancel()
			}
		}
	}
}

// streamOutlet runs the tasks of chunks and writes their results.
type streamOutlet struct {
	conn    *exchange.FrameWriter
	meter   meter
	job     *openJob
	results exchange.Results
	serving serving
	// since is when the first result that was not written was made.
	since int64
}

func (o *streamOutlet) begin(j *openJob, in *exchange.Inbound) {
	o.job = j
	o.serving = serving{in: in, out: &o.results, meter: &o.meter}
	o.open(in.Lo)
}

// open begins a frame of results from a task on. It has room for what tasks
// used when the next one is going to be measured.
func (o *streamOutlet) open(task int32) {
	o.serving.metered = o.job.Stamps && o.meter.level != meterOff
	o.results.Begin(o.serving.in, task, o.job.Stamps, o.serving.metered)
}

func (o *streamOutlet) call(ctx context.Context, k, n int, stop *atomic.Uint32, guard exchange.Guard) (next int, err error) {
	s := &o.serving
	if o.results.Begun() == 0 { // the frame before was written
		o.open(s.in.Lo + int32(k))
	}
	s.from, s.to, s.stop, s.guard = k, n, stop, guard
	if o.job.fn == nil {
		s.start = clock.Now()
		s.end = s.start
		return k + 1, fmt.Errorf("the worker does not know the function %q: pass it to runner.Main", o.job.Func)
	}
	next, err = o.job.fn.serve(ctx, s)
	if o.since == 0 {
		o.since = s.end
	}
	return next, err
}

func (o *streamOutlet) fail(_ int, f *exchange.Failure) {
	o.results.Fail(o.serving.start, o.serving.end, *f)
}

func (o *streamOutlet) overran(_ int, start, end int64, f *exchange.Failure) {
	o.results.Fail(start, end, *f)
}

func (o *streamOutlet) full() bool { return o.results.Bytes() >= fullAt }

// late reports whether what waits has waited long enough.
func (o *streamOutlet) late() bool {
	return o.since != 0 && o.serving.end-o.since > int64(flushAfter)
}

func (o *streamOutlet) deliver() {
	if o.results.Begun() == 0 {
		return
	}
	frames, raw := o.results.Take(o.job.stored, clock.Now())
	if len(frames) == 0 {
		return
	}
	if err := o.conn.Write(frames, raw); err == nil {
		o.job.stored = clock.Now()
	}
	o.since = 0
	if cap(frames) > 8*fullAt { // do not hold on to what one large result took
		o.results = exchange.Results{}
	}
}

// finish tells the driver what the job took.
func (o *streamOutlet) finish(j *openJob) {
	stats := read(o.meter.quotaFile).stats(j.before)
	stats.JobID, stats.Stored, stats.PeakMemory = j.JobID, j.stored, o.meter.peakMemory()
	frame, err := exchange.AppendDone(nil, stats)
	if err == nil {
		o.conn.Write(frame, nil) // on failure the driver is gone, and read ends the process
	}
}
