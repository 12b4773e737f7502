package runner

import "time"

const (
	// chunkTime is how much work a chunk should hold: long enough that handing
	// it out costs little beside it, short enough that results flow and no
	// worker hoards.
	chunkTime = 2 * time.Millisecond
	// window is how much estimated work a worker may have at hand, so that it
	// need not wait for the driver between short chunks. A longer chunk is
	// handed out only when the worker has nothing else, so that no task waits
	// behind a long one while another worker is free.
	window = 2 * chunkTime
	// aheadTime is how long a chunk may be that a worker is given while it is
	// still at another, beyond the window: one, and only while aheadShare
	// chunks a worker are left, so that the tail is not affected. A worker
	// whose next task is there does not wait for a driver that is slow to wake.
	aheadTime  = 50 * time.Millisecond
	aheadShare = 4
	// maxOut bounds the chunks that a worker has at hand.
	maxOut = 512
	// chunkBytes is how many bytes of inputs a chunk should hold.
	chunkBytes = 1 << 20
	// growth is how much larger than the last a worker's next chunk may be.
	growth = 8
)

// ChunkSize is how many of left fresh tasks a worker gets that asks for some,
// one of slots workers: guided self-scheduling (a share of what is left, so
// that chunks shrink towards the end; Polychronopoulos and Kuck, 1987), bounded
// by the worker's measured task time (nanoseconds; 0: not known yet) and the
// mean size of inputs (bytes), grown from one, last being the size of its last
// chunk. Simulations use it too.
func ChunkSize(left, slots, last int, taskTime, inBytes float64) int {
	if left == 0 || taskTime == 0 {
		return min(left, 1)
	}
	guided := (left + 2*slots - 1) / (2 * slots)
	bound := min(float64(chunkTime)/taskTime, chunkBytes/max(inBytes, 1), float64(growth*last))
	return max(1, min(guided, int(bound)))
}

// ChunkAhead reports whether a worker that has so many chunks out, of so many
// tasks together, may have another one of n tasks: while they are within the
// window, or as one ahead of time. The others are as for [ChunkSize].
func ChunkAhead(left, slots, chunks, tasks, n int, taskTime float64) bool {
	return float64(tasks)*taskTime < float64(window) ||
		chunks == 1 && float64(n)*taskTime < float64(aheadTime) && left >= aheadShare*n*slots
}
