package capacity

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

const (
	// coarseDraws is how many outcomes the first look at a core count has,
	// fineDraws how many an option that is recommended has; fewer where a job
	// has so many tasks that more would take minutes, and vary little.
	coarseDraws, fineDraws         = 100, 400
	leastCoarse, leastFine         = 40, 100
	coarseTasks, fineTasks float64 = 1.5e6, 6e6
	// DefaultReach is up to how many times the largest measured core count is
	// searched, where nothing else bounds it.
	DefaultReach = 64
	// mostWorkers bounds the search.
	mostWorkers = 10_000
)

// search looks at core counts of a place.
type search struct {
	place *Place
	wish  *Wish
	// quick leaves out closer looks.
	quick   bool
	options map[int]Option // by workers
}

func newSearch(p *Place, w *Wish, quick bool) *search {
	return &search{place: p, wish: w, quick: quick, options: make(map[int]Option)}
}

func (s *search) coarse() int {
	return min(max(int(coarseTasks/float64(s.wish.Tasks)), leastCoarse), coarseDraws)
}

func (s *search) fine() int {
	if s.quick {
		return s.coarse()
	}
	return min(max(int(fineTasks/float64(s.wish.Tasks)), leastFine), fineDraws)
}

// at returns the option of so many workers with so many draws at least.
func (s *search) at(ctx context.Context, workers, draws int) (Option, error) {
	if o, ok := s.options[workers]; ok && o.draws >= draws {
		return o, nil
	}
	d, err := s.place.Forecast(ctx, workers, s.wish.Tasks, draws)
	if err != nil {
		return Option{}, fmt.Errorf("forecast %d tasks on %d workers: %w", s.wish.Tasks, workers, err)
	}
	o := s.place.option(workers, d, s.wish)
	s.options[workers] = o
	return o, nil
}

// most is the largest number of workers to look at.
func (s *search) most() int {
	p := s.place
	bound := mostWorkers
	switch {
	case s.wish.MaxCores > 0:
		bound = max(1, p.workers(s.wish.MaxCores))
	case p.Limit > 0:
		bound = 2 * p.Limit // what a larger quota would bring
	default:
		largest := 1
		for _, n := range p.Measured() {
			largest = max(largest, n)
		}
		bound = DefaultReach * largest
	}
	return min(bound, max(s.wish.Tasks, 1), mostWorkers) // a worker without a task is of no use
}

// grid is two counts an octave, or one where it is quick, and the quota.
func grid(most, limit int, quick bool) []int {
	var counts []int
	for n := 1; n <= most; n *= 2 {
		counts = append(counts, n)
		if !quick && n > 1 && n+n/2 <= most {
			counts = append(counts, n+n/2)
		}
	}
	counts = append(counts, most)
	if limit > 0 && limit <= most {
		counts = append(counts, limit)
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}

// run looks at the grid, then closes in on where the deadline begins to be met
// and where the budget ends, and looks again, closer, at what is recommended.
func (s *search) run(ctx context.Context) ([]Option, error) {
	counts := grid(s.most(), s.place.Limit, s.quick)
	for _, n := range counts {
		if _, err := s.at(ctx, n, s.coarse()); err != nil {
			return nil, err
		}
	}
	for _, test := range []func(*Option) bool{
		func(o *Option) bool { return o.meets(s.wish) },
		func(o *Option) bool { return o.affords(s.wish) },
	} {
		if err := s.closeIn(ctx, counts, test); err != nil {
			return nil, err
		}
	}
	return s.settle(ctx)
}

// closeIn bisects between each two neighbours of the grid of which one passes
// a test.
func (s *search) closeIn(ctx context.Context, counts []int, test func(*Option) bool) error {
	for i := 1; i < len(counts); i++ {
		lo, hi := counts[i-1], counts[i]
		a, b := s.options[lo], s.options[hi]
		first := test(&a)
		if first == test(&b) {
			continue
		}
		for hi-lo > max(1, lo/64) {
			mid := (lo + hi) / 2
			o, err := s.at(ctx, mid, max(s.coarse(), s.fine()/2))
			if err != nil {
				return err
			}
			if test(&o) == first {
				lo = mid
			} else {
				hi = mid
			}
		}
	}
	return nil
}

// settle draws more for what is picked, until the picks stay.
func (s *search) settle(ctx context.Context) ([]Option, error) {
	for {
		options := s.list()
		again := false
		for _, i := range picks(options, s.wish) {
			if i >= 0 && options[i].draws < s.fine() {
				if _, err := s.at(ctx, options[i].Workers, s.fine()); err != nil {
					return nil, err
				}
				again = true
				break
			}
		}
		if !again {
			return options, nil
		}
	}
}

// list returns the options by rising cores, with the front marked.
func (s *search) list() []Option {
	options := make([]Option, 0, len(s.options))
	for _, o := range s.options {
		options = append(options, o)
	}
	slices.SortFunc(options, func(a, b Option) int { return cmp.Compare(a.Workers, b.Workers) })
	markPareto(options)
	return options
}

// The picks, in the order of picks.
const (
	pickCheapest = iota
	pickFastest
	pickBalanced
	pickKnee
	pickCount
)

// picks returns the indices of the recommended options, -1 where there is none.
func picks(options []Option, w *Wish) []int {
	list := make([]int, pickCount)
	list[pickCheapest] = best(options, (*Option).price, func(o *Option) bool { return o.allowed() && o.meets(w) })
	list[pickFastest] = best(options, func(o *Option) float64 { return o.Makespan.Median }, func(o *Option) bool { return o.allowed() && o.affords(w) })
	list[pickBalanced] = balanced(options)
	list[pickKnee] = knee(options)
	return list
}
