package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"corecast/bench"
	"corecast/bench/capacity"
	"corecast/internal/machine"
	"corecast/results"
	"corecast/workloads"
)

// The plan of a probe.
const (
	probeReps = 2
	// probePilot is the share of what a probe may spend that goes into finding
	// out how long tasks take, probeFill that which its sweep is made for: the
	// rest is for start-up and for what goes otherwise.
	probePilot, probeFill = 0.15, 0.6
	// probeTrial is about what a trial takes around its tasks, in seconds: a
	// look at the machine, start-up, a no-op job.
	probeTrial = 0.3
)

// allowance is what a probe may spend.
type allowance struct {
	began time.Time
	// wall is in seconds; usd is 0 without a budget, and a core-second costs
	// coreUSD.
	wall, usd, coreUSD float64
	// used are core-seconds so far.
	used float64
}

func (l *allowance) wallLeft() float64 {
	if l.wall == 0 {
		return math.Inf(1)
	}
	return l.wall - time.Since(l.began).Seconds()
}

// coreLeft is how many core-seconds are left.
func (l *allowance) coreLeft() float64 {
	if l.usd == 0 || l.coreUSD == 0 {
		return math.Inf(1)
	}
	return l.usd/l.coreUSD - l.used
}

// probe measures a workload at the core counts of this machine, at a size that
// a share of deadline and budget allows, and fills in the tasks of the wish.
func (a *app) probe(ctx context.Context, f *planFlags, w *capacity.Wish, o *capacity.Options) (*results.Run, *capacity.Probe, error) {
	work, err := parseWorkload(f.probe)
	if err != nil {
		return nil, nil, fmt.Errorf("--probe: %w", err)
	}
	l, err := f.allowance(w, o)
	if err != nil {
		return nil, nil, err
	}
	m := machine.Fingerprint()
	cores := bench.DefaultCores(m.Cores)
	full, err := fitSize(ctx, work, l, cores)
	if err != nil {
		return nil, nil, fmt.Errorf("--probe: %w", err)
	}
	if w.Tasks == 0 {
		w.Tasks = full
	}
	r, err := a.probeRun(ctx, f, work, l, cores, m)
	if err != nil {
		return nil, nil, err
	}
	p := &capacity.Probe{Seconds: time.Since(l.began).Seconds(), AllowedS: l.wall}
	for _, t := range r.Trials {
		if t.Role == results.RoleTrial {
			p.Trials++
		}
		l.used += float64(t.Point.Cores) * t.Makespan.Or(0).Seconds()
	}
	if l.usd > 0 {
		usd := l.used * l.coreUSD
		p.USD, p.AllowedUSD = &usd, &l.usd
	}
	return r, p, nil
}

// parseWorkload makes a workload from its name and settings.
func parseWorkload(line string) (workloads.Workload, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, errors.New("which workload? (see corecast list workloads)")
	}
	w, err := workloads.New(words[0])
	if err != nil {
		return nil, err
	}
	fs := flag.NewFlagSet(words[0], flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	w.Bind(fs)
	if err := fs.Parse(words[1:]); err != nil {
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%s: unexpected %q", words[0], fs.Arg(0))
	}
	return w, nil
}

// allowance is a share of what the wish allows.
func (f *planFlags) allowance(w *capacity.Wish, o *capacity.Options) (*allowance, error) {
	share, err := bench.ParseShare(f.probeShare)
	if err != nil || !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("--probe-share: %q is not a share between 0 and 1, such as 5%%", f.probeShare)
	}
	if w.Deadline == 0 && w.Budget == 0 {
		return nil, errors.New("--probe needs --deadline or --budget: it spends a share of them")
	}
	if w.Budget > 0 && len(o.Prices) == 0 {
		return nil, errors.New("--budget needs --price (see corecast list prices)")
	}
	l := &allowance{began: time.Now(), wall: share * w.Deadline}
	if w.Budget > 0 {
		l.usd, l.coreUSD = share*w.Budget, o.Prices[0].Second(1, o.Memory)
	}
	return l, nil
}

