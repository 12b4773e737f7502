package machine

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"corecast/runner/trace"
)

// groups are the control groups that hold this process, for version 2 and
// version 1 of the interface, which may be mounted side by side.
type groups struct {
	files fs.FS
	// unified, cpu and memory list the folders from the process's own group
	// up to the root of its mount; empty where the interface is not there.
	unified, cpu, memory []string
}

// findGroups joins /proc/self/cgroup, which names the groups, with
// /proc/self/mountinfo, which tells where they are to be seen.
func findGroups(files fs.FS) groups {
	g := groups{files: files}
	mounts := readMounts(files)
	for line := range strings.SplitSeq(readLine(files, "proc/self/cgroup"), "\n") {
		id, rest, ok := strings.Cut(line, ":")
		controllers, group, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			continue
		}
		if id == "0" && controllers == "" {
			g.unified = mounts.folders(files, "", group)
		}
		for controller := range strings.SplitSeq(controllers, ",") {
			switch controller {
			case "cpu":
				g.cpu = mounts.folders(files, controller, group)
			case "memory":
				g.memory = mounts.folders(files, controller, group)
			}
		}
	}
	return g
}

// groupMount is a mounted hierarchy: its controllers (none for version 2),
// the group that is its root, and the folder where it is.
type groupMount struct {
	controllers []string
	root, point string
}

type groupMounts []groupMount

// readMounts reads the mounts of type cgroup and cgroup2. The fields of a
// line: id, parent, device, root, mount point, options, any number of
// optional ones, "-", type, source, options (proc_pid_mountinfo(5)).
func readMounts(files fs.FS) groupMounts {
	var mounts groupMounts
	for line := range strings.SplitSeq(readLine(files, "proc/self/mountinfo"), "\n") {
		head, tail, ok := strings.Cut(line, " - ")
		before, after := strings.Fields(head), strings.Fields(tail)
		if !ok || len(before) < 5 || len(after) < 3 {
			continue
		}
		mount := groupMount{root: before[3], point: before[4]}
		switch after[0] {
		case "cgroup":
			mount.controllers = strings.Split(after[2], ",")
		case "cgroup2":
		default:
			continue
		}
		mounts = append(mounts, mount)
	}
	return mounts
}

// folders returns the folders of a group and of those above it within the
// mount that has the controller. A group that the mount does not show (as in
// a container that sees the host's names) counts as the mount's root.
func (m groupMounts) folders(files fs.FS, controller, group string) []string {
	for _, mount := range m {
		top := strings.Trim(mount.point, "/")
		if !mount.has(controller) || top == "" {
			continue
		}
		below := group
		if mount.root != "/" {
			below = strings.TrimPrefix(group, mount.root)
		}
		folder := path.Join(top, below)
		if _, err := fs.Stat(files, folder); err != nil || !strings.HasPrefix(folder, top+"/") {
			folder = top
		}
		list := []string{folder}
		for folder != top {
			folder = path.Dir(folder)
			list = append(list, folder)
		}
		return list
	}
	return nil
}

func (m groupMount) has(controller string) bool {
	if controller == "" {
		return m.controllers == nil
	}
	for _, c := range m.controllers {
		if c == controller {
			return true
		}
	}
	return false
}

// cpuQuota returns the smallest quota on the way up, in cores; 0 for none.
func (g groups) cpuQuota() float64 {
	smallest := 0.0
	consider := func(quota, period float64) {
		if quota > 0 && period > 0 && (smallest == 0 || quota/period < smallest) {
			smallest = quota / period
		}
	}
	for _, folder := range g.unified {
		quota, period, _ := strings.Cut(readLine(g.files, path.Join(folder, "cpu.max")), " ")
		consider(number(quota), number(period))
	}
	for _, folder := range g.cpu {
		consider(number(readLine(g.files, path.Join(folder, "cpu.cfs_quota_us"))),
			number(readLine(g.files, path.Join(folder, "cpu.cfs_period_us"))))
	}
	return smallest
}

// number returns a number, 0 for what is none ("max").
func number(text string) float64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return float64(n)
}

// noMemoryLimit is where version 1 begins to mean none: the largest number of
// whole pages.
const noMemoryLimit = 1 << 62

// memoryLimit returns the smallest memory limit on the way up, in bytes; 0
// for none.
func (g groups) memoryLimit() int64 {
	smallest := int64(0)
	consider := func(limit int64) {
		if limit > 0 && limit < noMemoryLimit && (smallest == 0 || limit < smallest) {
			smallest = limit
		}
	}
	for _, folder := range g.unified {
		consider(readNumber(g.files, path.Join(folder, "memory.max")))
	}
	for _, folder := range g.memory {
		consider(readNumber(g.files, path.Join(folder, "memory.limit_in_bytes")))
	}
	return smallest
}

// throttled returns for how long the quotas on the way up have held their
// groups back so far, the longest of them; Unknown where none tells.
func (g groups) throttled() trace.Time {
	longest := trace.Unknown
	consider := func(folder, key string, unit trace.Time) {
		n, err := strconv.ParseInt(lookup(readPairs(g.files, path.Join(folder, "cpu.stat"), " "), key), 10, 64)
		if err == nil {
			longest = max(longest, trace.Time(n)*unit)
		}
	}
	for _, folder := range g.unified {
		consider(folder, "throttled_usec", 1000)
	}
	for _, folder := range g.cpu {
		consider(folder, "throttled_time", 1)
	}
	return longest
}
