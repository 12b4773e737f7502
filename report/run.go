package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// RunSchema is the version of RunResult.
const RunSchema = 1

// RunResult is what a single run of a workload prints. Numbers that were not
// measured are nil.
type RunResult struct {
	Schema   int          `json:"schema"`
	RunID    string       `json:"run_id"`
	Dir      string       `json:"dir"`
	Workload string       `json:"workload"`
	Backend  string       `json:"backend"`
	Kind     results.Kind `json:"kind"`
	// Cores is the number of vCPU over all Workers.
	Cores   int `json:"cores"`
	Workers int `json:"workers"`
	Tasks   int `json:"tasks"`
	// Resumed counts the tasks whose results came from earlier parts of a run
	// that was interrupted; the times are of the last part alone.
	Resumed int `json:"resumed_tasks,omitempty"`
	// Makespan is from the job's submission to the last result, in seconds.
	Makespan        float64          `json:"makespan_s"`
	Startup         metrics.Startup  `json:"startup_s"`
	BusyCore        float64          `json:"busy_core_s"`
	Overhead        metrics.Overhead `json:"overhead_core_s"`
	PerTaskOverhead float64          `json:"per_task_overhead_s"`
	// DispatchWall is wall / M of no-op tasks on the pool when it was ready.
	DispatchWall *float64 `json:"dispatch_wall_s"`
	WorkerCPU    *float64 `json:"worker_cpu_s"`
	// Resources are what else the workers used.
	Resources *metrics.Resources `json:"resources"`
	// DriverCPU is the driver's processor time in seconds.
	DriverCPU float64  `json:"driver_cpu_s"`
	Cost      *float64 `json:"cost_usd"`
	// Answer is the workload's; when tasks failed, that of the others.
	Answer json.RawMessage `json:"answer"`
	Failed []FailedTask    `json:"failed,omitempty"`
	// Lost counts attempts that were lost with their workers.
	Lost     int               `json:"lost_attempts"`
	Warnings []results.Warning `json:"warnings"`
}

// FailedTask is a task without a result.
type FailedTask struct {
	Task     int    `json:"task"`
	Input    string `json:"input"`
	Error    string `json:"error"`
	Attempts int    `json:"attempts"`
	Lost     bool   `json:"lost"`
}

// NewRunResult makes the result of a run of one trial from its summary.
func NewRunResult(s *metrics.Summary, t results.Trial) RunResult {
	p := s.Points[0]
	once := func(w results.Warning) bool { // said of a single run, these say nothing
		return w.Code == "few_samples" || w.Code == "no_base"
	}
	r := RunResult{
		Schema: RunSchema, RunID: s.RunID, Dir: s.Dir, Workload: s.Workload, Backend: s.Backend, Kind: t.Kind,
		Cores: p.Cores, Workers: p.Workers, Tasks: t.Tasks, Resumed: t.Resumed, Makespan: t.Makespan.Seconds(),
		Startup: p.Startup, BusyCore: p.BusyCore, Overhead: p.Overhead, PerTaskOverhead: p.PerTaskOverhead,
		DispatchWall: p.DispatchWall, WorkerCPU: p.WorkerCPU, Resources: p.Resources, DriverCPU: t.DriverCPU.Seconds(), Cost: p.Cost,
		Answer: t.Answer, Lost: p.Lost,
		Warnings: slices.DeleteFunc(slices.Concat([]results.Warning{}, s.Warnings, p.Warnings), once),
	}
	if len(r.Answer) == 0 {
		r.Answer = json.RawMessage("null")
	}
	return r
}

// WriteRun writes the result of a single run for people; record is where the
// run's record is.
func WriteRun(w io.Writer, r RunResult, record string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s of %s: %s tasks in %s", r.Workload, plural(r.Cores, "core"), r.Backend, Count(r.Tasks), Seconds(r.Makespan))
	if r.Kind != results.Measured {
		fmt.Fprintf(&b, " (%s)", r.Kind)
	}
	b.WriteString("\n\n")
	line := func(name, value string) {
		for i, l := range wrapColumns(value, tableWidth-18) {
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(&b, "%-18s%s\n", name, strings.TrimLeft(l, " "))
		}
	}
	line("answer", answerWords(r.Answer, false))
	if r.Startup.Workers > 0 {
		line("start-up", fmt.Sprintf("first task after %s, on the last worker after %s", Seconds(r.Startup.First), Seconds(r.Startup.Last)))
	}
	line("busy", CoreSeconds(r.BusyCore))
	line("overhead", fmt.Sprintf("%s (%s a task): %s", CoreSeconds(r.Overhead.Total), Seconds(r.PerTaskOverhead), partWords(r.Overhead)))
	if r.DispatchWall != nil {
		line("dispatch", Seconds(*r.DispatchWall)+" of wall time a no-op task on the ready pool")
	}
	if r.Cost != nil {
		line("cost", USD(*r.Cost))
	}
	line("record", record)
	for _, warning := range r.Warnings {
		for _, l := range wrapColumns(strings.TrimSuffix("! "+warning.Text+"; "+warning.Advice, "; "), tableWidth) {
			b.WriteString(l + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

func partWords(o metrics.Overhead) string {
	return fmt.Sprintf("start-up %s, dispatch %s, transfer %s, idle %s, lost %s",
		CoreSeconds(o.Startup), CoreSeconds(o.Dispatch), CoreSeconds(o.Transfer), CoreSeconds(o.Idle), CoreSeconds(o.Lost))
}

// answerWords writes a JSON object as "name value, name value"; of one within
// another, numbers have six digits at most.
func answerWords(answer json.RawMessage, within bool) string {
	decoder := json.NewDecoder(strings.NewReader(string(answer)))
	decoder.UseNumber()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(answer, &fields); err != nil {
		return string(answer)
	}
	var words []string
	if _, err := decoder.Token(); err != nil {
		return string(answer)
	}
	for decoder.More() { // in the order in which they stand
		key, err := decoder.Token()
		if err != nil {
			return string(answer)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return string(answer)
		}
		words = append(words, fmt.Sprintf("%v %s", key, short(value, within)))
	}
	return strings.Join(words, ", ")
}

// short leaves out the elements of a long list, or of one of objects, which
// JSON output has; an object is in parentheses.
func short(value json.RawMessage, within bool) string {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && (len(list) > 3 || len(list) > 0 && bytes.HasPrefix(list[0], []byte("{"))) {
		return fmt.Sprintf("(%d, see --format json)", len(list))
	}
	var number float64
	if within && json.Unmarshal(value, &number) == nil && number != math.Trunc(number) {
		return strconv.FormatFloat(number, 'g', 6, 64)
	}
	if bytes.HasPrefix(bytes.TrimSpace(value), []byte("{")) {
		return "(" + answerWords(value, true) + ")"
	}
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return string(value)
	}
	return b.String()
}
