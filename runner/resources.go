package runner

import (
	"corecast/runner/exchange"
	"corecast/runner/trace"
	"corecast/runner/work"
)

// QuotaEnv is the environment variable by which a launcher tells a worker that
// a quota holds it, and where the kernel's account of that is
// (cgroup.Group.StatFile). The worker takes it out of the environment.
const QuotaEnv = work.QuotaEnv

// account notes what a worker said that it used for a job.
func account(w *trace.Worker, s *exchange.Stats) {
	w.CPU, w.Throttled, w.Waited, w.PeakMemory = timeOf(s.CPU), timeOf(s.Throttled), timeOf(s.Waited), s.PeakMemory
	if s.Voluntary != exchange.NotKnown && s.Involuntary != exchange.NotKnown {
		w.VoluntarySwitches, w.InvoluntarySwitches = s.Voluntary, s.Involuntary
	}
}

func timeOf(ns int64) trace.Time {
	if ns == exchange.NotKnown {
		return trace.Unknown
	}
	return trace.Time(ns)
}
