//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package results

import "os"

// lock does nothing where the system has no flock: there it is up to the user
// that one process writes a run.
func lock(*os.File) error { return nil }

func locked(*os.File) bool { return false }
