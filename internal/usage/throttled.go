//go:build unix

package usage

import (
	"bytes"
	"os"
	"strconv"
)

// ThrottledIn returns for how many nanoseconds a quota has held processes back
// by a control group's cpu.stat (cgroup.Group.StatFile), of either version;
// Unknown when it cannot be read.
func ThrottledIn(file string) int64 {
	data, err := os.ReadFile(file)
	if err != nil {
		return Unknown
	}
	return Throttled(data)
}

// Throttled is ThrottledIn of what a cpu.stat holds: throttled_usec in
// microseconds, or throttled_time in nanoseconds.
func Throttled(stat []byte) int64 {
	for line := range bytes.Lines(stat) {
		if rest, ok := bytes.CutPrefix(line, []byte("throttled_usec ")); ok {
			return first(rest) * 1000
		}
		if rest, ok := bytes.CutPrefix(line, []byte("throttled_time ")); ok {
			return first(rest)
		}
	}
	return Unknown
}

// first returns the number that a text begins with, 0 when there is none.
func first(text []byte) int64 {
	fields := bytes.Fields(text[:min(len(text), 64)])
	if len(fields) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
