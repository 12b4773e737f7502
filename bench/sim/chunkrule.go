package sim

// The runner's rule for chunks, in seconds and bytes; see runner/chunk.go for
// what the figures are for.
const (
	chunkTime  = 2e-3
	window     = 2 * chunkTime
	aheadTime  = 50e-3
	aheadShare = 4
	chunkBytes = 1 << 20
	growth     = 8
)

// chunkSize is how many of left fresh tasks a worker gets: guided
// self-scheduling (Polychronopoulos and Kuck, 1987), bounded by the measured
// task time and input size, grown from one.
func chunkSize(left, slots, last int, taskTime, inBytes float64) int {
	if left == 0 || taskTime == 0 {
		return min(left, 1)
	}
	guided := (left + 2*slots - 1) / (2 * slots)
	bound := min(chunkTime/taskTime, chunkBytes/max(inBytes, 1), float64(growth*last))
	return max(1, min(guided, int(bound)))
}

// chunkAhead reports whether a worker that is at a chunk of out tasks may have
// another one of n.
func chunkAhead(left, out, n, slots int, taskTime float64) bool {
	return float64(out)*taskTime < window ||
		float64(n)*taskTime < aheadTime && left >= aheadShare*n*slots
}
