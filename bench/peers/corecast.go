package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"corecast/runner"
	"corecast/runner/trace"
)

// openCorecast opens corecast's runner over a backend for no-op tasks.
func openCorecast(backend func(workers int) runner.Launcher, o runner.JobOptions) func(context.Context, settings) (*ready, error) {
	return func(ctx context.Context, s settings) (*ready, error) {
		f := newTasks().noop
		return warmed(ctx, backend(s.workers), func(ctx context.Context, p *runner.Pool, n int) (time.Duration, error) {
			out, took, err := timedMap(ctx, p, f, indices(n), o)
			return took, errors.Join(err, checkNoop(out, n))
		})
	}
}

// openUntraced is openCorecast without a trace.
func openUntraced(backend func(workers int) runner.Launcher) func(context.Context, settings) (*ready, error) {
	return func(ctx context.Context, s settings) (*ready, error) {
		f := newTasks().noop
		return warmed(ctx, backend(s.workers), func(ctx context.Context, p *runner.Pool, n int) (time.Duration, error) {
			in := indices(n)
			start := time.Now()
			out, err := runner.Map(ctx, p, f, in, runner.JobOptions{})
			took := time.Since(start)
			return took, errors.Join(err, checkNoop(out, n))
		})
	}
}

// openCorecastBytes opens corecast's runner over processes for blocks.
func openCorecastBytes(ctx context.Context, s settings) (*ready, error) {
	f := newTasks().echo
	in := makeBlocks(s.mib)
	return warmed(ctx, processes(s.workers), func(ctx context.Context, p *runner.Pool, n int) (time.Duration, error) {
		out, took, err := timedMap(ctx, p, f, in[:n], runner.JobOptions{})
		return took, errors.Join(err, checkBlocks(in[:n], out))
	})
}

// openCorecastCommand opens corecast's runner over processes whose tasks run
// the command true.
func openCorecastCommand(ctx context.Context, s settings) (*ready, error) {
	program, err := exec.LookPath("true")
	if err != nil {
		return nil, &missingError{"the command true", "apt-get install coreutils"}
	}
	f := newTasks().command
	return warmed(ctx, processes(s.workers), func(ctx context.Context, p *runner.Pool, n int) (time.Duration, error) {
		in := make([]string, n)
		for i := range in {
			in[i] = program
		}
		_, took, err := timedMap(ctx, p, f, in, runner.JobOptions{})
		return took, err
	})
}

// warmed makes a pool over a backend and starts its workers.
func warmed(ctx context.Context, l runner.Launcher, run func(context.Context, *runner.Pool, int) (time.Duration, error)) (*ready, error) {
	pool := runner.NewPool(l)
	if err := pool.Warm(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start the workers: %w", err), pool.Close())
	}
	return &ready{
		run:   func(ctx context.Context, n int) (time.Duration, error) { return run(ctx, pool, n) },
		close: pool.Close,
	}, nil
}

// timedMap is one Map with its wall time; the finished trace of every attempt
// is part of what is timed.
func timedMap[In, Out any](ctx context.Context, p *runner.Pool, f *runner.Func[In, Out], in []In, o runner.JobOptions) ([]Out, time.Duration, error) {
	var t *trace.Trace
	o.Trace = func(done *trace.Trace) { t = done }
	start := time.Now()
	out, err := runner.Map(ctx, p, f, in, o)
	took := time.Since(start)
	if err != nil {
		return nil, took, fmt.Errorf("map %s over %d tasks: %w", f.Name(), len(in), err)
	}
	if t == nil || len(t.Attempts) < len(in) {
		return nil, took, fmt.Errorf("map %s over %d tasks: the trace is not complete", f.Name(), len(in))
	}
	return out, took, nil
}
