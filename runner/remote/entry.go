package remote

import (
	"container/list"
	"crypto/subtle"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// limits bound what may be had without a token.
type limits struct {
	// time is how long one may take to get in, TLS handshake included.
	time time.Duration
	// bytes is how much is read of one: a handshake takes about 2 KiB.
	bytes int
	// waiting is how many may be at it at once. When all are, and the one that
	// came first has had patience, it makes room for the next.
	waiting  int
	patience time.Duration
}

// standard are the limits but in tests.
func standard() limits {
	return limits{time: entryTime, bytes: 16 << 10, waiting: 256, patience: 500 * time.Millisecond}
}

// entryTime is how long getting in may take, by either side.
const entryTime = 10 * time.Second

// A worker's first words: version (1 byte), invitation and place (4 bytes each,
// little endian), token. They are of one size, so that a driver reads neither a
// length nor anything behind the token before it has checked it.
const (
	entryVersion  = 1
	entrySize     = 1 + 4 + 4 + tokenSize
	entryTokenAt  = 9
	entryPlaceAt  = 5
	entryTicketAt = 1
)

// appendEntry appends a worker's first words.
func appendEntry(dst []byte, t ticket, place uint32) []byte {
	dst = binary.LittleEndian.AppendUint32(append(dst, entryVersion), t.invitation)
	return append(binary.LittleEndian.AppendUint32(dst, place), t.token[:]...)
}

// verdict is what the driver answers, one byte.
type verdict byte

// The verdicts. Only one who has the token learns more than that it is wrong.
const (
	welcome verdict = iota + 1
	unknown         // no such token, or no more
	taken           // the token is right, and the place is not free
)

// String says it as the reason of a refusal.
func (v verdict) String() string {
	switch v {
	case welcome:
		return "welcome"
	case unknown:
		return "its token is of no invitation that is open"
	case taken:
		return "its place is taken, or no longer wanted"
	}
	return fmt.Sprintf("verdict %d", byte(v))
}

// check looks up the words' token, in a time that does not depend on it. The
// words are of entrySize.
func (l *Listener) check(words []byte) (v *Invitation, place uint32, ok bool) {
	var want [tokenSize]byte // when there is no such invitation
	l.mu.Lock()
	v = l.invitations[binary.LittleEndian.Uint32(words[entryTicketAt:])]
	l.mu.Unlock()
	if v != nil {
		want = v.ticket.token
	}
	right := subtle.ConstantTimeCompare(words[entryTokenAt:], want[:])
	right &= subtle.ConstantTimeByteEq(words[0], entryVersion)
	return v, binary.LittleEndian.Uint32(words[entryPlaceAt:]), right == 1 && v != nil
}

// admit does all of one's entry: handshake, token, place. The error says why it
// did not get in; then the connection is closed.
func (l *Listener) admit(raw net.Conn, w *list.Element) error {
	limited := &limitedConn{Conn: raw, left: l.limits.bytes}
	conn := tls.Server(limited, l.config)
	v, place, err := l.letIn(conn, w)
	if err != nil {
		raw.Close()
		return err
	}
	limited.left = unlimited
	if err := raw.SetDeadline(time.Time{}); err != nil {
		raw.Close()
	}
	v.arrive(place, &stream{Conn: conn, raw: raw})
	return nil
}

// letIn checks the token behind the handshake, takes the place, and answers.
func (l *Listener) letIn(conn *tls.Conn, w *list.Element) (*Invitation, uint32, error) {
	if err := conn.SetDeadline(time.Now().Add(l.limits.time)); err != nil {
		return nil, 0, err
	}
	if err := conn.Handshake(); err != nil {
		return nil, 0, err
	}
	var words [entrySize]byte
	if _, err := io.ReadFull(conn, words[:]); err != nil {
		return nil, 0, fmt.Errorf("no token: %w", err)
	}
	v, place, ok := l.check(words[:])
	if !ok {
		return nil, 0, refuse(conn, unknown)
	}
	if !l.leave(w) {
		return nil, 0, errCrowd
	}
	if !v.take(place) {
		return nil, 0, refuse(conn, taken)
	}
	if _, err := conn.Write([]byte{byte(welcome)}); err != nil {
		v.fail(place, err)
		return nil, 0, err
	}
	return v, place, nil
}

// errCrowd is how one ends that had to make room just when it showed its token;
// it will come again.
var errCrowd = errors.New("it made room for others")

// refuse answers one who does not get in.
func refuse(conn *tls.Conn, why verdict) error {
	if _, err := conn.Write([]byte{byte(why)}); err != nil {
		return fmt.Errorf("%v; and it did not hear so: %w", why, err)
	}
	return errors.New(why.String())
}

// unlimited lifts a limitedConn's limit.
const unlimited = -1

// errTooMuch is what a connection that sends too much before its token is
// closed with.
var errTooMuch = errors.New("too many bytes before a token")

// limitedConn reads so many bytes and no more.
type limitedConn struct {
	net.Conn
	left int // guarded by who reads: one goroutine before it is lifted, one after
}

func (c *limitedConn) Read(b []byte) (int, error) {
	if c.left == unlimited {
		return c.Conn.Read(b)
	}
	if c.left == 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// stream is an admitted connection as an exchange takes it.
type stream struct {
	*tls.Conn
	raw net.Conn
}

// closeWait is how long a connection's end may take: a peer that does not read
// must not hold up who ends it.
const closeWait = 100 * time.Millisecond

// Read reads. A connection that ends without the last word of TLS ends all the
// same: a peer that was killed says none, and frames tell whether they are
// whole.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Close ends the connection, with the last word of TLS if the peer takes it at
// once.
func (s *stream) Close() error {
	late := time.AfterFunc(closeWait, func() { s.raw.Close() })
	defer late.Stop()
	return s.Conn.Close()
}
