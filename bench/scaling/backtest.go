package scaling

import "math"

// Backtest says how well a law, fitted to the smaller core counts, predicts the
// larger ones that were measured.
type Backtest struct {
	Law string `json:"law"`
	// Error is the mean of |ln(predicted / measured)| over cases: 0.05 is about
	// 5 %. Nil when the law cannot be tested; Reason says why.
	Error  *float64 `json:"error"`
	Reason string   `json:"reason,omitempty"`
	Cases  []Case   `json:"cases"`
}

// Case is one core count as predicted from smaller ones.
type Case struct {
	// UpTo is the largest core count that the law was fitted to.
	UpTo  float64 `json:"up_to"`
	Cores float64 `json:"cores"`
	Work  float64 `json:"work"`
	// Measured is the median of the rows, in seconds like Predicted, which is
	// nil when the law gave no time that can be.
	Measured  float64  `json:"measured_s"`
	Predicted *float64 `json:"predicted_s"`
	// Error is Predicted / Measured - 1.
	Error *float64 `json:"error"`
}

// splits returns the core counts up to which laws are fitted to be tested on
// the larger ones: from half of them on, three at least where there are more
// than three.
func splits(counts []float64) []float64 {
	n := len(counts)
	first := max((n+1)/2, min(MinCores, n-1))
	return counts[first-1 : n-1]
}

// backtest tests a law on all splits of the data.
func backtest(l Law, d digest) Backtest {
	about := l.About()
	b := Backtest{Law: about.Name, Cases: []Case{}}
	counts := d.counts()
	sum, bad := 0.0, false
	for _, upTo := range splits(counts) {
		part := d.upTo(upTo)
		if needed := about.Needs; len(part.counts()) < needed {
			b.Reason = "too few core counts: there is none to test by beside those that a fit needs"
			return b
		}
		f := fitLaw(l, part)
		for _, c := range d[len(part):] {
			k := Case{UpTo: upTo, Cores: c.cores, Work: c.work, Measured: c.median}
			if t := f.seconds(c.cores, c.work); positive(t) {
				e := t/k.Measured - 1
				k.Predicted, k.Error = &t, &e
				sum += math.Abs(math.Log(t / k.Measured))
			} else {
				bad = true
			}
			b.Cases = append(b.Cases, k)
		}
	}
	if bad {
		b.Reason = "it predicted a time at or below zero"
		return b
	}
	mean := sum / float64(len(b.Cases))
	b.Error = &mean
	return b
}

// drift is how fast the law's error grows with ln of the distance beyond the
// data, by the backtest: sqrt(sum e² / sum d²); NaN when it is not known.
func (b *Backtest) drift() float64 {
	var errors, distances float64
	for _, c := range b.Cases {
		if c.Predicted == nil {
			return math.NaN()
		}
		errors += math.Pow(math.Log(*c.Predicted/c.Measured), 2)
		distances += math.Pow(math.Log(c.Cores/c.UpTo), 2)
	}
	if distances == 0 {
		return math.NaN()
	}
	return math.Sqrt(errors / distances)
}

// selectLaw returns the index of the backtest with the smallest error, the
// first of equals; -1 when none has one.
func selectLaw(tests []Backtest) int {
	best := -1
	for i, b := range tests {
		if b.Error != nil && (best < 0 || *b.Error < *tests[best].Error) {
			best = i
		}
	}
	return best
}
