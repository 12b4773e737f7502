package runnertest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// footprint is what was there before a scenario.
type footprint struct {
	goroutines  goleak.Option
	descriptors []string
}

func look(t *testing.T) footprint {
	t.Helper()
	return footprint{goroutines: goleak.IgnoreCurrent(), descriptors: descriptors()}
}

// descriptors lists this process's open descriptors and what they are of; nil
// where the system does not tell.
func descriptors() []string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil { // not that of the folder itself
			list = append(list, e.Name()+" "+target)
		}
	}
	return list
}

// compare reports what a scenario has left: processes of workers, goroutines,
// descriptors, and files in the folder for temporary ones.
func (f footprint) compare(t *testing.T, b Backend, ids []string) {
	t.Helper()
	if b.Has&Process != 0 {
		for _, id := range ids {
			if !eventually(func() bool { return !b.exists(id) }) {
				t.Errorf("worker %s is still there", id)
			}
		}
	}
	var err error
	if !eventually(func() bool { err = goleak.Find(f.goroutines); return err == nil }) {
		t.Error(err)
	}
	var more []string
	if !eventually(func() bool {
		more = slices.DeleteFunc(descriptors(), func(d string) bool { return slices.Contains(f.descriptors, d) })
		return len(more) == 0
	}) {
		t.Errorf("descriptors are left open: %v", more)
	}
	entries, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		t.Errorf("a file is left: %s", e.Name())
	}
}

func eventually(ok func() bool) bool {
	for end := time.Now().Add(3 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// signal sends a signal to a worker. One that is gone is not an error.
func (b *Backend) signal(id string, s syscall.Signal) {
	if b.Signal != nil {
		b.Signal(id, s)
		return
	}
	if pid, err := strconv.Atoi(id); err == nil && pid > 1 {
		syscall.Kill(pid, s)
	}
}

// exists reports whether a worker is still there, if only as a process that
// nobody has waited for.
func (b *Backend) exists(id string) bool {
	if b.Exists != nil {
		return b.Exists(id)
	}
	pid, err := strconv.Atoi(id)
	return err == nil && syscall.Kill(pid, 0) == nil
}

// takeDescriptors takes all descriptors that this process may have, and
// returns what gives them back.
func takeDescriptors() (giveBack func(), err error) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		return nil, err
	}
	limit := before
	limit.Cur = min(before.Cur, uint64(len(descriptors())+64))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	var held []int
	giveBack = func() {
		for _, fd := range held {
			syscall.Close(fd)
		}
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before)
	}
	for {
		fd, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if errors.Is(err, syscall.EMFILE) {
			return giveBack, nil
		}
		if err != nil {
			giveBack()
			return nil, fmt.Errorf("take all descriptors: %w", err)
		}
		held = append(held, fd)
	}
}
