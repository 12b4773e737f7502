package remote

import (
	"container/list"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Options say where workers find their driver; the zero value serves workers on
// the same machine.
type Options struct {
	// Listen is an address, or the name of a network interface; empty:
	// 127.0.0.1. The kernel chooses the port.
	Listen string
	// Advertise are hosts, or host:port, that workers dial, one after another
	// until one is right; nil: the address listened on, or all of this
	// machine's when that is 0.0.0.0 or ::.
	Advertise []string
}

// Listener is the driver's end of one pool's connections. It listens from the
// first invitation until it is closed, with a key and a certificate made for
// it, which are nowhere but in memory.
type Listener struct {
	options Options
	limits  limits
	opened  sync.Once
	openErr error
	config  *tls.Config
	ticket  ticket // without a token

	admitting sync.WaitGroup
	// room holds a token when one who waited is gone.
	room chan struct{}

	mu          sync.Mutex
	tcp         net.Listener // nil: not listening
	closed      bool
	invitations map[uint32]*Invitation
	last        uint32
	waiting     list.List // of who has not shown a token: *waiter, the oldest first
	refusals    int
	refusal     string // the last, in words
}

// NewListener returns a listener that does not listen yet.
func NewListener(o Options) *Listener {
	return &Listener{options: o, limits: standard(), room: make(chan struct{}, 1), invitations: make(map[uint32]*Invitation)}
}

// Name returns tls: what a backend is called that takes its workers from here.
func (l *Listener) Name() string { return "tls" }

// Invite makes an invitation for a number of workers, all with one token. The
// first one has the listener listen.
func (l *Listener) Invite(places int) (*Invitation, error) {
	l.opened.Do(func() { l.openErr = l.open() })
	if l.openErr != nil {
		return nil, fmt.Errorf("listen for workers: %w", l.openErr)
	}
	v := &Invitation{listener: l, ticket: l.ticket, places: make([]place, places)}
	if _, err := rand.Read(v.ticket.token[:]); err != nil {
		return nil, fmt.Errorf("draw a token: %w", err)
	}
	for i := range v.places {
		v.places[i].arrived = make(chan arrival, 1)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	l.last++
	v.ticket.invitation = l.last
	l.invitations[l.last] = v
	return v, nil
}

var errClosed = errors.New("the listener for workers is closed")

// InviteOne makes an invitation for one worker: the environment that leads it
// here, and what waits for it, once, until ctx ends. Then the invitation is
// over.
func (l *Listener) InviteOne() (env []string, accept func(context.Context) (io.ReadWriteCloser, error), err error) {
	v, err := l.Invite(1)
	if err != nil {
		return nil, nil, err
	}
	return v.Env(0), func(ctx context.Context) (io.ReadWriteCloser, error) {
		defer v.Close()
		return v.Accept(ctx, 0)
	}, nil
}

// open listens.
func (l *Listener) open() error {
	addr, err := bindTo(l.options.Listen)
	if err != nil {
		return err
	}
	cert, err := certificate()
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	config := net.ListenConfig{KeepAliveConfig: keepAlive, Control: control}
	config.SetMultipathTCP(false)
	tcp, err := config.Listen(context.Background(), "tcp", netip.AddrPortFrom(addr, 0).String())
	if err != nil {
		return err
	}
	bound, err := netip.ParseAddrPort(tcp.Addr().String())
	if err == nil {
		l.ticket.addresses, err = advertised(l.options.Advertise, bound)
	}
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	l.ticket.pin = sha256.Sum256(cert.Certificate[0])
	l.config = &tls.Config{
		Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13,
		// A worker connects once, so there is nothing to resume.
		SessionTicketsDisabled: true, DynamicRecordSizingDisabled: true,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.Join(errClosed, tcp.Close())
	}
	l.tcp = tcp
	l.admitting.Go(func() { l.accept(tcp) })
	return nil
}

// certificate makes a key and a certificate of it, signed by itself. Workers
// know it by its digest; name and dates are not looked at.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "corecast driver"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// Addr is where it listens, as host:port; empty when it does not.
func (l *Listener) Addr() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tcp == nil {
		return ""
	}
	return l.tcp.Addr().String()
}

// Close ends the listening and all that waits; who has got in stays.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.closed = true
	var err error
	if l.tcp != nil {
		err = l.tcp.Close()
		l.tcp = nil
	}
	for e := l.waiting.Front(); e != nil; e = e.Next() {
		e.Value.(*waiter).conn.Close()
	}
	open := make([]*Invitation, 0, len(l.invitations))
	for _, v := range l.invitations {
		open = append(open, v)
	}
	l.mu.Unlock()
	for _, v := range open {
		v.Close()
	}
	l.admitting.Wait()
	return err
}
