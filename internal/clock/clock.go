// Package clock reads the time that the driver and its workers stamp events
// with: nanoseconds on the system's monotonic clock, which on Linux all
// processes of a machine share.
package clock

import "time"

// base ties Go's process-relative monotonic reading to the system's clock.
var base, uncertainty, origin = calibrate()

// Now returns nanoseconds on the machine's monotonic clock (CLOCK_MONOTONIC on
// Linux), from an arbitrary start; two processes of a machine agree to within
// their two Uncertainty values. It costs one clock reading without a system
// call.
func Now() int64 { return base + int64(time.Since(origin)) }

// Uncertainty returns by how many nanoseconds Now may be off the machine's
// clock, either way: half of the time that tying the two took.
func Uncertainty() int64 { return uncertainty }

// calibrate brackets readings of the system's clock by readings of Go's and
// keeps the tightest of a few.
func calibrate() (base, uncertainty int64, origin time.Time) {
	origin = time.Now()
	uncertainty = 1 << 62
	for range 8 {
		before := int64(time.Since(origin))
		system := systemClock()
		after := int64(time.Since(origin))
		if half := (after - before + 1) / 2; half < uncertainty {
			uncertainty = half
			base = system - (before+after)/2
		}
	}
	return base, uncertainty, origin
}
