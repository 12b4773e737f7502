package remote

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// How a worker looks for its driver.
const (
	// dialTime is for how long it tries.
	dialTime = time.Minute
	// firstPause is how long it waits after the first round of addresses, twice
	// as long after each, mostPause at most.
	firstPause = 20 * time.Millisecond
	mostPause  = 2 * time.Second
	// silence is after how long without a sign of life, not even of the other
	// machine's kernel, a connection is over.
	silence = 2 * time.Minute
)

// keepAlive has the kernel ask for signs of life.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 7}

// final marks what trying again does not mend.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// dial connects to the driver of a ticket and takes a place there. It goes on
// trying for a while: the network of a machine that was just started may not be
// there yet, and a driver that many dial at once makes some come again.
func dial(ctx context.Context, t ticket, place uint32) (io.ReadWriteCloser, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		var errs []error
		for _, address := range t.addresses {
			conn, err := dialOnce(ctx, address, t, place)
			if err == nil {
				return conn, nil
			}
			err = fmt.Errorf("reach the driver at %s: %w", address, err)
			if f := (final{}); errors.As(err, &f) {
				return nil, err
			}
			errs = append(errs, err)
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)): // not all at the same time
		case <-ctx.Done():
			return nil, errors.Join(errs...)
		}
	}
}

// dialOnce tries one address.
func dialOnce(ctx context.Context, address string, t ticket, place uint32) (io.ReadWriteCloser, error) {
	d := net.Dialer{Timeout: entryTime, KeepAliveConfig: keepAlive, Control: control}
	raw, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	conn := tls.Client(raw, clientConfig(t.pin))
	err = errors.Join(raw.SetDeadline(time.Now().Add(entryTime)), enter(conn, t, place), raw.SetDeadline(time.Time{}))
	if !stop() || err != nil {
		err = errors.Join(err, ctx.Err())
		raw.Close()
		return nil, err
	}
	return &stream{Conn: conn, raw: raw}, nil
}

// enter shows the token to a driver that has the pinned certificate, and waits
// for its verdict.
func enter(conn *tls.Conn, t ticket, place uint32) error {
	if err := conn.Handshake(); err != nil {
		return err
	}
	if _, err := conn.Write(appendEntry(nil, t, place)); err != nil {
		return err
	}
	var answer [1]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return fmt.Errorf("no answer to the token: %w", err)
	}
	if v := verdict(answer[0]); v != welcome {
		return final{fmt.Errorf("it refuses this worker: %v", v)}
	}
	return nil
}

// clientConfig accepts the certificate with this digest and no other. TLS
// itself proves that the peer has its key; names, dates and authorities say
// nothing about a certificate that was made for one pool.
func clientConfig(pin [sha256.Size]byte) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, DynamicRecordSizingDisabled: true,
		InsecureSkipVerify: true, // in favour of the digest
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return final{errWrongDriver}
			}
			sum := sha256.Sum256(s.PeerCertificates[0].Raw)
			if subtle.ConstantTimeCompare(sum[:], pin[:]) != 1 {
				return final{errWrongDriver}
			}
			return nil
		},
	}
}

var errWrongDriver = errors.New("it has another certificate than this worker's driver: something stands between them, or another driver has its address")
