package db

import (
	"os"
	"syscall"
	"testing"
)

// smallDisk mounts a small file system at dir, and returns what makes it
// larger.
func smallDisk(t *testing.T, dir, size, later string) func() {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "mounting a small file system needs root")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
		missing(t, "cannot mount a small file system: "+err.Error())
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return func() { check(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, later)) }
}

// readOnlyDisk has the file system at dir take no more writes.
func readOnlyDisk(t *testing.T, dir string) {
	t.Helper()
	check(t, syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}
