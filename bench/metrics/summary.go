package metrics

import (
	"encoding/json"

	"corecast/results"
)

// Interval is a median with a non-parametric confidence interval.
type Interval struct {
	Median float64 `json:"median"`
	Lo     float64 `json:"lo"`
	Hi     float64 `json:"hi"`
	// Confidence is the interval's real confidence, in 0 to 1: with few
	// samples it is the range of what was seen, and below the one asked for.
	Confidence float64 `json:"confidence"`
}

// Speedup is T_base / T_N with its base named: serial, or one worker on the
// backend. For weak scaling a base of another size is scaled to the point's,
// and says so.
type Speedup struct {
	Interval
	Base string `json:"base"`
}

// Startup is first_task - job submitted over the workers of a trial, in
// seconds; in a point, the median over its trials of each.
type Startup struct {
	First float64 `json:"first"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P99   float64 `json:"p99"`
	Last  float64 `json:"last"`
	// Workers is how many ran a task, Without how many never did.
	Workers int `json:"workers"`
	Without int `json:"without_task"`
	// Rate is (workers - 1) / (last - first) in workers a second; 0 when it
	// is not defined.
	Rate float64 `json:"provisioning_rate_per_s"`
}

// Overhead is the partition of overhead in core-seconds. Its parts add up to
// Total exactly in integer nanoseconds, before they are turned to seconds.
type Overhead struct {
	Startup  float64 `json:"startup"`
	Dispatch float64 `json:"dispatch"`
	Transfer float64 `json:"transfer"`
	Idle     float64 `json:"idle"`
	Lost     float64 `json:"lost"`
	Total    float64 `json:"total"`
}

// Point is what a run says of one point: the base of tables, plots and JSON.
// Numbers that were not measured are nil.
type Point struct {
	Cores   int `json:"cores"`
	Workers int `json:"workers"`
	// Trials is how many are in the figures.
	Trials int          `json:"trials"`
	Tasks  int          `json:"tasks"`
	Kind   results.Kind `json:"kind"`
	// Label names the point's size and settings where a run has several.
	Label    string           `json:"label,omitempty"`
	Size     int64            `json:"size,omitempty"`
	Settings results.Settings `json:"settings,omitempty"`
	Makespan Interval         `json:"makespan_s"`
	// Times are the makespans of its trials in seconds, as they ran; not in
	// JSON, the record has them.
	Times   []float64 `json:"-"`
	Speedup *Speedup  `json:"speedup"`
	// Efficiency is S/N, N being workers; KarpFlatt is (1/S - 1/N)/(1 - 1/N), nil at N = 1.
	Efficiency *float64 `json:"efficiency"`
	KarpFlatt  *float64 `json:"karp_flatt"`
	Startup    Startup  `json:"startup_s"`
	// BusyCore and Overhead are of the trial with the (lower) median makespan,
	// MedianTrial, in core-seconds.
	BusyCore    float64  `json:"busy_core_s"`
	Overhead    Overhead `json:"overhead_core_s"`
	MedianTrial int      `json:"median_trial"`
	// PerTaskOverhead is Overhead.Total / Tasks.
	PerTaskOverhead float64 `json:"per_task_overhead_s"`
	// DispatchWall is the median of wall / M of no-op tasks on the ready pool.
	DispatchWall *float64 `json:"dispatch_wall_s"`
	// UsefulShare is the tasks' core-seconds over the billed ones, or where
	// nobody bills, over those that workers lived for; of the median trial.
	UsefulShare *float64 `json:"useful_share"`
	// Cost is in USD by the price list named in the summary, of the median
	// trial; nil without one.
	Cost *float64 `json:"cost_usd"`
	// DriverCPUShare is the driver's processor time over the makespan, in
	// cores, median over trials; on inproc it includes the tasks.
	DriverCPUShare float64 `json:"driver_cpu_cores"`
	// WorkerCPU is the processor time of all workers of the median trial in
	// seconds; nil where it could not be told.
	WorkerCPU *float64 `json:"worker_cpu_s"`
	// Resources are what else they used, of the median trial.
	Resources *Resources `json:"resources"`
	// Answer is the workload's, of the median trial.
	Answer json.RawMessage `json:"answer,omitempty"`
	// Failed counts tasks without a result, Lost lost attempts, over all
	// trials.
	Failed int `json:"failed_tasks"`
	Lost   int `json:"lost_attempts"`

	Warnings []results.Warning `json:"warnings"`
}

// Serial is the workload in a plain loop, no runner.
type Serial struct {
	Trials int `json:"trials"`
	// Size is what it ran at; the smallest where it ran at several.
	Size     int64    `json:"size,omitempty"`
	Makespan Interval `json:"makespan_s"`
}

// Summary is what a run says of one workload on one backend.
type Summary struct {
	Schema   int               `json:"schema"`
	RunID    string            `json:"run_id"`
	Dir      string            `json:"dir"`
	Workload string            `json:"workload"`
	Backend  string            `json:"backend"`
	Scaling  string            `json:"scaling"` // strong or weak
	Complete bool              `json:"complete"`
	Serial   *Serial           `json:"serial"`
	Points   []Point           `json:"points"`
	Price    string            `json:"price,omitempty"`
	Machine  *results.Machine  `json:"machine,omitempty"`
	Warnings []results.Warning `json:"warnings"`
}
