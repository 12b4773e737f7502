package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"

	"corecast/runner"
)

// blockSize is the size of a block that is echoed, in bytes.
const blockSize = 1 << 20

// noop is the task that does nothing: its result differs from the zero value,
// so that a result that never came is seen.
//
//go:noinline
func noop(i int) int { return i + 1 }

// indices are the inputs of n no-op tasks.
func indices(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

// checkNoop says which result of no-op tasks is wrong.
func checkNoop(out []int, n int) error {
	if len(out) != n {
		return fmt.Errorf("%d results for %d tasks", len(out), n)
	}
	for i, v := range out {
		if v != i+1 {
			return fmt.Errorf("the result of task %d is %d, not %d", i, v, i+1)
		}
	}
	return nil
}

// makeBlocks makes n blocks that differ from each other.
func makeBlocks(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = make([]byte, blockSize)
		for at := 0; at < blockSize; at += 8 {
			binary.LittleEndian.PutUint64(all[i][at:], uint64(i*blockSize+at))
		}
	}
	return all
}

// checkBlocks says which block did not come back as it was.
func checkBlocks(in, out [][]byte) error {
	if len(out) != len(in) {
		return fmt.Errorf("%d blocks came back of %d", len(out), len(in))
	}
	for i := range in {
		if !bytes.Equal(in[i], out[i]) {
			return fmt.Errorf("block %d came back changed", i)
		}
	}
	return nil
}

// tasks are the functions that corecast's workers serve.
type tasks struct {
	hold    *runner.Func[int64, int64]
	noop    *runner.Func[int, int]
	echo    *runner.Func[[]byte, []byte]
	command *runner.Func[string, struct{}]
	nothing *runner.Func[struct{}, struct{}]
}

func newTasks() tasks {
	return tasks{
		hold:    runner.NewFunc("hold", func(_ context.Context, ns int64) (int64, error) { return hold(ns), nil }),
		noop:    runner.NewFunc("noop", func(_ context.Context, i int) (int, error) { return noop(i), nil }),
		echo:    runner.NewFunc("echo", func(_ context.Context, b []byte) ([]byte, error) { return b, nil }),
		nothing: runner.NewFunc("nothing", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
		command: runner.NewFunc("command", func(ctx context.Context, program string) (struct{}, error) {
			return struct{}{}, exec.CommandContext(ctx, program).Run()
		}),
	}
}

// functions lists them for runner.Main.
func functions() []runner.AnyFunc {
	t := newTasks()
	return []runner.AnyFunc{t.noop, t.echo, t.command, t.hold, t.nothing}
}
