package sim

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"corecast/bench/cost"
)

// once simulates a scenario once.
func once(t *testing.T, s *Scenario) Outcome {
	t.Helper()
	outcomes, err := Simulate(t.Context(), s, Options{Replications: 1, Seed: 1})
	check(t, err)
	return outcomes[0]
}

// single makes a scenario of tasks of one length, handed out one by one.
func single(workers, tasks int, seconds float64) *Scenario {
	return &Scenario{Workers: workers, Tasks: Tasks{Count: tasks, Time: Constant(seconds)}, Chunks: Chunks{Size: 1, NoAhead: true}}
}

// TestByHand checks each mechanism by a case whose times can be told by hand.
func TestByHand(t *testing.T) {
	with := func(s *Scenario, change func(s *Scenario)) *Scenario { change(s); return s }
	for _, c := range []struct {
		name                  string
		s                     *Scenario
		makespan, first, last float64
	}{
		{"4 tasks of 2 s on 2 workers", single(2, 4, 2), 4, 0, 0},
		{"requests come 2 a second", with(single(3, 3, 5), func(s *Scenario) { s.Provisioning.RequestRate = 2 }), 6, 0, 1},
		{"the platform starts 2 a second after a burst of 2", with(single(4, 4, 5), func(s *Scenario) { s.Provisioning.Rate, s.Provisioning.Burst = 2, 2 }), 6, 0, 1},
		{"without a burst", with(single(4, 4, 5), func(s *Scenario) { s.Provisioning.Rate = 2 }), 6.5, 0, 1.5},
		{"waves of 2, 3 s apart", with(single(4, 4, 5), func(s *Scenario) { s.Provisioning.Wave, s.Provisioning.WaveEvery = 2, 3 }), 8, 0, 3},
		{"delay with growth and latency", with(single(4, 4, 5), func(s *Scenario) {
			s.Provisioning.Delay, s.Provisioning.DelayGrowth, s.Provisioning.Latency = Constant(2), 0.25, 1
		}), 10, 5, 5},
		{"a quota of 2 of 4", with(single(4, 4, 5), func(s *Scenario) { s.Provisioning.Quota = 2 }), 10, 0, 0},
		{"a quota of 2, a worker a task", with(single(4, 4, 5), func(s *Scenario) {
			s.Provisioning.Quota, s.Provisioning.TasksPerWorker, s.Provisioning.Delay = 2, 1, Constant(1)
		}), 12, 1, 7},
		{"the driver takes 1 s for a chunk", with(single(3, 3, 5), func(s *Scenario) { s.Driver.Dispatch = 1 }), 8, 1, 3},
		{"and for each of its tasks", with(single(1, 2, 5), func(s *Scenario) { s.Chunks.Size, s.Driver.DispatchTask = 2, 1 }), 12, 2, 2},
		{"the driver takes 1 s for a result", with(single(3, 3, 5), func(s *Scenario) { s.Driver.Receive = 1 }), 8, 0, 0},
		{"latency both ways", with(single(1, 2, 5), func(s *Scenario) { s.Driver.Latency = Constant(0.5) }), 12, 0.5, 0.5},
		{"results are looked for every 4 s", with(single(1, 2, 5), func(s *Scenario) { s.Driver.Poll = 4 }), 16, 0, 0},
		{"2 transfers share a bandwidth", with(single(2, 2, 5), func(s *Scenario) { s.Tasks.In, s.Store.Bandwidth = Constant(10), 10 }), 7, 2, 2},
		{"each transfer is bounded", with(single(2, 2, 5), func(s *Scenario) { s.Tasks.Out, s.Store.Bandwidth, s.Store.PerTransfer = Constant(10), 100, 5 }), 7, 0, 0},
		{"a transfer speeds up when another ends", with(single(2, 2, 5), func(s *Scenario) {
			s.Tasks.In, s.Store.Bandwidth, s.Provisioning.RequestRate = Constant(10), 10, 2
		}), 7, 1.5, 2},
		{"requests are served 1 a second", with(single(3, 3, 5), func(s *Scenario) { s.Store.RequestRate = 1 }), 7, 0, 2},
		{"a request takes its time", with(single(1, 1, 5), func(s *Scenario) { s.Store.Latency = Constant(1) }), 7, 1, 1},
		{"tasks slow down by the workers at work", with(single(2, 2, 5), func(s *Scenario) { s.Slowdown.Contention = 0.2 }), 6, 0, 0},
		{"to a power", with(single(4, 4, 5), func(s *Scenario) { s.Slowdown.Exponent, s.Slowdown.Base = 0.5, 1 }), 10, 0, 0},
		{"workers differ", with(single(1, 2, 5), func(s *Scenario) { s.Speed.Factor = Constant(2) }), 20, 0, 0},
		{"a chunk of all tasks", with(single(2, 4, 5), func(s *Scenario) { s.Chunks.Size = 4 }), 20, 0, 0},
		{"a short chunk is sent ahead", with(single(1, 8, 1e-3), func(s *Scenario) {
			s.Chunks.NoAhead, s.Driver.Latency = false, Constant(1e-3)
		}), 8e-3 + 4e-3, 1e-3, 1e-3},
	} {
		o := once(t, c.s)
		if !near(o.Makespan, c.makespan, 1e-9) || !near(o.FirstStart, c.first, 1e-9) || !near(o.LastStart, c.last, 1e-9) {
			t.Errorf("%s: makespan %g, starts %g to %g s; want %g, %g to %g s", c.name, o.Makespan, o.FirstStart, o.LastStart, c.makespan, c.first, c.last)
		}
	}
}

