package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// openEcho opens the floor of moving bytes between processes: blocks written
// to a bare socket while they are read back from it. processes 0 means one a
// worker.
func openEcho(processes int) func(context.Context, settings) (*ready, error) {
	return func(_ context.Context, s settings) (*ready, error) {
		all, err := startBares(bareEcho, processes, s)
		if err != nil {
			return nil, err
		}
		in := makeBlocks(s.mib)
		run := func(ctx context.Context, n int) (time.Duration, error) {
			out := make([][]byte, n)
			took, err := all.run(ctx, n, func(conn *os.File, lo, hi int) error {
				return exchangeBlocks(conn, in[lo:hi], out[lo:hi])
			})
			if err != nil {
				return took, err
			}
			return took, checkBlocks(in[:n], out)
		}
		return &ready{run: run, close: all.close}, nil
	}
}

// exchangeBlocks sends blocks and reads as many back, at the same time.
func exchangeBlocks(conn io.ReadWriter, in, out [][]byte) error {
	sent := make(chan error, 1)
	go func() {
		for _, b := range in {
			if _, err := conn.Write(b); err != nil {
				sent <- fmt.Errorf("send a block: %w", err)
				return
			}
		}
		sent <- nil
	}()
	var err error
	for i := range out {
		out[i] = make([]byte, blockSize)
		if _, err = io.ReadFull(conn, out[i]); err != nil {
			err = fmt.Errorf("read block %d: %w", i, err)
			break
		}
	}
	// When reading failed, the other end is gone, and writing fails too.
	return errors.Join(err, <-sent)
}

// serveEcho sends back what it reads until the driver hangs up.
func serveEcho(conn io.ReadWriter) error {
	buffer := make([]byte, blockSize)
	for {
		n, err := conn.Read(buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
}
