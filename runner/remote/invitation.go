package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// Invitation lets a number of workers in, each at its place, once. All show the
// same token; a replacement for one that was lost needs a new invitation.
type Invitation struct {
	listener *Listener
	ticket   ticket

	mu     sync.Mutex
	closed bool
	places []place
}

// place is where one worker is let in.
type place struct {
	taken, awaited bool
	arrived        chan arrival // holds what came, or why nothing does
}

// arrival is a worker's connection, or why there is none.
type arrival struct {
	conn io.ReadWriteCloser
	err  error
}

// String says whose invitation it is, without its token.
func (v *Invitation) String() string { return v.ticket.String() }

// Env returns the environment that leads a worker to its place. It holds the
// token: what passes it on must keep it from other users, so it goes into no
// command line.
func (v *Invitation) Env(place int) []string {
	return []string{TicketEnv + "=" + v.ticket.text(), PlaceEnv + "=" + strconv.Itoa(place)}
}

// Ticket returns the value of TicketEnv, which is the same for every place: for
// a launcher whose engine numbers the workers itself.
func (v *Invitation) Ticket() string { return v.ticket.text() }

// WriteTicket writes the ticket to a file that must not be there, and that only
// its owner can read: for engines that show environments to others. TicketFileEnv
// then names it. Who wrote it removes it.
func (v *Invitation) WriteTicket(path string) error { return writeTicket(path, v.ticket) }

// Accept waits for the worker of a place. When ctx ends before it comes, the
// place is no longer free, and the error says what the listener has refused
// meanwhile. Each place is waited for once.
func (v *Invitation) Accept(ctx context.Context, place int) (io.ReadWriteCloser, error) {
	p := &v.places[place]
	v.mu.Lock()
	p.awaited = true
	v.mu.Unlock()
	select {
	case a := <-p.arrived:
		return a.conn, a.err
	case <-ctx.Done():
	}
	if !v.take(uint32(place)) { // it came just now, or the invitation was closed
		a := <-p.arrived
		return a.conn, a.err
	}
	err := fmt.Errorf("the worker did not come: %w", context.Cause(ctx))
	if refused := v.listener.Refused(); refused != "" {
		err = fmt.Errorf("%w (%s)", err, refused)
	}
	return nil, err
}

// take takes a place, if it is free.
func (v *Invitation) take(place uint32) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed || uint64(place) >= uint64(len(v.places)) || v.places[place].taken {
		return false
	}
	v.places[place].taken = true
	return true
}

// arrive hands over the connection of who took the place, if anybody still
// waits for it or may.
func (v *Invitation) arrive(place uint32, conn io.ReadWriteCloser) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := &v.places[place]; v.closed && !p.awaited {
		conn.Close()
	} else {
		p.arrived <- arrival{conn, nil}
	}
}

// fail says that who took the place did not make it.
func (v *Invitation) fail(place uint32, err error) {
	v.places[place].arrived <- arrival{nil, fmt.Errorf("a worker came to place %d and went: %w", place, err)}
}

// Close ends the invitation: its token opens nothing any more, and who waits
// for a place waits no longer.
func (v *Invitation) Close() {
	v.listener.mu.Lock()
	delete(v.listener.invitations, v.ticket.invitation)
	v.listener.mu.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.closed = true
	for i := range v.places {
		p := &v.places[i]
		switch {
		case !p.taken:
			p.taken = true
			p.arrived <- arrival{nil, errOver}
		case !p.awaited: // it came, and nobody took it
			select {
			case a := <-p.arrived:
				if a.conn != nil {
					a.conn.Close()
				}
			default:
			}
		}
	}
}

var errOver = errors.New("the invitation is over")
