package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"corecast/bench/metrics"
)

// samples is the number of values in each sample of a pair.
const samples = 10

// writePairs writes what became of pairs of samples, by kind of noise.
func writePairs(w io.Writer, count int, seed uint64) error {
	if _, err := fmt.Fprintf(w, "\nverdicts on %d pairs of %d samples a kind\n\n%-14s %8s %12s %12s\n", count, samples, "noise", "ratio", "a difference", "cannot tell"); err != nil {
		return err
	}
	for i, k := range noises() {
		for _, factor := range []float64{1, 1.10} {
			clear, unknown := 0, 0
			for n := range count {
				r := rand.New(rand.NewPCG(seed+1, uint64(i)<<32|uint64(n)))
				base := k.series(r, samples, samples, 1)
				switch metrics.CompareSamples(base, k.series(r, samples, 0, factor), 0).Verdict {
				case metrics.Better, metrics.Worse:
					clear++
				case metrics.Unknown:
					unknown++
				}
			}
			if _, err := fmt.Fprintf(w, "%-14s %8.2f %12d %12d\n", k.name, factor, clear, unknown); err != nil {
				return err
			}
		}
	}
	return nil
}
