package usage

import (
	"bytes"
	"os"
)

// PeakMemory returns this process's largest resident set in bytes, since it
// began or since ResetPeak (VmHWM of /proc/self/status; the kernel's ru_maxrss
// would include what the driver had when it started this process), 0 when it
// cannot be read.
func PeakMemory() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(data, []byte("VmHWM:"))
	if !found {
		return 0
	}
	return first(rest) << 10
}

// ResetPeak has PeakMemory begin again with what is resident now, and reports
// whether the system does that (proc_pid_clear_refs(5)).
func ResetPeak() bool {
	f, err := os.OpenFile("/proc/self/clear_refs", os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.WriteString("5")
	return err == nil
}

// Waited returns for how many nanoseconds the threads of this process that
// live could have run and had no processor, by the kernel's account
// (Documentation/scheduler/sched-stats.rst); Unknown where it keeps none. What
// a quota held back is in it.
func Waited() int64 {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return Unknown
	}
	sum := int64(0)
	for _, t := range threads {
		data, err := os.ReadFile("/proc/self/task/" + t.Name() + "/schedstat")
		if os.IsNotExist(err) && exists("/proc/self/schedstat") {
			continue // it has ended
		}
		_, rest, found := bytes.Cut(data, []byte(" "))
		if err != nil || !found {
			return Unknown
		}
		sum += first(rest)
	}
	return sum
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }
