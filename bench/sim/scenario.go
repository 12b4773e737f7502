package sim

import (
	"errors"
	"fmt"
	"math"

	"corecast/bench/cost"
	"corecast/results"
)

// Scenario is a fan-out to simulate. Times are in seconds, sizes in bytes,
// rates a second. The zero value of each part means that it costs nothing, has
// no limit, or does not happen; Workers, and Tasks or Sample, are required.
type Scenario struct {
	// Name is for people.
	Name string
	// Workers is the number of slots; each runs one task at a time.
	Workers int
	// VCPU and Memory (bytes) are what each worker has; a VCPU of 0 means 1.
	VCPU   float64
	Memory int64

	Tasks        Tasks
	Speed        Speed
	Provisioning Provisioning
	Slowdown     Slowdown
	Driver       Driver
	Store        Store
	Chunks       Chunks
	Faults       Faults
	Copies       Copies
	Billing      Billing
	// Sample, where set, is what workers and tasks are drawn from; Tasks.Time,
	// Speed, the start of Provisioning, Slowdown, Driver, Store and Chunks are
	// not used then, since the sample has them in it. A [Model] makes it.
	Sample *Sample
	// Warnings are doubts about the scenario that travel with its results.
	Warnings []results.Warning
}

// Tasks are what is to be done.
type Tasks struct {
	Count int
	// Time is a task's time on a worker of speed 1; Times, where set, holds
	// that of each task by index instead.
	Time  Dist
	Times []float64
	// In and Out are the sizes of a task's input and result in bytes.
	In, Out Dist
}

// Speed is how workers differ.
type Speed struct {
	// Factor multiplies the time of all tasks of a worker.
	Factor Dist
	// StartCorrelation is the rank correlation, from -1 to 1, of a worker's
	// start delay with its Factor: above 0, late workers are slow ones.
	StartCorrelation float64
}

// Provisioning is how workers come to be. Worker i (from 0) is requested at
// i/RequestRate, admitted when Quota, Rate and Waves allow, and ready after a
// start delay. A rate of 0 has no limit.
type Provisioning struct {
	// Profile names where the figures are from.
	Profile string
	// RequestRate is how many workers a second the driver asks for.
	RequestRate float64
	// Rate is how many a second the platform starts, after the first Burst.
	Rate  float64
	Burst int
	// Wave is how many start together, WaveEvery the time between waves; both
	// or neither.
	Wave      int
	WaveEvery float64
	// Quota is the most workers there are at a time; those beyond wait until
	// others end. 0: none.
	Quota int
	// Delay is from admission to ready; Delays, where set, holds it by slot.
	Delay  Dist
	Delays []float64
	// DelayGrowth makes delays longer the more workers are requested:
	// Delay x (1 + DelayGrowth x Workers).
	DelayGrowth float64
	// Latency is added to each delay, and does not grow.
	Latency float64
	// TasksPerWorker is after how many tasks a worker ends and its slot asks
	// for a new one, as invocations of functions do; 0: never.
	TasksPerWorker int
	// Failure is the probability that a start comes to nothing after its
	// delay, and is asked for again.
	Failure float64
}

// Slowdown is what a task's time is multiplied by while n workers are at work:
// 1 + Contention (n-1) + Coherency n (n-1), as in the Universal Scalability
// Law, times (n/Base)^Exponent where Base is set.
type Slowdown struct {
	Contention, Coherency float64
	Exponent, Base        float64
}

// Driver is what the program that fans out costs. It does one thing at a time.
type Driver struct {
	// Dispatch is the time to hand out a chunk, DispatchTask that for each of
	// its tasks, Receive that to take in the results of a chunk.
	Dispatch, DispatchTask, Receive float64
	// Latency is one way between driver and worker.
	Latency Dist
	// Poll is how often the driver looks for results; 0: it is told.
	Poll float64
}

// Store is what inputs and results travel through. Each chunk makes one request
// to read and one to write.
type Store struct {
	// Bandwidth is shared by all transfers, PerTransfer bounds each, in bytes
	// a second. 0: no limit.
	Bandwidth, PerTransfer float64
	// Latency is from a request to its first byte.
	Latency Dist
	// RequestRate is how many requests a second are served; others queue.
	RequestRate float64
}

// used reports whether there is a store.
func (s *Store) used() bool {
	return s.Bandwidth > 0 || s.PerTransfer > 0 || s.RequestRate > 0 || s.Latency != nil
}

// Chunks is how many tasks go out together.
type Chunks struct {
	// Size fixes it; 0: by the runner's rule (guided self-scheduling, bounded
	// by task time and input size).
	Size int
	// NoAhead makes a worker wait for its next chunk until the results of the
	// last one are with the driver, where the runner would send it ahead.
	NoAhead bool
}

// Faults are what goes wrong.
type Faults struct {
	// TaskFailure is the probability that an attempt at a task fails, at a
	// random point of its time; a task has FailedRetries further attempts.
	TaskFailure   float64
	FailedRetries int
	// WorkerLife is the mean of the exponential time that a worker lives for;
	// 0: for ever. Detect is how long its loss goes unnoticed; LostRetries is
	// how often a task runs again for it.
	WorkerLife, Detect float64
	LostRetries        int
}

// Copies are further attempts at tasks that take long, when idle workers have
// nothing else to do.
type Copies struct {
	// Factor is how many times the median task time a task must have run for;
	// 0: no copies.
	Factor float64
	// Quantile is the share of tasks that must be done before.
	Quantile float64
}

// Billing is what is paid for.
type Billing struct {
	// Price is the list; nil: no cost.
	Price *cost.Price
	// StartUp is for how long before it is ready a worker is billed: the time
	// in which its image is pulled and its program begins.
	StartUp float64
	// ReleaseIdle ends a worker when nothing is left for it, instead of when
	// the job is over.
	ReleaseIdle bool
}

