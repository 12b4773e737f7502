package cgroup

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Unknown marks a count that the system does not tell.
const Unknown = -1

// Usage is what the processes of a group have used since it was made. What
// cannot be told is [Unknown].
type Usage struct {
	// CPU is their processor time, user and system.
	CPU time.Duration
	// Throttled is for how long the quota held them back, by the kernel's
	// account: in each processor's queue by itself. ThrottledPeriods of Periods
	// ended in that.
	Throttled                 time.Duration
	Periods, ThrottledPeriods int64
	// PeakMemory is the most memory that was theirs at a time, in bytes, pages
	// of files included.
	PeakMemory int64
	// OOMKills counts processes that were killed because the group needed more
	// memory than it may have.
	OOMKills int64
}

// Usage reads what the group has used so far.
func (g *Group) Usage() (Usage, error) {
	u := Usage{CPU: Unknown, Throttled: Unknown, Periods: Unknown, ThrottledPeriods: Unknown, PeakMemory: Unknown, OOMKills: Unknown}
	for i, p := range g.tree.places {
		for _, c := range p.serves {
			if err := u.read(p.version, c, g.paths[i]); err != nil {
				return u, fmt.Errorf("read what a control group used: %w", err)
			}
		}
	}
	return u, nil
}

// read takes in what one controller tells.
func (u *Usage) read(version int, c controller, path string) error {
	switch {
	case c == cpu:
		text, err := read(path, "cpu.stat")
		if err != nil {
			return err
		}
		u.quota(text)
	case c == cpuacct:
		text, err := read(path, "cpuacct.usage")
		if err != nil {
			return err
		}
		u.CPU = time.Duration(number(text))
	case version == 2:
		u.PeakMemory = peak(path, "memory.peak") // since Linux 5.19
		text, err := read(path, "memory.events")
		if err != nil {
			return err
		}
		u.OOMKills = count(text, "oom_kill")
	default:
		u.PeakMemory = peak(path, "memory.max_usage_in_bytes")
		text, err := read(path, "memory.oom_control")
		if err != nil {
			return err
		}
		u.OOMKills = count(text, "oom_kill")
	}
	return nil
}

// quota takes in a cpu.stat of either version.
func (u *Usage) quota(text string) {
	u.Periods, u.ThrottledPeriods = count(text, "nr_periods"), count(text, "nr_throttled")
	if t, ok := throttled(text); ok {
		u.Throttled = t
	}
	if n, ok := lookup(text, "usage_usec"); ok {
		u.CPU = time.Duration(n) * time.Microsecond
	}
}

func count(text, key string) int64 {
	n, ok := lookup(text, key)
	if !ok {
		return Unknown
	}
	return n
}

func peak(path, name string) int64 {
	text, err := read(path, name)
	if err != nil {
		return Unknown
	}
	return number(text)
}

// Folders returns the group's folders, one a hierarchy, sorted.
func (g *Group) Folders() []string {
	list := slices.Clone(g.paths)
	for i, path := range list {
		list[i] = filepath.Clean(path)
	}
	slices.Sort(list)
	return list
}
