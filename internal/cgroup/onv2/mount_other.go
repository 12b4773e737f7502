//go:build !linux

package onv2

import "errors"

func mount(string, string) error { return errors.ErrUnsupported }
