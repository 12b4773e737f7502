package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// WorkerEnv is the environment variable that turns a program into a worker: it
// holds the number of the descriptor of the stream to its driver. [Main] takes
// it out of the environment.
const WorkerEnv = "CORECAST_WORKER"

// Main turns this process into a worker when it was started as one, and then
// never returns; otherwise it returns at once. Call it first thing in main,
// with every function that is to be fanned out:
//
//	func main() {
//		runner.Main(square)
//		...
//
// A worker ends when its driver is gone.
func Main(funcs ...AnyFunc) {
	value, ok := os.LookupEnv(WorkerEnv)
	if !ok {
		return
	}
	os.Unsetenv(WorkerEnv)
	if err := serve(value, funcs); err != nil {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Noop does nothing. Every worker knows it: no-op tasks measure what a pool's
// dispatch costs.
var Noop = NewFunc("noop", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

// serve connects to the driver and works until the stream ends.
func serve(descriptor string, funcs []AnyFunc) error {
	fd, err := strconv.Atoi(descriptor)
	if err != nil || fd < 0 {
		return fmt.Errorf("%s=%q is not the number of a descriptor", WorkerEnv, descriptor)
	}
	// Non-blocking, so that waiting for the driver parks a goroutine and not
	// the only thread that may run tasks.
	if err := syscall.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("descriptor %d of %s: %w", fd, WorkerEnv, err)
	}
	syscall.CloseOnExec(fd)
	return Serve(os.NewFile(uintptr(fd), "driver"), funcs...)
}

// Serve makes this process the worker of the driver at the other end of a
// stream, with the functions that it is to know besides [Noop], and returns
// when the stream ends. The process should end then: what its functions still
// do is nobody's. A process serves one stream in its life, since a worker
// gives up the process with a task that does not end.
func Serve(conn io.ReadWriteCloser, funcs ...AnyFunc) error {
	w := &worker{conn: conn, out: exchange.NewFrameWriter(conn, 0), funcs: make(map[string]AnyFunc, len(funcs)), in: exchange.NewMailbox[command]()}
	w.funcs[Noop.Name()] = Noop
	for _, f := range funcs {
		w.funcs[f.Name()] = f
	}
	hello, err := exchange.AppendHello(nil, exchange.Hello{Build: BuildID(), PID: os.Getpid(), Ready: clock.Now(), Uncertainty: clock.Uncertainty()})
	if err != nil {
		return err
	}
	if err := w.out.Write(hello); errors.Is(err, syscall.EPIPE) {
		return nil // the driver has gone already
	} else if err != nil {
		return fmt.Errorf("greet the driver: %w", err)
	}
	sum := w.out.Sum()
	go w.workOrExit()
	return w.read(sum)
}

// worker is the state of a worker process: one goroutine reads frames, one
// runs tasks.
type worker struct {
	conn  io.Reader
	out   *exchange.FrameWriter
	funcs map[string]AnyFunc
	in    *exchange.Mailbox[command]

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
	cpu    int64 // processor time when it was opened
	stored int64 // of the last delivery
}

// read takes frames until the driver is gone, which is a worker's normal end.
// Their sum goes on from that of the hello.
func (w *worker) read(sum exchange.Sum) error {
	r := bufio.NewReaderSize(w.conn, 64<<10)
	for {
		var begun int64
		kind, body, err := exchange.ReadFrame(r, &sum, func() { begun = clock.Now() })
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the driver: %w", err)
		}
		if err := w.dispatch(kind, body, begun); err != nil {
			return err
		}
	}
}

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
		w.in.Push(command{chunk: in})
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
		w.out.Write(pong) // on failure the driver is gone, and read ends the process
	default:
		return fmt.Errorf("%w: type %d from the driver", exchange.ErrFrame, kind)
	}
	return nil
}

// open makes the job that Finish can cancel.
func (w *worker) open(o exchange.Open) *openJob {
	ctx, cancel := context.WithCancel(context.Background())
	j := &openJob{Open: o, fn: w.funcs[o.Func], cancel: cancel, cpu: clock.ProcessCPU(), stored: exchange.NotKnown}
	j.x = &executor{ctx: ctx, timeout: o.TaskTimeout, grace: o.Grace, giveUp: func(string) { os.Exit(exitGaveUp) }}
	w.mu.Lock()
	w.job = j
	w.mu.Unlock()
	return j
}

