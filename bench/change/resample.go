package change

import (
	"math"
	"math/rand/v2"
)

// world draws series like one without any change in it: its innovations in
// random order, put through the autoregression that they were taken from.
// Without autocorrelation that is a permutation.
type world struct {
	phi, center float64
	shocks      []float64
	rand        *rand.Rand
}

// newWorld takes the world of values with autocorrelation phi about a level
// from them.
func newWorld(values []float64, level, phi float64, r *rand.Rand) *world {
	return &world{phi: phi, center: level, shocks: whitened(values, level, phi), rand: r}
}

// draw fills to, which has as many values as the world was made of.
func (w *world) draw(to []float64) {
	w.rand.Shuffle(len(w.shocks), func(i, j int) { w.shocks[i], w.shocks[j] = w.shocks[j], w.shocks[i] })
	last := w.shocks[0] / math.Sqrt(1-w.phi*w.phi)
	for i := range to {
		if i > 0 {
			last = w.phi*last + w.shocks[i]
		}
		to[i] = w.center + last
	}
}

// resample is draw with replacement: medians of a permutation without
// autocorrelation would all be the same.
func (w *world) resample(to []float64) {
	last := 0.0
	for i := range to {
		shock := w.shocks[w.rand.IntN(len(w.shocks))]
		if i == 0 {
			last = shock / math.Sqrt(1-w.phi*w.phi)
		} else {
			last = w.phi*last + shock
		}
		to[i] = w.center + last
	}
}
