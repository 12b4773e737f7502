package bench

import (
	"context"
	"corecast/bench/cost"
	"corecast/runner/codeengine"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"corecast/bench/metrics"
	"corecast/internal/machine"
	"corecast/internal/wording"
	"corecast/results"
	"corecast/runner"
)

// Progress tells how far a run is. It is called from the goroutine of Run.
type Progress struct {
	// Trial is the one that begins, in words; empty when one ended.
	Trial string
	// Done and Planned count trials; Planned is a guess when the number of
	// repetitions adapts.
	Done, Planned int
	// Tasks settled of the trial that runs, and of how many.
	Settled, Tasks int
}

// Options tune a run; the zero value is useful.
type Options struct {
	Progress func(Progress)
	// LookBefore is how long the machine is watched before each trial, to tell
	// what else it is doing; 0 means 110 ms. A look of less than 100 ms is
	// recorded but not judged (internal/machine).
	LookBefore time.Duration
	// Cloud is what backend codeengine needs to know; it is not recorded.
	Cloud *codeengine.Settings
	// MaxCost ends the run when its instances may have cost so much, in USD by
	// Price; 0: never. All that were asked for count from the start of a trial.
	MaxCost float64
	Price   *cost.Price
}

// ErrMaxCost is why a run ended that had cost what it may.
var ErrMaxCost = errors.New("the run has cost what it may")

// lookBefore is the default of Options.LookBefore.
const lookBefore = 110 * time.Millisecond

// sweeping is a run that is going on.
type sweeping struct {
	plan     Plan
	writer   *results.Writer
	options  Options
	machine  results.Machine
	temp     string
	began    time.Time
	spent    time.Duration // by earlier parts of a resumed run
	trials   int           // written, by all parts of the run
	paid     float64       // USD, by Options.Price
	prepared map[string]*prepared
	cells    []*cell
	warnings []results.Warning
	// failed is the last trial's error when some of its tasks failed.
	failed *runner.TasksError
	// kept holds the results of a single run while it runs.
	kept *kept
}

// cell is a point, or the serial base of points, and what it has been given.
type cell struct {
	sweep  *Sweep
	index  int // of the sweep in the plan
	cores  int
	serial bool
	// reps counts its repetitions, makespans are theirs in seconds.
	reps      int
	makespans []float64
	// took is how long its last trial took, with all around it.
	took time.Duration
}

// Run measures what the plan says and writes each trial as it ends. Trials go
// round by round: in each round every point that needs one more repetition
// gets it, in an order drawn from the plan's seed, so that a slow minute of
// the machine does not fall on one point alone (Hoefler and Belli, 2015).
//
// done holds the trials of earlier parts of a run that is resumed. When ctx
// ends, the trial that runs is not kept, and Interrupted reports true of the
// error; all that was over before is in the record. Tasks that failed are no
// error of the run: failed names those of the last trial that had some.
func Run(ctx context.Context, plan Plan, w *results.Writer, done []results.Trial, o Options) (failed *runner.TasksError, err error) {
	m := machine.Fingerprint()
	if err := plan.Validate(m); err != nil {
		return nil, err
	}
	for i := range plan.Sweeps {
		if err := plan.Sweeps[i].permitted(filepath.Base(w.Dir())); err != nil {
			return nil, err
		}
	}
	// In the run's folder, so that a driver that is killed leaves nothing
	// elsewhere; what it left is removed by the next.
	temp := filepath.Join(w.Dir(), "inputs")
	if err := os.RemoveAll(temp); err != nil {
		return nil, fmt.Errorf("remove the folder of inputs: %w", err)
	}
	if err := os.Mkdir(temp, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for inputs: %w", err)
	}
	defer func() {
		if e := os.RemoveAll(temp); e != nil && err == nil {
			err = fmt.Errorf("remove the folder of inputs: %w", e)
		}
	}()
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.LookBefore <= 0 {
		o.LookBefore = lookBefore
	}
	s := &sweeping{plan: plan, writer: w, options: o, machine: m, temp: temp, prepared: make(map[string]*prepared)}
	if err := w.Machine(m); err != nil {
		return nil, err
	}
	s.makeCells()
	if err := s.recount(done); err != nil {
		return nil, err
	}
	err = s.run(ctx)
	return s.failed, err
}

