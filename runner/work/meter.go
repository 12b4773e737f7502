package work

import (
	"os"
	"time"

	"corecast/internal/usage"
	"corecast/runner/exchange"
)

// QuotaEnv is runner.QuotaEnv.
const QuotaEnv = "CORECAST_CPU_STAT"

// quotaFile takes QuotaEnv.
func quotaFile() string {
	file := os.Getenv(QuotaEnv)
	os.Unsetenv(QuotaEnv)
	return file
}

// reading is what a worker process has used so far, in nanoseconds and counts.
// throttled and waited are read where a quota holds the worker, and
// exchange.NotKnown elsewhere.
type reading struct {
	usage.Counters
	throttled, waited int64
}

// read reads what this process has used.
func read(quotaFile string) reading {
	r := reading{usage.Read(), exchange.NotKnown, exchange.NotKnown}
	if quotaFile != "" {
		r.throttled = throttled(quotaFile)
		if w := usage.Waited(); w != usage.Unknown {
			r.waited = w
		}
	}
	return r
}

// throttled returns for how many nanoseconds a quota has held this process
// back, exchange.NotKnown when the account cannot be read.
func throttled(quotaFile string) int64 {
	if t := usage.ThrottledIn(quotaFile); t != usage.Unknown {
		return t
	}
	return exchange.NotKnown
}

// stats tells what was used between an earlier reading and r.
func (r reading) stats(earlier reading) exchange.Stats {
	c := r.Since(earlier.Counters)
	return exchange.Stats{
		CPU: c.CPU, Voluntary: c.Voluntary, Involuntary: c.Involuntary,
		Throttled: between(earlier.throttled, r.throttled), Waited: between(earlier.waited, r.waited),
	}
}

// between returns a difference, exchange.NotKnown when either is.
func between(earlier, later int64) int64 {
	if earlier == exchange.NotKnown || later == exchange.NotKnown {
		return exchange.NotKnown
	}
	return later - earlier
}

// How long a task must be for what it used to be measured: reading the
// counters costs about two microseconds, and what is deep some tens more.
const (
	meterAfter = int64(time.Millisecond)
	deepAfter  = int64(20 * time.Millisecond)
)

// Levels of a meter.
const (
	meterOff      = iota
	meterCounters // processor time and switches
	meterDeep     // memory and the quota's account too
)

// meter measures what single tasks use, as far as they are long: each as
// deeply as the length of the one before allows.
type meter struct {
	quotaFile string
	level     int // of the next task
	// Of the task at work, which begun says there is:
	begun     bool
	before    usage.Counters
	throttled int64
	reset     bool
	// peak is the largest resident set before the last reset.
	peak int64
}

// begin begins to measure a task.
func (m *meter) begin() {
	if m.level == meterOff {
		return
	}
	m.begun, m.reset, m.throttled = true, false, exchange.NotKnown
	if m.level == meterDeep {
		m.peak = max(m.peak, usage.PeakMemory())
		m.reset = usage.ResetPeak()
		if m.quotaFile != "" {
			m.throttled = throttled(m.quotaFile)
		}
	}
	m.before = usage.Read()
}

// end ends that, when the function has taken so many nanoseconds.
func (m *meter) end(took int64) (u exchange.TaskUsage) {
	if m.begun {
		c := usage.Read().Since(m.before)
		u = exchange.TaskUsage{Measured: true, CPU: c.CPU, Voluntary: c.Voluntary, Involuntary: c.Involuntary, Throttled: exchange.NotKnown}
		if m.reset {
			u.PeakMemory = usage.PeakMemory()
		}
		if m.throttled != exchange.NotKnown {
			u.Throttled = between(m.throttled, throttled(m.quotaFile))
		}
		m.begun = false
	}
	switch {
	case took >= deepAfter:
		m.level = meterDeep
	case took >= meterAfter:
		m.level = meterCounters
	default:
		m.level = meterOff
	}
	return u
}

// peakMemory returns the largest resident set of this process in its life.
func (m *meter) peakMemory() int64 {
	m.peak = max(m.peak, usage.PeakMemory())
	return m.peak
}
