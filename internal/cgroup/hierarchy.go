package cgroup

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// controller is a kernel's controller of a resource.
type controller string

const (
	cpu     controller = "cpu"
	cpuacct controller = "cpuacct" // version 1 alone: counts what cpu limits
	memory  controller = "memory"
)

// mount is a mounted hierarchy of groups: its version, its controllers (of
// version 1), the group that is its root, and the folder where it is, as a
// slash path without the leading one.
type mount struct {
	version     int
	controllers []string
	root, point string
}

// readMounts reads the mounts of type cgroup and cgroup2. The fields of a
// line: id, parent, device, root, mount point, options, any number of
// optional ones, "-", type, source, options (proc_pid_mountinfo(5)).
func readMounts(files fs.FS) []mount {
	var mounts []mount
	for line := range strings.SplitSeq(readText(files, "proc/self/mountinfo"), "\n") {
		head, tail, ok := strings.Cut(line, " - ")
		before, after := strings.Fields(head), strings.Fields(tail)
		if !ok || len(before) < 5 || len(after) < 3 {
			continue
		}
		m := mount{root: before[3], point: strings.Trim(unescape(before[4]), "/")}
		switch after[0] {
		case "cgroup":
			m.version, m.controllers = 1, strings.Split(after[2], ",")
		case "cgroup2":
			m.version = 2
		default:
			continue
		}
		if m.point != "" {
			mounts = append(mounts, m)
		}
	}
	return mounts
}

// unescape undoes the kernel's octal escapes of space, tab, newline and
// backslash.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// Own is the control groups that hold this process.
type Own struct {
	files fs.FS
	// unified is those of version 2, v1 those of each controller of version 1:
	// the folders from the process's own group up to the root of its mount;
	// empty where there is none.
	unified []string
	v1      map[controller][]string
}

// Find joins /proc/self/cgroup, which names the groups, with
// /proc/self/mountinfo, which tells where they are to be seen. files is the
// system's root.
func Find(files fs.FS) Own {
	own := Own{files: files, v1: make(map[controller][]string)}
	mounts := readMounts(files)
	for line := range strings.SplitSeq(readText(files, "proc/self/cgroup"), "\n") {
		id, rest, ok := strings.Cut(line, ":")
		controllers, group, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			continue
		}
		if id == "0" && controllers == "" {
			own.unified = folders(files, mounts, group, func(m mount) bool { return m.version == 2 })
		}
		for name := range strings.SplitSeq(controllers, ",") {
			switch c := controller(name); c {
			case cpu, cpuacct, memory:
				own.v1[c] = folders(files, mounts, group, func(m mount) bool { return slices.Contains(m.controllers, name) })
			}
		}
	}
	return own
}

// folders returns the folders of a group and of those above it within the
// first mount that is as asked. A group that the mount does not show (as in a
// container that sees the host's names) counts as the mount's root.
func folders(files fs.FS, mounts []mount, group string, asked func(mount) bool) []string {
	at := slices.IndexFunc(mounts, asked)
	if at < 0 {
		return nil
	}
	m := mounts[at]
	below := group
	if m.root != "/" {
		below = strings.TrimPrefix(group, m.root)
	}
	folder := path.Join(m.point, below)
	if _, err := fs.Stat(files, folder); err != nil || !strings.HasPrefix(folder, m.point+"/") {
		folder = m.point
	}
	list := []string{folder}
	for folder != m.point {
		folder = path.Dir(folder)
		list = append(list, folder)
	}
	return list
}

// readText returns a file's text without spaces around it, empty when it
// cannot be read.
func readText(files fs.FS, name string) string {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
