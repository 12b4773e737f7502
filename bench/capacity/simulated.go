package capacity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"corecast/bench/cost"
	"corecast/bench/sim"
	"corecast/results"
)

// Simulated forecasts by simulation, calibrated by a run.
type Simulated struct {
	Model *sim.Model
	// Price is the list of costs; nil: none.
	Price *cost.Price
	// VCPU and Memory (bytes) are what each worker gets; 0: as measured.
	VCPU   float64
	Memory int64
	// Threads is how many vCPU a task can use; 0 means 1. A worker of less runs
	// it the longer, one of more no faster.
	Threads float64
	// Profile is how workers start; nil: as measured.
	Profile *sim.Profile
	// Pull is for how many seconds of image pull and program start a worker is
	// billed before it is ready.
	Pull float64
	// FreeTier takes a month's free tier off, as if nothing else used it.
	FreeTier bool
	// Seed decides all chances.
	Seed uint64
	// Test is the backtest of the model; nil: none was made.
	Test *Backtest
	// Spread is what [Simulated.Noise] returns.
	Spread float64
	// scaled is Model for workers of VCPU.
	scaled *sim.Model
}

// Measured are the numbers of workers of the model.
func (s *Simulated) Measured() []int {
	counts := make([]int, len(s.Model.Points))
	for i, p := range s.Model.Points {
		counts[i] = p.Workers
	}
	return counts
}

// Noise is that of the run.
func (s *Simulated) Noise() float64 { return s.Spread }

// Forecast simulates a job. The doubt that the backtest leaves beyond the
// measured core counts is drawn with each outcome.
func (s *Simulated) Forecast(ctx context.Context, workers, tasks, draws int) (Draws, error) {
	scenario := s.Scenario(workers, tasks)
	outcomes, err := sim.Simulate(ctx, scenario, sim.Options{Replications: draws, Seed: s.Seed})
	if err != nil {
		return Draws{}, err
	}
	d := Draws{Warnings: slices.Clone(scenario.Warnings)}
	drift := s.drift(workers, s.Measured())
	if s.Profile != nil { // a sample draws how tasks slow down by itself
		drift = s.Doubt(workers, s.Measured())
	}
	for i := range outcomes {
		o := &outcomes[i]
		factor := math.Exp(drift * rand.New(rand.NewPCG(s.Seed, uint64(o.Replication))).NormFloat64())
		d.Makespan = append(d.Makespan, o.Makespan*factor)
		d.CoreSeconds = append(d.CoreSeconds, o.Lived*max(1, scenario.VCPU)*factor)
		if s.Price != nil {
			d.Cost = append(d.Cost, s.usd(o, scenario, factor))
		}
		if o.Failed > 0 && i == 0 {
			d.Warnings = append(d.Warnings, results.Warning{Code: "failed_tasks", Text: "tasks fail for good in the simulation, as they did in the run", Advice: "mend them first"})
		}
	}
	if len(outcomes) > 0 {
		// What depends on the list alone is said once, by the plan.
		d.Warnings = append(d.Warnings, slices.DeleteFunc(slices.Clone(outcomes[0].CostWarnings), func(w results.Warning) bool {
			return w.Code == "no_rounding" || w.Code == "memory_unknown" || w.Code == "machine_share"
		})...)
	}
	return d, nil
}

// usd is what an outcome costs: whole machines where they are rented whole, and
// the free tier taken off where that is wished.
func (s *Simulated) usd(o *sim.Outcome, scenario *sim.Scenario, factor float64) float64 {
	usd := o.Cost * factor
	vcpu := max(1, scenario.VCPU) * float64(scenario.Workers)
	if m := s.Price.Machine; m != nil {
		return usd * math.Ceil(vcpu/m.VCPU) * m.VCPU / vcpu
	}
	if s.FreeTier {
		used := o.Lived * factor * max(scenario.VCPU, 0)
		free := min(used, s.Price.FreeVCPU) * s.Price.VCPUSecond
		if s.Price.MemoryUnit > 0 {
			free += min(o.Lived*factor*float64(scenario.Memory)/s.Price.MemoryUnit, s.Price.FreeMemory) * s.Price.MemorySecond
		}
		usd = max(0, usd-free)
	}
	return usd
}

// Scenario is what is simulated of a job.
func (s *Simulated) Scenario(workers, tasks int) *sim.Scenario {
	if s.scaled == nil {
		s.scaled = s.scale()
	}
	scenario := s.scaled.Scenario(workers, tasks)
	if s.VCPU > 0 {
		scenario.VCPU = s.VCPU
	}
	if s.Memory > 0 {
		scenario.Memory = s.Memory
	}
	scenario.Billing.Price, scenario.Billing.StartUp = s.Price, s.Pull
	if s.Profile != nil {
		s.start(scenario, workers)
	}
	return scenario
}

