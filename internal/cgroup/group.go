package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Group is a control group with limits. Its methods may be called at the same
// time, but none with or after Remove.
type Group struct {
	tree  *Tree
	paths []string // beside tree.places
	// Limits are those it was made with.
	Limits Limits
}

// Group makes a group in the tree. Every limit is read back, and an error if
// it is not what was asked for: an ignored one would leave its processes free.
func (t *Tree) Group(name string, l Limits) (*Group, error) {
	g := &Group{tree: t, Limits: l}
	for _, p := range t.places {
		path := filepath.Join(p.path, safe(name))
		err := os.Mkdir(path, 0o755)
		if err == nil {
			g.paths = append(g.paths, path)
			err = p.limit(path, l)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make a control group: %w", err), g.Remove())
		}
	}
	return g, nil
}

// limit sets the limits of a group in this hierarchy.
func (p *place) limit(path string, l Limits) error {
	for _, c := range p.serves {
		var err error
		switch {
		case c == cpu && l.CPU > 0:
			err = p.limitCPU(path, l.CPU)
		case c == memory && l.Memory > 0:
			err = p.limitMemory(path, l.Memory)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *place) limitCPU(path string, cores float64) error {
	quota, period, err := Quota(cores)
	if err != nil {
		return err
	}
	q, d := strconv.FormatInt(quota.Microseconds(), 10), strconv.FormatInt(period.Microseconds(), 10)
	if p.version == 2 {
		return set(path, "cpu.max", q+" "+d)
	}
	if err := set(path, "cpu.cfs_period_us", d); err != nil {
		return err
	}
	err = set(path, "cpu.cfs_quota_us", q)
	if errors.Is(err, syscall.EINVAL) {
		err = fmt.Errorf("%w: version 1 takes no quota above that of a group further up", err)
	}
	return err
}

func (p *place) limitMemory(path string, bytes int64) error {
	// The kernel keeps whole pages.
	bytes -= bytes % int64(os.Getpagesize())
	b := strconv.FormatInt(bytes, 10)
	limit, swap, none := "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", b
	if p.version == 2 {
		limit, swap, none = "memory.max", "memory.swap.max", "0"
	}
	if err := set(path, limit, b); err != nil {
		return err
	}
	// Where the kernel counts swap.
	if err := setIfThere(path, swap, none); err != nil {
		return err
	}
	// A worker goes with all that it started.
	return setIfThere(path, "memory.oom.group", "1")
}

// set writes a value to a file and checks that it is there.
func set(path, name, value string) error {
	if err := write(path, name, value); err != nil {
		return err
	}
	got, err := read(path, name)
	if err != nil {
		return err
	}
	if got != value {
		return fmt.Errorf("%s: %s was written, %s is there", filepath.Join(path, name), value, got)
	}
	return nil
}

func setIfThere(path, name, value string) error {
	err := set(path, name, value)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// write writes to a file that is there, in one write.
func write(path, name, value string) error {
	f, err := os.OpenFile(filepath.Join(path, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(value)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", value, err)
	}
	return nil
}

func read(path, name string) (string, error) {
	data, err := os.ReadFile(filepath.Join(path, name))
	return strings.TrimSpace(string(data)), err
}

// Add moves a process into the group, where it was not started in it
// ([Group.Attr]); what it starts from then on is in it too. In version 1, and
// so for processes that run while they are added, the limits begin to hold now:
// what was used before counts for the group that it came from.
func (g *Group) Add(pid int) error { return g.add(pid, 0) }

// add moves a process in hierarchies of a version; 0: of both.
func (g *Group) add(pid, version int) error {
	for i, p := range g.tree.places {
		if version != 0 && p.version != version {
			continue
		}
		if err := moveTo(g.paths[i], pid); err != nil {
			return fmt.Errorf("add process %d to a control group: %w", pid, err)
		}
	}
	return nil
}

// moveTo moves a process to a group and checks that it is there.
func moveTo(path string, pid int) error {
	number := strconv.Itoa(pid)
	if err := write(path, "cgroup.procs", number); err != nil {
		return err
	}
	procs, err := read(path, "cgroup.procs")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(procs), number) && syscall.Kill(pid, 0) == nil {
		return fmt.Errorf("%s: %s was written, and is not there", filepath.Join(path, "cgroup.procs"), number)
	}
	return nil
}

// Hold runs f while this process, with all its threads, is in the group, and
// moves it back.
func (g *Group) Hold(f func()) (err error) {
	defer func() {
		for _, p := range g.tree.places {
			if e := moveTo(p.home, os.Getpid()); e != nil {
				err = errors.Join(err, fmt.Errorf("leave a control group: %w", e))
			}
		}
	}()
	if err := g.Add(os.Getpid()); err != nil {
		return err
	}
	f()
	return nil
}

// Hold runs f while this process is held to limits, in a tree of its own.
func Hold(name string, l Limits, f func()) error {
	t, err := New(name, l)
	if err != nil {
		return err
	}
	g, err := t.Group("driver", l)
	if err == nil {
		err = g.Hold(f)
	}
	return errors.Join(err, t.Remove())
}

// StatFile returns the file from which the group's throttled time can be read
// by usage.ThrottledIn; empty when no controller of processors is in use.
func (g *Group) StatFile() string {
	for i, p := range g.tree.places {
		if slices.Contains(p.serves, cpu) {
			return filepath.Join(g.paths[i], "cpu.stat")
		}
	}
	return ""
}

// Remove kills what is in the group and removes it.
func (g *Group) Remove() error {
	var errs []error
	for _, path := range g.paths {
		errs = append(errs, removeAll(path))
	}
	g.paths = nil
	return errors.Join(errs...)
}

// removeWait is how long processes that were killed have to go.
const removeWait = 5 * time.Second

// removeAll kills what is in a folder of groups and removes it, with those
// below it.
func removeAll(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeAll(filepath.Join(path, e.Name())); err != nil {
				return err
			}
		}
	}
	deadline := time.Now().Add(removeWait)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := os.Remove(path)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
		killAll(path)
		time.Sleep(wait)
	}
}

// killAll kills the processes in a group, never this one.
func killAll(path string) {
	procs, err := read(path, "cgroup.procs")
	if err != nil {
		return // Remove tells
	}
	for number := range strings.FieldsSeq(procs) {
		// 0 is a process of another namespace.
		if pid, err := strconv.Atoi(number); err == nil && pid > 0 && pid != os.Getpid() {
			syscall.Kill(pid, syscall.SIGKILL) // fails for one that has gone
		}
	}
}
