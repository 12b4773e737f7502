// Package local is the backend of worker processes on this machine: the same
// program started again, joined to its driver by an inherited socket, or by a
// transport as workers elsewhere are.
//
// It is a launcher (see package runner); tasks and results travel over the
// stream exchange. Workers are told to end by the end of their stream, and are
// killed when they do not heed it; the kernel kills them when the driver dies.
package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"time"

	"corecast/internal/clock"
	"corecast/runner"
	"corecast/runner/exchange"
)

// Options tune the backend; the zero value is what most programs want.
type Options struct {
	// Program is started as the worker, with Args; empty: the running program.
	// It must be the same build as the driver and call runner.Main.
	Program string
	Args    []string
	// VCPU is what each worker may use, 0 means 1: a worker's GOMAXPROCS,
	// unless the environment sets it.
	VCPU float64
	// CoreShare holds each worker to a share of a core, as in 0.125, by the
	// kernel's quota; 0: no quota. A worker then counts as one scaled core, its
	// vCPU is the share, and its limits hold before it is given work. It needs
	// Linux, and rights over control groups (docs/scaled-cores.md).
	CoreShare float64
	// Memory limits each worker's memory, in bytes; 0: no limit. The kernel
	// kills a worker that needs more, and it is lost: out of memory. A worker's
	// GOMEMLIMIT is nine tenths of it, unless the environment sets it.
	Memory int64
	// Pin has each worker stay on a core of its own (on VCPU of them), of those
	// that this process may use; with a CoreShare, workers take turns on them.
	Pin bool
	// Name is in the names of the control groups: a run's id.
	Name string
	// StartTimeout is how long a worker may take to be ready once it has a
	// stream; 0 means 30 s.
	StartTimeout time.Duration
	// Wrap, unless it is nil, puts something around the driver's end of each
	// worker's stream: tests tamper with it.
	Wrap func(io.ReadWriteCloser) io.ReadWriteCloser
	// Env names variables of the environment that workers get besides the usual
	// ones (PATH, HOME, the language, Go's own: docs/security.md), or sets one
	// as NAME=value; * is all of them but CORECAST_* and CODE_ENGINE_*.
	Env []string
	// Stderr receives what workers print, on both outputs; nil: this
	// program's standard error.
	Stderr io.Writer
	// Transport joins workers to the driver; nil: a socket that they inherit.
	// The pool closes it. The program must call the Main that belongs to it.
	Transport Transport
}

// Transport lets workers reach their driver as from another machine;
// *remote.Listener is one.
type Transport interface {
	// Name goes behind the backend's.
	Name() string
	// InviteOne returns what leads one worker to its driver, and what waits for
	// its stream until ctx ends.
	InviteOne() (env []string, accept func(context.Context) (io.ReadWriteCloser, error), err error)
	Close() error
}

// withVCPU has the VCPU that the others stand for.
func (o Options) withVCPU() Options {
	if o.VCPU <= 0 {
		o.VCPU = 1
	}
	if o.CoreShare > 0 {
		o.VCPU = o.CoreShare
	}
	return o
}

// exitWait is how long workers have to end by themselves.
const exitWait = time.Second

// New returns the backend with a number of workers.
func New(workers int, o Options) runner.Launcher {
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	return &launcher{workers: workers, options: o.withVCPU(), live: make(map[*process]struct{})}
}

type launcher struct {
	workers int
	options Options
	starts  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	live   map[*process]struct{}
	quit   chan struct{}
	start  chan startRequest
	// hold, holdErr and inherited (process_linux.go) are made by the first
	// Launch.
	hold      *hold
	holdErr   error
	inherited int
}

type startRequest struct {
	runner.Request
	post exchange.Post
}

// Name returns local, with the transport's name behind it.
func (l *launcher) Name() string {
	if l.options.Transport != nil {
		return "local-" + l.options.Transport.Name()
	}
	return "local"
}

// Workers returns the number of slots.
func (l *launcher) Workers() int { return l.workers }

// VCPU returns what each worker has.
func (l *launcher) VCPU() float64 { return l.options.VCPU }

// MemoryLimit returns what each worker may use, in bytes; 0: no limit.
func (l *launcher) MemoryLimit() int64 { return l.options.Memory }

// Launch starts a process for each request, one after another.
func (l *launcher) Launch(_ context.Context, requests []runner.Request, post exchange.Post) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.start == nil {
		if l.hold == nil {
			l.hold, l.holdErr = newHold(l.workers, l.options)
			l.inherited = inherited()
		}
		l.start, l.quit = make(chan startRequest), make(chan struct{})
		go l.starter(l.start, l.quit)
	}
	l.starts.Add(1)
	go func(start chan<- startRequest) {
		defer l.starts.Done()
		for _, r := range requests {
			start <- startRequest{r, post}
		}
	}(l.start)
}

// starter starts processes from one thread that it holds until the backend is
// closed: the kernel ends a process whose parent's thread is gone, when that
// was asked for (PR_SET_PDEATHSIG).
func (l *launcher) starter(start <-chan startRequest, quit <-chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case r := <-start:
			l.begin(r)
		case <-quit:
			return
		}
	}
}

