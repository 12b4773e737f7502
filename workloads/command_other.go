//go:build unix && !linux

package workloads

import (
	"os/exec"
	"syscall"
)

// prepareGroup puts a program into a process group of its own, all of which is
// killed when its time is up.
func prepareGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
