package bench

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/workloads"
)

// OverheadPlan says what to measure of a backend's own cost.
type OverheadPlan struct {
	Backend string
	// Cores is the number of workers of 1 vCPU.
	Cores int
	// Tasks is how many no-op tasks measure dispatch.
	Tasks int
	// Reps is how often each figure is measured.
	Reps int
	Seed uint64
}

// busyWorkload is the workload that the trials of METG run.
const busyWorkload = "busy"

// metgSpan is how much work a trial of METG should hold: long against a
// pool's noise, short enough to try many task times.
const metgSpan = 200 * time.Millisecond

// metgTasks bounds the tasks of a trial of METG.
const metgTasks = 200_000

// Plan returns the sweeps that measure overhead: no-op tasks, and busy tasks
// of falling length.
func (o OverheadPlan) Plan() (Plan, error) {
	p := Plan{Reps: o.Reps, MaxReps: o.Reps, Seed: o.Seed, Warm: true}
	noop, err := workloads.New("noop")
	if err != nil {
		return p, err
	}
	if sized, ok := noop.(workloads.Sized); ok {
		sized.SetSize(int64(o.Tasks))
	}
	works := []workloads.Workload{noop}
	for each := 4 * time.Millisecond; each >= 30*time.Nanosecond; each /= 2 {
		n := min(metgTasks, int64(metgSpan/each)*int64(o.Cores))
		works = append(works, workloads.NewBusy(n, each))
	}
	works = append(works, workloads.NewBusy(metgTasks, 0)) // a look at the clock
	for _, w := range works {
		s, err := NewSweep(w, o.Backend, []int{o.Cores})
		if err != nil {
			return p, err
		}
		p.Sweeps = append(p.Sweeps, s)
	}
	return p, nil
}

// Overhead is what a backend costs.
type Overhead struct {
	Schema  int          `json:"schema"`
	RunID   string       `json:"run_id"`
	Dir     string       `json:"dir"`
	Backend string       `json:"backend"`
	Kind    results.Kind `json:"kind"`
	Cores   int          `json:"cores"`
	// DispatchWall is wall / M of Tasks no-op tasks on a ready pool, in
	// seconds.
	DispatchWall metrics.Interval `json:"dispatch_wall_s"`
	Tasks        int              `json:"tasks"`
	// METG50 is the smallest mean task time at which efficiency is still 50 %,
	// in seconds, on a ready pool; nil when the sizes did not bracket it.
	METG50 *float64 `json:"metg50_s"`
	// Points are the medians that METG50 is interpolated from.
	Points   []EfficiencyPoint `json:"points"`
	Warnings []results.Warning `json:"warnings"`
}

// OverheadSchema is the version of Overhead.
const OverheadSchema = 1

// EfficiencyPoint is the efficiency of one task time.
type EfficiencyPoint struct {
	// Requested is how long tasks were told to keep busy, MeanTask how long
	// they took, in seconds.
	Requested float64 `json:"requested_s"`
	MeanTask  float64 `json:"mean_task_s"`
	Tasks     int     `json:"tasks"`
	// Efficiency is sum e_i / (N T) on the ready pool.
	Efficiency float64 `json:"efficiency"`
}

// SummarizeOverhead reads a backend's cost from the record of its run.
func SummarizeOverhead(r *results.Run) (Overhead, error) {
	summaries, err := metrics.Summarize(r, metrics.Options{Scaling: metrics.ScalingStrong})
	if err != nil {
		return Overhead{}, err
	}
	o := Overhead{Schema: OverheadSchema, RunID: r.Header.ID, Dir: r.Dir, Points: []EfficiencyPoint{}, Warnings: []results.Warning{}}
	for _, s := range summaries {
		for _, p := range s.Points {
			o.Backend, o.Cores, o.Kind = s.Backend, p.Cores, p.Kind
			if s.Workload == busyWorkload {
				o.addBusy(p)
				continue
			}
			o.Tasks = p.Tasks
			n := float64(p.Tasks)
			o.DispatchWall = metrics.Interval{Median: p.Makespan.Median / n, Lo: p.Makespan.Lo / n, Hi: p.Makespan.Hi / n, Confidence: p.Makespan.Confidence}
			o.Warnings = append(o.Warnings, slices.DeleteFunc(p.Warnings, func(w results.Warning) bool {
				return w.Code == "no_base" // a speedup is not asked for here
			})...)
		}
	}
	slices.SortFunc(o.Points, func(a, b EfficiencyPoint) int { return cmp.Compare(b.MeanTask, a.MeanTask) })
	o.interpolate()
	return o, nil
}

func (o *Overhead) addBusy(p metrics.Point) {
	each, _ := p.Settings["duration"].(string)
	requested, err := time.ParseDuration(each)
	if err != nil || p.Tasks == 0 {
		o.Warnings = append(o.Warnings, results.Warning{Code: "no_task_time", Text: fmt.Sprintf("a point of workload busy has the task time %q", each)})
		return
	}
	all := p.BusyCore + p.Overhead.Total
	o.Points = append(o.Points, EfficiencyPoint{
		Requested: requested.Seconds(), MeanTask: p.BusyCore / float64(p.Tasks), Tasks: p.Tasks, Efficiency: p.BusyCore / all,
	})
}

func (o *Overhead) interpolate() {
	var points []metrics.EfficiencyAt
	for _, p := range o.Points {
		points = append(points, metrics.EfficiencyAt{MeanTask: p.MeanTask, Efficiency: p.Efficiency})
	}
	if metg, ok := metrics.METG(points, 0.5); ok {
		o.METG50 = &metg
		return
	}
	o.Warnings = append(o.Warnings, results.Warning{
		Code: "metg_not_bracketed", Text: "no two task times bracket an efficiency of 50 %",
		Advice: "METG is below the shortest task time measured, or above the longest",
	})
}
