package results

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"corecast/runner/trace"
)

// WorkerRow is the life of one worker within one trial as it is exported; its
// times are seconds since the job was submitted, on the driver's clock.
type WorkerRow struct {
	Trial int `json:"trial"`
	// Index is the worker's in its trial, as rows of tasks name it.
	Index int `json:"worker"`
	trace.Worker
}

// ExportWorkers writes one row a worker of every trial that had workers, in the
// formats of [ExportTasks]. What is not known is null, or empty in CSV, which
// has no phases.
func ExportWorkers(w io.Writer, r *Run, format string) error {
	buffer := bufio.NewWriterSize(w, 1<<16)
	var write func(*WorkerRow) error
	flush := buffer.Flush
	switch format {
	case "jsonl":
		encoder := json.NewEncoder(buffer)
		write = func(row *WorkerRow) error { return encoder.Encode(row) }
	case "csv":
		out := csv.NewWriter(buffer)
		if err := out.Write(workerColumns()); err != nil {
			return fmt.Errorf("export workers: %w", err)
		}
		write = func(row *WorkerRow) error { return writeWorker(out, row) }
		flush = func() error { out.Flush(); return buffer.Flush() }
	default:
		return fmt.Errorf("there is no export format %q; there are %v", format, ExportFormats())
	}
	for trial := range r.Trials {
		for i, worker := range r.Workers(trial) {
			if err := write(&WorkerRow{trial, i, worker}); err != nil {
				return fmt.Errorf("export workers: %w", err)
			}
		}
	}
	if err := flush(); err != nil {
		return fmt.Errorf("export workers: %w", err)
	}
	return nil
}

func workerColumns() []string {
	return []string{"trial", "worker", "slot", "id", "requested_s", "started_s", "ready_s", "first_task_s", "ended_s",
		"exit_reason", "lost", "warm", "vcpu", "memory_limit_bytes", "cpu_s", "peak_memory_bytes",
		"voluntary_switches", "involuntary_switches", "throttled_s", "waited_s", "billed_s", "clock_offset_s", "clock_uncertainty_s"}
}

func writeWorker(out *csv.Writer, r *WorkerRow) error {
	known := func(n int64, is bool) string {
		if !is {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	var times []string
	for _, t := range []trace.Time{
		r.Requested, r.Started, r.Ready, r.FirstTask, r.Ended, r.CPU, r.Throttled, r.Waited, r.Billed, r.ClockOffset, r.ClockUncertainty,
	} {
		text, err := csvTime(t)
		if err != nil {
			return err
		}
		times = append(times, text)
	}
	row := append([]string{strconv.Itoa(r.Trial), strconv.Itoa(r.Index), strconv.Itoa(int(r.Slot)), r.ID}, times[:5]...)
	row = append(row, r.ExitReason, strconv.FormatBool(r.Lost), strconv.FormatBool(r.Warm),
		strconv.FormatFloat(r.VCPU, 'g', -1, 64), known(r.MemoryLimit, r.MemoryLimit > 0), times[5], known(r.PeakMemory, r.PeakMemory > 0),
		known(r.VoluntarySwitches, r.VoluntarySwitches > 0), known(r.InvoluntarySwitches, r.VoluntarySwitches > 0))
	return out.Write(append(row, times[6:]...))
}
