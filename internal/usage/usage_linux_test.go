package usage

import (
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// TestRead has this process work, wait, and wait for another that works.
func TestRead(t *testing.T) {
	before := Read()
	for Read().Since(before).CPU < int64(30*time.Millisecond) {
	}
	worked := Read()
	for range 5 {
		time.Sleep(2 * time.Millisecond)
	}
	slept := Read().Since(worked)
	if slept.CPU > int64(20*time.Millisecond) || slept.Voluntary < 1 {
		t.Errorf("in 5 sleeps: %+v", slept)
	}
	before = Read()
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	if c := Read().Since(before); c.CPU < int64(5*time.Millisecond) {
		t.Errorf("with a child that worked: %+v", c)
	}
}

// TestPeakMemory uses 64 MiB, gives them back, and begins again.
func TestPeakMemory(t *testing.T) {
	const size = 64 << 20
	before := PeakMemory()
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	high := PeakMemory()
	if before <= 0 || high < before+size/2 {
		t.Fatalf("%d bytes before, %d with %d more", before, high, size)
	}
	runtime.KeepAlive(block)
	block = nil
	debug.FreeOSMemory()
	if PeakMemory() < high {
		t.Error("the peak fell")
	}
	if !ResetPeak() {
		t.Skip("not applicable: this kernel does not reset the peak")
	}
	if again := PeakMemory(); again > high-size/2 {
		t.Errorf("%d bytes after a reset, %d before", again, high)
	}
}

// TestWaited has more threads work than there are processors.
func TestWaited(t *testing.T) {
	before := Waited()
	if before == Unknown {
		t.Skip("not applicable: this kernel does not tell")
	}
	n := 4 * runtime.NumCPU()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
	end := time.Now().Add(200 * time.Millisecond)
	done := make(chan struct{})
	for range n {
		go func() {
			for time.Now().Before(end) {
			}
			done <- struct{}{}
		}()
	}
	time.Sleep(190 * time.Millisecond)
	waited := Waited() - before
	for range n {
		<-done
	}
	if waited < int64(100*time.Millisecond) {
		t.Errorf("%d threads waited for %v", n, time.Duration(waited))
	}
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read()
	}
}

func BenchmarkPeakMemory(b *testing.B) {
	for b.Loop() {
		ResetPeak()
		PeakMemory()
	}
}
