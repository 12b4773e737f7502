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

// A journal on a full disk says so, keeps what it has, and goes on when there
// is room again.
func TestFullDiskJournal(t *testing.T) {
	mount := t.TempDir()
	if os.Getuid() != 0 {
		skip(t, "mounting a small file system needs root")
	}
	if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, "size=1m"); err != nil {
		skip(t, "cannot mount a small file system: "+err.Error())
	}
	defer syscall.Unmount(mount, 0)
	path := filepath.Join(mount, JournalFile)
	j, _, _ := openJournal(t, path)
	var err error
	for i := 0; err == nil; i++ {
		err = j.Append(i, make([]byte, 100_000))
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if again := j.Append(0, nil); !errors.Is(again, syscall.ENOSPC) {
		t.Errorf("after the failure: %v", again)
	}
	if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("close: %v", err)
	}
	j, got, warnings := openJournal(t, path)
	if len(got) < 3 || len(warnings) > 0 {
		t.Errorf("%d results, %v", len(got), warnings)
	}
	check(t, syscall.Mount("tmpfs", mount, "tmpfs", syscall.MS_REMOUNT, "size=2m"))
	check(t, j.Append(1, make([]byte, 300_000)))
	check(t, j.Close())
	if _, again, _ := openJournalAndClose(t, path); len(again) != len(got)+1 {
		t.Errorf("%d results, then %d", len(got), len(again))
	}
}
