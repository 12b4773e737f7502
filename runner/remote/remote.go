// Package remote joins workers on other machines to their driver: they dial it,
// over TCP with TLS 1.3, and show a token.
//
// The driver's end is a [Listener]. A launcher (Slurm, Kubernetes, or local over
// loopback) invites a number of workers at once, gets from the [Invitation] what
// must be in their environment, and waits for each. What comes is a byte stream
// for exchange.NewStream. The worker's end is [Main], which a program calls
// where one whose workers only run on its own machine calls runner.Main.
//
// A worker knows its driver by the digest of a certificate that was made for
// this listener, and the driver its worker by the invitation's token; neither
// says anything before that, and each place of an invitation is taken once.
// docs/security.md says what this keeps out and what not. There is no stream
// over TCP without it.
//
//	ticket.go    what an invited worker is given
//	listener.go  the driver's end
//	waiting.go   who has not shown a token: how many there may be at once
//	entry.go     who shows one: its words, and the other limits until then
//	dial.go      the worker's end
//	address.go   where to listen, where to dial
//
// Nothing on the way of runner.Main may import this package: a program whose
// workers inherit their stream does not pay for the network's start.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"corecast/runner"
)

// The environment variables that make a program a worker of a driver elsewhere.
// [Main] takes them out of the environment.
const (
	// TicketEnv holds a ticket; TicketFileEnv names a file that does, which
	// nobody but its owner may read.
	TicketEnv     = "CORECAST_REMOTE"
	TicketFileEnv = "CORECAST_REMOTE_FILE"
	// PlaceEnv holds the place, from 0, that the worker takes; absent: 0.
	PlaceEnv = "CORECAST_REMOTE_PLACE"
)

// Main turns this process into a worker when it was started as one, by any
// launcher: it calls runner.Main, and then looks for an invitation. As a worker
// it never returns; otherwise it returns at once. Call it first thing in main,
// in a program whose workers run on other machines:
//
//	func main() {
//		remote.Main(square)
//		...
//
// A worker ends when its driver is gone, and when it cannot reach it for a
// minute.
func Main(funcs ...runner.AnyFunc) {
	runner.Main(funcs...)
	t, place, err := ticketOf(os.LookupEnv)
	if errors.Is(err, errNotInvited) {
		return
	}
	for _, name := range []string{TicketEnv, TicketFileEnv, PlaceEnv} {
		os.Unsetenv(name)
	}
	if err == nil {
		err = work(context.Background(), t, place, funcs)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// work dials the driver and serves it.
func work(ctx context.Context, t ticket, place uint32, funcs []runner.AnyFunc) error {
	conn, err := dial(ctx, t, place)
	if err != nil {
		return err
	}
	return runner.Serve(conn, funcs...)
}

var errNotInvited = errors.New("not invited")

// ticketOf reads the ticket and the place from the environment.
func ticketOf(lookup func(string) (string, bool)) (ticket, uint32, error) {
	name := TicketEnv
	text, ok := lookup(TicketEnv)
	if !ok {
		if name, ok = lookup(TicketFileEnv); !ok {
			return ticket{}, 0, errNotInvited
		}
		var err error
		if text, err = readTicket(name); err != nil {
			return ticket{}, 0, fmt.Errorf("read the file of %s: %w", TicketFileEnv, err)
		}
	}
	t, err := parseTicket(strings.TrimSpace(text))
	if err != nil {
		return ticket{}, 0, fmt.Errorf("%s: %w", name, err)
	}
	var place uint64
	if text, ok := lookup(PlaceEnv); ok {
		if place, err = strconv.ParseUint(text, 10, 32); err != nil {
			return ticket{}, 0, fmt.Errorf("%s=%q is not the number of a place", PlaceEnv, text)
		}
	}
	return t, uint32(place), nil
}

// readTicket reads a file that nobody but its owner may.
func readTicket(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("%s is open to others (mode %#o): it holds a token, chmod 600", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxTicket+1))
	return string(text), err
}
