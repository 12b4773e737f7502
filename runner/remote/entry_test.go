package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEntry(t *testing.T) {
	_, v := listen(t, 3, nil)
	for place := range 3 {
		wantEntry(t, v, place)
	}
}

// TestEntryOrder has workers that come before they are waited for.
func TestEntryOrder(t *testing.T) {
	_, v := listen(t, 2, nil)
	var conns []io.Closer
	for place := range uint32(2) {
		conn, err := dial(t.Context(), v.ticket, place)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for place := range 2 {
		conn, err := v.Accept(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, c := range conns {
		c.Close()
	}
}

// TestRefused has workers that show what opens nothing. Each learns no more than
// it must, and the place stays free for the right one.
func TestRefused(t *testing.T) {
	l, v := listen(t, 2, nil)
	other, err := l.Invite(2)
	if err != nil {
		t.Fatal(err)
	}
	over, err := l.Invite(2)
	if err != nil {
		t.Fatal(err)
	}
	over.Close()
	flip := func(i int) func([]byte) { return func(b []byte) { b[i] ^= 1 } }
	token := func(from *Invitation) func([]byte) {
		return func(b []byte) { copy(b[entryTokenAt:], from.ticket.token[:]) }
	}
	for i, test := range []struct {
		name   string
		change func(words []byte)
		want   verdict
	}{
		{"first bit of the token", flip(entryTokenAt), unknown},
		{"last bit of the token", flip(entrySize - 1), unknown},
		{"no token", func(b []byte) { clear(b[entryTokenAt:]) }, unknown},
		{"token of another invitation", token(other), unknown},
		{"token of one that is over", token(over), unknown},
		{"invitation that is over", func(b []byte) { copy(b, appendEntry(nil, over.ticket, 0)) }, unknown},
		// A token that is not there is not all zeros.
		{"invitation that never was", func(b []byte) { b[entryTicketAt] = 99; clear(b[entryTokenAt:]) }, unknown},
		{"another version", flip(0), unknown},
		{"a place that is none", func(b []byte) { b[entryPlaceAt] = 2 }, taken},
		{"a place that is none by far", func(b []byte) { copy(b[entryPlaceAt:], "\xff\xff\xff\xff") }, taken},
	} {
		t.Run(test.name, func(t *testing.T) {
			words := appendEntry(nil, v.ticket, 1)
			test.change(words)
			conn := handshake(t, v)
			if _, err := conn.Write(words); err != nil {
				t.Fatal(err)
			}
			wantClosed(t, conn, string(byte(test.want)))
			wantRefused(t, l, i+1, test.want.String())
		})
	}
	wantEntry(t, v, 1)
}

// TestTakenTwice has a second worker with the right token: a thief, or one that
// an engine started once more.
func TestTakenTwice(t *testing.T) {
	l, v := listen(t, 2, nil)
	first, err := dial(t.Context(), v.ticket, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := dial(t.Context(), v.ticket, 0)
	if err == nil || !strings.Contains(err.Error(), taken.String()) {
		t.Errorf("the second got %v, %v", second, err)
	}
	wantRefused(t, l, 1, taken.String())
	got, err := v.Accept(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if _, err := got.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if b := make([]byte, 1); true {
		if _, err := io.ReadFull(first, b); err != nil || b[0] != 'x' {
			t.Errorf("the first got %q, %v", b, err)
		}
	}
}

// TestTakenByOne has many come to one place at once: one gets it.
func TestTakenByOne(t *testing.T) {
	_, v := listen(t, 1, nil)
	const n = 20
	var wg sync.WaitGroup
	in := make(chan io.Closer, n)
	for range n {
		wg.Go(func() {
			if conn, err := dial(t.Context(), v.ticket, 0); err == nil {
				in <- conn
			}
		})
	}
	conn, err := v.Accept(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	conn.Close()
	if len(in) != 1 {
		t.Errorf("%d of %d got the place", len(in), n)
	}
	for range len(in) {
		(<-in).Close()
	}
}

// TestNotAwaited has workers for whom nobody waits any more.
func TestNotAwaited(t *testing.T) {
	l, v := listen(t, 2, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the job was removed"))
	if _, err := v.Accept(ctx, 0); err == nil || err.Error() != "the worker did not come: the job was removed" {
		t.Errorf("error %v", err)
	}
	if _, err := dial(t.Context(), v.ticket, 0); err == nil || !strings.Contains(err.Error(), taken.String()) {
		t.Errorf("a place that was given up: %v", err)
	}
	conn, err := dial(t.Context(), v.ticket, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	v.Close()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("a connection that nobody took: read %d, %v", n, err)
	}
	if _, err := dial(t.Context(), v.ticket, 1); err == nil || !strings.Contains(err.Error(), unknown.String()) {
		t.Errorf("an invitation that is over: %v", err)
	}
	wantRefused(t, l, 2, unknown.String())
}

// TestAcceptEnds has an invitation, and then a listener, that are closed while
// somebody waits.
func TestAcceptEnds(t *testing.T) {
	l, v := listen(t, 1, nil)
	w, err := l.Invite(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		v   *Invitation
		end func()
	}{{v, v.Close}, {w, func() { l.Close() }}} {
		failed := make(chan error)
		go func() {
			_, err := test.v.Accept(t.Context(), 0)
			failed <- err
		}()
		time.Sleep(time.Millisecond)
		test.end()
		if err := <-failed; !errors.Is(err, errOver) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := l.Invite(1); !errors.Is(err, errClosed) {
		t.Errorf("a closed listener invites: %v", err)
	}
}

// TestClosedAtOnce holds that a listener that never listened can be closed, and
// does not listen then.
func TestClosedAtOnce(t *testing.T) {
	l := NewListener(Options{})
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Invite(1); !errors.Is(err, errClosed) {
		t.Errorf("a closed listener invites: %v", err)
	}
}

// TestWrongDriver has a worker whose driver's address is another's now: it says
// nothing of its token.
func TestWrongDriver(t *testing.T) {
	l, v := listen(t, 1, nil)
	wrong := v.ticket
	wrong.pin[0] ^= 1
	began := time.Now()
	if _, err := dial(t.Context(), wrong, 0); !errors.Is(err, errWrongDriver) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > soon/2 {
		t.Errorf("it tried again what cannot be mended, for %v", took)
	}
	wantRefused(t, l, 1, "bad certificate")
	wantEntry(t, v, 0)
}

// relay is one who stands between worker and driver and keeps what passes. It
// hands the worker's connection to between, with a new one to the driver.
func relay(t *testing.T, v *Invitation, between func(worker, driver net.Conn)) ticket {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		worker, err := ln.Accept()
		if err != nil {
			return
		}
		defer worker.Close()
		driver, err := net.Dial("tcp", address(v))
		if err != nil {
			t.Error(err)
			return
		}
		defer driver.Close()
		between(worker, driver)
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	tk := v.ticket
	tk.addresses = []string{ln.Addr().String()}
	return tk
}

// pass copies both ways until both ends are done, and returns what the worker
// said.
func pass(worker, driver net.Conn) []byte {
	var said bytes.Buffer
	done := make(chan struct{})
	go func() {
		io.Copy(worker, driver)
		worker.Close()
		close(done)
	}()
	io.Copy(io.MultiWriter(driver, &said), worker)
	driver.Close()
	<-done
	return said.Bytes()
}

// TestManInTheMiddle has one who ends the worker's TLS with a certificate of
// its own and begins another to the driver: the worker does not talk to it.
func TestManInTheMiddle(t *testing.T) {
	l, v := listen(t, 1, nil)
	cert, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan []byte, 1)
	tk := relay(t, v, func(worker, driver net.Conn) {
		w := tls.Server(worker, &tls.Config{Certificates: []tls.Certificate{cert}})
		d := tls.Client(driver, &tls.Config{InsecureSkipVerify: true})
		if err := d.Handshake(); err != nil {
			t.Errorf("to the driver: %v", err)
		}
		heard <- pass(w, d)
	})
	if _, err := dial(t.Context(), tk, 0); !errors.Is(err, errWrongDriver) {
		t.Errorf("error %v", err)
	}
	if got := <-heard; len(got) != 0 {
		t.Errorf("the one between heard % x", got)
	}
	wantRefused(t, l, 1, "no token")
	wantEntry(t, v, 0)
}

// TestEavesdropper has one who only listens, and then says again what the
// worker said: neither the token nor a place is to be had so.
func TestEavesdropper(t *testing.T) {
	l, v := listen(t, 2, nil)
	heard := make(chan []byte, 1)
	tk := relay(t, v, func(worker, driver net.Conn) { heard <- pass(worker, driver) })
	conn, err := dial(t.Context(), tk, 0)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := v.Accept(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	accepted.Close()
	said := <-heard
	if len(said) < entrySize || bytes.Contains(said, tk.token[:8]) {
		t.Errorf("%d bytes on the wire, with the token in them", len(said))
	}
	again := knock(t, v)
	if _, err := again.Write(said); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, again, "*")
	wantRefused(t, l, 1, "tls:")
	wantEntry(t, v, 1)
}

// TestGarbage sends what is no entry; each is refused and costs no place.
func TestGarbage(t *testing.T) {
	l, v := listen(t, 1, nil)
	noise := make([]byte, 64<<10)
	rand.Read(noise)
	// A record of TLS that claims a handshake message of 16 MiB, in pieces.
	long := append([]byte{22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff}, make([]byte, 64<<10)...)
	for i, test := range []struct {
		name, want string
		send       []byte
	}{
		{"nothing", "EOF", nil},
		{"noise", "", noise},
		{"another protocol", "first record does not look like a TLS handshake", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")},
		{"a token without TLS", "tls:", appendEntry(nil, v.ticket, 0)},
		{"half a record", "EOF", []byte{22, 3, 1, 2, 0, 1}},
		{"a record that is too long", "oversized", []byte{22, 3, 1, 0xff, 0xff, 1, 0, 0}},
		{"a message that is too long", "", long},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := knock(t, v).(*net.TCPConn)
			conn.Write(test.send) // it may be refused before it is all sent
			conn.CloseWrite()
			wantClosed(t, conn, "*")
			wantRefused(t, l, i+1, test.want)
		})
	}
	wantEntry(t, v, 0)
}

// TestOldTLS has a client that speaks nothing newer than TLS 1.2.
func TestOldTLS(t *testing.T) {
	l, v := listen(t, 1, nil)
	conn := tls.Client(knock(t, v), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12})
	if err := conn.Handshake(); err == nil {
		t.Error("the driver speaks TLS 1.2")
	}
	wantRefused(t, l, 1, "unsupported versions")
}

// TestTooMuch sends handshake bytes without an end.
func TestTooMuch(t *testing.T) {
	l, v := listen(t, 1, func(m *limits) { m.bytes = 1000 })
	conn := knock(t, v)
	conn.Write(append([]byte{22, 3, 1, 0x20, 0, 1, 0, 0x1f, 0xfc}, make([]byte, 8<<10)...))
	wantClosed(t, conn, "*")
	wantRefused(t, l, 1, errTooMuch.Error())
}

// TestSlow has clients that take their time at each step.
func TestSlow(t *testing.T) {
	l, v := listen(t, 1, func(m *limits) { m.time = 300 * time.Millisecond })
	silent := knock(t, v)
	wantClosed(t, silent, "")
	wantRefused(t, l, 1, "timeout")
	drip := knock(t, v)
	began := time.Now()
	for i := 0; ; i++ { // each byte comes well within the time
		if _, err := drip.Write([]byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 0}[min(i, 9):][:1]); err != nil {
			break
		}
		if time.Since(began) > soon {
			t.Fatal("a client that drips is still served")
		}
		time.Sleep(20 * time.Millisecond)
	}
	wantRefused(t, l, 2, "timeout")
	mute := handshake(t, v)
	wantClosed(t, mute, "")
	wantRefused(t, l, 3, "no token")
	half := handshake(t, v)
	half.Write(appendEntry(nil, v.ticket, 0)[:entrySize-1])
	wantClosed(t, half, "")
	wantRefused(t, l, 4, "no token")
}

// TestFlood has many that come and say nothing: no more than the limit are held,
// and a worker still gets in.
func TestFlood(t *testing.T) {
	l, v := listen(t, 1, func(m *limits) { m.waiting, m.patience, m.time = 8, 20*time.Millisecond, soon })
	most := 0
	for range 50 {
		knock(t, v)
		l.mu.Lock()
		most = max(most, l.waiting.Len())
		l.mu.Unlock()
	}
	wantEntry(t, v, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	most = max(most, l.waiting.Len())
	if most > 8 || l.refusals < 50-8 {
		t.Errorf("%d were held at once, %d of 50 turned away", most, l.refusals)
	}
}

// TestCrowd has more workers at once than may be without a token: all get in.
func TestCrowd(t *testing.T) {
	const n = 60
	_, v := listen(t, n, func(m *limits) { m.waiting = 4 })
	var wg sync.WaitGroup
	for place := range n {
		wg.Go(func() { wantEntry(t, v, place) })
	}
	wg.Wait()
}

// TestPlainTCP has a worker that is led to what is no driver: it says nothing
// in plain.
func TestPlainTCP(t *testing.T) {
	_, v := listen(t, 1, nil)
	heard := make(chan []byte, 1)
	tk := relay(t, v, func(worker, _ net.Conn) {
		worker.SetDeadline(time.Now().Add(soon))
		b := make([]byte, 4096)
		n, _ := worker.Read(b)
		worker.Write([]byte{byte(welcome), byte(welcome), byte(welcome), byte(welcome), byte(welcome), byte(welcome)})
		heard <- b[:n]
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := dial(ctx, tk, 0); err == nil {
		t.Error("a worker talks to one without TLS")
	}
	if got := <-heard; len(got) == 0 || got[0] != 22 || bytes.Contains(got, tk.token[:8]) {
		t.Errorf("the worker began with % x", got[:min(len(got), 16)])
	}
}

// TestCertificates holds that no two listeners have the same.
func TestCertificates(t *testing.T) {
	_, v := listen(t, 1, nil)
	_, w := listen(t, 1, nil)
	if v.ticket.pin == w.ticket.pin || v.ticket.pin == [sha256.Size]byte{} {
		t.Error("two listeners have the same certificate")
	}
	if v.ticket.token == w.ticket.token {
		t.Error("two invitations have the same token")
	}
}
