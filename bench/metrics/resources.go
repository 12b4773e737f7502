package metrics

import (
	"fmt"

	"corecast/results"
	"corecast/runner/trace"
)

// Resources are what the workers of one trial used for its job, their
// processor time aside (Point.WorkerCPU). What one of the workers that started
// did not tell is nil: a sum or a maximum over the others would be too low.
type Resources struct {
	// PeakMemory is the largest resident set of a worker's process, in bytes.
	PeakMemory *int64 `json:"peak_memory_bytes"`
	// BytesIn and BytesOut are what went to the workers and came back, as it was
	// on the wire; 0 where nothing is encoded.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
	// Voluntary counts how often workers gave a processor up to wait for
	// something, Involuntary how often one was taken from them.
	Voluntary   *int64 `json:"voluntary_switches"`
	Involuntary *int64 `json:"involuntary_switches"`
	// Throttled is for how many seconds quotas held workers back, Waited for how
	// many they could have run and had no processor, that included; both added
	// up over all workers and their threads.
	Throttled *float64 `json:"throttled_s"`
	Waited    *float64 `json:"waited_s"`
	// CoreShare is the share of a core that each worker was held to, nil for
	// whole cores; CoreShareHad is the processor time that they had over the time
	// in their functions: the same for tasks that only compute, less for those
	// that wait for something else.
	CoreShare    *float64 `json:"core_share"`
	CoreShareHad *float64 `json:"core_share_had"`
}

// resourcesOf adds up what the workers of t used; cpu is their processor time
// and busy the time in their functions in seconds, share the core share that
// they were held to, 0 for none.
func resourcesOf(t *trace.Trace, cpu *float64, busy, share float64) *Resources {
	r := &Resources{
		PeakMemory:  overWorkers(t, func(w *trace.Worker) (int64, bool) { return w.PeakMemory, w.PeakMemory > 0 }, func(a, b int64) int64 { return max(a, b) }),
		Voluntary:   overWorkers(t, func(w *trace.Worker) (int64, bool) { return w.VoluntarySwitches, w.VoluntarySwitches > 0 }, plus),
		Involuntary: overWorkers(t, func(w *trace.Worker) (int64, bool) { return w.InvoluntarySwitches, w.VoluntarySwitches > 0 }, plus),
		Throttled:   seconds(overWorkers(t, func(w *trace.Worker) (int64, bool) { return int64(w.Throttled), w.Throttled.Known() }, plus)),
		Waited:      seconds(overWorkers(t, func(w *trace.Worker) (int64, bool) { return int64(w.Waited), w.Waited.Known() }, plus)),
	}
	for i := range t.Chunks {
		r.BytesIn += t.Chunks[i].Bytes
	}
	for i := range t.Deliveries {
		r.BytesOut += t.Deliveries[i].Bytes
	}
	if share > 0 && share < 1 {
		r.CoreShare = &share
		if cpu != nil && busy > 0 {
			had := *cpu / busy
			r.CoreShareHad = &had
		}
	}
	return r
}

func plus(a, b int64) int64 { return a + b }

// overWorkers joins a figure of all workers; nil when one that started does
// not have it, or none did.
func overWorkers(t *trace.Trace, of func(*trace.Worker) (v int64, known bool), join func(a, b int64) int64) *int64 {
	var sum int64
	told := false
	for i := range t.Workers {
		v, known := of(&t.Workers[i])
		switch {
		case known && told:
			sum = join(sum, v)
		case known:
			sum, told = v, true
		case t.Workers[i].Started.Known():
			return nil
		}
	}
	if !told {
		return nil
	}
	return &sum
}

func seconds(ns *int64) *float64 {
	if ns == nil {
		return nil
	}
	s := trace.Time(*ns).Seconds()
	return &s
}

// shareMissed is by how much less than asked a core share may be before it is
// warned about: a twentieth.
const shareMissed = 0.95

// doubts warns of a share that workers did not have although they could have
// used it for most of the time in their functions, which is busy, in seconds.
func (r *Resources) doubts(busy float64) []results.Warning {
	if r.CoreShareHad == nil || r.Waited == nil || *r.Waited <= busy/2 || *r.CoreShareHad >= shareMissed**r.CoreShare {
		return nil
	}
	return []results.Warning{{
		Code:   "core_share_missed",
		Text:   fmt.Sprintf("workers had %.3g %% of a core where %.3g %% were asked for", 100**r.CoreShareHad, 100**r.CoreShare),
		Advice: "take times and speedup as too pessimistic; end other programs, or ask for fewer workers or a smaller share",
	}}
}
