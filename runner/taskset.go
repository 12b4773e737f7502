package runner

import "math/bits"

// taskSet is a set of tasks.
type taskSet []uint64

func newTaskSet(n int) taskSet { return make(taskSet, (n+63)/64) }

func (s taskSet) has(task int) bool { return s[task/64]&(1<<(task%64)) != 0 }

// add adds the tasks lo to before hi and returns how many it had not.
func (s taskSet) add(lo, hi int) (added int) {
	for lo < hi {
		end := min(hi, lo/64*64+64)
		mask := ^uint64(0) >> (64 - (end - lo)) << (lo % 64)
		word := &s[lo/64]
		added += bits.OnesCount64(mask &^ *word)
		*word |= mask
		lo = end
	}
	return added
}

// none reports whether it has none of the tasks lo to before hi.
func (s taskSet) none(lo, hi int) bool {
	for lo < hi {
		end := min(hi, lo/64*64+64)
		if mask := ^uint64(0) >> (64 - (end - lo)) << (lo % 64); s[lo/64]&mask != 0 {
			return false
		}
		lo = end
	}
	return true
}
