package clock

import "golang.org/x/sys/unix"

// systemClock reads CLOCK_MONOTONIC, which cannot fail on Linux.
func systemClock() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("clock: " + err.Error())
	}
	return ts.Nano()
}

// ThreadCPU returns the processor time that the calling thread has used, in
// nanoseconds. The caller must hold its thread (runtime.LockOSThread).
func ThreadCPU() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic("clock: " + err.Error())
	}
	return ts.Nano()
}

// ProcessCPU returns the processor time, user and system, that this process
// has used, in nanoseconds.
func ProcessCPU() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		panic("clock: " + err.Error())
	}
	return ts.Nano()
}

// Sleep holds the calling thread for so many nanoseconds, by the kernel's own
// timer (late by its slack, some 50 us).
func Sleep(ns int64) {
	left := unix.NsecToTimespec(ns)
	for {
		if err := unix.Nanosleep(&left, &left); err != unix.EINTR {
			return // left is what an interrupted sleep still owes
		}
	}
}
