package boost

import (
	"math"
	"slices"
	"sort"
)

// maxBins is the largest number of bins for the values of a feature. More place
// splits more finely, and each is looked at in every node. With the bin of
// missing values a code must fit in a byte.
const maxBins = 64

// Binned holds the features of some rows of a table as bins of a histogram.
type Binned struct {
	rows []int32 // of the table
	// edges of each feature, rising. Code 0 is a missing value; a value v has
	// code 1 + the number of edges below v.
	edges [][]float64
	codes [][]uint8 // of each feature, by place in rows
}

// Bin sorts the given rows of columns, feature by feature, into bins. A feature
// with at most 64 different values has a bin for each, with edges half-way
// between neighbours; others have bins of about equally many rows. NaN is a
// missing value; values must not be infinite.
func Bin(columns [][]float64, rows []int32) *Binned {
	b := &Binned{rows: rows, edges: make([][]float64, len(columns)), codes: make([][]uint8, len(columns))}
	values := make([]float64, 0, len(rows))
	for f, column := range columns {
		values = values[:0]
		for _, r := range rows {
			if v := column[r]; !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		slices.Sort(values)
		b.edges[f] = edgesOf(values)
		b.codes[f] = make([]uint8, len(rows))
		for i, r := range rows {
			b.codes[f][i] = code(b.edges[f], column[r])
		}
	}
	return b
}

// code returns the bin of v.
func code(edges []float64, v float64) uint8 {
	if math.IsNaN(v) {
		return 0
	}
	return uint8(1 + sort.Search(len(edges), func(i int) bool { return edges[i] >= v }))
}

// edgesOf returns the edges between bins of values, which are sorted.
func edgesOf(values []float64) []float64 {
	distinct := 0
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			distinct++
		}
	}
	var edges []float64
	bins, filled := maxBins, 0 // bins left, and rows since the last edge
	share := float64(len(values)) / float64(bins)
	for i := 1; i < len(values); i++ {
		filled++
		if values[i] == values[i-1] {
			continue
		}
		if distinct <= maxBins || float64(filled) >= share && bins > 1 {
			edges = append(edges, between(values[i-1], values[i]))
			bins--
			filled = 0
			if bins > 0 {
				share = float64(len(values)-i) / float64(bins)
			}
		}
	}
	return edges
}

// between returns a number e with lo <= e < hi, half-way where floating point
// has one.
func between(lo, hi float64) float64 {
	e := lo/2 + hi/2
	if e < lo || e >= hi {
		return lo
	}
	return e
}
