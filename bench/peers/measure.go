package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"corecast/internal/machine"
	"corecast/results"
)

// comparison is what one run of this program found out.
type comparison struct {
	Machine  results.Machine   `json:"machine"`
	Seed     uint64            `json:"seed"`
	Runs     int               `json:"runs"`
	Workers  int               `json:"workers"`
	Before   results.Load      `json:"load_before"`
	During   results.Load      `json:"load_during"`
	Warnings []results.Warning `json:"warnings"`
	Rows     []*row            `json:"rows"`
	// Bars are what corecast's rows should reach, and how far they are.
	Bars []barResult `json:"bars"`
}

// row is what is known of one peer. Times are in seconds.
type row struct {
	Group   string `json:"group"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Base    bool   `json:"base,omitempty"`
	Tasks   int    `json:"tasks"`
	// Warmup is the wall time of the first run, of a tenth of the tasks, which
	// is in no figure. Walls are those of the runs, in the order in which they
	// ran.
	Warmup float64   `json:"warmup_s"`
	Walls  []float64 `json:"walls_s"`
	// Median, Min and Max are wall / Tasks over the runs; nil without a run.
	Median *float64 `json:"median_per_task_s"`
	Min    *float64 `json:"min_per_task_s"`
	Max    *float64 `json:"max_per_task_s"`
	// Ratio is Median over that of corecast's row of the group.
	Ratio *float64 `json:"ratio_to_corecast"`
	// Rate is in MB/s, of both directions, where bytes are moved.
	Rate *float64 `json:"mb_per_s,omitempty"`
	// Memories are what the processes of a run took together, in bytes, Memory
	// their median; empty and nil when not measured.
	Memories []float64 `json:"memories_bytes,omitempty"`
	Memory   *float64  `json:"memory_bytes,omitempty"`
	// Disks and Disk are what a run wrote, in the same way.
	Disks []float64 `json:"disks_bytes,omitempty"`
	Disk  *float64  `json:"disk_bytes,omitempty"`
	// Missing says that the peer is not installed, and how to install it;
	// Error that it failed.
	Missing string `json:"missing,omitempty"`
	Error   string `json:"error,omitempty"`

	ready *ready
	open  func(context.Context, settings) (*ready, error)
}

// lookBefore is how long the machine is watched before, to tell what others do
// on it.
const lookBefore = 500 * time.Millisecond

// compare measures the peers that s selects and closes them again.
func compare(ctx context.Context, all []peer, s settings, progress io.Writer) (*comparison, error) {
	c := &comparison{Machine: machine.Fingerprint(), Seed: s.seed, Runs: s.runs, Workers: s.workers, Warnings: []results.Warning{}}
	for _, p := range all {
		if s.only == nil || s.only.MatchString(p.group+"/"+p.name) {
			c.Rows = append(c.Rows, &row{Group: p.group, Name: p.name, Base: p.base, Tasks: p.tasks(s), open: p.open})
		}
	}
	if len(c.Rows) == 0 {
		return nil, fmt.Errorf("no peer matches %q", s.only)
	}
	before := machine.Take()
	time.Sleep(lookBefore)
	start := machine.Take()
	c.Before = start.Since(before)
	err := c.rounds(ctx, s, progress)
	c.During = machine.Take().Since(start)
	for _, r := range c.Rows {
		r.end()
	}
	if err != nil {
		return nil, err
	}
	c.figure()
	c.Warnings = append(c.Warnings, c.doubts()...)
	return c, nil
}

// rounds opens all peers, warms each by a job of a tenth of its tasks, and then
// runs each once a round, in a random order.
func (c *comparison) rounds(ctx context.Context, s settings, progress io.Writer) error {
	fmt.Fprintf(progress, "open and warm %d peers\n", len(c.Rows))
	for _, r := range c.Rows {
		r.start(ctx, s)
		r.Warmup = r.once(ctx, s.limit, max(r.Tasks/10, 1))
	}
	random := rand.New(rand.NewPCG(s.seed, 0))
	for round := range s.runs {
		fmt.Fprintf(progress, "round %d of %d\n", round+1, s.runs)
		for _, i := range random.Perm(len(c.Rows)) {
			if ctx.Err() != nil {
				return fmt.Errorf("measure round %d: %w", round+1, context.Cause(ctx))
			}
			r := c.Rows[i]
			wall := r.once(ctx, s.limit, r.Tasks)
			if r.ready == nil {
				continue
			}
			r.Walls = append(r.Walls, wall)
			r.Memories = appendTold(r.Memories, r.ready.memory)
			r.Disks = appendTold(r.Disks, r.ready.disk)
		}
	}
	return nil
}

// appendTold appends what a peer tells of its last run, if it does.
func appendTold(sizes []float64, told func() *float64) []float64 {
	if told != nil {
		if size := told(); size != nil {
			return append(sizes, *size)
		}
	}
	return sizes
}

// start opens the peer, or notes why it cannot be.
func (r *row) start(ctx context.Context, s settings) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	opened, err := r.open(ctx, s)
	var missing *missingError
	switch {
	case errors.As(err, &missing):
		r.Missing = missing.Error()
	case err != nil:
		r.Error = fmt.Sprintf("open: %v", err)
	default:
		r.ready, r.Version = opened, opened.version
	}
}

// once runs n tasks and returns the wall time in seconds. A peer that fails is
// closed and not run again. What other peers left to be collected is collected
// before.
func (r *row) once(ctx context.Context, limit time.Duration, n int) float64 {
	if r.ready == nil {
		return 0
	}
	runtime.GC()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	took, err := r.ready.run(ctx, n)
	if err != nil {
		r.Error = err.Error()
		r.end()
	}
	return took.Seconds()
}

// end closes the peer if it is open.
func (r *row) end() {
	if r.ready == nil {
		return
	}
	if r.ready.close != nil {
		if err := r.ready.close(); err != nil {
			r.Error = strings.TrimPrefix(fmt.Sprintf("%s; close: %v", r.Error, err), "; ")
		}
	}
	r.ready = nil
}

// figure computes the figures of all rows from their walls.
func (c *comparison) figure() {
	bases := make(map[string]float64)
	for _, r := range c.Rows {
		if len(r.Walls) == 0 {
			continue
		}
		each := make([]float64, len(r.Walls))
		for i, w := range r.Walls {
			each[i] = w / float64(r.Tasks)
		}
		slices.Sort(each)
		mid := median(each)
		r.Memory, r.Disk = medianSize(r.Memories), medianSize(r.Disks)
		r.Median, r.Min, r.Max = &mid, &each[0], &each[len(each)-1]
		if r.Group == groupBytes {
			rate := megabytes(mid)
			r.Rate = &rate
		}
		if r.Base {
			bases[r.Group] = mid
		}
	}
	for _, r := range c.Rows {
		if base, ok := bases[r.Group]; ok && r.Median != nil {
			ratio := *r.Median / base
			r.Ratio = &ratio
		}
	}
	c.Bars = c.judge(bars())
}

// medianSize is the median of sizes; nil without any.
func medianSize(sizes []float64) *float64 {
	if len(sizes) == 0 {
		return nil
	}
	m := median(slices.Sorted(slices.Values(sizes)))
	return &m
}

// megabytes turns the time of a block into MB/s of both directions together.
func megabytes(perBlock float64) float64 { return 2 * blockSize / perBlock / 1e6 }

// median returns the middle of sorted values, or the mean of the two middle
// ones.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// fewRuns is below how many runs a median says little.
const fewRuns = 5

// doubts says what about the comparison is to be distrusted.
func (c *comparison) doubts() []results.Warning {
	warnings := machine.Warn(c.Before, c.During, c.Machine.Cores)
	if load := c.Before.Load1; load > float64(c.Machine.Cores)/2 {
		warnings = append(warnings, results.Warning{
			Code:   "high_load",
			Text:   fmt.Sprintf("the load average was %.2f on %d cores before", load, c.Machine.Cores),
			Advice: "wait until it is lower, or end other programs",
		})
	}
	if c.Workers > c.Machine.Cores {
		warnings = append(warnings, results.Warning{
			Code:   "more_workers_than_cores",
			Text:   fmt.Sprintf("%d workers share %d cores", c.Workers, c.Machine.Cores),
			Advice: "use -workers with at most the number of cores",
		})
	}
	if c.Runs < fewRuns {
		warnings = append(warnings, results.Warning{
			Code:   "few_samples",
			Text:   fmt.Sprintf("medians are of %d runs", c.Runs),
			Advice: fmt.Sprintf("use -runs %d or more", fewRuns),
		})
	}
	return warnings
}

// failures is an error that names the peers that failed; nil when none did.
func (c *comparison) failures() error {
	var errs []error
	for _, r := range c.Rows {
		if r.Error != "" {
			errs = append(errs, fmt.Errorf("%s/%s: %s", r.Group, r.Name, r.Error))
		}
	}
	return errors.Join(errs...)
}
