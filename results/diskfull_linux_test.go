package results

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// On a full disk the error names the file, the folder holds the trials
// before, and the run can be continued when there is room again.
func TestFullDisk(t *testing.T) {
	mount := t.TempDir()
	if os.Getuid() != 0 {
		skip(t, "mounting a small file system needs root")
	}
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=256k"); err != nil {
		skip(t, "cannot mount a small file system: "+err.Error())
	}
	defer syscall.Unmount(mount, 0)
	dir := filepath.Join(mount, "run")
	writeRun(t, dir, 3, false)
	w, _, _, err := Resume(dir)
	check(t, err)
	written := 3
	for err == nil {
		tr := randomTrace(uint64(written), 300)
		if err = w.Trial(testTrial(written, tr), tr); err == nil {
			written++
		}
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if again := w.End(End{}); !errors.Is(again, syscall.ENOSPC) {
		t.Errorf("after the failure: %v", again)
	}
	check(t, w.Close())
	r, _ := openAll(t, dir)
	if len(r.Trials) != written || written < 4 || len(r.Warnings) > 0 {
		t.Errorf("%d trials written, %d read, %v", written, len(r.Trials), r.Warnings)
	}
	check(t, syscall.Mount("tmpfs", mount, "tmpfs", syscall.MS_REMOUNT, "size=1m"))
	w, _, warnings, err := Resume(dir)
	check(t, err)
	if len(warnings) > 0 {
		t.Errorf("warnings %v", warnings)
	}
	tr := randomTrace(1, 300)
	check(t, w.Trial(testTrial(written, tr), tr))
	check(t, w.Close())
	openAll(t, dir)
}

// A disk that is full from the start: the folder is left without a run.
func TestFullDiskAtCreate(t *testing.T) {
	mount := t.TempDir()
	if os.Getuid() != 0 {
		skip(t, "mounting a small file system needs root")
	}
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=4k"); err != nil {
		skip(t, "cannot mount a small file system: "+err.Error())
	}
	defer syscall.Unmount(mount, 0)
	dir := filepath.Join(mount, "run")
	if _, err := Create(dir, testHeader()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	if isRun(dir) {
		t.Error("a run without header was left")
	}
}
