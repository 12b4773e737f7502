package runnertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"corecast/runner"
)

// The functions that the cases fan out.
var (
	square = runner.NewFunc("runnertest.square", func(_ context.Context, x int) (int, error) { return x * x, nil })

	noop = runner.NewFunc("runnertest.noop", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })

	// echo returns its input with each byte inverted.
	echo = runner.NewFunc("runnertest.echo", func(_ context.Context, b []byte) ([]byte, error) {
		out := bytes.Clone(b)
		for i := range out {
			out[i] = ^out[i]
		}
		return out, nil
	})

	record = runner.NewFunc("runnertest.record", func(_ context.Context, in Record) (Record, error) {
		in.Sum = sha256.Sum256([]byte(in.Name))
		in.Parts = append([]float64{1.5}, in.Parts...)
		return in, nil
	})

	// nap sleeps, and heeds its context.
	nap = runner.NewFunc("runnertest.nap", func(ctx context.Context, d time.Duration) (int, error) {
		select {
		case <-time.After(d):
			return os.Getpid(), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})

	// stubborn sleeps and heeds nothing.
	stubborn = runner.NewFunc("runnertest.stubborn", func(_ context.Context, d time.Duration) (int, error) {
		time.Sleep(d)
		return os.Getpid(), nil
	})

	act = runner.NewFunc("runnertest.act", func(ctx context.Context, a Act) (int, error) { return a.do(ctx) })

	// unknown is not handed to runner.Main.
	unknown = runner.NewFunc("runnertest.unknown", func(_ context.Context, x int) (int, error) { return x, nil })
)

// Funcs returns the functions that a worker must know to take part in the
// suite: pass them to runner.Main at the top of TestMain.
func Funcs() []runner.AnyFunc {
	return []runner.AnyFunc{square, noop, echo, record, nap, stubborn, act, step}
}

// Record is an input and result that is not a scalar.
type Record struct {
	Name  string
	Parts []float64
	Sum   [32]byte
	Next  *Record
}

// Act is something for a worker to do besides returning Value.
type Act struct {
	Value int
	// Do is error, panic, exit, kill, chatter, fail-once or die-once; the last
	// two need Dir, where the first attempt leaves a mark.
	Do  string
	Dir string
}

func (a Act) do(context.Context) (int, error) {
	switch a.Do {
	case "error":
		return 0, runner.WithDetail(fmt.Errorf("cannot do %d", a.Value), fmt.Sprintf("detail of %d", a.Value))
	case "panic":
		panic(fmt.Sprintf("panic over %d", a.Value))
	case "exit":
		os.Exit(3)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "chatter":
		fmt.Println("a worker may print")
	case "fail-once":
		if a.first() {
			return 0, errors.New("the first time it fails")
		}
	case "die-once":
		if a.first() {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	return a.Value * a.Value, nil
}

// first reports whether this is the first attempt at the value.
func (a Act) first() bool {
	f, err := os.OpenFile(filepath.Join(a.Dir, strconv.Itoa(a.Value)), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false
	}
	f.Close()
	return true
}
