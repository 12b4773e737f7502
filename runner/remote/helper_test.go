package remote

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// listen returns a listener with limits of its own, and an invitation to it. At
// the end of the test nothing may be left of it.
func listen(t *testing.T, places int, change func(*limits)) (*Listener, *Invitation) {
	t.Helper()
	others := goleak.IgnoreCurrent()
	l := NewListener(Options{})
	if change != nil {
		change(&l.limits)
	}
	v, err := l.Invite(places)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close the listener: %v", err)
		}
		goleak.VerifyNone(t, others)
	})
	return l, v
}

// address is where the invitation leads.
func address(v *Invitation) string { return v.ticket.addresses[0] }

// knock opens a connection to the listener, which the test closes.
func knock(t *testing.T, v *Invitation) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address(v))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// handshake opens a connection that has TLS behind it.
func handshake(t *testing.T, v *Invitation) *tls.Conn {
	t.Helper()
	conn := tls.Client(knock(t, v), clientConfig(v.ticket.pin))
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return conn
}

// soon is how long a test waits for what must come.
const soon = 20 * time.Second

// wantClosed checks that the other side ends the connection, having said no
// more than is given.
func wantClosed(t *testing.T, conn net.Conn, said string) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(soon))
	got, err := io.ReadAll(conn)
	if e, ok := err.(net.Error); ok && e.Timeout() {
		t.Fatalf("the connection is still open after %v", soon)
	}
	if said != "*" && string(got) != said {
		t.Errorf("the driver said % x, want % x", got, said)
	}
}

// wantRefused waits until the listener has refused as many, the last for this
// reason.
func wantRefused(t *testing.T, l *Listener, n int, reason string) {
	t.Helper()
	for end := time.Now().Add(soon); ; time.Sleep(time.Millisecond) {
		l.mu.Lock()
		got, last := l.refusals, l.refusal
		l.mu.Unlock()
		if got == n && strings.Contains(last, reason) {
			return
		}
		if got > n || time.Now().After(end) {
			t.Fatalf("%d refused, the last %q; want %d, the last for %q", got, last, n, reason)
		}
	}
}

// wantEntry checks that an invited worker gets in at a place, and that what is
// said reaches the other side, both ways.
func wantEntry(t *testing.T, v *Invitation, place int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	dialled := make(chan error, 1)
	go func() {
		conn, err := dial(ctx, v.ticket, uint32(place))
		if err == nil {
			_, err = io.Copy(conn, conn)
			conn.Close()
		}
		dialled <- err
	}()
	conn, err := v.Accept(ctx, place)
	if err != nil {
		t.Fatalf("no worker: %v, worker: %v", err, <-dialled)
	}
	got := make([]byte, 5)
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
		t.Errorf("the worker said %q, %v", got, err)
	}
	conn.Close()
	if err := <-dialled; err != nil {
		t.Errorf("worker: %v", err)
	}
}
