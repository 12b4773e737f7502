//go:build !linux

package runnertest

import "errors"

// Elsewhere than on Linux no file system is mounted.
func mountSmall(string) error { return errors.ErrUnsupported }
func growSmall(string) error  { return errors.ErrUnsupported }
func unmount(string) error    { return errors.ErrUnsupported }