// A copy on a worker that is free overtakes a task that hangs.
func TestCopies(t *testing.T) {
	times := make([]float64, 20)
	for i := range times {
		times[i] = 1
	}
	times[3] = 100
	s := &Scenario{Workers: 4, Tasks: Tasks{Count: len(times), Times: times, Time: Constant(1)}, Chunks: Chunks{Size: 1, NoAhead: true}}
	if o := once(t, s); o.Makespan != 100 || o.Copies != 0 {
		t.Fatalf("without copies: %+v", o)
	}
	s.Copies = Copies{Factor: 3, Quantile: 0.9}
	s.Tasks.Times, s.Tasks.Time = nil, Mixture{{0.97, Constant(1)}, {0.03, Constant(100)}}
	s.Tasks.Count, s.Workers = 400, 40
	with := simulated(t, s)
	s.Copies = Copies{}
	without := simulated(t, s)
	if with.Makespan.Median > without.Makespan.Median/5 || with.Copies.Median == 0 {
		t.Errorf("copies: %+v, without %+v", with.Makespan, without.Makespan)
	}
}

// Failures and losses happen as often as they should, and retries are bounded.
func TestFaults(t *testing.T) {
	s := single(10, 20_000, 1)
	s.Faults = Faults{TaskFailure: 0.1, FailedRetries: 1}
	o := once(t, s)
	if share := float64(o.Repeated) / 20_000; !near(share, 0.1, 0.01) {
		t.Errorf("%g of the tasks failed at first, want 0.1", share)
	}
	if share := float64(o.Failed) / 20_000; !near(share, 0.01, 0.004) {
		t.Errorf("%g of the tasks failed twice, want 0.01", share)
	}
	s = single(10, 20_000, 1)
	s.Faults = Faults{WorkerLife: 100, Detect: 2, LostRetries: 3}
	o = once(t, s)
	if lost := float64(o.WorkersLost); math.Abs(lost-o.Lived/100) > 5*math.Sqrt(o.Lived/100) {
		t.Errorf("%g workers were lost in %g worker-seconds of a mean life of 100 s", lost, o.Lived)
	}
	if o.Failed != 0 || o.Repeated == 0 {
		t.Errorf("%+v", o)
	}
	s.Faults = Faults{WorkerLife: 1e-3, LostRetries: 2}
	if o = once(t, s); o.Failed < 19_000 {
		t.Errorf("workers that die at once: %d of 20,000 tasks failed for good", o.Failed)
	}
	s = single(100, 100, 1)
	s.Provisioning.Failure, s.Provisioning.Delay = 0.5, Constant(1)
	if o = once(t, s); o.FailedStarts < 20 || o.LastStart < 2 {
		t.Errorf("half of the starts fail: %+v", o)
	}
}

