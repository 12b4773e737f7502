package scaling

import (
	"math"
	"math/rand/v2"
	"testing"
)

// world is a law with true parameters that is measured with noise.
type world struct {
	law    Law
	params []float64
	cores  []float64
	work   float64
	// equal is set when the noise is the same at all core counts, and not in
	// proportion to the value.
	equal bool
}

// worlds are laws at parameters that core counts from 1 to 64 can show.
func worlds() []world {
	octaves := []float64{1, 2, 4, 8, 16, 32, 64}
	fine := []float64{1, 2, 4, 8, 12, 16, 24, 32, 64}
	return []world{
		{amdahl{}, []float64{0.03, 5}, octaves, 1, false},
		{amdahl{}, []float64{0.03, 5}, octaves, 1, true},
		{gustafson{}, []float64{0.2, 5}, octaves, 1, false},
		{gustafson{}, []float64{0.2, 5}, octaves, 1, true},
		{usl{}, []float64{0.03, 0.0005, 5}, octaves, 1, false},
		{usl{}, []float64{0.03, 0.0005, 5}, octaves, 1, true},
		{usl{}, []float64{0.03, 0, 5}, octaves, 1, false}, // at a bound
		{ernest{}, []float64{0.5, 100, 0.3, 0.02}, octaves, 1, false},
		{ernest{}, []float64{2, 0.1, 0, 0}, octaves, 4000, false},
		{pmnf{}, []float64{3, 0.5, 0.5, 1}, octaves, 1, false}, // a time that rises
		{pmnf{}, []float64{1, 50, -1, 0}, octaves, 1, false},   // and one that falls
		{downey{}, []float64{20, 0.5, 5}, fine, 1, false},      // low variance
		{downey{}, []float64{12, 2, 5}, fine, 1, false},        // high variance
	}
}

// measure returns three rows at each core count, with noise of 2 %.
func (w world) measure(rng *rand.Rand) *Data {
	d := &Data{Name: w.law.About().Name, Unit: "job"}
	middle := w.law.Value(w.params, 8, w.work)
	for _, n := range w.cores {
		c := Cell{Cores: n, Work: w.work}
		for range 3 {
			v := w.law.Value(w.params, n, w.work)
			if w.equal {
				v += 0.02 * middle * rng.NormFloat64()
			} else {
				v *= math.Exp(0.02 * rng.NormFloat64())
			}
			if w.law.About().Response == Throughput {
				v = w.work / v
			}
			c.Times = append(c.Times, v)
		}
		d.Cells = append(d.Cells, c)
	}
	return d
}

// TestExact: without noise each law gives its own parameters back.
func TestExact(t *testing.T) {
	for _, w := range worlds() {
		about := w.law.About()
		d := &Data{}
		for _, n := range w.cores {
			v := w.law.Value(w.params, n, w.work)
			if about.Response == Throughput {
				v = w.work / v
			}
			d.Cells = append(d.Cells, Cell{Cores: n, Work: w.work, Times: []float64{v}})
		}
		f := fitLaw(w.law, d.digest())
		for k, p := range about.Params {
			if math.Abs(f.params[k]-w.params[k]) > 1e-6*math.Max(math.Abs(w.params[k]), 1e-3) {
				t.Errorf("%s: %s is %v, not %v", about.Name, p.Name, f.params[k], w.params[k])
			}
		}
	}
}

// TestRecovered: from seeded noise, intervals at 95 % hold the true parameters,
// and those of predictions a further measurement within and beyond the data,
// in at least 50 of 60 seeds: 95 % less what chance and the shape of noise
// may take. Run it with -v for the shares.
func TestRecovered(t *testing.T) {
	const seeds, least = 60, 50
	for _, w := range worlds() {
		about := w.law.About()
		inside, predicted := make([]int, len(w.params)), 0
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(uint64(seed), 6))
			f := fitLaw(w.law, w.measure(rng).digest())
			for k, v := range w.params {
				lo, hi := f.profile(k, 0.95)
				if room := 1e-9 * math.Abs(v); lo-room <= v && v <= hi+room {
					inside[k]++
				}
			}
			n := []float64{3, 96, 256}[seed%3]
			if w.equal {
				n = max(n, 48) // further rows have noise in proportion
			}
			next := world{w.law, w.params, []float64{n}, w.work, w.equal}.measure(rng).Cells[0]
			v := next.Times[0]
			if about.Response == Throughput {
				v = w.work / v
			}
			if lo, hi := f.band(n, w.work, 0.95); lo <= v && v <= hi {
				predicted++
			}
		}
		for k, p := range about.Params {
			t.Logf("%s, %s = %g: inside in %d %%", about.Name, p.Name, w.params[k], inside[k]*100/seeds)
			if inside[k] < least {
				t.Errorf("%s: the interval of %s holds %g in %d of %d", about.Name, p.Name, w.params[k], inside[k], seeds)
			}
		}
		t.Logf("%s: predictions hold %d %%", about.Name, predicted*100/seeds)
		if predicted < least {
			t.Errorf("%s: %d of %d predictions hold the next measurement", about.Name, predicted, seeds)
		}
	}
}
