package remote

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// control bounds how long what was sent may go without an answer; keepalive
// only asks while nothing is on its way.
func control(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	}); e != nil {
		return e
	}
	return err
}
