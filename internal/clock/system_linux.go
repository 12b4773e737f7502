package clock

import (
	"syscall"
	"unsafe"
)

// The clocks of <time.h>. Package syscall has neither them nor the call;
// golang.org/x/sys has both, and a worker that waits for its initialisation
// starts late.
const (
	monotonic        = 1
	processProcessor = 2
	threadProcessor  = 3
	boot             = 7
)

// systemClock reads CLOCK_MONOTONIC.
func systemClock() int64 { return read(monotonic) }

// SinceBoot returns the nanoseconds since this machine was started, those that it
// slept included.
func SinceBoot() int64 { return read(boot) }

// ThreadCPU returns the processor time that the calling thread has used, in
// nanoseconds. The caller must hold its thread (runtime.LockOSThread).
func ThreadCPU() int64 { return read(threadProcessor) }

// ProcessCPU returns the processor time, user and system, that this process
// has used, in nanoseconds.
func ProcessCPU() int64 { return read(processProcessor) }

// read reads one of the clocks above, which cannot fail on Linux.
func read(clock uintptr) int64 {
	var ts syscall.Timespec
	if _, _, err := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&ts)), 0); err != 0 {
		panic("clock: " + err.Error())
	}
	return ts.Nano()
}

// Sleep holds the calling thread for so many nanoseconds, by the kernel's own
// timer (late by its slack, some 50 us).
func Sleep(ns int64) {
	left := syscall.NsecToTimespec(ns)
	for {
		if err := syscall.Nanosleep(&left, &left); err != syscall.EINTR {
			return // left is what an interrupted sleep still owes
		}
	}
}
