package storeexchange_test

import (
	"os/exec"
	"syscall"
)

// dieWithDriver has the kernel kill a worker when this process dies.
func dieWithDriver(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