// start puts the profile in the place of the measured starts. Tasks are drawn
// from those that were seen at the nearest number of workers.
func (s *Simulated) start(scenario *sim.Scenario, workers int) {
	p := s.scaled.Nearest(workers)
	var times sim.Empirical
	for _, t := range p.Trials {
		for _, task := range t.Tasks {
			times = append(times, task.Run)
		}
	}
	scenario.Sample = nil
	scenario.Tasks.Time = times
	scenario.Provisioning = s.Profile.Provisioning
	scenario.Driver.Receive = p.Receive
	if s.Model.Slowdown.Known {
		scenario.Slowdown = sim.Slowdown{Exponent: s.Model.Slowdown.Exponent, Base: float64(p.Workers)}
	}
	scenario.Warnings = append(scenario.Warnings, results.Warning{
		Code: "profile", Text: fmt.Sprintf("workers start as by the profile %s (%s): %s", s.Profile.Name, s.Profile.Source, s.Profile.Note),
		Advice: "measure there, and plan by that run",
	})
	if workers > s.Profile.Seen {
		scenario.Warnings = append(scenario.Warnings, results.Warning{
			Code: "profile_exceeded", Text: fmt.Sprintf("the profile %s was measured up to %d workers", s.Profile.Name, s.Profile.Seen),
			Advice: "measure start-up at such a number of workers",
		})
	}
}

// scale returns the model with the times of tasks as on workers of s.VCPU.
func (s *Simulated) scale() *sim.Model {
	m := *s.Model
	m.Points = slices.Clone(m.Points)
	for i := range m.Points {
		p := &m.Points[i]
		factor := s.speed(p.VCPU) / s.speed(s.VCPU)
		if s.VCPU <= 0 || factor == 1 {
			continue
		}
		p.Trials = slices.Clone(p.Trials)
		for k := range p.Trials {
			t := &p.Trials[k]
			t.Tasks = slices.Clone(t.Tasks)
			for n := range t.Tasks {
				t.Tasks[n].Run *= factor
			}
		}
	}
	return &m
}

// speed is that of a task on a worker of so many vCPU.
func (s *Simulated) speed(vcpu float64) float64 {
	threads := s.Threads
	if threads <= 0 {
		threads = 1
	}
	if vcpu <= 0 {
		vcpu = 1
	}
	return min(vcpu, threads)
}

// drift is the standard deviation, in ln, of the makespan that the backtest
// shows beyond the largest measured number of workers.
func (s *Simulated) drift(workers int, measured []int) float64 {
	distance := math.Log(float64(workers) / float64(slices.Max(measured)))
	if s.Test == nil || distance <= 0 {
		return 0
	}
	return s.Test.Drift * distance
}

// Doubt joins the drift with that about how tasks slow down, by root of the sum
// of squares.
func (s *Simulated) Doubt(workers int, measured []int) float64 {
	slow := math.Abs(math.Log(float64(workers) / float64(nearest(measured, workers))))
	if s.Model.Slowdown.Known {
		slow *= s.Model.Slowdown.Error * math.Sqrt(scatter(s.Measured())/scatter(measured))
	} else {
		slow *= s.taskSpread() / math.Ln10
	}
	return math.Hypot(s.drift(workers, measured), slow)
}

// scatter is the sum of squares of logarithms about their mean, which the error
// of a slope goes with.
func scatter(counts []int) float64 {
	mean, sum := 0.0, 0.0
	for _, n := range counts {
		mean += math.Log(float64(n)) / float64(len(counts))
	}
	for _, n := range counts {
		sum += math.Pow(math.Log(float64(n))-mean, 2)
	}
	return max(sum, 1e-9)
}

// taskSpread is the standard deviation of the logarithms of task times at the
// largest measured number of workers.
func (s *Simulated) taskSpread() float64 {
	var logs []float64
	mean := 0.0
	for _, t := range s.Model.Points[len(s.Model.Points)-1].Trials {
		for _, task := range t.Tasks {
			if task.Run > 0 {
				logs = append(logs, math.Log(task.Run))
				mean += math.Log(task.Run)
			}
		}
	}
	if len(logs) < 2 {
		return 0
	}
	mean /= float64(len(logs))
	sum := 0.0
	for _, l := range logs {
		sum += (l - mean) * (l - mean)
	}
	return math.Sqrt(sum / float64(len(logs)-1))
}
