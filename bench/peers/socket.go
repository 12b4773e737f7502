package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// bareEnv turns this program into the process at the other end of a bare
// socket, which is its descriptor 3: the value says what it does.
const bareEnv = "CORECAST_PEERS_BARE"

const (
	bareStamps = "stamps"
	bareEcho   = "echo"
)

// bareMain serves a bare socket and ends the process when this process was
// started for that; otherwise it returns at once.
func bareMain() {
	mode, ok := os.LookupEnv(bareEnv)
	if !ok {
		return
	}
	if err := serveBare(mode, os.NewFile(3, "driver")); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveBare(mode string, conn io.ReadWriter) error {
	switch mode {
	case bareStamps:
		return serveStamps(conn)
	case bareEcho:
		return serveEcho(conn)
	}
	return fmt.Errorf("%s=%q is neither %s nor %s", bareEnv, mode, bareStamps, bareEcho)
}

// bare is a process at the other end of a socket. Both ends block in the
// system call, which is the shortest way.
type bare struct {
	*child
	conn *os.File
}

// startBare starts this program again in a mode, with one processor for Go as
// corecast's workers have.
func startBare(mode string) (*bare, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), bareEnv+"="+mode, "GOMAXPROCS=1")
	return startJoined(cmd)
}

// startJoined starts a process with the other end of a socket as its
// descriptor 3.
func startJoined(cmd *exec.Cmd) (*bare, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("make a pair of sockets: %w", err)
	}
	defer theirs.Close()
	cmd.ExtraFiles = []*os.File{theirs}
	c, err := startChild(cmd, ours.Close)
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return &bare{c, ours}, nil
}

// socketPair makes two connected unix sockets that block.
func socketPair() (a, b *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// bares are the processes of a floor. Each gets an equal share of the tasks,
// decided before the run.
type bares []*bare

// startBares starts so many processes, or for 0 one a worker.
func startBares(mode string, processes int, s settings) (bares, error) {
	if processes == 0 {
		processes = s.workers
	}
	var all bares
	for range processes {
		b, err := startBare(mode)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, b)
	}
	return all, nil
}

// close ends the processes, all at the same time.
func (all bares) close() error {
	var errs []error
	for _, b := range all {
		if err := b.conn.Close(); err != nil {
			errs = append(errs, fmt.Errorf("hang up: %w", err))
		}
		b.hangUp = func() error { return nil }
	}
	for _, b := range all {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}

// run calls f at the same time for each process with its share of n tasks, and
// returns the wall time.
func (all bares) run(ctx context.Context, n int, f func(conn *os.File, lo, hi int) error) (time.Duration, error) {
	errs := make(chan error, len(all))
	start := time.Now()
	for i, b := range all {
		lo, hi := i*n/len(all), (i+1)*n/len(all)
		go func() { errs <- b.within(ctx, func() error { return f(b.conn, lo, hi) }) }()
	}
	var failed []error
	for range all {
		failed = append(failed, <-errs)
	}
	return time.Since(start), errors.Join(failed...)
}
