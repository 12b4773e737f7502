package storeexchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"corecast/runner/exchange"
	"corecast/runner/objstore"
	"corecast/runner/objstore/slim"
	"corecast/runner/work"
)

// ExitUnstarted is how a worker ends that could not begin with its tasks: it
// was started wrongly, or cannot reach the store.
const ExitUnstarted = 125

// Main turns this process into a worker when it was started as one, and then
// never returns; otherwise it returns at once.
func Main(funcs ...work.AnyFunc) {
	text, ok := os.LookupEnv(SpecEnv)
	if !ok {
		return
	}
	if err := serve(context.Background(), text, os.Getenv, funcs); err != nil {
		fmt.Fprintf(os.Stderr, "worker: %v\n", err)
		var u *unstarted
		if errors.As(err, &u) {
			os.Exit(ExitUnstarted)
		}
		os.Exit(1)
	}
	os.Exit(0)
}

// unstarted is the error of a worker that has not begun.
type unstarted struct{ error }

func (e *unstarted) Unwrap() error { return e.error }

// serve works until no more is to be done.
func serve(ctx context.Context, text string, lookup func(string) string, funcs []work.AnyFunc) error {
	started := processStart()
	c, p, err := connect(ctx, text, lookup, started)
	if err != nil {
		return &unstarted{err}
	}
	clearEnv()
	err = work.ServeStored(c, exchange.StoredSeed(p.slot, p.generation), funcs...)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

// connect reads the worker's first message.
func connect(ctx context.Context, text string, lookup func(string) string, started int64) (*conn, place, error) {
	s, err := parseSpec(text)
	if err != nil {
		return nil, place{}, err
	}
	i, err := index(lookup)
	if err != nil {
		return nil, place{}, err
	}
	p, offset, err := s.worker(i)
	if err != nil {
		return nil, place{}, err
	}
	store, err := openStore(s, lookup)
	if err != nil {
		return nil, place{}, err
	}
	var first []byte
	if p.size > 0 {
		if first, err = store.Get(ctx, s.Pack, offset, int64(p.size)); err != nil {
			return nil, place{}, err
		}
		if len(first) != p.size {
			return nil, place{}, fmt.Errorf("the first message has %d bytes, and should have %d", len(first), p.size)
		}
	}
	return newConn(ctx, store, s, p.id(), started, first), p, nil
}

func openStore(s *Spec, lookup func(string) string) (objstore.Store, error) {
	if s.Dir != "" {
		return objstore.NewDir(s.Dir)
	}
	return slim.New(s.access(lookup))
}
