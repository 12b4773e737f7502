package sim

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"corecast/bench/metrics"
	"corecast/results"
)

// ResultSchema is the version of Result.
const ResultSchema = 1

// DefaultConfidence is the share of replications that an interval holds.
const DefaultConfidence = 0.90

// Interval is a median of replications and the quantiles between which the
// share Result.Confidence of them lies: where one run would be found, if the
// model holds.
type Interval struct {
	Median float64 `json:"median"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
}

// Result is what a simulation prints. Times are in seconds since the job was
// submitted, or since the first worker was requested in a list.
type Result struct {
	Schema int `json:"schema"`
	// Kind is simulated, always.
	Kind results.Kind `json:"kind"`
	// Model is list, scenario, or sample (a scenario that is drawn from a run).
	Model string `json:"model"`
	// Name is the scenario's; From the run that it was calibrated by; Profile
	// where its provisioning is from.
	Name    string `json:"name,omitempty"`
	From    string `json:"from,omitempty"`
	Profile string `json:"profile,omitempty"`
	Price   string `json:"price,omitempty"`
	Cores   int    `json:"cores"`
	Workers int    `json:"workers"`
	Tasks   int    `json:"tasks"`
	// ListResult is exact for a list; otherwise its figures are medians.
	ListResult
	// Replications, their Seed, and the share of them in each interval; 0 for a
	// list.
	Replications int     `json:"replications,omitempty"`
	Seed         uint64  `json:"seed,omitempty"`
	Confidence   float64 `json:"confidence,omitempty"`
	// Intervals are over the replications; nil for a list.
	Intervals *Intervals `json:"intervals,omitempty"`
	// Busy and Overhead are of the replication with the (lower) median
	// makespan, in core-seconds; nil for a list.
	MedianReplication *int              `json:"median_replication,omitempty"`
	BusyCore          *float64          `json:"busy_core_s,omitempty"`
	Overhead          *metrics.Overhead `json:"overhead_core_s,omitempty"`
	Warnings          []results.Warning `json:"warnings"`
}

// Intervals are the figures of a simulation.
type Intervals struct {
	Makespan   Interval `json:"makespan_s"`
	FirstStart Interval `json:"first_start_s"`
	P50Start   Interval `json:"p50_start_s"`
	P90Start   Interval `json:"p90_start_s"`
	P99Start   Interval `json:"p99_start_s"`
	LastStart  Interval `json:"last_start_s"`
	// Cost is nil without a price list.
	Cost *Interval `json:"cost_usd,omitempty"`
	// BusyCore is the time of accepted attempts, LostCore that of others,
	// LivedCore that of workers from ready to end, in core-seconds.
	BusyCore  Interval `json:"busy_core_s"`
	LostCore  Interval `json:"lost_core_s"`
	LivedCore Interval `json:"lived_core_s"`
	// Counts of what went wrong.
	FailedTasks  Interval `json:"failed_tasks"`
	LostWorkers  Interval `json:"lost_workers"`
	FailedStarts Interval `json:"failed_starts"`
	Repeated     Interval `json:"repeated_attempts"`
	Copies       Interval `json:"copies"`
}

// NewListResult is the result of a list.
func NewListResult(l *List) (Result, error) {
	r, err := l.Run()
	if err != nil {
		return Result{}, err
	}
	result := Result{
		Schema: ResultSchema, Kind: results.Simulated, Model: "list",
		Cores: l.Workers, Workers: l.Workers, Tasks: len(l.Service), ListResult: r, Warnings: []results.Warning{},
	}
	if n := len(l.Delays) - l.Workers; n > 0 {
		result.Warnings = append(result.Warnings, results.Warning{
			Code: "delays_unused", Text: fmt.Sprintf("%d start delays are beyond the last worker and were not used", n),
		})
	}
	return result, nil
}

// NewResult sums outcomes of a scenario up: those that [Simulate] returned for
// the same scenario and options. A confidence of 0 means DefaultConfidence. It
// simulates the median replication again, to cut its time into parts.
func NewResult(ctx context.Context, s *Scenario, o Options, outcomes []Outcome, confidence float64) (Result, error) {
	if len(outcomes) == 0 {
		return Result{}, fmt.Errorf("there are no outcomes")
	}
	confidence = cmp.Or(confidence, DefaultConfidence)
	if !(confidence > 0 && confidence < 1) {
		return Result{}, fmt.Errorf("a confidence of %g is not between 0 and 1", confidence)
	}
	r := Result{
		Schema: ResultSchema, Kind: results.Simulated, Model: "scenario", Name: s.Name, Profile: s.Provisioning.Profile,
		Cores: s.Cores(), Workers: s.Workers, Tasks: s.Tasks.Count,
		Replications: len(outcomes), Seed: o.Seed, Confidence: confidence,
		Warnings: slices.Concat([]results.Warning{}, s.Warnings, outcomes[0].CostWarnings),
	}
	if s.Sample != nil {
		r.Model, r.From = "sample", s.Sample.From
	}
	if s.Billing.Price != nil {
		r.Price = s.Billing.Price.Title()
	}
	r.Intervals = intervals(s, outcomes, confidence)
	r.ListResult = ListResult{r.Intervals.Makespan.Median, r.Intervals.FirstStart.Median, usedMedian(outcomes)}
	r.Warnings = append(r.Warnings, fewReplications(len(outcomes), confidence)...)
	return r, r.parts(ctx, s, o, outcomes)
}

// parts cuts the median replication's time.
func (r *Result) parts(ctx context.Context, s *Scenario, o Options, outcomes []Outcome) error {
	median := outcomes[MedianReplication(outcomes)].Replication
	tr, _, err := Trace(ctx, s, o.Seed, median)
	if err != nil {
		return err
	}
	parts, warnings, err := metrics.Partition(tr)
	if err != nil {
		return fmt.Errorf("the median replication: %w", err)
	}
	busy, overhead := parts.Busy.Seconds()*s.vcpu(), parts.Overhead(s.vcpu())
	r.MedianReplication, r.BusyCore, r.Overhead = &median, &busy, &overhead
	r.Warnings = append(r.Warnings, warnings...)
	return nil
}

// MedianReplication returns the index of the outcome with the lower median
// makespan.
func MedianReplication(outcomes []Outcome) int {
	makespans := make([]float64, len(outcomes))
	for i := range outcomes {
		makespans[i] = outcomes[i].Makespan
	}
	return metrics.LowerMedian(makespans)
}

func usedMedian(outcomes []Outcome) int {
	used := make([]int, len(outcomes))
	for i := range outcomes {
		used[i] = outcomes[i].WorkersUsed
	}
	slices.Sort(used)
	return used[(len(used)-1)/2]
}

func intervals(s *Scenario, outcomes []Outcome, confidence float64) *Intervals {
	over := func(of func(o *Outcome) float64) Interval { return NewInterval(outcomes, confidence, of) }
	core := s.vcpu()
	i := &Intervals{
		Makespan:   over(func(o *Outcome) float64 { return o.Makespan }),
		FirstStart: over(func(o *Outcome) float64 { return o.FirstStart }),
		P50Start:   over(func(o *Outcome) float64 { return o.P50Start }),
		P90Start:   over(func(o *Outcome) float64 { return o.P90Start }),
		P99Start:   over(func(o *Outcome) float64 { return o.P99Start }),
		LastStart:  over(func(o *Outcome) float64 { return o.LastStart }),
		BusyCore:   over(func(o *Outcome) float64 { return o.Busy * core }),
		LostCore:   over(func(o *Outcome) float64 { return o.Lost * core }),
		LivedCore:  over(func(o *Outcome) float64 { return o.Lived * core }),

		FailedTasks:  over(func(o *Outcome) float64 { return float64(o.Failed) }),
		LostWorkers:  over(func(o *Outcome) float64 { return float64(o.WorkersLost) }),
		FailedStarts: over(func(o *Outcome) float64 { return float64(o.FailedStarts) }),
		Repeated:     over(func(o *Outcome) float64 { return float64(o.Repeated) }),
		Copies:       over(func(o *Outcome) float64 { return float64(o.Copies) }),
	}
	if s.Billing.Price != nil {
		cost := over(func(o *Outcome) float64 { return o.Cost })
		i.Cost = &cost
	}
	return i
}

// NewInterval returns the median of a figure over outcomes, and the quantiles
// between which the share confidence of them lies: (1 - confidence)/2 and its
// complement, between neighbouring outcomes in proportion.
func NewInterval(outcomes []Outcome, confidence float64, of func(o *Outcome) float64) Interval {
	values := make([]float64, len(outcomes))
	for i := range outcomes {
		values[i] = of(&outcomes[i])
	}
	slices.Sort(values)
	return Interval{
		Median: quantile(values, 0.5),
		Lo:     quantile(values, (1-confidence)/2), Hi: quantile(values, (1+confidence)/2),
	}
}

// quantile is that of sorted values by linear interpolation (Hyndman and Fan's
// definition 7).
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// fewReplications warns where less than one replication is expected beyond each
// end of an interval.
func fewReplications(n int, confidence float64) []results.Warning {
	need := int(math.Ceil(2 / (1 - confidence)))
	if n >= need {
		return nil
	}
	return []results.Warning{{
		Code:   "few_replications",
		Text:   fmt.Sprintf("%d replications are too few for intervals of %.3g %%", n, 100*confidence),
		Advice: fmt.Sprintf("ask for %d or more", need),
	}}
}
