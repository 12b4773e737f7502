package runnertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"corecast/runner"
)

// step is what tasks of fault scenarios run.
var step = runner.NewFunc("runnertest.step", func(ctx context.Context, s Step) (StepResult, error) {
	if err := s.begin(); err != nil {
		return StepResult{}, err
	}
	if err := s.act(ctx); err != nil {
		return StepResult{}, err
	}
	return s.want(), nil
})

// Step is a task of a fault scenario: it takes some time and some bytes, and
// may do something bad to who runs it.
type Step struct {
	Task int
	// Pad makes the input large, Out the result.
	Pad []byte
	Out int
	Nap time.Duration
	// Do is one of the deeds, done in the first attempt alone when Once is
	// set: Dir then holds a mark.
	Do   deed
	Once bool
	Dir  string
	// Log names a file that gets a line for each attempt; empty: none.
	Log string
}

// StepResult is the result of a step.
type StepResult struct {
	Task int
	Sum  uint64 // of the input
	Data []byte
}

func (r StepResult) equal(o StepResult) bool {
	return r.Task == o.Task && r.Sum == o.Sum && bytes.Equal(r.Data, o.Data)
}

// deed is something bad that a task does.
type deed string

// The deeds. Those of the second group end their worker.
const (
	deedFail        deed = "fail"
	deedPanic       deed = "panic"
	deedOverrun     deed = "overrun" // heeds no timeout
	deedDescriptors deed = "descriptors"

	deedKill   deed = "kill"
	deedExit   deed = "exit" // with a code that depends on the task
	deedStop   deed = "stop" // falls silent
	deedMemory deed = "memory"
	deedGoexit deed = "goexit"
)

// lossy reports whether the deed costs a worker.
func (d deed) lossy() bool {
	switch d {
	case deedKill, deedExit, deedStop, deedMemory, deedGoexit:
		return true
	}
	return false
}

// overrunTime is how long a task that heeds no timeout runs.
const overrunTime = scenarioTaskTimeout + 400*time.Millisecond

// want is the right result.
func (s Step) want() StepResult {
	sum := fnv.New64a()
	sum.Write(s.Pad)
	fmt.Fprint(sum, s.Task)
	return StepResult{Task: s.Task, Sum: sum.Sum64(), Data: content(s.Task, s.Out)}
}

// content returns n bytes that depend on the task; nil for none.
func content(task, n int) []byte {
	if n == 0 {
		return nil
	}
	b := make([]byte, n)
	var seed [32]byte
	seed[0], seed[1], seed[2] = byte(task), byte(task>>8), byte(n)
	rand.NewChaCha8(seed).Read(b)
	return b
}

// begin notes the attempt.
func (s Step) begin() error {
	if s.Log == "" {
		return nil
	}
	f, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d %d\n", s.Task, os.Getpid())
	return errors.Join(err, f.Close())
}

// act does the deed, if this is the time for it, and then takes its time.
func (s Step) act(ctx context.Context) error {
	if s.Do != "" && (!s.Once || Act{Value: s.Task, Dir: s.Dir}.first()) {
		if err := s.do(); err != nil {
			return err
		}
	}
	if s.Nap == 0 {
		return nil
	}
	select {
	case <-time.After(s.Nap):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s Step) do() error {
	switch s.Do {
	case deedFail:
		return fmt.Errorf("task %d fails", s.Task)
	case deedPanic:
		panic(fmt.Sprintf("task %d panics", s.Task))
	case deedOverrun:
		time.Sleep(overrunTime)
	case deedDescriptors:
		return useDescriptors()
	case deedKill:
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case deedStop:
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		select {} // one thread may get ahead of the signal
	case deedExit:
		os.Exit([]int{0, 1, 2, 124}[s.Task%4])
	case deedMemory:
		return useMemory()
	case deedGoexit:
		runtime.Goexit()
	}
	return nil
}

// useDescriptors takes all descriptors that this process may have, and keeps
// them.
func useDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Cur, 64)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	for {
		if _, err := syscall.Open(os.DevNull, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); errors.Is(err, syscall.EMFILE) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// useMemory takes memory until the system does something about it: a control
// group's limit, or else one of the address space, which it sets.
func useMemory() error {
	const more = 512 << 20
	used, err := addressSpace()
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Cur, used+more)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
		return err
	}
	var held [][]byte
	for len(held) < 32 { // 2 GiB
		b := make([]byte, 64<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
	return fmt.Errorf("%d blocks of 64 MiB were had beyond the limit", len(held))
}

// addressSpace returns the size of this process's address space in bytes.
func addressSpace() (uint64, error) {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	pages, _, _ := strings.Cut(string(data), " ")
	n, err := strconv.ParseUint(pages, 10, 64)
	return n * uint64(os.Getpagesize()), err
}
