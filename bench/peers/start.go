package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"corecast/runner"
	"corecast/runner/exchange"
)

// starts is how many processes are started.
func starts(s settings) int { return s.starts }

// started are processes that are ready.
type started struct {
	ids   []int
	close func() error
}

// startReady is a peer that is started anew for each run, and ended behind it.
// What its processes take in memory is read when the time was taken.
func startReady(start func(context.Context, int) (started, error), closeAll func() error) *ready {
	var memory *float64
	run := func(ctx context.Context, n int) (time.Duration, error) {
		memory = nil
		began := time.Now()
		all, err := start(ctx, n)
		took := time.Since(began)
		if err != nil {
			return took, err
		}
		time.Sleep(memoryAfter)
		size, err := proportionalSize(all.ids)
		if err == nil {
			memory = &size
		} else if errors.Is(err, errors.ErrUnsupported) {
			err = nil // the row says that it is not known
		}
		return took, errors.Join(err, all.close())
	}
	return &ready{run: run, close: closeAll, memory: func() *float64 { return memory }}
}

// openStart builds a program of this module, without cgo so that it is static,
// and opens it as a peer whose processes are started as workers.
func openStart(pkg string) func(context.Context, settings) (*ready, error) {
	return func(context.Context, settings) (*ready, error) {
		compiler, err := exec.LookPath("go")
		if err != nil {
			return nil, &missingError{"the command go", "https://go.dev/doc/install"}
		}
		dir, err := os.MkdirTemp("", "corecast-peers-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for the program: %w", err)
		}
		program := filepath.Join(dir, "worker")
		build := exec.Command(compiler, "build", "-o", program, pkg) // takes the time that it takes
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, errors.Join(fmt.Errorf("build %s: %w (%s)", pkg, err, lastLine(string(out))), os.RemoveAll(dir))
		}
		start := func(ctx context.Context, n int) (started, error) { return startAll(ctx, program, n) }
		return startReady(start, func() error { return os.RemoveAll(dir) }), nil
	}
}

// startAll starts a program so many times, one process after another, each
// joined to this one by a pair of sockets, and waits until all have said
// something.
func startAll(ctx context.Context, program string, n int) (started, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return started{}, fmt.Errorf("open what stands for no input: %w", err)
	}
	defer null.Close()
	var all bares
	for range n {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), runner.WorkerEnv+"=3", "GOMAXPROCS=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, os.Stderr
		b, err := startJoined(cmd)
		if err != nil {
			return started{}, errors.Join(err, all.close())
		}
		all = append(all, b)
	}
	s := started{close: all.close}
	for i, b := range all {
		var said [1]byte
		err := b.within(ctx, func() error { _, err := b.conn.Read(said[:]); return err })
		if err != nil {
			return started{}, errors.Join(fmt.Errorf("wait for process %d of %d: %w", i+1, n, err), all.close())
		}
		s.ids = append(s.ids, b.cmd.Process.Pid)
	}
	return s, nil
}

// openStartLocal opens workers of this program, which corecast's launcher
// starts.
func openStartLocal(context.Context, settings) (*ready, error) {
	return startReady(func(ctx context.Context, n int) (started, error) {
		l := &watched{Launcher: processes(n)}
		pool := runner.NewPool(l)
		if err := pool.Warm(ctx); err != nil {
			return started{}, errors.Join(fmt.Errorf("start the workers: %w", err), pool.Close())
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		return started{l.ids, pool.Close}, nil
	}, nil), nil
}

// watched notes the processes that a launcher starts.
type watched struct {
	runner.Launcher
	mu  sync.Mutex
	ids []int
}

// Launch passes on what it is told, and what becomes of it.
func (w *watched) Launch(ctx context.Context, requests []runner.Request, post exchange.Post) {
	w.Launcher.Launch(ctx, requests, func(e exchange.Event) {
		if id, err := strconv.Atoi(e.ID); err == nil && e.Kind == exchange.Started {
			w.mu.Lock()
			w.ids = append(w.ids, id)
			w.mu.Unlock()
		}
		post(e)
	})
}
