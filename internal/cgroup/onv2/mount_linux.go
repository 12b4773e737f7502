package onv2

import "syscall"

func mount(kind, at string) error { return syscall.Mount(kind, at, kind, 0, "") }
