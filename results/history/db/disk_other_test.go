//go:build !linux

package db

import "testing"

func smallDisk(t *testing.T, _, _, _ string) func() {
	t.Helper()
	missing(t, "small file systems are mounted on Linux only")
	return nil
}

func readOnlyDisk(t *testing.T, _ string) {
	t.Helper()
	missing(t, "file systems are mounted on Linux only")
}
