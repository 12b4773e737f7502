package remote

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// FuzzWords holds that no first words but the right ones open anything.
func FuzzWords(f *testing.F) {
	l := &Listener{invitations: make(map[uint32]*Invitation)}
	v := &Invitation{listener: l, ticket: example(), places: make([]place, 2)}
	l.invitations[v.ticket.invitation] = v
	f.Add(appendEntry(nil, v.ticket, 0))
	f.Add(appendEntry(nil, v.ticket, 2))
	f.Add(make([]byte, entrySize))
	f.Fuzz(func(t *testing.T, words []byte) {
		if len(words) < entrySize {
			words = append(bytes.Clone(words), make([]byte, entrySize-len(words))...)
		}
		words = words[:entrySize]
		got, place, ok := l.check(words)
		right := bytes.Equal(words, appendEntry(nil, v.ticket, place))
		if ok != right || ok && got != v {
			t.Errorf("% x opens %v", words, ok)
		}
	})
}

// oneWay is a connection that has sent what it will, and takes what is said to
// it.
type oneWay struct {
	net.Conn // nil: what is not below is not called
	in       io.Reader
}

func (c *oneWay) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *oneWay) Write(b []byte) (int, error)      { return len(b), nil }
func (c *oneWay) Close() error                     { return nil }
func (c *oneWay) SetDeadline(time.Time) error      { return nil }
func (c *oneWay) SetWriteDeadline(time.Time) error { return nil }

// hello is what a client begins with.
func hello(f *testing.F) []byte {
	var said bytes.Buffer
	ours, theirs := net.Pipe()
	go func() {
		tls.Client(theirs, clientConfig(example().pin)).Handshake()
		theirs.Close()
	}()
	ours.SetDeadline(time.Now().Add(100 * time.Millisecond))
	io.Copy(&said, ours)
	ours.Close()
	if said.Len() == 0 {
		f.Fatal("a client says nothing")
	}
	return said.Bytes()
}

// FuzzDriver holds that no bytes from the network get in, make the driver panic,
// or make it read more than it should.
func FuzzDriver(f *testing.F) {
	l := NewListener(Options{})
	v, err := l.Invite(1)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Add(hello(f))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(appendEntry(nil, v.ticket, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bytes.NewReader(append(bytes.Clone(data), make([]byte, l.limits.bytes)...))
		limited := &limitedConn{Conn: &oneWay{in: in}, left: l.limits.bytes}
		if _, _, err := l.letIn(tls.Server(limited, l.config), nil); err == nil {
			t.Error("it got in")
		}
		if v.places[0].taken {
			t.Error("it took a place")
		}
	})
}

// FuzzWorker holds that no bytes from the network have a worker show its token,
// make it panic, or count as its driver's.
func FuzzWorker(f *testing.F) {
	f.Add([]byte{22, 3, 3, 0, 4, 2, 0, 0, 0})
	f.Add([]byte{21, 3, 3, 0, 2, 2, 40})
	f.Fuzz(func(t *testing.T, data []byte) {
		conn := &said{oneWay: oneWay{in: bytes.NewReader(data)}}
		if err := enter(tls.Client(conn, clientConfig(example().pin)), example(), 0); err == nil || errors.As(err, new(final)) && !errors.Is(err, errWrongDriver) {
			t.Errorf("error %v", err)
		}
		if tk := example(); bytes.Contains(conn.all, tk.token[:8]) {
			t.Error("the token is on the wire")
		}
	})
}

// said keeps what was written.
type said struct {
	oneWay
	all []byte
}

func (c *said) Write(b []byte) (int, error) {
	c.all = append(c.all, b...)
	return len(b), nil
}
