package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"time"

	"corecast/internal/cgroup"
)

// Options are how a pool runs instances. The zero value runs them at once, all
// that are asked for, and holds them to nothing.
type Options struct {
	Quota        Quota
	Provisioning Provisioning
	// HoldCPU and HoldMemory have the kernel hold instances to their size.
	HoldCPU, HoldMemory bool
	// Killed is the share of instances, 0 to 1, that are killed at a random
	// time in their first two seconds.
	Killed float64
	// Seed is that of delays and of who is killed.
	Seed uint64
	// Output is the folder for what instances print, a file each; empty: that
	// is lost.
	Output string
	// Log gets each instance's record as a line of JSON, when it has ended;
	// nil: records are only kept.
	Log io.Writer
}

// Task is one index of a job run.
type Task struct {
	Project, Job, Run string
	Index             int
	// Instances is how many indices the run has.
	Instances int
	VCPU      float64
	Memory    int64
	// Retries is how often it is started again after it failed; negative: as
	// often as it fails.
	Retries int
	// Limit is how long one instance may run; 0: for ever.
	Limit time.Duration
	// Command makes the command of an attempt. An error that is a [*Refusal]
	// gives the reason, and settles the task.
	Command func(retry int) (Command, error)
	// Started and Ended are told of each attempt; final with its last one.
	Started func(Record)
	Ended   func(r Record, final bool)
}

// Command is what an instance runs.
type Command struct {
	// Path is the program, Args what it gets, with its name first.
	Path string
	Args []string
	Env  []string
	// Dir is its folder; empty: the root.
	Dir string
}

// Refusal is why a task cannot start, however often it is tried.
type Refusal struct {
	Reason string
	Err    error
}

func (r *Refusal) Error() string { return r.Reason + ": " + r.Err.Error() }

func (r *Refusal) Unwrap() error { return r.Err }

// Pool runs instances. Its methods may be called at the same time, but none
// after Close.
type Pool struct {
	o       Options
	held    []string
	tree    *cgroup.Tree // nil: none are held
	starts  provisioner
	journal journal
	running sync.WaitGroup
	// starting bounds how many processes are started at a time: with a thousand
	// at once, those that have started would hear of it late.
	starting chan struct{}

	mu     sync.Mutex
	rng    *rand.Rand
	shares map[string]*share
	serial int
}

// NewPool makes a pool. The warning, where there is one, says why instances
// are not held to their size here: the pool works without.
func NewPool(o Options) (p *Pool, warning error) {
	p = &Pool{o: o, shares: make(map[string]*share), journal: journal{to: o.Log}, held: []string{}, starting: make(chan struct{}, 4*runtime.GOMAXPROCS(0))}
	p.rng = rand.New(rand.NewPCG(o.Seed, 1))
	p.starts = provisioner{p: o.Provisioning, rng: rand.New(rand.NewPCG(o.Seed, 2))}
	var need cgroup.Limits
	if o.HoldCPU {
		need.CPU = 1
	}
	if o.HoldMemory {
		need.Memory = 1 << 30
	}
	if need == (cgroup.Limits{}) {
		return p, nil
	}
	tree, err := cgroup.New(fmt.Sprintf("emulate-%d", os.Getpid()), need)
	if err != nil {
		p.o.HoldCPU, p.o.HoldMemory = false, false
		return p, fmt.Errorf("instances run without the limits of their size: %w", err)
	}
	p.tree = tree
	if o.HoldCPU {
		p.held = append(p.held, "cpu")
	}
	if o.HoldMemory {
		p.held = append(p.held, "memory")
	}
	return p, nil
}

// Held says what the kernel holds instances to: cpu, memory.
func (p *Pool) Held() []string { return p.held }

// Records returns what became of the instances that have ended, and the first
// error of writing the log.
func (p *Pool) Records() ([]Record, error) { return p.journal.records() }

// Submit queues the tasks of one run in a project. When ctx ends their instances are killed,
// and what waits never starts; each still comes to its end as deleted.
func (p *Pool) Submit(ctx context.Context, project string, tasks []*Task) *Submission {
	now := time.Now()
	of := &Submission{project: project}
	for _, t := range tasks {
		p.enqueue(p.attempt(ctx, of, t, 0, now))
	}
	return of
}

func (p *Pool) attempt(ctx context.Context, of *Submission, t *Task, retry int, now time.Time) *attempt {
	return &attempt{task: t, of: of, ctx: ctx, retry: retry, rec: Record{
		Emulated: true, Project: t.Project, Job: t.Job, Run: t.Run, Index: t.Index, Retry: retry,
		Requested: now, VCPU: t.VCPU, MemoryBytes: t.Memory, Held: p.held,
	}}
}

// Close waits for the ends of all instances, whose contexts must have ended,
// and removes what held them.
func (p *Pool) Close() error {
	p.mu.Lock()
	for _, s := range p.shares {
		p.pump(s)
	}
	p.mu.Unlock()
	p.running.Wait()
	if p.tree == nil {
		return nil
	}
	if err := p.tree.Remove(); err != nil {
		return fmt.Errorf("remove the control groups of instances: %w", err)
	}
	return nil
}

// drop settles an attempt that never left the queue.
func (p *Pool) drop(a *attempt) {
	defer p.running.Done()
	a.rec.Status, a.rec.Ended = Deleted, time.Now()
	p.journal.add(a.rec)
	a.task.Ended(a.rec, true)
}

// run takes an admitted attempt to its end.
func (p *Pool) run(a *attempt) {
	defer p.running.Done()
	a.rec.Admitted = time.Now()
	retry := true
	if err := p.starts.wait(a.ctx, a.task.Instances); err == nil {
		var refused *Refusal
		err := p.execute(a)
		if errors.As(err, &refused) {
			a.rec.Status, a.rec.Reason, a.rec.Detail, retry = Failed, refused.Reason, refused.Err.Error(), false
		} else if err != nil {
			a.rec.Status, a.rec.Reason, a.rec.Detail = Failed, "StartFailed", err.Error()
		}
	}
	if a.ctx.Err() != nil {
		a.rec.Status = Deleted
	}
	a.rec.Ended = time.Now()
	if !a.rec.Started.IsZero() {
		a.rec.BilledSeconds = a.rec.Ended.Sub(a.rec.Started).Seconds()
	}
	again := a.rec.Status == Failed && retry && (a.task.Retries < 0 || a.retry < a.task.Retries)
	p.journal.add(a.rec)
	a.task.Ended(a.rec, !again)
	p.release(a)
	if again {
		p.enqueue(p.attempt(a.ctx, a.of, a.task, a.retry+1, time.Now()))
	}
}

// killAfter draws whether and when an instance is killed to try its clients.
func (p *Pool) killAfter() (after time.Duration, ok bool) {
	if p.o.Killed == 0 {
		return 0, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ok = p.rng.Float64() < p.o.Killed
	return time.Duration(p.rng.Float64() * float64(2*time.Second)), ok
}
