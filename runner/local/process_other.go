//go:build unix && !linux

package local

import (
	"errors"
	"os"
	"syscall"
)

// socketPair makes the two ends of a stream; theirs is for the child.
func socketPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	if err := syscall.SetNonblock(fds[0], true); err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "driver"), nil
}

// attributes put a worker into a process group of its own. Without a signal at
// the driver's death, the end of its stream tells a worker to go.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a worker and what it started.
func killGroup(p *os.Process) {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); err != nil {
		p.Kill() // an error means that it is gone
	}
}

// affinity would return the cores that this process may run on.
func affinity() ([]int, error) { return nil, errors.New("this system does not support it") }

// onCores calls start.
func onCores(_ []int, start func() error) error { return start() }

// inherited cannot be told here.
func inherited() int { return 0 }
