package remote_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"corecast/internal/clock"
	"corecast/runner"
	"corecast/runner/exchange"
	"corecast/runner/local"
	"corecast/runner/remote"
	"corecast/runner/trace"
)

// look returns what a worker has in its environment: as it started, as its
// functions see it, and as a program that they start does.
var look = runner.NewFunc("remote_test.look", func(ctx context.Context, _ int) ([]string, error) {
	started, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		return nil, err
	}
	child, err := exec.CommandContext(ctx, "env").Output()
	return []string{string(started), strings.Join(os.Environ(), "\n"), string(child)}, err
})

// linux is what a test needs that looks at processes.
func linux(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("not applicable: the system has no /proc")
	}
}

// TestTokenNotShown looks for a worker's token where others could.
func TestTokenNotShown(t *testing.T) {
	linux(t)
	pool := runner.NewPool(backend.New(1))
	defer pool.Close()
	var tr *trace.Trace
	seen, err := runner.Map(t.Context(), pool, look, []int{0}, runner.JobOptions{Trace: func(x *trace.Trace) { tr = x }})
	if err != nil {
		t.Fatal(err)
	}
	_, ticket, ok := strings.Cut(seen[0][0], remote.TicketEnv+"=")
	ticket, _, _ = strings.Cut(ticket, "\x00")
	token := ticket[strings.LastIndex(ticket, "/")+1:]
	if !ok || len(token) < 40 {
		t.Fatal("the worker was started without a token")
	}
	for i, where := range []string{"", "the worker's functions", "what they start"} {
		if i > 0 && (strings.Contains(seen[0][i], token) || strings.Contains(seen[0][i], remote.PlaceEnv)) {
			t.Errorf("%s have the token in the environment", where)
		}
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d processes, %v", len(lines), err)
	}
	for _, path := range lines {
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(token)) {
			t.Errorf("%s shows the token", path)
		}
	}
	// What is left is for the worker's own user alone.
	if info, err := os.Stat("/proc/" + tr.Workers[0].ID + "/environ"); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("the worker's environment is for others to read: %v, %v", info.Mode(), err)
	}
}

// TestClocksAgree measures clocks that are one: whatever the offset was found
// to be, it is wrong by no more than was said.
func TestClocksAgree(t *testing.T) {
	pool := runner.NewPool(backend.New(4))
	defer pool.Close()
	for job := range 2 {
		var tr *trace.Trace
		nap := func(x *trace.Trace) { tr = x }
		if _, err := runner.Map(t.Context(), pool, look, make([]int, 8), runner.JobOptions{Trace: nap}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond) // so that the next job has them compared again
		for _, w := range tr.Workers {
			if !w.Ready.Known() {
				continue // it came too late for this job
			}
			off := max(w.ClockOffset, -w.ClockOffset)
			if own := trace.Time(2*clock.Uncertainty() + 1000); off > w.ClockUncertainty+own || w.ClockUncertainty <= 0 {
				t.Errorf("job %d: worker %s: offset %d ns, said to be off by at most %d", job, w.ID, w.ClockOffset, w.ClockUncertainty)
			}
		}
	}
}

// start starts this program as a worker that nothing but its stream leads back
// here.
func start(t *testing.T, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

// wantEnd checks how a worker ends, and that it does so soon.
func wantEnd(t *testing.T, cmd *exec.Cmd, out *bytes.Buffer, code int, said string) {
	t.Helper()
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer late.Stop()
	err := cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(out.String(), said) {
		t.Errorf("the worker ended with %d (%v) and said %q; want %d, %q", got, err, out, code, said)
	}
}

// ready serves a worker's stream until it is ready; served gets what Serve
// returned.
func ready(t *testing.T, conn io.ReadWriteCloser) (served chan error) {
	t.Helper()
	served = make(chan error, 1)
	isReady := make(chan struct{})
	s := exchange.NewStream(conn, exchange.StreamConfig{Build: runner.BuildID(), Post: func(e exchange.Event) {
		if e.Kind == exchange.Ready {
			close(isReady)
		}
	}})
	go func() {
		_, err := s.Serve()
		served <- err
	}()
	select {
	case <-isReady:
	case err := <-served:
		t.Fatalf("the worker did not get ready: %v", err)
	}
	return served
}

// TestDriverGone has workers whose driver ends their stream, and whose network
// does: both go.
func TestDriverGone(t *testing.T) {
	l := remote.NewListener(remote.Options{})
	defer l.Close()
	cut := newWire(t)
	v, err := l.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		env  []string
		end  func(io.Closer)
	}{
		{"told", v.Env(0), func(c io.Closer) { c.Close() }},
		{"cut", nil, func(io.Closer) { cut.cut() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inv := v
			if test.env == nil {
				through := remote.NewListener(remote.Options{Advertise: []string{cut.addr()}})
				defer through.Close()
				if inv, err = through.Invite(1); err != nil {
					t.Fatal(err)
				}
				cut.to(t, through)
			}
			cmd, out := start(t, inv.Env(0)...)
			conn, err := inv.Accept(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			served := ready(t, conn)
			test.end(conn)
			wantEnd(t, cmd, out, 0, "")
			if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
				t.Errorf("the driver's end: %v", err)
			}
		})
	}
}

