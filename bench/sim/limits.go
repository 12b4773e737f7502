package sim

// Bounds of what is simulated; they keep a slip of the keyboard from filling
// the machine's memory.
const (
	MaxWorkers      = 1_000_000
	MaxTasks        = 100_000_000
	MaxReplications = 100_000
)

// longest is the time in seconds that a simulation goes to: what a record holds
// (trace.Time, 292 years).
const longest = 9e9
