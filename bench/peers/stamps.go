package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"corecast/internal/clock"
)

// Sizes of the messages of the floor of single tasks, in bytes: the task's
// index goes out; index, result, start and end come back.
const (
	askSize   = 8
	replySize = 32
)

// stamps are the four times of a task, in nanoseconds: what a trace cannot do
// without.
type stamps struct{ dispatched, start, end, received int64 }

// openStamps opens the floor of handing out single tasks between processes: a
// message a task over a bare socket, four stamps a task, at most window tasks
// of a process on their way. What can be read at once is answered at once.
// processes 0 means one a worker.
func openStamps(processes, window int) func(context.Context, settings) (*ready, error) {
	return func(_ context.Context, s settings) (*ready, error) {
		all, err := startBares(bareStamps, processes, s)
		if err != nil {
			return nil, err
		}
		run := func(ctx context.Context, n int) (time.Duration, error) {
			out, times := make([]int, n), make([]stamps, n)
			took, err := all.run(ctx, n, func(conn *os.File, lo, hi int) error {
				return askStamps(conn, window, lo, hi, out, times)
			})
			if err != nil {
				return took, err
			}
			return took, errors.Join(checkNoop(out, n), checkStamps(times))
		}
		return &ready{run: run, close: all.close}, nil
	}
}

// checkStamps says which task has times that are out of order; two processes'
// clocks agree to within a microsecond.
func checkStamps(times []stamps) error {
	const slack = int64(time.Microsecond)
	for i, t := range times {
		if t.dispatched == 0 || t.dispatched > t.start+slack || t.start > t.end || t.end > t.received+slack {
			return fmt.Errorf("the times of task %d are out of order: %+v", i, t)
		}
	}
	return nil
}

// askStamps has tasks lo to hi run, window of them on their way at most.
func askStamps(conn io.ReadWriter, window, lo, hi int, out []int, times []stamps) error {
	asks := make([]byte, 0, window*askSize)
	replies := make([]byte, window*replySize)
	next, have := lo, 0
	for done := lo; done < hi; {
		asks = asks[:0]
		for ; next < hi && next-done < window; next++ {
			times[next].dispatched = clock.Now()
			asks = binary.LittleEndian.AppendUint64(asks, uint64(next))
		}
		if len(asks) > 0 {
			if _, err := conn.Write(asks); err != nil {
				return fmt.Errorf("send tasks: %w", err)
			}
		}
		n, err := conn.Read(replies[have:])
		if err != nil {
			return fmt.Errorf("read results: %w", err)
		}
		have += n
		whole := have / replySize
		for k := range whole {
			if err := takeReply(replies[k*replySize:], out, times); err != nil {
				return err
			}
		}
		have = copy(replies, replies[whole*replySize:have])
		done += whole
	}
	return nil
}

// takeReply takes one task's result and times.
func takeReply(reply []byte, out []int, times []stamps) error {
	received := clock.Now()
	i := binary.LittleEndian.Uint64(reply)
	if i >= uint64(len(out)) {
		return fmt.Errorf("a result for task %d of %d", i, len(out))
	}
	out[i] = int(binary.LittleEndian.Uint64(reply[8:]))
	times[i].start = int64(binary.LittleEndian.Uint64(reply[16:]))
	times[i].end = int64(binary.LittleEndian.Uint64(reply[24:]))
	times[i].received = received
	return nil
}

// serveStamps answers tasks until the driver hangs up.
func serveStamps(conn io.ReadWriter) error {
	asks := make([]byte, 4<<10)
	var replies []byte
	have := 0
	for {
		n, err := conn.Read(asks[have:])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read tasks: %w", err)
		}
		have += n
		whole := have / askSize
		replies = replies[:0]
		for k := range whole {
			i := binary.LittleEndian.Uint64(asks[k*askSize:])
			start := clock.Now()
			result := noop(int(i))
			end := clock.Now()
			for _, v := range [...]uint64{i, uint64(result), uint64(start), uint64(end)} {
				replies = binary.LittleEndian.AppendUint64(replies, v)
			}
		}
		have = copy(asks, asks[whole*askSize:have])
		if _, err := conn.Write(replies); err != nil {
			return fmt.Errorf("send results: %w", err)
		}
	}
}
