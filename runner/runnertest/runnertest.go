// Package runnertest is the conformance suite that every backend passes: an
// explicit list of cases, each saying what it needs of a backend.
//
// A backend's own test is a TestMain that hands [Funcs] to runner.Main, and a
// call of [Run] with what the backend has. What it lacks is listed as a skipped
// subtest, by name and reason.
package runnertest

import (
	"io"
	"syscall"
	"testing"
	"time"

	"corecast/runner"
	"corecast/runner/trace"
)

// Needs is a set of things that a case asks of a backend.
type Needs uint

const (
	// Process: workers are processes, which can end without their driver.
	Process Needs = 1 << iota
	// Wire: inputs and results travel as bytes.
	Wire
	// PromptCancel: a task that heeds nothing can be ended.
	PromptCancel
	// Foreign: a worker of another build can be started.
	Foreign
	// Stream: what travels can be tampered with.
	Stream
	// Memory: workers can be held to a limit of memory.
	Memory
	// Descriptors: starting a worker takes descriptors of the driver.
	Descriptors
	// Driver: TestMain calls Drive, so that a driver can be killed.
	Driver
)

var needNames = map[Needs]string{
	Process: "a process", Wire: "bytes on a wire", PromptCancel: "prompt cancel", Foreign: "workers of another build",
	Stream: "a stream to tamper with", Memory: "a limit of memory", Descriptors: "descriptors that it takes",
	Driver: "a driver to kill",
}

// Backend is a backend under test.
type Backend struct {
	// New returns the backend with a number of workers.
	New func(workers int) runner.Launcher
	// Foreign returns it with workers of another program.
	Foreign func(workers int, program string) runner.Launcher
	// Faulty returns it as a scenario of the fault part needs it; nil: New
	// does.
	Faulty func(workers int, s Setup) runner.Launcher
	// Seeds is how many scenarios of the fault part are run by default; 0 means
	// 60.
	Seeds int
	// Signal sends a signal to the worker whose Started event had this ID, and
	// Exists reports whether it is there; nil: the ID is the number of a
	// process of this machine.
	Signal func(id string, s syscall.Signal)
	Exists func(id string) bool
	// Upfront is set when workers get their shares of the tasks before they
	// begin (runner.Upfront).
	Upfront bool
	// Driver starts the backend in a process of its own, for the cases that
	// kill a driver; see [DriverEnv].
	Has Needs
}

// Setup is what the fault part asks of a backend besides workers.
type Setup struct {
	// Wrap, unless it is nil, is to stand around the driver's end of each
	// worker's stream (Stream).
	Wrap func(io.ReadWriteCloser) io.ReadWriteCloser
	// Memory is what each worker may use, in bytes (Memory); 0: no limit.
	Memory int64
	// StartTimeout is how long a worker may say nothing at first.
	StartTimeout time.Duration
	// Stderr is for what workers print.
	Stderr io.Writer
}

// faulty returns the backend for a scenario.
func (b *Backend) faulty(workers int, s Setup) runner.Launcher {
	if b.Faulty == nil {
		return b.New(workers)
	}
	if s.Stderr == nil {
		s.Stderr = io.Discard
	}
	return b.Faulty(workers, s)
}

// testCase is one property that every backend has.
type testCase struct {
	name  string
	needs Needs
	run   func(t *testing.T, b Backend)
}

// cases lists the suite.
var cases = []testCase{
	{"Order", 0, testOrder},
	{"NoInput", 0, testNoInput},
	{"OneInput", 0, testOneInput},
	{"MoreTasksThanWorkers", 0, testMoreTasks},
	{"FewerTasksThanWorkers", 0, testFewerTasks},
	{"PoolAgain", 0, testPoolAgain},
	{"Reduce", 0, testReduce},
	{"Stream", 0, testStream},
	{"StreamLeftEarly", 0, testStreamLeftEarly},
	{"ErrorInTask", 0, testErrorInTask},
	{"PanicInTask", 0, testPanicInTask},
	{"FailedIsRetried", 0, testFailedRetried},
	{"TaskTimeout", 0, testTaskTimeout},
	{"TaskTimeoutNotHeeded", 0, testTaskTimeoutNotHeeded},
	{"JobTimeout", 0, testJobTimeout},
	{"Cancel", 0, testCancel},
	{"ChunksFixed", 0, testChunksFixed},
	{"ManyTasks", 0, testManyTasks},
	{"TraceAddsUp", 0, testTrace},
	{"UnevenTasks", 0, testUneven},
	{"Large", 0, testLarge},
	{"Records", Wire, testRecords},
	{"UnknownFunction", Wire, testUnknownFunction},
	{"WorkerPrints", Process, testWorkerPrints},
	{"WorkerExits", Process, testWorkerExits},
	{"WorkerKilled", Process, testWorkerKilled},
	{"WorkerKilledFromOutside", Process, testKilledOutside},
	{"PoisonTask", Process, testPoison},
	{"CancelLeavesNothing", Process | PromptCancel, testCancelLeavesNothing},
	{"CloseLeavesNothing", Process, testCloseLeavesNothing},
	{"DriverKilled", Process, testDriverKilled},
	{"OtherBuildRefused", Foreign, testOtherBuild},
	{"ProgramMissing", Foreign, testProgramMissing},
}

// Run runs every case that the backend can run, and lists the others.
func Run(t *testing.T, b Backend) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for need, name := range needNames {
				if c.needs&need != 0 && b.Has&need == 0 {
					t.Skipf("not applicable: the backend lacks %s", name)
				}
			}
			c.run(t, b)
		})
	}
}

// pool makes a pool that the test closes.
func pool(t *testing.T, b Backend, workers int) *runner.Pool {
	t.Helper()
	p := runner.NewPool(b.New(workers))
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("close the pool: %v", err)
		}
	})
	return p
}

// traced returns options that keep the job's trace, and the trace.
func traced(o runner.JobOptions) (runner.JobOptions, *trace.Trace) {
	kept := new(trace.Trace)
	o.Trace = func(t *trace.Trace) { *kept = *t }
	o.NoCopies = true // cases count attempts, and on a busy machine a worker may fall behind
	return o, kept
}

func ints(n int) []int {
	in := make([]int, n)
	for i := range in {
		in[i] = i
	}
	return in
}

// soon waits for a condition, which must come within the limit.
func soon(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v still not: %s", limit, what)
		}
	}
}