// makeCells lists what is to be measured: for each sweep its points, and the
// serial base of each size that other sweeps have not.
func (s *sweeping) makeCells() {
	serials := make(map[string]bool)
	for i := range s.plan.Sweeps {
		sweep := &s.plan.Sweeps[i]
		base := fmt.Sprint(sweep.Workload, " ", sweep.CoreShare, string(sweep.Settings))
		if !serials[base] && s.plan.based() {
			serials[base] = true
			s.cells = append(s.cells, &cell{sweep: sweep, index: i, cores: 1, serial: true})
		}
		for _, cores := range sweep.Cores {
			s.cells = append(s.cells, &cell{sweep: sweep, index: i, cores: cores})
		}
	}
}

// based reports whether a plan has warm-ups and serial bases.
func (p *Plan) based() bool { return !p.Once && !p.Warm }

// recount gives cells the repetitions that earlier parts of the run have.
func (s *sweeping) recount(done []results.Trial) error {
	s.trials = len(done)
	for i := range done {
		t := &done[i]
		s.spent += time.Duration(t.Makespan.Or(0))
		if t.Role != results.RoleTrial && t.Role != results.RoleSerial {
			continue
		}
		c, err := s.cellOf(t)
		if err != nil {
			return err
		}
		c.add(t)
	}
	return nil
}

func (s *sweeping) cellOf(t *results.Trial) (*cell, error) {
	for _, c := range s.cells {
		role := results.RoleTrial
		if c.serial {
			role = results.RoleSerial
		}
		p, err := c.point()
		if err != nil {
			return nil, err
		}
		if t.Role == role && p.Workload == t.Point.Workload && p.Size == t.Point.Size && p.Cores == t.Point.Cores &&
			(c.serial || p.Backend == t.Point.Backend) && p.Settings.Equal(t.Point.Settings) {
			return c, nil
		}
	}
	return nil, inputError("trial %d of the run is of no point of its plan", t.Index)
}

func (c *cell) add(t *results.Trial) {
	c.reps++
	if t.Error == "" {
		c.makespans = append(c.makespans, t.Makespan.Seconds())
	}
	c.took = max(c.took, time.Duration(t.Makespan.Or(0)))
}

// run goes through the rounds and ends the record.
func (s *sweeping) run(ctx context.Context) error {
	s.began = time.Now()
	order := rand.New(rand.NewPCG(s.plan.Seed, uint64(s.trials)))
	if err := s.prepareAll(ctx); err != nil {
		return err
	}
	warm := make(map[string]bool)
	for {
		round, cut := s.round()
		if len(round) == 0 {
			reason := "done"
			if cut {
				reason = "budget"
			}
			return s.writer.End(results.End{Finished: time.Now().UTC(), Trials: s.trials, Reason: reason, Warnings: s.warnings})
		}
		order.Shuffle(len(round), func(i, j int) { round[i], round[j] = round[j], round[i] })
		for _, c := range round {
			if !s.affords(c) {
				continue
			}
			if key := c.sweep.Workload + " " + c.sweep.Backend; !c.serial && !warm[key] && s.plan.based() {
				warm[key] = true
				if err := s.trial(ctx, c, results.RoleWarmup); err != nil {
					return err
				}
			}
			if err := s.trial(ctx, c, c.role()); err != nil {
				return err
			}
		}
	}
}

func (c *cell) role() results.Role {
	if c.serial {
		return results.RoleSerial
	}
	return results.RoleTrial
}

// round lists the cells that need one more repetition and can be afforded.
// cut is set when some need one that the budget does not allow.
func (s *sweeping) round() (list []*cell, cut bool) {
	for _, c := range s.cells {
		if !s.wants(c) {
			continue
		}
		if s.affords(c) {
			list = append(list, c)
		} else if c.reps < s.reps(c) {
			cut = true
		}
	}
	return list, cut
}

// reps is how often a cell is measured at least.
func (s *sweeping) reps(c *cell) int {
	if c.sweep.Reps > 0 {
		return c.sweep.Reps
	}
	return s.plan.Reps
}

// wants reports whether a cell needs one more repetition.
func (s *sweeping) wants(c *cell) bool {
	switch {
	case c.reps < s.reps(c):
		return true
	case c.reps >= s.plan.MaxReps:
		return false
	case s.plan.Precision > 0:
		i, _ := metrics.MedianInterval(c.makespans, metrics.Confidence)
		return len(c.makespans) < metrics.SamplesFor(metrics.Confidence) || (i.Hi-i.Lo)/2 > s.plan.Precision*i.Median
	}
	return s.plan.Budget > 0 // as many as there is time for
}

