// Package synthetic has the functions of the workloads that do nothing useful:
// their tasks take a known time. Package workloads makes jobs of them.
//
// They are apart so that a worker can serve them before the rest of the program
// has initialised (package internal/workerentry): what they import must stay
// little, and their inputs and results plain.
package synthetic

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"corecast/internal/clock"
	"corecast/runner/work"
)

// The functions take how long a task is to last, in nanoseconds.
var (
	// Sleep returns for how many nanoseconds it slept. Go's timers may be a
	// millisecond late, so the last of it is slept by the kernel's, which does
	// not heed ctx.
	Sleep = work.NewPlain("sleep", func(ctx context.Context, ns int64) (int64, error) {
		const last = int64(3 * time.Millisecond)
		began := clock.Now()
		if ns > last {
			select {
			case <-time.After(time.Duration(ns - last)):
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		if left := began + ns - clock.Now(); left > 0 {
			clock.Sleep(left)
		}
		return clock.Now() - began, nil
	})

	// Spin returns how many nanoseconds of its thread's processor time it
	// used.
	Spin = work.NewPlain("spin", func(ctx context.Context, ns int64) (int64, error) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		began := clock.ThreadCPU()
		for x := uint64(1); ; {
			for range 4096 { // some microseconds of work between looks at the clock
				x ^= x << 13
				x ^= x >> 7
				x ^= x << 17
			}
			if x == 0 { // never: xorshift has no zero, but the work must stay
				return 0, fmt.Errorf("the generator stopped")
			}
			if used := clock.ThreadCPU() - began; used >= ns {
				return used, nil
			}
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
	})

	// Busy returns for how many nanoseconds it held its core.
	Busy = work.NewPlain("busy", func(ctx context.Context, ns int64) (int64, error) {
		began := clock.Now()
		for turn := 1; ; turn++ {
			if passed := clock.Now() - began; passed >= ns {
				return passed, nil
			}
			if turn%1024 == 0 && ctx.Err() != nil {
				return 0, ctx.Err()
			}
		}
	})
)

// Funcs lists the functions.
func Funcs() []work.AnyFunc { return []work.AnyFunc{Sleep, Spin, Busy} }