// exitGaveUp is the exit code of a worker whose task would not end.
const exitGaveUp = 124

// ExitGaveUp reports whether a worker process that ended with this code did so
// because a task would not end when its time was up, after telling the driver.
func ExitGaveUp(code int) bool { return code == exitGaveUp }

func (w *worker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job != nil {
		w.job.x.cancelled.Store(true)
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
	out := &streamOutlet{conn: w.out}
	for {
		if batch = w.in.Take(batch); batch == nil {
			return
		}
		for _, c := range batch {
			switch {
			case c.open != nil:
				job = c.open
			case c.chunk != nil && job != nil && c.chunk.JobID == job.JobID:
				out.job, out.in, out.first = job, c.chunk, 0
				if !job.x.run(int(c.chunk.Hi-c.chunk.Lo), out) {
					return
				}
			case c.finish && job != nil:
				out.finish(job)
				job.cancel()
			}
		}
	}
}

// streamOutlet runs the tasks of one chunk and writes their results.
type streamOutlet struct {
	conn    *exchange.FrameWriter
	job     *openJob
	in      *exchange.Inbound
	scratch []byte
	results exchange.Results
	first   int // of the results not yet delivered
}

func (o *streamOutlet) call(ctx context.Context, _ int) (start, end int64, err error) {
	payload, reason, err := o.in.Next()
	o.scratch = o.scratch[:0]
	switch {
	case err != nil:
	case reason != "":
		err = errors.New(reason)
	case o.job.fn == nil:
		err = fmt.Errorf("the worker does not know the function %q: pass it to runner.Main", o.job.Func)
	default:
		o.scratch, start, end, err = o.job.fn.serve(ctx, payload, o.scratch)
		return start, end, err
	}
	now := clock.Now()
	return now, now, err
}

// fullAt is how many bytes of results travel together.
const fullAt = 256 << 10

// maxResult bounds a result, so that it fits into one message behind those
// that it travels with.
const maxResult = exchange.MaxFrame - 2*fullAt

func (o *streamOutlet) keep(_ int, start, end int64, f *exchange.Failure) (full bool) {
	if n := len(o.scratch); f == nil && n > maxResult {
		f = &exchange.Failure{Text: fmt.Sprintf("send the result: %d bytes are over the limit of %d", n, maxResult)}
	}
	if f != nil {
		o.results.Fail(start, end, *f)
	} else {
		o.results.Add(start, end, o.scratch)
	}
	_, bytes := o.results.Len()
	return bytes > fullAt
}

func (o *streamOutlet) deliver() {
	n, _ := o.results.Len()
	if n == 0 {
		return
	}
	frame, err := o.results.Frame(o.in, o.in.Lo+int32(o.first), o.job.stored, clock.Now())
	o.first += n
	if err != nil {
		o.tooLarge(n, err)
		return
	}
	if err := o.conn.Write(frame); err == nil {
		o.job.stored = clock.Now()
	}
	if len(frame) > 8*fullAt || cap(o.scratch) > 8*fullAt { // do not hold on to what one large result took
		o.results, o.scratch = exchange.Results{}, nil
	}
}

// tooLarge fails n tasks whose results do not fit into one message.
func (o *streamOutlet) tooLarge(n int, err error) {
	now := clock.Now()
	for range n {
		o.results.Fail(now, now, exchange.Failure{Text: "send the result: " + err.Error()})
	}
	o.first -= n
	o.deliver()
}

// finish tells the driver what the job took.
func (o *streamOutlet) finish(j *openJob) {
	frame, err := exchange.AppendDone(nil, exchange.Stats{
		JobID: j.JobID, Stored: j.stored, CPU: clock.ProcessCPU() - j.cpu, PeakMemory: peakMemory(),
	})
	if err == nil {
		o.conn.Write(frame) // on failure the driver is gone, and read ends the process
	}
}