// vcpu is what each worker has.
func (s *Scenario) vcpu() float64 {
	if s.VCPU <= 0 {
		return 1
	}
	return s.VCPU
}

// Cores is the number of vCPU over all workers; a worker held to less than one
// counts as one core.
func (s *Scenario) Cores() int { return int(math.Round(float64(s.Workers) * max(1, s.vcpu()))) }

// Check says what about the scenario is missing or not possible.
func (s *Scenario) Check() error {
	if s.Workers < 1 || s.Workers > MaxWorkers {
		return fmt.Errorf("%d workers: from 1 to %d are possible", s.Workers, MaxWorkers)
	}
	if s.Tasks.Count < 1 || s.Tasks.Count > MaxTasks {
		return fmt.Errorf("%d tasks: from 1 to %d are possible", s.Tasks.Count, MaxTasks)
	}
	for _, part := range []struct {
		name  string
		check func() error
	}{
		{"tasks", s.checkTasks}, {"speed", s.checkSpeed}, {"provisioning", s.checkProvisioning},
		{"slowdown", s.Slowdown.check}, {"driver", s.Driver.check}, {"store", s.Store.check},
		{"chunks", s.Chunks.check}, {"faults", s.Faults.check}, {"copies", s.Copies.check},
	} {
		if err := part.check(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (s *Scenario) checkTasks() error {
	switch t := &s.Tasks; {
	case s.Sample != nil:
		return s.Sample.check()
	case len(t.Times) > 0 && len(t.Times) != t.Count:
		return fmt.Errorf("there are %d times for %d tasks", len(t.Times), t.Count)
	case len(t.Times) > 0:
		return Empirical(t.Times).check()
	case t.Time == nil:
		return errors.New("a time is needed")
	default:
		return first(checkDist("time", t.Time), checkDist("in", t.In), checkDist("out", t.Out))
	}
}

func (s *Scenario) checkSpeed() error {
	c := s.Speed.StartCorrelation
	if !(c >= -1 && c <= 1) {
		return fmt.Errorf("a correlation of %g is not in -1 to 1", c)
	}
	if c != 0 && (s.Speed.Factor == nil || s.Provisioning.Delay == nil) {
		return errors.New("a correlation of start and speed needs a distribution of both")
	}
	return checkDist("factor", s.Speed.Factor)
}

func (s *Scenario) checkProvisioning() error {
	p := &s.Provisioning
	for _, v := range []struct {
		what  string
		value float64
	}{
		{"request rate", p.RequestRate}, {"rate", p.Rate}, {"burst", float64(p.Burst)}, {"wave", float64(p.Wave)},
		{"wave interval", p.WaveEvery}, {"delay growth", p.DelayGrowth}, {"latency", p.Latency},
	} {
		if err := notNegative(v.what, v.value); err != nil {
			return err
		}
	}
	switch {
	case p.TasksPerWorker < 0:
		return fmt.Errorf("%d tasks a worker are not possible", p.TasksPerWorker)
	case p.Quota < 0:
		return fmt.Errorf("a quota of %d workers is not possible", p.Quota)
	case (p.Wave > 0) != (p.WaveEvery > 0):
		return errors.New("waves need a size and an interval")
	case !(p.Failure >= 0 && p.Failure < 1):
		return fmt.Errorf("a probability of %g that a start fails is not in 0 to less than 1", p.Failure)
	case len(p.Delays) > 0 && len(p.Delays) < s.Workers:
		return fmt.Errorf("there are %d start delays for %d workers", len(p.Delays), s.Workers)
	case len(p.Delays) > 0:
		return Empirical(p.Delays).check()
	}
	return checkDist("delay", p.Delay)
}

func (s *Slowdown) check() error {
	if !(s.Exponent > -10 && s.Exponent < 10) {
		return fmt.Errorf("an exponent of %g is not possible", s.Exponent)
	}
	return first(notNegative("contention", s.Contention), notNegative("coherency", s.Coherency), notNegative("base", s.Base))
}

func (d *Driver) check() error {
	return first(notNegative("dispatch", d.Dispatch), notNegative("dispatch of a task", d.DispatchTask),
		notNegative("receive", d.Receive), notNegative("poll", d.Poll), checkDist("latency", d.Latency))
}

func (s *Store) check() error {
	return first(notNegative("bandwidth", s.Bandwidth), notNegative("bandwidth of a transfer", s.PerTransfer),
		notNegative("request rate", s.RequestRate), checkDist("latency", s.Latency))
}

func (c *Chunks) check() error {
	if c.Size < 0 {
		return fmt.Errorf("a size of %d is not possible", c.Size)
	}
	return nil
}

func (f *Faults) check() error {
	switch {
	case !(f.TaskFailure >= 0 && f.TaskFailure < 1):
		return fmt.Errorf("a probability of %g that a task fails is not in 0 to less than 1", f.TaskFailure)
	case f.FailedRetries < 0 || f.LostRetries < 0:
		return errors.New("a number of retries is negative")
	}
	return first(notNegative("life of a worker", f.WorkerLife), notNegative("time to detect a loss", f.Detect))
}

func (c *Copies) check() error {
	if !(c.Quantile >= 0 && c.Quantile <= 1) {
		return fmt.Errorf("a quantile of %g is not in 0 to 1", c.Quantile)
	}
	if c.Factor != 0 && !(c.Factor >= 1) || math.IsInf(c.Factor, 0) {
		return fmt.Errorf("a factor of %g is not 1 or more", c.Factor)
	}
	return nil
}