// wire carries connections to a driver until it is cut.
type wire struct {
	ln    net.Listener
	mu    sync.Mutex
	conns []net.Conn
	wg    sync.WaitGroup
}

func newWire(t *testing.T) *wire {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{ln: ln}
	t.Cleanup(func() { ln.Close(); w.cut(); w.wg.Wait() })
	return w
}

func (w *wire) addr() string { return w.ln.Addr().String() }

// to carries one connection to where the listener really listens.
func (w *wire) to(t *testing.T, l *remote.Listener) {
	driver := l.Addr()
	w.wg.Go(func() {
		a, err := w.ln.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("tcp", driver)
		if err != nil {
			t.Error(err)
			a.Close()
			return
		}
		w.mu.Lock()
		w.conns = append(w.conns, a, b)
		w.mu.Unlock()
		w.wg.Go(func() { io.Copy(a, b) })
		io.Copy(b, a)
	})
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
}

// TestTicketFile starts a worker by a file, which others could not read, and
// one by a file that they could.
func TestTicketFile(t *testing.T) {
	l := remote.NewListener(remote.Options{})
	defer l.Close()
	v, err := l.Invite(2)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ticket")
	if err := v.WriteTicket(path); err != nil {
		t.Fatal(err)
	}
	cmd, out := start(t, remote.TicketFileEnv+"="+path, remote.PlaceEnv+"=1")
	conn, err := v.Accept(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ready(t, conn)
	conn.Close()
	wantEnd(t, cmd, out, 0, "")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd, out = start(t, remote.TicketFileEnv+"="+path)
	wantEnd(t, cmd, out, 1, "worker: read the file of CORECAST_REMOTE_FILE: "+path+" is open to others (mode 0644)")
}

// TestWorkerRefused starts workers that do not get in; each says why, in a line.
func TestWorkerRefused(t *testing.T) {
	l, other := remote.NewListener(remote.Options{}), remote.NewListener(remote.Options{})
	defer l.Close()
	defer other.Close()
	v, err := l.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	over, err := l.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	over.Close()
	elsewhere, err := other.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.Replace(elsewhere.Env(0)[0], other.Addr(), l.Addr(), 1)
	for _, test := range []struct {
		name, want string
		env        []string
	}{
		{"over", "it refuses this worker: its token is of no invitation that is open", over.Env(0)},
		{"no such place", "it refuses this worker: its place is taken, or no longer wanted", v.Env(5)},
		{"another driver", "it has another certificate than this worker's driver", []string{moved}},
		{"broken", "worker: CORECAST_REMOTE: it is no invitation of this version of corecast", []string{remote.TicketEnv + "=x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd, out := start(t, test.env...)
			wantEnd(t, cmd, out, 1, test.want)
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Errorf("it said %d lines: %s", n, out)
			}
		})
	}
}

// TestWorkerThatDoesNotCome has a program that ends without coming to its
// driver: the job says so at once.
func TestWorkerThatDoesNotCome(t *testing.T) {
	program, err := exec.LookPath("false")
	if err != nil {
		t.Fatal(err)
	}
	pool := runner.NewPool(backend.Foreign(2, program))
	defer pool.Close()
	_, err = runner.Map(t.Context(), pool, look, []int{0}, runner.JobOptions{})
	want := "backend local-tls: workers do not start: the worker did not come: its process ended (it ended: exit status 1)"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestCloseWhileComing closes a pool whose workers do not come: nothing is left
// of them.
func TestCloseWhileComing(t *testing.T) {
	linux(t)
	program, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	pool := runner.NewPool(local.New(2, local.Options{Program: program, Args: []string{"600"}, Transport: remote.NewListener(remote.Options{})}))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := pool.Warm(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if got := children(t); len(got) != 2 {
		t.Errorf("processes %v, want 2", got)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	if got := children(t); len(got) != 0 {
		t.Errorf("processes %v are left", got)
	}
}

// children lists the processes that this one has started.
func children(t *testing.T) (pids []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(data), " ")
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:])) // state, parent
		if fields[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, pid)
		}
	}
	return pids
}
