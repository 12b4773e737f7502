package workloads

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"corecast/runner"
	"corecast/workloads/synthetic"
)

// maxTasks bounds the tasks of a job, whose attempts a driver keeps in memory
// until the job is over: some 5 GB for so many.
const maxTasks = 50_000_000

// atLeast checks a whole-number setting against its least value.
func atLeast(setting string, value, least int64) error {
	if value < least {
		return settingError(setting, "%d is less than %d", value, least)
	}
	return nil
}

// Duration is a time.Duration that people write as 10ms, also in JSON.
type Duration time.Duration

// MarshalJSON writes the duration as time.Duration prints it.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads what time.ParseDuration reads.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("duration %s: want a string such as \"10ms\"", data)
	}
	return d.Set(s)
}

// String returns the duration as time.Duration prints it.
func (d *Duration) String() string { return time.Duration(*d).String() }

// Set reads a duration flag.
func (d *Duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration: write 10ms, 1.5s or 2m", s)
	}
	*d = Duration(v)
	return nil
}

// Synthetic is a workload of a number of equal tasks that do nothing useful:
// noop returns at once, sleep waits, spin and busy keep a processor busy.
type Synthetic struct {
	kind  string
	Count int64 `json:"tasks"`
	// Each is the duration of a task: wall time of sleep and busy, processor
	// time of spin; noop has none.
	Each Duration `json:"duration"`
	// RandomSeed is kept, and changes nothing.
	RandomSeed uint64 `json:"seed,omitempty"`
}

// NewNoop returns noop with its default settings.
func NewNoop() Workload { return &Synthetic{kind: "noop", Count: 100_000} }

// NewSleep returns sleep with its default settings.
func NewSleep() Workload {
	return &Synthetic{kind: "sleep", Count: 20, Each: Duration(100 * time.Millisecond)}
}

// NewSpin returns spin with its default settings.
func NewSpin() Workload {
	return &Synthetic{kind: "spin", Count: 20, Each: Duration(100 * time.Millisecond)}
}

// NewBusy returns busy: count tasks that hold a core for a wall time each, by
// looking at the clock all the while. Unlike spin's, they can be shorter than
// a microsecond.
func NewBusy(count int64, each time.Duration) Workload {
	return &Synthetic{kind: "busy", Count: count, Each: Duration(each)}
}

// Name returns noop, sleep, spin or busy.
func (w *Synthetic) Name() string { return w.kind }

// Summary says what its tasks do.
func (w *Synthetic) Summary() string {
	return map[string]string{
		"noop":  "do nothing: what remains is the cost of fanning out",
		"sleep": "wait for a known wall time a task",
		"spin":  "use a known processor time a task",
		"busy":  "hold a core for a known wall time a task, down to a microsecond and less",
	}[w.kind]
}

// Examples returns command lines.
func (w *Synthetic) Examples() []string {
	if w.kind == "noop" {
		return []string{"noop --tasks 1e6"}
	}
	return []string{w.kind + " --tasks 1000 --duration 10ms"}
}

// Bind declares the settings.
func (w *Synthetic) Bind(fs *flag.FlagSet) {
	fs.Var((*sizeValue)(&w.Count), "tasks", "number of tasks")
	fs.Var((*sizeValue)(&w.Count), "size", "the same as --tasks")
	fs.Uint64Var(&w.RandomSeed, "seed", w.RandomSeed, "recorded; nothing about these tasks is random")
	if w.kind != "noop" {
		fs.Var(&w.Each, "duration", "duration of a task")
	}
}

// Size returns the number of tasks.
func (w *Synthetic) Size() int64 { return w.Count }

// SetSize sets the number of tasks.
func (w *Synthetic) SetSize(n int64) { w.Count = n }

// SyntheticAnswer is the answer of noop, sleep, spin and busy.
type SyntheticAnswer struct {
	Tasks int64 `json:"tasks"`
	// RequestedS is tasks x duration, in seconds.
	RequestedS float64 `json:"requested_s"`
	// SleptS is the wall time that sleep's tasks saw pass, BusyS that of busy's,
	// CPUS the processor time that spin's used, in seconds.
	SleptS float64 `json:"slept_s,omitempty"`
	BusyS  float64 `json:"busy_s,omitempty"`
	CPUS   float64 `json:"cpu_s,omitempty"`
}

// Prepare checks the settings and makes the tasks.
func (w *Synthetic) Prepare(context.Context, Env) (Job, error) {
	if err := atLeast("tasks", w.Count, 0); err != nil {
		return nil, err
	}
	if w.Count > maxTasks {
		return nil, settingError("tasks", "%d is more than %d", w.Count, int64(maxTasks))
	}
	if w.Each < 0 {
		return nil, settingError("duration", "%v is negative", time.Duration(w.Each))
	}
	if w.kind == "noop" {
		return &job[struct{}, struct{}]{
			fn: runner.Noop, inputs: make([]struct{}, w.Count),
			fold: func(outs []struct{}) Answer { return SyntheticAnswer{Tasks: int64(len(outs))} },
		}, nil
	}
	fn := map[string]*runner.Func[int64, int64]{"sleep": synthetic.Sleep, "spin": synthetic.Spin, "busy": synthetic.Busy}[w.kind]
	inputs := make([]int64, w.Count)
	for i := range inputs {
		inputs[i] = int64(w.Each)
	}
	return &job[int64, int64]{fn: fn, inputs: inputs, fold: w.fold, check: w.check}, nil
}

func (w *Synthetic) fold(outs []int64) Answer {
	var sum int64
	for _, v := range outs {
		sum += v
	}
	a := SyntheticAnswer{Tasks: int64(len(outs)), RequestedS: float64(w.Count) * time.Duration(w.Each).Seconds()}
	switch took := float64(sum) / 1e9; w.kind {
	case "sleep":
		a.SleptS = took
	case "busy":
		a.BusyS = took
	default:
		a.CPUS = took
	}
	return a
}

// check says when tasks took less than they were asked to. They may take more:
// by how much is what is measured.
func (w *Synthetic) check(a Answer) error {
	answer, ok := a.(SyntheticAnswer)
	if !ok {
		return fmt.Errorf("not an answer of %s: %T", w.kind, a)
	}
	if took := answer.SleptS + answer.BusyS + answer.CPUS; took < answer.RequestedS*(1-1e-9) {
		return fmt.Errorf("tasks took %g s together, less than the %g s asked for", took, answer.RequestedS)
	}
	return nil
}
