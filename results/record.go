// Package results is the record of a run: what was asked, where it ran, and
// the raw times of every trial, from which everything else is computed. It
// knows nothing of running.
//
// A run is a folder. run.jsonl holds the header, machines, workers and trials,
// one checked JSON object a line, each written when what it tells is over;
// tasks.bin holds the task rows of each trial (see docs/record.md).
package results

import (
	"encoding/json"
	"time"

	"corecast/runner/trace"
)

// SchemaVersion is the version of the record that this package writes. It
// changes only when an older reader would misread a newer record; fields that
// are merely new do not change it, since readers keep what they do not know.
const SchemaVersion = 1

// Kind says how a value came about. Kinds never mix silently.
type Kind string

// The kinds of values.
const (
	Measured     Kind = "measured"     // on the real thing
	Scaled       Kind = "scaled"       // on cores held to less than one vCPU
	Emulated     Kind = "emulated"     // against corecast's own emulator
	Simulated    Kind = "simulated"    // by the simulator
	Extrapolated Kind = "extrapolated" // by a fitted law
)

// Warning is a reason for doubt, carried with the value that it is about.
type Warning struct {
	// Code is a stable name for scripts: busy_machine, few_samples, ….
	Code string `json:"code"`
	// Text says what was seen, Advice what to do about it.
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

// Unknown holds the fields of a line that this version does not know. They
// are kept and written back.
type Unknown map[string]json.RawMessage

// Header is the first line of a run.
type Header struct {
	Schema  int       `json:"schema"`
	ID      string    `json:"run_id"`
	Created time.Time `json:"created"`
	// Version is the version of corecast that measured.
	Version string `json:"version"`
	// Command is the command line, for people.
	Command []string `json:"command,omitempty"`
	// Plan is what was asked, in the form of the package that runs it (bench);
	// it is what a resumed run goes by.
	Plan json.RawMessage `json:"plan,omitempty"`
	// Source names the system and file that an imported run came from; empty
	// for an own measurement.
	Source string `json:"source,omitempty"`
	// Tags are the user's own.
	Tags    map[string]string `json:"tags,omitempty"`
	Unknown Unknown           `json:"-"`
}

// Machine is a fingerprint of the computer that a driver ran on. Trials of a
// run that was resumed elsewhere have different ones.
type Machine struct {
	// ID is a short hash of the fields that decide whether two measurements
	// are of like machines: all but Commit, Modified and Hostname.
	ID        string `json:"machine_id"`
	Hostname  string `json:"hostname,omitempty"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Kernel    string `json:"kernel,omitempty"`
	Processor string `json:"processor,omitempty"`
	// Cores is the number of logical processors that the process may use,
	// after affinity and quota; CoresOnline what the machine has.
	Cores       int     `json:"cores"`
	CoresOnline int     `json:"cores_online"`
	CPUQuota    float64 `json:"cpu_quota_cores,omitempty"`
	Memory      int64   `json:"memory_bytes,omitempty"`
	MemoryLimit int64   `json:"memory_limit_bytes,omitempty"`
	OpenFiles   int64   `json:"open_files_limit,omitempty"`
	Hypervisor  string  `json:"hypervisor,omitempty"`
	Go          string  `json:"go"`
	// Commit is of the program that measures; Modified when its tree had
	// changes that were not committed.
	Commit   string  `json:"commit,omitempty"`
	Modified bool    `json:"modified,omitempty"`
	Unknown  Unknown `json:"-"`
}

// Settings are the parts of a point besides workload, size, backend and cores
// that change what is measured; the values are JSON scalars.
type Settings map[string]any

// Point is workload x size x backend x cores x settings.
type Point struct {
	Workload string `json:"workload"`
	// Size is in the workload's own unit (samples, bytes, tasks); 0 when the
	// input sets it.
	Size    int64  `json:"size,omitempty"`
	Backend string `json:"backend"`
	// Cores is the number of vCPU (or scaled cores) over all workers.
	Cores    int      `json:"cores"`
	Settings Settings `json:"settings,omitempty"`
}

// Role says what a trial is for.
type Role string

// The roles of trials.
const (
	RoleTrial    Role = "trial"    // a repetition of a point
	RoleWarmup   Role = "warmup"   // before the first repetition; not in any figure
	RoleSerial   Role = "serial"   // the workload in a plain loop, no runner
	RoleDispatch Role = "dispatch" // no-op tasks on the same, now ready pool
)

// Load is the state of the machine around a trial. Fractions are of all
// cores, over the time that Window says; negative values: not known.
type Load struct {
	Load1 float64 `json:"load1"`
	// Busy is the share of processor time used by anything in Window before
	// the trial (Before) or during it (During), Steal the share that the
	// hypervisor gave to others.
	Busy  float64 `json:"busy"`
	Steal float64 `json:"steal"`
	// Throttled is the time for which the control group's quota held the
	// driver's group back.
	Throttled trace.Time `json:"throttled_s"`
	Window    trace.Time `json:"window_s"`
}

// Block locates a trial's task rows in tasks.bin.
type Block struct {
	Offset int64 `json:"offset"`
	Bytes  int64 `json:"bytes"`
	Rows   int64 `json:"rows"`
}

// Usage is a quantity that is billed besides the workers' time.
type Usage struct {
	Item     string  `json:"item"` // class_a_requests, class_b_requests, bytes_out, …
	Quantity float64 `json:"quantity"`
}

// Trial is one repetition of a point, written when it is over.
type Trial struct {
	// Index counts trials of the run from 0 in the order in which they ran.
	Index int   `json:"trial"`
	Point Point `json:"point"`
	Role  Role  `json:"role"`
	// Rep counts the repetitions of the point from 0.
	Rep     int    `json:"rep"`
	Kind    Kind   `json:"kind"`
	Seed    uint64 `json:"seed"`
	Machine string `json:"machine_id"`
	// Commit is of the program that measured this trial, with +modified when
	// its tree had changes; a run that is resumed may have several.
	Commit  string    `json:"commit,omitempty"`
	Started time.Time `json:"started"`
	Tasks   int       `json:"tasks"`
	Slots   int       `json:"slots"`
	// VCPU is what each worker has.
	VCPU     float64    `json:"vcpu"`
	Makespan trace.Time `json:"makespan_s"`
	// Resumed counts the tasks whose results came from the journal of earlier
	// parts of the run; times are of the last part alone.
	Resumed int `json:"resumed_tasks,omitempty"`
	// Failed and Lost count tasks without a result, for good.
	Failed int `json:"failed_tasks,omitempty"`
	// Error is set when the trial did not give an answer.
	Error string `json:"error,omitempty"`
	// Answer is the workload's; Check is empty when it was right.
	Answer json.RawMessage `json:"answer,omitempty"`
	Check  string          `json:"check,omitempty"`
	// DriverCPU is the processor time of the driver's process during the
	// trial (user and system); on backend inproc and in role serial it
	// includes the tasks.
	DriverCPU trace.Time `json:"driver_cpu_s"`
	Before    Load       `json:"load_before"`
	During    Load       `json:"load_during"`
	Usage     []Usage    `json:"usage,omitempty"`
	Warnings  []Warning  `json:"warnings,omitempty"`
	// Blocks are set by the Writer.
	Blocks  []Block `json:"blocks,omitempty"`
	Unknown Unknown `json:"-"`
	// WorkerUnknown holds, by index of the worker, what the worker lines have
	// that this version does not know; nil when none has.
	WorkerUnknown map[int]Unknown `json:"-"`
}

// End is the last line of a run that is complete.
type End struct {
	Finished time.Time `json:"finished"`
	Trials   int       `json:"trials"`
	// Reason says why the run ended: done, or budget when its time was up
	// before all that was planned.
	Reason   string    `json:"reason"`
	Warnings []Warning `json:"warnings,omitempty"`
	Unknown  Unknown   `json:"-"`
}
