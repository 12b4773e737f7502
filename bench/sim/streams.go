package sim

import "math/rand/v2"

// purpose is what a generator's numbers are for. Each has a generator of its
// own, so that a scenario that draws more for one purpose draws the same for
// the others.
type purpose uint64

const (
	forParameters purpose = iota // what is not known of the model
	forStarts                    // provisioning
	forSpeeds                    // of workers
	forTasks                     // times and sizes of tasks, by index
	forRepeats                   // times of what runs again
	forFaults                    // failures and losses
	forNetwork                   // latencies
)

// stream returns the generator of a purpose in a replication.
func stream(seed uint64, replication int, p purpose) *rand.Rand {
	a := mix(seed ^ mix(uint64(p)+1))
	b := mix(a ^ mix(uint64(replication)))
	return rand.New(rand.NewPCG(a, b))
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014): neighbouring inputs give
// outputs that have nothing to do with each other.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
