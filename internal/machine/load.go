package machine

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"corecast/internal/cgroup"
	"corecast/internal/wording"
	"corecast/results"
	"corecast/runner/trace"
)

// Sample is a reading of the counters that load is the difference of.
type Sample struct {
	at        time.Time
	load1     float64 // negative: not known
	ticks     cpuTicks
	throttled trace.Time
}

// cpuTicks are the totals over all processors since the machine started, in
// the kernel's ticks; total is 0 when they could not be read.
type cpuTicks struct{ total, idle, steal int64 }

// Take reads the counters: three small files, some tens of microseconds.
func Take() Sample { return take(root(), time.Now()) }

func take(files fs.FS, at time.Time) Sample {
	s := Sample{at: at, load1: readLoad1(files), ticks: readTicks(files), throttled: trace.Unknown}
	if t, ok := cgroup.Find(files).Throttled(); ok {
		s.throttled = trace.Time(t)
	}
	return s
}

// readLoad1 returns the first of the three averages of /proc/loadavg.
func readLoad1(files fs.FS) float64 {
	first, _, _ := strings.Cut(readLine(files, "proc/loadavg"), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return -1
	}
	return load
}

// readTicks reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal, and two that are contained in user and nice
// (proc_stat(5)).
func readTicks(files fs.FS) cpuTicks {
	var t cpuTicks
	fields := strings.Fields(lookup(readPairs(files, "proc/stat", " "), "cpu"))
	for i, field := range fields[:min(len(fields), 8)] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return cpuTicks{}
		}
		t.total += n
		switch i {
		case 3, 4:
			t.idle += n
		case 7:
			t.steal += n
		}
	}
	return t
}

// Since returns the load between an earlier sample and s. Shares are of all
// the processors of the machine; what is not known is -1 or Unknown, as are
// the shares of a time too short for the kernel to have counted a tick.
func (s Sample) Since(earlier Sample) results.Load {
	load := results.Load{Load1: s.load1, Busy: -1, Steal: -1,
		Throttled: trace.Unknown, Window: trace.Time(s.at.Sub(earlier.at))}
	if s.throttled.Known() && earlier.throttled.Known() {
		load.Throttled = s.throttled - earlier.throttled
	}
	total := s.ticks.total - earlier.ticks.total
	if s.ticks.total == 0 || earlier.ticks.total == 0 || total <= 0 {
		return load
	}
	idle, steal := s.ticks.idle-earlier.ticks.idle, s.ticks.steal-earlier.ticks.steal
	load.Busy = float64(total-idle-steal) / float64(total)
	load.Steal = float64(steal) / float64(total)
	return load
}

// Limits beyond which Warn doubts a measurement.
const (
	busyLimit  = 0.10 // share of the processors that others used before
	stealLimit = 0.02 // share that the hypervisor gave to others
	// shortestWindow is the shortest time over which a share is judged: ten
	// ticks of 10 ms.
	shortestWindow = trace.Time(100 * time.Millisecond)
)

// Warn says what about the load around a trial casts doubt on it: a machine
// that was busy before, processor time that a hypervisor took away, a quota
// that held the process back. cores is the machine's number of processors.
// Shares over less than 0.1 s are not judged.
func Warn(before, during results.Load, cores int) []results.Warning {
	var warnings []results.Warning
	if before.Window >= shortestWindow && before.Busy > busyLimit {
		warnings = append(warnings, results.Warning{
			Code:   "busy_machine",
			Text:   fmt.Sprintf("other work kept %.1f of %s (%.0f %%) busy before the trial", before.Busy*float64(cores), wording.Count(cores, "core"), 100*before.Busy),
			Advice: "end other programs, or measure on a machine of its own",
		})
	}
	if share, when := worstSteal(before, during); share > stealLimit {
		warnings = append(warnings, results.Warning{
			Code:   "steal",
			Text:   fmt.Sprintf("the hypervisor gave %.0f %% of the processor time to other machines %s the trial", 100*share, when),
			Advice: "use an instance with dedicated processors, or repeat more often and at another time",
		})
	}
	if during.Throttled.Known() && during.Throttled > 0 {
		warnings = append(warnings, results.Warning{
			Code:   "throttled",
			Text:   fmt.Sprintf("the processor quota held the process back for %.3f s in %.3f s", during.Throttled.Seconds(), during.Window.Seconds()),
			Advice: "use fewer workers than the quota has cores, or raise the quota",
		})
	}
	return warnings
}

// worstSteal returns the larger stolen share, and when it was.
func worstSteal(before, during results.Load) (share float64, when string) {
	if before.Window >= shortestWindow {
		share, when = before.Steal, "before"
	}
	if during.Window >= shortestWindow && during.Steal > share {
		share, when = during.Steal, "during"
	}
	return share, when
}
