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
)

// enable finds the group of version 2 in which a tree can be made, and has
// controllers act on the groups in it. A group that has processes cannot do
// that (Documentation/admin-guide/cgroup-v2.rst, "No Internal Process
// Constraint"; the root of all groups can). So it is this process's own group,
// where it is alone in it and moves to a group below it, or else the nearest
// one further up, but none above a limit, which would not hold there.
func enable(root string, folders []string, need []controller) (*place, error) {
	var first error
	for i, folder := range folders {
		p := &place{version: 2, path: filepath.Join(root, folder), home: filepath.Join(root, folders[0]), serves: need}
		err := p.enable(i == 0)
		if err == nil {
			return p, nil
		}
		if first == nil || errors.Is(err, fs.ErrPermission) && !errors.Is(first, fs.ErrPermission) {
			first = err
		}
		if what := limited(p.path); what != "" && i < len(folders)-1 {
			first = errors.Join(first, fmt.Errorf("and further up its %s would not hold", what))
			break
		}
	}
	return nil, advise(2, "have controllers act below a control group", oneError(first))
}

// oneError makes an error of one line of a joined one.
func oneError(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if errs := joined.Unwrap(); len(errs) == 2 {
			return fmt.Errorf("%w, %w", errs[0], errs[1])
		}
	}
	return err
}

// limited says which limit a group has of its own; empty for none.
func limited(path string) string {
	for _, name := range []string{"cpu.max", "memory.max"} {
		if text, err := read(path, name); err == nil && !strings.HasPrefix(text, "max") {
			return name + " " + text
		}
	}
	return ""
}

// enable has the controllers act on the groups below the place's path.
func (p *place) enable(own bool) error {
	group := p.path
	off, err := p.switchedOff()
	if err != nil || len(off) == 0 {
		return err
	}
	moved := func() error { return nil }
	if populated(group) {
		if !own {
			return fmt.Errorf("group %s has processes of its own", group)
		}
		if moved, err = p.moveDown(); err != nil {
			return err
		}
	}
	if err := addControllers(group, off); err != nil {
		return errors.Join(err, moved())
	}
	p.undo = func() error {
		// Another driver may have begun to use them: then they stay.
		err := write(group, "cgroup.subtree_control", join(off, "-"))
		if errors.Is(err, syscall.EBUSY) {
			return nil
		}
		return errors.Join(err, moved())
	}
	return nil
}

// switchedOff lists the controllers that are needed, are there for the group
// to use, and do not act on the groups below it yet. It checks that this user
// may make groups there and control them.
func (p *place) switchedOff() (off []controller, err error) {
	have, err := read(p.path, "cgroup.controllers")
	if err != nil {
		return nil, err
	}
	on, err := read(p.path, "cgroup.subtree_control")
	if err != nil {
		return nil, err
	}
	var missing []controller
	for _, c := range p.serves {
		if !slices.Contains(strings.Fields(have), string(c)) {
			missing = append(missing, c)
		}
		if !slices.Contains(strings.Fields(on), string(c)) {
			off = append(off, c)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("group %s has no controller %s", p.path, join(missing, ""))
	}
	return off, writable(p.path)
}

// populated reports whether a group has processes that keep controllers from
// acting below it. The root of all groups has no cgroup.type, and may have
// both. It has to be asked: the kernel takes +cpu for a group with processes
// too, and then lets no process into the groups below.
func populated(path string) bool {
	procs, err := read(path, "cgroup.procs")
	if _, typeErr := os.Stat(filepath.Join(path, "cgroup.type")); typeErr != nil {
		return false
	}
	return err == nil && procs != ""
}

// writable checks that this user may make groups in a folder and control them.
func writable(path string) error {
	for _, name := range []string{".", "cgroup.subtree_control"} {
		if err := mayWrite(filepath.Join(path, name)); err != nil {
			return &fs.PathError{Op: "write", Path: filepath.Join(path, name), Err: err}
		}
	}
	return nil
}

// moveDown moves this process, if it is alone in its group, to a new one below
// it. back moves it up again.
func (p *place) moveDown() (back func() error, err error) {
	back = func() error { return nil }
	pid := strconv.Itoa(os.Getpid())
	procs, err := read(p.path, "cgroup.procs")
	if err != nil {
		return back, err
	}
	if strings.TrimSpace(procs) != pid {
		return back, fmt.Errorf("group %s has other processes (%d) besides this one", p.path, len(strings.Fields(procs))-1)
	}
	leaf, lock, err := claim(filepath.Join(p.path, prefix+"driver-"+pid))
	if err != nil {
		return back, err
	}
	group := p.path
	back = func() error {
		return errors.Join(write(group, "cgroup.procs", pid), os.Remove(leaf), lock.Close())
	}
	if err := write(leaf, "cgroup.procs", pid); err != nil {
		return func() error { return nil }, errors.Join(err, back())
	}
	p.home = leaf
	return back, nil
}

// addControllers has controllers act on the groups in a folder, and checks
// that they do.
func addControllers(path string, list []controller) error {
	if err := write(path, "cgroup.subtree_control", join(list, "+")); err != nil {
		return err
	}
	on, err := read(path, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	for _, c := range list {
		if !slices.Contains(strings.Fields(on), string(c)) {
			return fmt.Errorf("%s: the controller %s was written, and is not there", filepath.Join(path, "cgroup.subtree_control"), c)
		}
	}
	return nil
}

func join(list []controller, sign string) string {
	var parts []string
	for _, c := range list {
		parts = append(parts, sign+string(c))
	}
	return strings.Join(parts, " ")
}