// begin starts one process and posts what becomes of it.
func (l *launcher) begin(r startRequest) {
	post := func(e exchange.Event) {
		e.Slot, e.Generation = r.Slot, r.Generation
		r.post(e)
	}
	l.mu.Lock()
	closed, holdErr := l.closed, l.holdErr
	l.mu.Unlock()
	if closed {
		post(exchange.Event{Kind: exchange.Exited, At: clock.Now(), Reason: "the pool was closed", Expected: true})
		return
	}
	if holdErr != nil {
		post(exchange.Event{Kind: exchange.Exited, At: clock.Now(), Reason: holdErr.Error(), Fatal: true})
		return
	}
	p, err := l.spawn(r)
	if err != nil {
		post(exchange.Event{Kind: exchange.Exited, At: clock.Now(), Reason: err.Error()})
		return
	}
	post(exchange.Event{Kind: exchange.Started, At: p.started, ID: strconv.Itoa(p.cmd.Process.Pid)})
	l.mu.Lock()
	l.live[p] = struct{}{}
	if l.closed { // closed since it was looked at
		p.hangUp()
	}
	l.mu.Unlock()
	go func() {
		fatal, err := l.serve(p, r)
		reason := p.wait(err)
		l.mu.Lock()
		delete(l.live, p)
		l.mu.Unlock()
		gaveUp := runner.ExitGaveUp(p.cmd.ProcessState.ExitCode())
		post(exchange.Event{Kind: exchange.Exited, At: clock.Now(), Reason: reason, Expected: p.expected.Load() && !errors.Is(err, exchange.ErrSilent), GaveUp: gaveUp, Fatal: fatal})
		close(p.gone)
	}()
}

// serve reads from the worker until its stream ends; before that, it waits for
// one that is to come by a transport.
func (l *launcher) serve(p *process, r startRequest) (fatal bool, err error) {
	conn, err := p.stream()
	if err != nil {
		return false, err
	}
	return exchange.NewStream(conn, exchange.StreamConfig{
		StartTimeout: l.options.StartTimeout,
		Slot:         r.Slot, Generation: r.Generation, Build: runner.BuildID(), Post: r.post, Kill: p.kill,
		// What comes as from elsewhere is measured like it.
		SameClock: l.options.Transport == nil,
	}).Serve()
}

// spawn starts the program as a worker.
func (l *launcher) spawn(r startRequest) (*process, error) {
	p := &process{wrap: l.options.Wrap, gone: make(chan struct{}), stderr: &tail{to: l.options.Stderr}}
	p.cmd = exec.Command(cmp.Or(l.options.Program, runner.Executable()), l.options.Args...)
	if l.options.Program == "" {
		p.cmd.Args[0] = os.Args[0]
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stderr, p.stderr
	p.cmd.WaitDelay = exitWait
	p.cmd.SysProcAttr = attributes()
	env, err := p.connect(l.options.Transport)
	if err != nil {
		return nil, err
	}
	defer closeAll(p.cmd.ExtraFiles)
	p.cmd.ExtraFiles = withoutInherited(p.cmd.ExtraFiles, l.inherited)
	p.cmd.Env = append(l.environment(), env...)
	if p.group, err = l.hold.start(p.cmd, r.Slot, r.Generation); err != nil {
		p.abort()
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	p.started = clock.Now()
	p.watch()
	return p, nil
}

func (l *launcher) environment() []string {
	env := workerEnv(os.Environ(), l.options.Env)
	if valueOf(env, "GOMAXPROCS") == "" {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(procs(l.options.VCPU)))
	}
	if valueOf(env, "GOMEMLIMIT") == "" {
		env = append(env, l.hold.environment()...)
	}
	return env
}

// procs is the number of processors that a worker of so many vCPU uses.
func procs(vcpu float64) int { return int(math.Ceil(vcpu)) }

// Close ends all workers and returns when they are gone. What still waits to
// be started is not.
func (l *launcher) Close() error {
	l.mu.Lock()
	l.closed = true
	live := make([]*process, 0, len(l.live))
	for p := range l.live {
		p.hangUp()
		live = append(live, p)
	}
	l.mu.Unlock()
	l.starts.Wait()
	l.mu.Lock()
	for p := range l.live { // started while the first were told
		live = append(live, p)
	}
	if l.quit != nil {
		close(l.quit)
		l.quit, l.start = nil, nil
	}
	l.mu.Unlock()
	late := time.After(exitWait)
	var errs []error
	for _, p := range live {
		select {
		case <-p.gone:
			continue
		case <-late:
			late = closedChan
		}
		p.kill()
		select {
		case <-p.gone:
		case <-time.After(5 * exitWait):
			errs = append(errs, fmt.Errorf("worker process %d does not end", p.cmd.Process.Pid))
		}
	}
	errs = append(errs, l.hold.remove())
	if l.options.Transport != nil {
		errs = append(errs, l.options.Transport.Close())
	}
	return errors.Join(errs...)
}

var closedChan = func() chan time.Time { c := make(chan time.Time); close(c); return c }()
