package work

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"

	"corecast/internal/clock"
	"corecast/runner/exchange"
)

// Env is the environment variable that turns a program into a worker; see
// runner.WorkerEnv.
const Env = "CORECAST_WORKER"

// early joins calls of Early and Main, which come one after another on the
// goroutine that initialises and then calls main, to the worker that the first
// of them began.
var early = struct {
	begun  chan struct{} // closed when there is such a worker
	wanted chan struct{} // the worker: more functions
	offers chan offer
}{make(chan struct{}), make(chan struct{}), make(chan offer)}

// offer is what Early and Main tell the worker; last is set by Main.
type offer struct {
	funcs []AnyFunc
	last  bool
}

// Main is runner.Main.
func Main(funcs ...AnyFunc) {
	select {
	case <-early.begun:
		early.offers <- offer{funcs, true}
		select {} // the worker ends the process
	default:
	}
	if w := start(funcs); w != nil {
		exit(w.serve())
	}
}

// Early is Main for the time before a program has initialised: call it in the
// init function of a package that imports little, with what can be fanned out
// before other packages are ready, and Main in main as ever. The worker is
// ready, and waits. When it is asked for a function that it does not know,
// Early returns, and the program initialises on, to the next call of Early or
// to Main, whose functions the worker then knows too.
func Early(funcs ...AnyFunc) {
	select {
	case <-early.begun:
		early.offers <- offer{funcs, false}
	default:
		w := start(funcs)
		if w == nil {
			return
		}
		w.early = true
		close(early.begun)
		// Not on this goroutine: the one that initialises is tied to its thread,
		// which every frame would have to wake.
		go func() { exit(w.serve()) }()
	}
	<-early.wanted
}

// start makes the worker that this process was started as, and has it greet
// its driver; nil when it was not started as one. It returns when the driver
// has said something: all that a worker needs for that is made then.
func start(funcs []AnyFunc) *worker {
	value, ok := os.LookupEnv(Env)
	if !ok {
		return nil
	}
	os.Unsetenv(Env)
	fd, err := strconv.Atoi(value)
	if err != nil || fd < 0 {
		exit(fmt.Errorf("%s=%q is not the number of a descriptor", Env, value))
	}
	syscall.CloseOnExec(fd)
	sum, err := greet(descriptor(fd))
	if err == nil {
		err = descriptor(fd).await()
	}
	if err == nil {
		// Non-blocking, so that waiting for the driver parks a goroutine and not
		// the only thread that may run tasks.
		err = syscall.SetNonblock(fd, true)
	}
	if errors.Is(err, errGone) {
		exit(err)
	} else if err != nil {
		exit(fmt.Errorf("descriptor %d of %s: %w", fd, Env, err))
	}
	return newWorker(os.NewFile(uintptr(fd), "driver"), sum, funcs)
}

// exit ends the process: a driver that has gone is a worker's normal end.
func exit(err error) {
	if err != nil && !errors.Is(err, errGone) {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// errGone says that the driver has gone.
var errGone = errors.New("the driver has gone")

// Serve is runner.Serve.
func Serve(conn io.ReadWriteCloser, funcs ...AnyFunc) error {
	sum, err := greet(conn)
	if err == nil {
		err = newWorker(conn, sum, funcs).serve()
	}
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

// ServeStored is Serve for a stream made of objects (package storeexchange): the
// driver writes before it has heard of the worker, so that the sum of what it
// writes goes on from seed.
func ServeStored(conn io.ReadWriter, seed exchange.Sum, funcs ...AnyFunc) error {
	sum, err := greet(conn)
	if err != nil {
		return err
	}
	w := newWorker(conn, sum, funcs)
	w.quotaFile = quotaFile()
	go w.workOrExit()
	return w.read(seed)
}

// greet tells the driver that this process is ready, and returns the sum of
// what it wrote.
func greet(conn io.Writer) (exchange.Sum, error) {
	hello, err := exchange.AppendHello(nil, exchange.Hello{Build: BuildID(), PID: os.Getpid(), Ready: clock.Now(), Uncertainty: clock.Uncertainty()})
	if err != nil {
		return 0, err
	}
	out := exchange.NewFrameWriter(conn, 0)
	if err := out.Write(hello, nil); errors.Is(err, syscall.EPIPE) {
		return 0, errGone
	} else if err != nil {
		return 0, fmt.Errorf("greet the driver: %w", err)
	}
	return out.Sum(), nil
}

// descriptor is the stream to the driver as the kernel has it: Go's poller is
// made when there is work.
type descriptor int

// Write writes all of b.
func (d descriptor) Write(b []byte) (n int, err error) {
	for n < len(b) {
		m, err := syscall.Write(int(d), b[n:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return n, os.NewSyscallError("write", err)
		}
		n += m
	}
	return n, nil
}

// await returns when there is something to read, or nothing ever will be; what
// else goes wrong is found by reading.
func (d descriptor) await() error {
	var first [1]byte
	for {
		n, _, err := syscall.Recvfrom(int(d), first[:], syscall.MSG_PEEK)
		switch {
		case err == syscall.EINTR:
		case err == nil && n == 0:
			return errGone
		default:
			return nil
		}
	}
}

// newWorker makes a worker whose stream goes on with sum.
func newWorker(conn io.ReadWriter, sum exchange.Sum, funcs []AnyFunc) *worker {
	w := &worker{conn: conn, out: exchange.NewFrameWriter(conn, sum), funcs: make(map[string]AnyFunc, len(funcs)+1), in: exchange.NewMailbox[command]()}
	w.know([]AnyFunc{Noop})
	w.know(funcs)
	return w
}

// serve works until the stream ends.
func (w *worker) serve() error {
	w.quotaFile = quotaFile()
	sum := w.out.Sum()
	go w.workOrExit()
	return w.read(sum)
}
