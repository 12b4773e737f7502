// Package cgroup holds processes to a share of the processors and to an amount
// of memory, by the control groups of Linux, version 1 or 2 of the interface,
// or both mounted side by side; and it tells which limits hold this process.
//
// hierarchy.go finds the groups of this process, and own.go reads their
// limits. A [Tree] (tree.go) is a folder for the groups of one driver, made
// below the driver's own group, so that limits of a container hold for all of
// them together; a [Group] (group.go) in it is made with its limits, each
// written and read back, takes processes, tells what they used (usage.go), and
// is removed. enable.go has what version 2 asks for besides.
//
// The folder of a tree is locked by its driver for as long as that lives. The
// next driver removes trees that nobody locks: a killed driver's groups are
// found so, whatever became of process numbers since.
//
// Package internal/machine shows the limits, launchers (runner/local) start
// workers in groups. Everything is reading and writing of small files; it
// imports nothing that is slow to initialise.
package cgroup

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Limits are what the processes of a group may use together. The zero value
// limits nothing.
type Limits struct {
	// CPU is processor time over time, in cores: 0.125 is an eighth of one.
	// 0: no limit.
	CPU float64
	// Memory is in bytes, swap and the files' pages in memory included; the
	// kernel kills who needs more. 0: no limit.
	Memory int64
}

// Bounds of quotas.
const (
	// shortPeriod is the period of a quota, unless that would be under minQuota;
	// longPeriod is the longest. Shorter periods are smoother: within one, a
	// group runs until its quota is used up and then stands still.
	shortPeriod = 10 * time.Millisecond
	longPeriod  = 20 * time.Millisecond
	// minQuota is the shortest quota that the kernel takes
	// (min_cfs_quota_period in kernel/sched).
	minQuota = time.Millisecond
)

// MinCPU is the smallest share of a core that a group can be held to: 1 ms in
// 20 ms.
const MinCPU = float64(minQuota) / float64(longPeriod)

// Quota returns how much processor time a group of so many cores gets in each
// period: 10 ms, and up to 20 ms where the quota would be under 1 ms else.
func Quota(cores float64) (quota, period time.Duration, err error) {
	if !(cores >= MinCPU) || cores > 1e4 {
		return 0, 0, fmt.Errorf("%v cores: a quota can be %v (1 ms in 20 ms) and more", cores, MinCPU)
	}
	period = shortPeriod
	if cores*float64(period) < float64(minQuota) {
		period = time.Duration(math.Ceil(float64(minQuota) / cores)).Round(time.Microsecond)
	}
	quota = time.Duration(math.Round(cores*float64(period)/1e3)) * time.Microsecond
	return max(quota, minQuota), period, nil
}

// ErrNotPermitted is in the error of what another user, or a delegated group,
// would be allowed to do.
var ErrNotPermitted = errors.New("not permitted")

// ErrNotSupported is in the error of a system that has no control groups, or
// none with what is needed.
var ErrNotSupported = errors.New("not supported")
