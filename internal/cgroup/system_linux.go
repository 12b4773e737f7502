package cgroup

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Attr has a process be started in the group, where version 2 of the interface
// is in use: its limits hold from the process's first instruction
// (CLONE_INTO_CGROUP of clone3(2), Linux 5.7). Once it was started, done closes
// what was opened for that, and the process must be handed to Entered.
func (g *Group) Attr(attr *syscall.SysProcAttr) (done func(), err error) {
	for i, p := range g.tree.places {
		if p.version == 2 {
			f, err := os.OpenFile(g.paths[i], unix.O_PATH|unix.O_DIRECTORY, 0)
			if err != nil {
				return nil, err
			}
			attr.UseCgroupFD, attr.CgroupFD = true, int(f.Fd())
			return func() { f.Close() }, nil
		}
	}
	return func() {}, nil
}

// Entered moves a process that was started with Attr where that could not:
// into the groups of version 1. Their limits begin to hold now.
func (g *Group) Entered(pid int) error { return g.add(pid, 1) }

// tryLock locks an open folder for this process until it is closed, however
// that comes about.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func mayWrite(path string) error { return unix.Access(path, unix.W_OK) }

func readOnly(err error) bool { return errors.Is(err, unix.EROFS) }
