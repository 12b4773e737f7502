//go:build !linux

package cgroup

import (
	"os"
	"syscall"
)

// Attr would have a process be started in the group; there are none here.
func (g *Group) Attr(*syscall.SysProcAttr) (done func(), err error) { return nil, ErrNotSupported }

// Entered would move a process; there are no groups here.
func (g *Group) Entered(int) error { return ErrNotSupported }

func tryLock(*os.File) (bool, error) { return false, ErrNotSupported }

func mayWrite(string) error { return ErrNotSupported }

func readOnly(error) bool { return false }

// Fork would start a process in the group; there are none here.
func (g *Group) Fork(*syscall.SysProcAttr, func() error) error { return ErrNotSupported }
