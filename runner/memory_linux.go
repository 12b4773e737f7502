package runner

import (
	"bytes"
	"os"
	"strconv"
)

// peakMemory returns this process's largest resident set so far in bytes
// (VmHWM of /proc/self/status; the kernel's ru_maxrss would include what the
// driver had when it started this process), 0 when it cannot be read.
func peakMemory() int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, found := bytes.Cut(data, []byte("VmHWM:"))
	if !found {
		return 0
	}
	fields := bytes.Fields(rest[:min(len(rest), 64)])
	if len(fields) == 0 {
		return 0
	}
	kb, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}
