package clock_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"corecast/internal/clock"
)

// childEnv makes the test program print its clock, a line for each that it
// reads.
const childEnv = "CORECAST_CLOCK_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	for line := make([]byte, 1); ; {
		if _, err := os.Stdin.Read(line); err != nil {
			os.Exit(0)
		}
		fmt.Println(clock.Now(), clock.Uncertainty())
	}
}

func TestNowIsMonotonic(t *testing.T) {
	last := clock.Now()
	for range 100_000 {
		now := clock.Now()
		if now < last {
			t.Fatalf("%d came after %d", now, last)
		}
		last = now
	}
}

func TestNowKeepsPace(t *testing.T) {
	before, began := clock.Now(), time.Now()
	time.Sleep(20 * time.Millisecond)
	took, want := time.Duration(clock.Now()-before), time.Since(began)
	// What lies between the two readings at either end is not known.
	if took < 20*time.Millisecond || took > want+10*time.Millisecond {
		t.Errorf("%v by this clock, %v by Go's", took, want)
	}
}

func TestUncertainty(t *testing.T) {
	if u := clock.Uncertainty(); u < 0 || u > int64(time.Millisecond) {
		t.Errorf("uncertainty %d ns", u)
	}
}

// TestProcessesAgree brackets readings of another process by own ones: they
// must lie between, to within the two uncertainties.
func TestProcessesAgree(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1")
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		before := clock.Now()
		if _, err := ask.Write([]byte("\n")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, err := answers.Read(buf)
		after := clock.Now()
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(bytes.TrimSpace(buf[:n])))
		if len(fields) != 2 {
			t.Fatalf("the other process said %q", buf[:n])
		}
		theirs, err1 := strconv.ParseInt(fields[0], 10, 64)
		uncertainty, err2 := strconv.ParseInt(fields[1], 10, 64)
		if err1 != nil || err2 != nil {
			t.Fatalf("the other process said %q", buf[:n])
		}
		allowed := uncertainty + clock.Uncertainty()
		if theirs < before-allowed || theirs > after+allowed {
			t.Errorf("the other process read %d between %d and %d here (uncertainty %d ns)", theirs, before, after, allowed)
		}
	}
	ask.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCPU has the thread work, then wait: its processor time grows with the
// work alone, and the process's at least as much.
func TestCPU(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const work = int64(20 * time.Millisecond)
	thread, process, began := clock.ThreadCPU(), clock.ProcessCPU(), clock.Now()
	for clock.ThreadCPU()-thread < work {
		if clock.Now()-began > int64(20*time.Second) {
			t.Fatalf("%d ns of processor time in 20 s of work", clock.ThreadCPU()-thread)
		}
	}
	used, wall := clock.ThreadCPU()-thread, clock.Now()-began
	if used > wall+int64(5*time.Millisecond) {
		t.Errorf("a thread used %d ns of processor time in %d ns", used, wall)
	}
	if all := clock.ProcessCPU() - process; all < used-int64(time.Millisecond) {
		t.Errorf("the process used %d ns, one of its threads %d", all, used)
	}
	thread = clock.ThreadCPU()
	time.Sleep(50 * time.Millisecond)
	if idle := clock.ThreadCPU() - thread; idle > int64(25*time.Millisecond) {
		t.Errorf("a thread that slept for 50 ms used %d ns", idle)
	}
}

func BenchmarkNow(b *testing.B) {
	for b.Loop() {
		clock.Now()
	}
}
