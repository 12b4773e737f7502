// Command peers measures what corecast's runner costs beside other ways to
// fan tasks out, in one run on one machine: goroutine pools of Go, pools of
// processes of Python, GNU parallel and xargs, and floors that nothing built
// on the same means can pass; and its simulator beside SimPy and SimGrid.
//
// Every peer is opened and warmed once; then rounds follow, in each of which
// every peer runs once, in a random order from a printed seed. The work is the
// same for all of a group: a task that does nothing (or echoes its bytes, or
// runs a command), and results collected by index and checked. list.go lists
// the peers; a file holds one family of them. measure.go runs them, bars.go
// says how far corecast's rows are from what they should reach, and report.go
// shows what came out.
//
//	go run ./bench/peers [-only regexp] [-runs 5] [-tasks 1000000] [-starts 1000] [-format table|markdown|json]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"corecast/runner"
)

func main() {
	runner.Main(functions()...)
	bareMain()
	driverMain()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings are what the flags say.
type settings struct {
	tasks   int // of a job in process; other groups run a fixed share of it
	workers int
	runs    int
	mib     int // of blocks that are echoed
	starts  int // of processes that are started
	seed    uint64
	limit   time.Duration // for one run, or the start, of one peer
	only    *regexp.Regexp
	python  string
	simgrid *simgrid
	format  string
	profile string
}

// run is the command: it returns 0, 1 when a peer failed or nothing could be
// measured, and 2 for a wrong flag. A peer that is not installed is no error.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "peers:", err)
		return 2
	}
	c, err := profiled(s.profile, func() (*comparison, error) { return compare(ctx, peers(), s, stderr) })
	if err == nil {
		err = write(stdout, c, s.format)
	}
	if err == nil {
		err = c.failures()
	}
	if err != nil {
		fmt.Fprintln(stderr, "peers:", err)
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (settings, error) {
	s := settings{simgrid: &simgrid{}}
	var only string
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&s.tasks, "tasks", 1_000_000, "no-op `tasks` of a job in process; between processes it is a fixed share of it")
	f.IntVar(&s.workers, "workers", 2, "`workers` of every peer")
	f.IntVar(&s.runs, "runs", 5, "interleaved `runs` of every peer")
	f.IntVar(&s.mib, "mib", 64, "`MiB` that go in and out, in blocks of 1 MiB")
	f.IntVar(&s.starts, "starts", 1000, "`processes` that are started as workers")
	f.Uint64Var(&s.seed, "seed", 0, "`seed` of the order; 0: a random one")
	f.DurationVar(&s.limit, "limit", time.Minute, "the `time` that one run of one peer may take")
	f.StringVar(&only, "only", "", "measure the peers whose `group/name` matches, as in 'in process/'")
	f.StringVar(&s.python, "python", "python3", "the Python `program`")
	f.StringVar(&s.format, "format", "table", "table, markdown or json")
	f.StringVar(&s.profile, "cpuprofile", "", "write the driver's processor profile to this `file`")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if s.seed == 0 {
		s.seed = rand.Uint64()
	}
	var err error
	if s.only, err = regexp.Compile(only); err != nil {
		return s, fmt.Errorf("read -only: %w", err)
	}
	return s, s.check()
}

// check says which setting is out of its range.
func (s settings) check() error {
	for _, c := range []struct {
		flag  string
		value int
	}{{"tasks", s.tasks}, {"workers", s.workers}, {"runs", s.runs}, {"mib", s.mib}, {"starts", s.starts}} {
		if c.value < 1 {
			return fmt.Errorf("-%s %d: must be at least 1", c.flag, c.value)
		}
	}
	if s.limit <= 0 {
		return fmt.Errorf("-limit %v: must be positive", s.limit)
	}
	if _, ok := formats()[s.format]; !ok {
		return fmt.Errorf("-format %q: must be one of %s", s.format, strings.Join(formatNames(), ", "))
	}
	return nil
}

// profiled calls f under the processor profile, if file names one.
func profiled(file string, f func() (*comparison, error)) (*comparison, error) {
	if file == "" {
		return f()
	}
	out, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("create the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		out.Close()
		return nil, fmt.Errorf("start the profile: %w", err)
	}
	c, err := f()
	pprof.StopCPUProfile()
	if e := out.Close(); e != nil {
		err = errors.Join(err, fmt.Errorf("write the profile: %w", e))
	}
	return c, err
}
