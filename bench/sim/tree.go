package sim

import "math"

// freeWorker is a worker and when it is free.
type freeWorker struct {
	at     float64
	worker int32
}

// before is the order of a list: by time, then by index.
func (w freeWorker) before(o freeWorker) bool {
	return w.at < o.at || w.at == o.at && w.worker < o.worker
}

// loserTree is a tournament (Knuth, The Art of Computer Programming 3, 5.4.1):
// each inner node keeps the loser of the match between its two halves, and the
// winner of all is with the caller. A winner whose time has changed plays the
// matches on its way from leaf to root again: one comparison a level, where a
// binary heap needs two. Node p has the children 2p and 2p+1, worker i is leaf
// len(losers)+i.
type loserTree struct {
	losers []freeWorker
}

// newTree lets workers play by the times at which they are free, and returns
// the tree with its winner.
func newTree(free []float64) (loserTree, freeWorker) {
	size := 1
	for size < len(free) {
		size *= 2
	}
	winners := make([]freeWorker, 2*size)
	for i := range size {
		w := freeWorker{math.Inf(1), int32(i)} // a leaf without a worker
		if i < len(free) {
			w.at = free[i]
		}
		winners[size+i] = w
	}
	t := loserTree{losers: make([]freeWorker, size)}
	for p := size - 1; p >= 1; p-- {
		a, b := winners[2*p], winners[2*p+1]
		if b.before(a) {
			a, b = b, a
		}
		winners[p], t.losers[p] = a, b
	}
	return t, winners[1]
}

// replace puts the last winner back with its new time, and returns the next.
func (t *loserTree) replace(w freeWorker) freeWorker {
	for p := (int(w.worker) + len(t.losers)) / 2; p >= 1; p /= 2 {
		if o := &t.losers[p]; o.before(w) {
			w, *o = *o, w
		}
	}
	return w
}
