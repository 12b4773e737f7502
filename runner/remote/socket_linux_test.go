package remote

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSilence holds that both ends of a connection give up on one that says
// nothing, whatever is on its way.
func TestSilence(t *testing.T) {
	_, v := listen(t, 1, nil)
	worker, err := dial(t.Context(), v.ticket, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer worker.Close()
	driver, err := v.Accept(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Close()
	for name, conn := range map[string]any{"worker": worker, "driver": driver} {
		raw := conn.(*stream).raw
		if l, ok := raw.(*limitedConn); ok {
			raw = l.Conn
		}
		c, err := raw.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		for option, want := range map[string][3]int{
			"TCP_USER_TIMEOUT": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds())},
			"SO_KEEPALIVE":     {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			"TCP_KEEPIDLE":     {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(keepAlive.Idle.Seconds())},
		} {
			var got int
			c.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), want[0], want[1]) })
			if err != nil || got != want[2] {
				t.Errorf("%s: %s is %d, %v; want %d", name, option, got, err, want[2])
			}
		}
	}
}
