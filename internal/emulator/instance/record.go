package instance

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Record is what became of one instance: one attempt at an index of a run.
type Record struct {
	// Emulated is true: it was no instance of a container service.
	Emulated bool   `json:"emulated"`
	Project  string `json:"project"`
	Job      string `json:"job,omitempty"`
	Run      string `json:"run"`
	Index    int    `json:"index"`
	// Retry counts the attempts before this one.
	Retry int `json:"retry"`
	// Requested is when it was put into the queue, Admitted when the quota had
	// room, Started when its process was there, Ended when that was gone. What
	// never came is zero, and left out.
	Requested time.Time `json:"requested"`
	Admitted  time.Time `json:"admitted,omitzero"`
	Started   time.Time `json:"started,omitzero"`
	Ended     time.Time `json:"ended"`
	// Status is succeeded, failed, or deleted for an instance that its run's
	// deletion ended.
	Status string `json:"status"`
	// Reason says why it failed, in the service's words where it has some;
	// Detail what this machine said.
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Injected is set where the emulator killed it to try its clients.
	Injected bool `json:"injected,omitempty"`
	PID      int  `json:"pid,omitempty"`
	ExitCode int  `json:"exit_code"`
	// VCPU and MemoryBytes are its size; Held says which of them the kernel
	// held it to: cpu, memory.
	VCPU        float64  `json:"vcpu"`
	MemoryBytes int64    `json:"memory_bytes"`
	Held        []string `json:"held"`
	// BilledSeconds is from Started to Ended. The service's rounding is not
	// known, so there is none.
	BilledSeconds float64 `json:"billed_seconds"`
	// CPUSeconds is the processor time of its processes, ThrottledSeconds for
	// how long the kernel held them back, left out where it does not tell.
	CPUSeconds       float64  `json:"cpu_seconds"`
	ThrottledSeconds *float64 `json:"throttled_seconds,omitempty"`
	PeakMemoryBytes  int64    `json:"peak_memory_bytes,omitempty"`
}

// Statuses of a record.
const (
	Succeeded = "succeeded"
	Failed    = "failed"
	Deleted   = "deleted"
)

// journal keeps records, and writes each as a line of JSON.
type journal struct {
	mu   sync.Mutex
	kept []Record
	to   io.Writer // nil: nowhere
	err  error     // the first of writing
}

func (j *journal) add(r Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.kept = append(j.kept, r)
	if j.to == nil || j.err != nil {
		return
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = j.to.Write(append(line, '\n'))
	}
	j.err = err
}

func (j *journal) records() ([]Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Record(nil), j.kept...), j.err
}
