package learn

import (
	"math"
	"math/rand/v2"

	"corecast/internal/boost"
)

// Default returns the setting that a search has to beat: what is common where
// nothing was tuned.
func Default() boost.Settings {
	return boost.Settings{Trees: 100, Rate: 0.1, Depth: 3, MinLeaf: 5, L2: 1, Rows: 1, Columns: 1}
}

// axis sets one setting of s to where u, from 0 to 1, stands on it.
type axis func(s *boost.Settings, u float64)

// axes returns what is searched, what matters most first.
func axes() []axis {
	return []axis{
		func(s *boost.Settings, u float64) { s.Rate = rounded(logarithmic(0.02, 0.4, u)) },
		func(s *boost.Settings, u float64) { s.Depth = whole(2, 7, u) },
		func(s *boost.Settings, u float64) { s.Trees = int(math.Round(logarithmic(30, 200, u))) },
		func(s *boost.Settings, u float64) { s.MinLeaf = int(math.Round(logarithmic(1, 60, u))) },
		func(s *boost.Settings, u float64) { s.Rows = rounded(0.5 + 0.5*u) },
		func(s *boost.Settings, u float64) { s.Columns = rounded(0.4 + 0.6*u) },
		func(s *boost.Settings, u float64) { s.L2 = rounded(logarithmic(0.1, 10, u)) },
	}
}

func logarithmic(lo, hi, u float64) float64 { return lo * math.Pow(hi/lo, u) }

// whole deals [0, 1) out evenly over the whole numbers from lo to hi.
func whole(lo, hi int, u float64) int { return min(lo+int(u*float64(hi-lo+1)), hi) }

// rounded keeps three digits, which is what a reader can copy.
func rounded(v float64) float64 {
	unit := math.Pow(10, 2-math.Floor(math.Log10(v)))
	return math.Round(v*unit) / unit
}

// Random returns n settings, the default first, the others drawn from the seed:
// rate, trees, min_leaf and l2 evenly by their logarithm, the rest evenly.
func Random(n int, seed uint64) []boost.Settings {
	settings := []boost.Settings{Default()}
	for i := 1; i < n; i++ {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		s := Default()
		for _, a := range axes() {
			a(&s, random.Float64())
		}
		settings = append(settings, s)
	}
	return settings
}

// Grid returns the default and the largest grid that makes at most n settings
// with it. Axes get a level more in turn (rate, depth, trees, min_leaf, shares
// of rows and columns, l2, then rate again), as long as the grid is not too
// large; levels stand in the middle of equal parts of an axis. An axis with
// one level keeps the default.
func Grid(n int) []boost.Settings {
	list := axes()
	levels := make([]int, len(list))
	for i := range levels {
		levels[i] = 1
	}
	size := 1
	for i := 0; ; i = (i + 1) % len(list) {
		// Rate, depth and trees have three levels before others have two.
		if i >= 3 && levels[2] < 3 {
			i = 0
		}
		if size/levels[i]*(levels[i]+1) > n-1 {
			break
		}
		size = size / levels[i] * (levels[i] + 1)
		levels[i]++
	}
	settings := []boost.Settings{Default()}
	for k := range size {
		if size == 1 {
			break // the default alone
		}
		settings = append(settings, gridPoint(list, levels, k))
	}
	return settings
}

// gridPoint returns the k-th point of a grid, the last axis fastest.
func gridPoint(list []axis, levels []int, k int) boost.Settings {
	s := Default()
	for i := len(list) - 1; i >= 0; i-- {
		level := k % levels[i]
		k /= levels[i]
		if levels[i] > 1 {
			list[i](&s, (float64(level)+0.5)/float64(levels[i]))
		}
	}
	return s
}

// Rung is a round of successive halving: so many settings, each trained on a
// share of the rows.
type Rung struct {
	Settings int
	Share    float64
}

// third is by how much settings become fewer from rung to rung.
const third = 3

// Rungs returns the rounds of successive halving of n settings (Jamieson and
// Talwalkar, "Non-stochastic best arm identification and hyperparameter
// optimization", 2016). From rung to rung the better third goes on, with three
// times the rows, until few are left; the last has all rows. The default,
// which is one of the settings, always goes on, so that there is something to
// compare with.
func Rungs(n int) []Rung {
	sizes := []int{n}
	for n > 1+third {
		n = 1 + (n-1+third-1)/third
		sizes = append(sizes, n)
	}
	rungs := make([]Rung, len(sizes))
	share := 1.0
	for i := len(sizes) - 1; i >= 0; i-- {
		rungs[i] = Rung{sizes[i], share}
		share /= third
	}
	return rungs
}