// affords reports whether the budget allows one more repetition of a cell. The
// first is always allowed.
func (s *sweeping) affords(c *cell) bool {
	return s.plan.Budget <= 0 || c.reps == 0 || s.spent+time.Since(s.began)+c.took <= time.Duration(s.plan.Budget)
}

// planned guesses how many trials there will be.
func (s *sweeping) planned() int {
	n := 0
	for _, c := range s.cells {
		n += max(s.reps(c), c.reps)
	}
	return n
}

func (s *sweeping) done() int {
	n := 0
	for _, c := range s.cells {
		n += c.reps
	}
	return n
}

// prepareAll makes every job ready before the first trial, so that what is
// wrong with an input is known at once.
func (s *sweeping) prepareAll(ctx context.Context) error {
	for _, c := range s.cells {
		key := c.key()
		if s.prepared[key] != nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w before the first trial", errInterrupted)
		}
		temp := filepath.Join(s.temp, fmt.Sprintf("%s-%d", c.sweep.Workload, len(s.prepared)))
		if err := os.Mkdir(temp, 0o700); err != nil {
			return fmt.Errorf("make a folder for inputs: %w", err)
		}
		s.options.Progress(Progress{Trial: "prepare " + c.sweep.Workload, Done: s.done(), Planned: s.planned()})
		p, err := c.sweep.prepare(ctx, c.cores, temp)
		if err != nil {
			return &PrepareError{Sweep: c.index, Workload: c.sweep.Workload, Err: err}
		}
		s.prepared[key] = p
	}
	return nil
}

// key tells apart what has to be prepared apart: in strong scaling all core
// counts share one job.
func (c *cell) key() string {
	cores := 1
	if c.sweep.Scaling == Weak {
		cores = c.cores
	}
	return fmt.Sprintf("%s %d %s", c.sweep.Workload, cores, c.sweep.Settings)
}

// point returns the cell's point.
func (c *cell) point() (results.Point, error) {
	w, err := c.sweep.workload(c.cores)
	if err != nil {
		return results.Point{}, err
	}
	p := results.Point{Workload: c.sweep.Workload, Size: sizeOf(w), Backend: c.sweep.Backend, Cores: c.cores}
	if p.Settings, err = settingsOf(c.sweep.Settings); err != nil {
		return p, err
	}
	if c.sweep.CoreShare > 0 {
		p.Settings["core_share"] = c.sweep.CoreShare
	}
	if c.serial {
		p.Backend = "serial"
		return p, nil
	}
	if c.sweep.Chunk > 0 {
		p.Settings["chunk"] = c.sweep.Chunk
	}
	if c.sweep.VCPU != 1 {
		p.Settings["vcpu"] = c.sweep.VCPU
	}
	if c.sweep.Memory > 0 {
		p.Settings["memory_bytes"] = c.sweep.Memory
	}
	if c.sweep.Pin {
		p.Settings["pin"] = true
	}
	return p, nil
}

// settingsOf returns a workload's settings as a point has them: its size
// apart, lists as their parts.
func settingsOf(data json.RawMessage) (results.Settings, error) {
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, inputError("settings %s: %w", data, err)
	}
	settings := make(results.Settings)
	for k, v := range all {
		switch v := v.(type) {
		case []any:
			var parts []string
			for _, e := range v {
				parts = append(parts, fmt.Sprint(e))
			}
			settings[k] = strings.Join(parts, ",")
		default:
			if k != "size" && k != "tasks" {
				settings[k] = v
			}
		}
	}
	return settings, nil
}

// label says which trial it is, for people.
func (c *cell) label(role results.Role) string {
	switch role {
	case results.RoleSerial:
		return c.sweep.Workload + " serially"
	case results.RoleWarmup:
		return fmt.Sprintf("%s, warm-up", c.name())
	}
	return fmt.Sprintf("%s, repetition %d", c.name(), c.reps+1)
}

// name says what runs where.
func (c *cell) name() string {
	core := "core"
	if c.sweep.CoreShare > 0 {
		core = "scaled core"
	}
	return fmt.Sprintf("%s on %s of %s", c.sweep.Workload, wording.Count(c.cores, core), c.sweep.Backend)
}

// errInterrupted is in the error of a run whose context ended.
var errInterrupted = errors.New("interrupted")

// Interrupted reports whether a run ended because its context did.
func Interrupted(err error) bool { return errors.Is(err, errInterrupted) }

// settle frees what earlier trials left, so that this one does not pay for it.
func settle() { debug.FreeOSMemory() }
