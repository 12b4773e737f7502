//go:build unix && !linux

package clock

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// systemClock reads the clock that Go's own monotonic clock follows, so that
// the two keep pace: on macOS the one that stands still while the machine
// sleeps (CLOCK_UPTIME_RAW), elsewhere CLOCK_MONOTONIC.
func systemClock() int64 {
	const uptimeRaw = 8 // CLOCK_UPTIME_RAW of macOS's <time.h>
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return read(uptimeRaw)
	}
	return read(unix.CLOCK_MONOTONIC)
}

// ThreadCPU returns the processor time that the calling thread has used, in
// nanoseconds. The caller must hold its thread (runtime.LockOSThread).
func ThreadCPU() int64 { return read(unix.CLOCK_THREAD_CPUTIME_ID) }

// ProcessCPU returns the processor time, user and system, that this process
// has used, in nanoseconds.
func ProcessCPU() int64 { return read(unix.CLOCK_PROCESS_CPUTIME_ID) }

// read reads one of the system's clocks, which cannot fail for those above.
func read(id int32) int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		panic("clock: " + err.Error())
	}
	return ts.Nano()
}

// Sleep pauses the calling goroutine for so many nanoseconds.
func Sleep(ns int64) { time.Sleep(time.Duration(ns)) }

// SinceBoot returns 0: it is not known here.
func SinceBoot() int64 { return 0 }