// fitSize sets a size of the workload that the sweep can afford, and returns
// the tasks that the job has at its whole size.
func fitSize(ctx context.Context, w workloads.Workload, l *allowance, cores []int) (tasks int, err error) {
	sized, ok := w.(workloads.Sized)
	if !ok || sized.Size() == 0 {
		_, tasks, err := pilot(ctx, w, l) // whole or not at all
		return tasks, err
	}
	whole, most, last := sized.Size(), cores[len(cores)-1], 0
	for size := max(1, whole/4096); ; size = min(whole, 4*size) {
		sized.SetSize(size)
		seconds, n, err := pilot(ctx, w, l)
		if err != nil {
			return 0, err
		}
		left := min(l.wallLeft(), l.coreLeft())
		if left <= 0 {
			return 0, fmt.Errorf("%d tasks of %s took all the time and money that is allowed: raise --probe-share", n, w.Name())
		}
		if n > 1 && n == last {
			return n, wholly(w, whole, seconds*float64(whole)/float64(size), l, cores)
		}
		if last = n; size < whole && seconds < min(1, probePilot/4*left) {
			continue
		}
		each := float64(n) / float64(size)
		size = max(1, min(whole, int64(affordable(seconds/float64(size), l, cores))))
		if size < whole && each*float64(size) < float64(2*most) {
			return 0, fmt.Errorf("the time and money allowed are enough for %.3g tasks of %s, and %d cores need %d to say anything: raise --probe-share, or measure by corecast bench",
				each*float64(size), w.Name(), most, 2*most)
		}
		sized.SetSize(size)
		return int(math.Round(each * float64(whole))), nil
	}
}

// wholly sets the whole size of a workload whose tasks grow with its size, so
// that less of it would be other tasks; an error when that is not affordable.
func wholly(w workloads.Workload, whole int64, seconds float64, l *allowance, cores []int) error {
	if affordable(seconds, l, cores) < 1 {
		return fmt.Errorf("the tasks of %s grow with its size, so that it can only be measured whole, and that is not affordable: raise --probe-share, or measure by corecast bench", w.Name())
	}
	w.(workloads.Sized).SetSize(whole)
	return nil
}

// affordable is the size whose sweep takes a share of what is left, given what
// a unit of it takes one core.
func affordable(unit float64, l *allowance, cores []int) float64 {
	wall := 0.0
	for _, c := range cores {
		wall += probeReps * unit / float64(c)
	}
	left := l.wallLeft() - probeTrial*float64(probeReps*len(cores))
	return probeFill * min(left/wall, l.coreLeft()/(probeReps*unit*float64(len(cores))))
}

// pilot runs a workload once in a plain loop, and returns how long that took
// and how many tasks it has.
func pilot(ctx context.Context, w workloads.Workload, l *allowance) (seconds float64, tasks int, err error) {
	dir, err := os.MkdirTemp("", "corecast-probe-")
	if err != nil {
		return 0, 0, fmt.Errorf("make a folder for inputs: %w", err)
	}
	defer os.RemoveAll(dir)
	j, err := w.Prepare(ctx, workloads.Env{Temp: dir})
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if _, err := j.Serial(ctx); err != nil {
		return 0, 0, err
	}
	seconds = time.Since(began).Seconds()
	l.used += seconds
	return seconds, j.Tasks(), nil
}

// probeRun measures the workload at the size that it has now, for as long as is
// allowed, and opens the record.
func (a *app) probeRun(ctx context.Context, f *planFlags, w workloads.Workload, l *allowance, cores []int, m results.Machine) (*results.Run, error) {
	sweep, err := bench.NewSweep(w, f.probeBackend, cores)
	if err != nil {
		return nil, err
	}
	plan := bench.Plan{Sweeps: []bench.Sweep{sweep}, Reps: probeReps, MaxReps: probeReps, Seed: f.seed, Once: true}
	if err := plan.Validate(m); err != nil {
		return nil, err
	}
	writer, err := a.create(f.record, plan)
	if err != nil {
		return nil, err
	}
	limited := ctx
	if left := l.wallLeft(); !math.IsInf(left, 1) {
		var stop context.CancelFunc
		limited, stop = context.WithTimeout(ctx, time.Duration(left*float64(time.Second)))
		defer stop()
	}
	progress := a.newProgress()
	_, err = bench.Run(limited, plan, writer, nil, bench.Options{Progress: progress.update})
	progress.stop()
	if e := writer.Close(); e != nil && err == nil {
		err = e
	}
	if err != nil && (ctx.Err() != nil || !bench.Interrupted(err)) {
		return nil, a.unfinished(writer.Dir(), "bench", err)
	}
	r, err := results.Open(writer.Dir())
	if err != nil {
		return nil, err
	}
	if len(r.Trials) == 0 {
		if _, err := a.removeEmpty(writer.Dir()); err != nil {
			return nil, err
		}
		return nil, errors.New("--probe: the time that is allowed was over before anything was measured: raise --probe-share")
	}
	return r, nil
}
