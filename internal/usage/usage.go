//go:build unix

// Package usage reads what this process has used of the machine so far:
// processor time, switches, memory, and the time for which it waited for a
// processor. Workers tell their driver by it (package runner); what a control
// group used is in internal/cgroup. Each reading is a system call or a file of
// /proc, and nothing is kept.
package usage

import "syscall"

// Unknown marks what the system does not tell.
const Unknown = -1 << 63

// Counters are what this process has used since it began, with the processes
// that it started and waited for.
type Counters struct {
	// CPU is processor time, user and system, in nanoseconds.
	CPU int64
	// Voluntary counts how often one of its threads gave its processor up to
	// wait for something, Involuntary how often one was taken off it.
	Voluntary, Involuntary int64
}

// Read reads the counters: two system calls, about a microsecond.
func Read() Counters {
	var c Counters
	for _, who := range [...]int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err != nil {
			panic("usage: " + err.Error()) // only for a wrong argument
		}
		c.CPU += r.Utime.Nano() + r.Stime.Nano()
		c.Voluntary += int64(r.Nvcsw)
		c.Involuntary += int64(r.Nivcsw)
	}
	return c
}

// Since returns what was used between an earlier reading and c.
func (c Counters) Since(earlier Counters) Counters {
	return Counters{c.CPU - earlier.CPU, c.Voluntary - earlier.Voluntary, c.Involuntary - earlier.Involuntary}
}
