package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Fork calls start, which starts a process with attr, so that the process is in
// the group from its first instruction, however soon it ends: in version 2 by
// Attr, in version 1 because the thread that starts it is in the group for so
// long, which a new process inherits.
func (g *Group) Fork(attr *syscall.SysProcAttr, start func() error) error {
	done, err := g.Attr(attr)
	if err != nil {
		return err
	}
	defer done()
	runtime.LockOSThread()
	if err := g.moveThread(func(i int) string { return g.paths[i] }); err != nil {
		return errors.Join(err, g.threadBack())
	}
	err = start()
	return errors.Join(err, g.threadBack())
}

// threadBack moves the calling thread to where its process is. One that cannot
// stays locked to its goroutine, and ends with that.
func (g *Group) threadBack() error {
	err := g.moveThread(func(i int) string { return g.tree.places[i].home })
	if err == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// moveThread moves the calling thread in hierarchies of version 1.
func (g *Group) moveThread(to func(i int) string) error {
	number := strconv.Itoa(unix.Gettid())
	for i, p := range g.tree.places {
		if p.version != 1 {
			continue
		}
		if err := write(to(i), "tasks", number); err != nil {
			return fmt.Errorf("move a thread to the control group %s: %w", filepath.Base(to(i)), err)
		}
	}
	return nil
}