// The same seed gives the same outcomes whatever runs beside it; another one
// others. More core counts meet the same tasks.
func TestSeeds(t *testing.T) {
	s := everything(60, 2000)
	run := func(o Options) []Outcome {
		t.Helper()
		outcomes, err := Simulate(t.Context(), s, o)
		check(t, err)
		return outcomes
	}
	one, two := run(Options{Replications: 8, Seed: 5, Parallel: 1}), run(Options{Replications: 8, Seed: 5, Parallel: 4})
	if diff := cmp.Diff(one, two, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("in parallel (-alone +parallel):\n%s", diff)
	}
	if more := run(Options{Replications: 3, Seed: 5}); !cmp.Equal(one[:3], more, cmpopts.EquateNaNs()) {
		t.Error("fewer replications are other ones")
	}
	if other := run(Options{Replications: 8, Seed: 6}); other[0].Makespan == one[0].Makespan {
		t.Error("another seed gives the same")
	}
	if one[0].Makespan == one[1].Makespan {
		t.Error("two replications are the same")
	}
	busy := func(workers int) float64 {
		s := single(workers, 500, 0)
		s.Tasks.Time = Exponential{1}
		return once(t, s).Busy
	}
	if a, b := busy(3), busy(40); !near(a, b, 1e-6) {
		t.Errorf("tasks take %g s on 3 workers and %g s on 40", a, b)
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := everything(100, 200_000)
	_, err := Simulate(ctx, s, Options{Replications: 1000, Progress: func(int) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Costs are those of the bill by hand.
func TestBilling(t *testing.T) {
	price := cost.Price{Name: "p", Source: "s", VCPUSecond: 1, MemorySecond: 2, MemoryUnit: 1e9, Items: map[string]float64{cost.ItemClassA: 10, cost.ItemClassB: 1}}
	s := single(2, 3, 5) // one worker works for 10 s, the other for 5
	s.VCPU, s.Memory = 2, 1e9
	s.Provisioning.Delay = Constant(3)
	s.Billing = Billing{Price: &price, StartUp: 1}
	if o := once(t, s); !near(o.Cost, 2*11*4, 1e-9) { // both to the end, 1 s before ready
		t.Errorf("cost %g", o.Cost)
	}
	s.Billing.ReleaseIdle = true
	if o := once(t, s); !near(o.Cost, (11+6)*4, 1e-9) {
		t.Errorf("cost %g with idle workers released", o.Cost)
	}
	s.Store.RequestRate = 1e9
	if o := once(t, s); !near(o.Cost, (11+6)*4+3*10+3*1, 1e-6) {
		t.Errorf("cost %g with requests", o.Cost)
	}
}

// A trace without a store of its own has a Result whose parts add up.
func TestResult(t *testing.T) {
	s := everything(50, 3000)
	o := Options{Replications: 20, Seed: 3}
	outcomes, err := Simulate(t.Context(), s, o)
	check(t, err)
	r, err := NewResult(t.Context(), s, o, outcomes, 0)
	check(t, err)
	i := r.Intervals
	if !(i.Makespan.Lo < i.Makespan.Median && i.Makespan.Median < i.Makespan.Hi) || r.Makespan != i.Makespan.Median || r.Kind != "simulated" {
		t.Errorf("%+v", i.Makespan)
	}
	median := outcomes[*r.MedianReplication]
	if whole := *r.BusyCore + r.Overhead.Total; !near(whole, float64(s.Workers)*median.Makespan, 1e-3) {
		t.Errorf("busy and overhead are %g core-s, workers x makespan %g", whole, float64(s.Workers)*median.Makespan)
	}
	if r.WorkersUsed == 0 || i.Cost == nil || !(i.Cost.Median > 0) {
		t.Errorf("%+v", r)
	}
	few, err := NewResult(t.Context(), s, o, outcomes[:5], 0.95)
	check(t, err)
	if last := few.Warnings[len(few.Warnings)-1]; last.Code != "few_replications" {
		t.Errorf("warnings %v", few.Warnings)
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5}
	for p, want := range map[float64]float64{0: 1, 0.5: 3, 1: 5, 0.125: 1.5} {
		if got := quantile(values, p); got != want {
			t.Errorf("quantile %g: %g, want %g", p, got, want)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *Scenario)
		want   string
	}{
		{"no workers", func(s *Scenario) { s.Workers = 0 }, "0 workers"},
		{"no tasks", func(s *Scenario) { s.Tasks.Count = 0 }, "0 tasks"},
		{"no time", func(s *Scenario) { s.Tasks.Time = nil }, "tasks: a time is needed"},
		{"another number of times", func(s *Scenario) { s.Tasks.Times = []float64{1} }, "1 times for"},
		{"negative quota", func(s *Scenario) { s.Provisioning.Quota = -1 }, "a quota of -1 workers"},
		{"half a wave", func(s *Scenario) { s.Provisioning.Wave = 3 }, "waves need a size and an interval"},
		{"too few delays", func(s *Scenario) { s.Provisioning.Delays = []float64{1} }, "1 start delays for"},
		{"negative time", func(s *Scenario) { s.Tasks.Time = Constant(-1) }, "is not a number from 0 on"},
		{"empty values", func(s *Scenario) { s.Tasks.Time = Empirical{} }, "there are no values"},
		{"all starts fail", func(s *Scenario) { s.Provisioning.Failure = 1 }, "a probability of 1"},
		{"copies too early", func(s *Scenario) { s.Copies.Factor = 0.5 }, "a factor of 0.5"},
		{"a sample of nothing", func(s *Scenario) { s.Sample = &Sample{} }, "no trial"},
		{"beyond a record", func(s *Scenario) { s.Tasks.Time = Constant(1e12) }, "takes more than 285 years"},
	} {
		s := single(3, 4, 1)
		c.change(s)
		if _, err := Simulate(t.Context(), s, Options{Replications: 1}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}
