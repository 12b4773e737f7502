package main

import (
	"context"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alitto/pond/v2"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
)

// loop calls task(0) to task(n-1) over its workers and returns when all calls
// have returned.
type loop func(n int, task func(i int)) error

// openGo opens a peer that runs goroutines of this process. module is the
// module that it is from, empty for the standard library.
func openGo(module string, open func(workers int) (l loop, closePool func() error, err error)) func(context.Context, settings) (*ready, error) {
	return func(_ context.Context, s settings) (*ready, error) {
		l, closePool, err := open(s.workers)
		if err != nil {
			return nil, err
		}
		return &ready{run: timedLoop(l), close: closePool, version: moduleVersion(module)}, nil
	}
}

// timedLoop runs no-op tasks by a loop; each writes its result into a slice.
func timedLoop(l loop) func(context.Context, int) (time.Duration, error) {
	return func(_ context.Context, n int) (time.Duration, error) {
		in := indices(n)
		start := time.Now()
		out := make([]int, n)
		err := l(n, func(i int) { out[i] = noop(in[i]) })
		took := time.Since(start)
		if err != nil {
			return took, err
		}
		return took, checkNoop(out, n)
	}
}

// moduleVersion returns the version of a module that this program was built
// with, empty when the program does not tell.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}

func errgroupLoop(workers int) (loop, func() error, error) {
	return func(n int, task func(int)) error {
		var g errgroup.Group
		g.SetLimit(workers)
		for i := range n {
			g.Go(func() error { task(i); return nil })
		}
		return g.Wait()
	}, nil, nil
}

func antsLoop(workers int) (loop, func() error, error) {
	p, err := ants.NewPool(workers)
	if err != nil {
		return nil, nil, err
	}
	run := func(n int, task func(int)) error {
		var all sync.WaitGroup
		all.Add(n)
		for i := range n {
			if err := p.Submit(func() { task(i); all.Done() }); err != nil {
				return err
			}
		}
		all.Wait()
		return nil
	}
	return run, func() error { p.Release(); return nil }, nil
}

func concLoop(workers int) (loop, func() error, error) {
	return func(n int, task func(int)) error {
		p := pool.New().WithMaxGoroutines(workers)
		for i := range n {
			p.Go(func() { task(i) })
		}
		p.Wait()
		return nil
	}, nil, nil
}

func concIterLoop(workers int) (loop, func() error, error) {
	return func(n int, task func(int)) error {
		it := iter.Iterator[struct{}]{MaxGoroutines: workers}
		it.ForEachIdx(make([]struct{}, n), func(i int, _ *struct{}) { task(i) })
		return nil
	}, nil, nil
}

func pondLoop(workers int) (loop, func() error, error) {
	p := pond.NewPool(workers)
	run := func(n int, task func(int)) error {
		var all sync.WaitGroup
		all.Add(n)
		for i := range n {
			if err := p.Go(func() { task(i); all.Done() }); err != nil {
				return err
			}
		}
		all.Wait()
		return nil
	}
	return run, func() error { p.StopAndWait(); return nil }, nil
}

func channelLoop(workers int) (loop, func() error, error) {
	return func(n int, task func(int)) error {
		next := make(chan int, 1024)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := range next {
					task(i)
				}
			})
		}
		for i := range n {
			next <- i
		}
		close(next)
		all.Wait()
		return nil
	}, nil, nil
}

func atomicLoop(workers int) (loop, func() error, error) {
	return func(n int, task func(int)) error {
		var next atomic.Int64
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					task(i)
				}
			})
		}
		all.Wait()
		return nil
	}, nil, nil
}
