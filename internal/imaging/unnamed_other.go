//go:build !linux

package imaging

import (
	"errors"
	"os"
)

// unnamed cannot be had here.
func unnamed(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// link is not called.
func link(*os.File, string) error { return errors.ErrUnsupported }
