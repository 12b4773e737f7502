//go:build unix && !linux

package usage

// PeakMemory is not known on this system.
func PeakMemory() int64 { return 0 }

// ResetPeak is not possible on this system.
func ResetPeak() bool { return false }

// Waited is not known on this system.
func Waited() int64 { return Unknown }
