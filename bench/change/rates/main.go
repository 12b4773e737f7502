// Rates measures how often changes are found where there are none, and how
// often and how near where there is one, on seeded noise (noise.go), beside an
// oracle that knows the size of the step and the noise:
//
//	go run ./bench/change/rates
//
// Then it measures how often corecast compare finds a difference between two
// samples of the same thing, and one of 10 %, without a threshold.
//
// The step of the autocorrelated kind multiplies its noise as well, as it does
// that of the others.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"

	"corecast/bench/change"
)

const (
	length = 100 // values a series
	place  = 60  // of the step, from 0
)

// steps are the factors whose finding is measured; 1 is a false alarm.
func steps() []float64 { return []float64{1, 1.10, 1.05} }

// rate is what became of the series of one kind and step.
type rate struct {
	found                 int // series with any change
	within3, within8      int // with one that near to the step
	within10, oracle3, of int
}

func main() {
	count := flag.Int("series", 200, "series of each kind and step")
	seed := flag.Uint64("seed", 1, "seed of the noise")
	flag.Parse()
	if err := write(os.Stdout, *count, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "rates:", err)
		os.Exit(2)
	}
}

func write(w io.Writer, count int, seed uint64) error {
	if _, err := fmt.Fprintf(w, "changes found in %d series of %d values a kind, noise of %g %%, step at value %d, seed %d\n\n%-14s %6s %9s %9s %9s %9s %9s\n",
		count, length, 100*sd, place, seed, "noise", "step", "any", "within 3", "within 8", "within 10", "oracle 3"); err != nil {
		return err
	}
	for i, k := range noises() {
		for _, factor := range steps() {
			r := measure(k, factor, count, seed, uint64(i))
			line := fmt.Sprintf("%-14s %5.0f%% %8.1f%%", k.name, 100*(factor-1), r.share(r.found))
			if factor != 1 {
				line += fmt.Sprintf(" %8.1f%% %8.1f%% %8.1f%% %8.1f%%", r.share(r.within3), r.share(r.within8), r.share(r.within10), r.share(r.oracle3))
			}
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
	}
	return writePairs(w, count, seed)
}

func (r rate) share(n int) float64 { return 100 * float64(n) / float64(r.of) }

// measure looks for changes in count series.
func measure(k noise, factor float64, count int, seed, kind uint64) rate {
	all := make([]rate, count)
	next := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range next {
				all[i] = one(k, factor, rand.New(rand.NewPCG(seed, kind<<32|uint64(i))))
			}
		})
	}
	for i := range all {
		next <- i
	}
	close(next)
	group.Wait()
	sum := rate{of: count}
	for _, r := range all {
		sum.found += r.found
		sum.within3 += r.within3
		sum.within8 += r.within8
		sum.within10 += r.within10
		sum.oracle3 += r.oracle3
	}
	return sum
}

// one looks for changes in one series.
func one(k noise, factor float64, r *rand.Rand) (is rate) {
	x := k.series(r, length, place, factor)
	near := func(limit, at int) int {
		if max(at-place, place-at) <= limit {
			return 1
		}
		return 0
	}
	for _, p := range change.Detect(x, change.Options{}).Points {
		is.found = 1
		is.within3 = max(is.within3, near(3, p.Index))
		is.within8 = max(is.within8, near(8, p.Index))
		is.within10 = max(is.within10, near(10, p.Index))
	}
	is.oracle3 = near(3, k.oracle(x, factor, change.Shortest/2))
	return is
}
