//go:build !linux

package instance

import (
	"os"
	"os/exec"
	"syscall"
)

// attributes has nothing to set here: an instance ends with the emulator only
// when that ends in order.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

func killAll(p *os.Process) { p.Kill() }

// waitEnded waits for a process. What it started is not killed here.
func waitEnded(cmd *exec.Cmd) { cmd.Wait() }

func peakMemory(*os.ProcessState) int64 { return 0 }
