package scaling

import (
	"math"
	"slices"
)

// digest is what fits need of data: moments of each cell, so that rows are
// gone through once.
type digest []cellDigest

type cellDigest struct {
	cores, work, rows float64
	// median, lo and hi are of the times in seconds.
	median, lo, hi      float64
	seconds, throughput moments
}

// moments are the mean of values and their sum of squares about it.
type moments struct{ mean, squares float64 }

// add is Welford's update, which keeps its digits; n counts v.
func (m *moments) add(v float64, n int) {
	d := v - m.mean
	m.mean += d / float64(n)
	m.squares += d * (v - m.mean)
}

func (d *Data) digest() digest {
	cells := make(digest, 0, len(d.Cells))
	for _, c := range d.Cells {
		k := cellDigest{cores: c.Cores, work: c.Work, rows: float64(len(c.Times))}
		for i, t := range c.Times {
			k.seconds.add(t, i+1)
			k.throughput.add(c.Work/t, i+1)
		}
		sorted := slices.Sorted(slices.Values(c.Times))
		n := len(sorted)
		k.median, k.lo, k.hi = (sorted[(n-1)/2]+sorted[n/2])/2, sorted[0], sorted[n-1]
		cells = append(cells, k)
	}
	return cells
}

// counts returns the different core counts, rising.
func (d digest) counts() []float64 {
	counts := make([]float64, len(d))
	for i := range d {
		counts[i] = d[i].cores
	}
	return slices.Compact(counts)
}

func (d digest) largest() float64 { return d[len(d)-1].cores }

// upTo returns the part of the data up to a core count.
func (d digest) upTo(cores float64) digest {
	n := len(d)
	for n > 0 && d[n-1].cores > cores {
		n--
	}
	return d[:n]
}

// workAt returns the work that a job has at a core count: the same everywhere
// (strong scaling), in proportion to the cores (weak scaling), or, where the
// rows follow neither, that of the largest core count; ok is false then.
func (d digest) workAt(cores float64) (work float64, ok bool) {
	last := d[len(d)-1]
	same, proportional := true, true
	for _, c := range d {
		same = same && c.work == last.work
		// Whole tasks follow the cores to within one a core.
		proportional = proportional && math.Abs(c.work-last.work/last.cores*c.cores) <= max(1e-9*c.work, c.cores)
	}
	switch {
	case same:
		return last.work, true
	case proportional:
		return last.work / last.cores * cores, true
	}
	return last.work, false
}
