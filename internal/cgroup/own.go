package cgroup

import (
	"path"
	"strconv"
	"strings"
	"time"

	"corecast/internal/usage"
)

// CPUQuota returns the smallest quota on the way up, in cores; 0 for none.
func (o Own) CPUQuota() float64 {
	smallest := 0.0
	consider := func(quota, period float64) {
		if quota > 0 && period > 0 && (smallest == 0 || quota/period < smallest) {
			smallest = quota / period
		}
	}
	for _, folder := range o.unified {
		quota, period, _ := strings.Cut(readText(o.files, path.Join(folder, "cpu.max")), " ")
		consider(float64(number(quota)), float64(number(period)))
	}
	for _, folder := range o.v1[cpu] {
		consider(float64(number(readText(o.files, path.Join(folder, "cpu.cfs_quota_us")))),
			float64(number(readText(o.files, path.Join(folder, "cpu.cfs_period_us")))))
	}
	return smallest
}

// noMemoryLimit is where version 1 begins to mean none: the largest number of
// whole pages.
const noMemoryLimit = 1 << 62

// MemoryLimit returns the smallest memory limit on the way up, in bytes; 0
// for none.
func (o Own) MemoryLimit() int64 {
	smallest := int64(0)
	consider := func(limit int64) {
		if limit > 0 && limit < noMemoryLimit && (smallest == 0 || limit < smallest) {
			smallest = limit
		}
	}
	for _, folder := range o.unified {
		consider(number(readText(o.files, path.Join(folder, "memory.max"))))
	}
	for _, folder := range o.v1[memory] {
		consider(number(readText(o.files, path.Join(folder, "memory.limit_in_bytes"))))
	}
	return smallest
}

// Throttled returns for how long the quotas on the way up have held their
// groups back so far, the longest of them; ok is false where none tells.
func (o Own) Throttled() (longest time.Duration, ok bool) {
	for _, folder := range append(append([]string(nil), o.unified...), o.v1[cpu]...) {
		if t, told := throttled(readText(o.files, path.Join(folder, "cpu.stat"))); told {
			longest, ok = max(longest, t), true
		}
	}
	return longest, ok
}

// throttled finds the throttled time in the text of a cpu.stat.
func throttled(text string) (time.Duration, bool) {
	t := usage.Throttled([]byte(text))
	return time.Duration(t), t != usage.Unknown
}

// lookup returns the number behind a key in lines of "key number".
func lookup(text, key string) (int64, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, key+" "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// number returns a whole number, 0 for what is none ("max").
func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
