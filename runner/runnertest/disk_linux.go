package runnertest

import "syscall"

// mountSmall mounts a file system of 64 kB at dir, growSmall makes it larger.
func mountSmall(dir string) error { return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k") }

func growSmall(dir string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m")
}

func unmount(dir string) error { return syscall.Unmount(dir, 0) }
