//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package results

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// lockPatience is how long a writer waits for a reader that is looking
// whether the run is being written.
const lockPatience = 200 * time.Millisecond

// lock takes the writer's lock on an open file until it is closed, and
// returns ErrLocked when another has it. On a file system without locks none
// is taken.
func lock(f *os.File) error {
	for deadline := time.Now().Add(lockPatience); ; time.Sleep(10 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.ENOTSUP):
			return nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		case time.Now().After(deadline):
			return ErrLocked
		}
	}
}

// locked reports whether a writer holds the lock on an open file.
func locked(f *os.File) bool {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
		return errors.Is(err, syscall.EWOULDBLOCK)
	}
	// Unlocking what was just locked cannot fail, and closing does it too.
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	return false
}
