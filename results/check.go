package results

import (
	"fmt"
	"math"

	"corecast/runner/trace"
)

// checkTrace verifies that indices point at what is there, so that readers of
// a trace can follow them without checks of their own.
func checkTrace(t *trace.Trace) error {
	outside := func(index int32, n int) bool { return index < 0 || int(index) >= n }
	if t.Tasks < 0 || t.Tasks > math.MaxInt32 || t.Slots < 0 || t.Slots > math.MaxInt32 {
		return fmt.Errorf("%d tasks on %d slots cannot be", t.Tasks, t.Slots)
	}
	for i := range t.Workers {
		if outside(t.Workers[i].Slot, t.Slots) {
			return fmt.Errorf("worker %d has slot %d of %d", i, t.Workers[i].Slot, t.Slots)
		}
	}
	for i := range t.Chunks {
		if outside(t.Chunks[i].Worker, len(t.Workers)) {
			return fmt.Errorf("chunk %d has worker %d of %d", i, t.Chunks[i].Worker, len(t.Workers))
		}
	}
	for i := range t.Deliveries {
		if outside(t.Deliveries[i].Worker, len(t.Workers)) {
			return fmt.Errorf("delivery %d has worker %d of %d", i, t.Deliveries[i].Worker, len(t.Workers))
		}
	}
	chunks, deliveries := t.Spilled.Chunks+len(t.Chunks), t.Spilled.Deliveries+len(t.Deliveries)
	for i := range t.Attempts {
		switch a := &t.Attempts[i]; {
		case outside(a.Task, t.Tasks):
			return fmt.Errorf("attempt %d has task %d of %d", i, a.Task, t.Tasks)
		case outside(a.Chunk, chunks):
			return fmt.Errorf("attempt %d has chunk %d of %d", i, a.Chunk, chunks)
		case a.Delivery != -1 && outside(a.Delivery, deliveries):
			return fmt.Errorf("attempt %d has delivery %d of %d", i, a.Delivery, deliveries)
		}
	}
	for i := range t.Errors {
		if i < 0 || i >= len(t.Attempts) {
			return fmt.Errorf("error text of attempt %d of %d", i, len(t.Attempts))
		}
	}
	return nil
}
