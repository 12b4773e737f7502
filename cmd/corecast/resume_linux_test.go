package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRunOnFullDisk fills the disk that a run is recorded on: the error says
// so and how to go on, and with room again the run does.
func TestRunOnFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=512k"); err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skipf("mount a small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, 0) })
	dir := filepath.Join(disk, "run")
	cmd := exec.Command("corecast", "run", "--record", dir, "--tasks", "400", "--cores", "2", "--", "head", "-c", "4000", "/dev/zero")
	var said bytes.Buffer
	cmd.Stderr = &said
	if cmd.Run(); cmd.ProcessState.ExitCode() != exitInput {
		t.Errorf("exit code %d", cmd.ProcessState.ExitCode())
	}
	for _, want := range []string{"no space left on device", "results are kept in", "corecast run --resume"} {
		if !strings.Contains(said.String(), want) || strings.Count(said.String(), "\n") != 1 {
			t.Errorf("standard error is %q, want one line with %q", said.String(), want)
		}
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("corecast", "run", "--resume", dir, "--format", "json").Output()
	if err != nil {
		t.Fatal(err)
	}
	answer, _, resumed := answerOf(t, string(out))
	if !strings.Contains(strings.ReplaceAll(answer, " ", ""), `"succeeded":400`) || resumed < 50 {
		t.Errorf("%d results had been kept, answer %s", resumed, answer)
	}
	onlyRecord(t, dir)
}
