package main

import (
	"math"
	"math/rand/v2"
)

// sd is the standard deviation of the noise about a level of 1.
const sd = 0.05

// noise is a kind of noise about a level of 1.
type noise struct {
	name string
	// phi is the coefficient of a first-order autoregression; 0 for
	// independent kinds.
	phi float64
	// draw gives one value, for independent kinds.
	draw func(r *rand.Rand) float64
	// density is that of draw, up to a factor.
	density func(x float64) float64
}

// Parameters of the kinds.
const (
	spikeShare         = 0.03 // of values that are spikes
	spikeFrom, spikeTo = 1.5, 3.0
	modeOffset         = 0.98 * sd                    // of the two modes, from the level
	unequalShare       = 0.2                          // of values in the smaller mode
	unequalOffset      = 0.97 * sd / 0.4              // of the smaller mode, from the larger
	phi                = 0.6                          // of neighbours
	equalWidth         = 0.2 * sd                     // within modes: 0.98^2 + 0.2^2 = 1
	unequalWidth       = 0.24 * sd                    // within modes: 0.97^2 + 0.24^2 = 1
	unequalMean        = unequalShare * unequalOffset // so that the mean is the level
)

// noises lists the kinds.
func noises() []noise {
	return []noise{
		{name: "normal", draw: func(r *rand.Rand) float64 { return 1 + sd*r.NormFloat64() }, density: normal(1, sd)},
		{name: "lognormal", draw: func(r *rand.Rand) float64 { return math.Exp(sd * r.NormFloat64()) }, density: func(x float64) float64 {
			return normal(0, sd)(math.Log(x)) / x
		}},
		{name: "spikes 3 %", draw: spiky, density: func(x float64) float64 {
			d := (1 - spikeShare) * normal(1, sd)(x)
			if x > spikeFrom && x < spikeTo {
				d += spikeShare / (spikeTo - spikeFrom)
			}
			return d + 1e-9
		}},
		{name: "bimodal", draw: bimodal, density: func(x float64) float64 {
			return (normal(1-modeOffset, equalWidth)(x) + normal(1+modeOffset, equalWidth)(x)) / 2
		}},
		{name: "bimodal 80:20", draw: unequal, density: func(x float64) float64 {
			return (1-unequalShare)*normal(1-unequalMean, unequalWidth)(x) + unequalShare*normal(1-unequalMean+unequalOffset, unequalWidth)(x)
		}},
		{name: "AR(1) 0.6", phi: phi},
	}
}

// spiky is normal, and with probability spikeShare that times a factor drawn
// evenly.
func spiky(r *rand.Rand) float64 {
	v := 1 + sd*r.NormFloat64()
	if r.Float64() < spikeShare {
		v *= spikeFrom + (spikeTo-spikeFrom)*r.Float64()
	}
	return v
}

// bimodal is of two equal narrow modes.
func bimodal(r *rand.Rand) float64 {
	m := modeOffset
	if r.Float64() < 0.5 {
		m = -m
	}
	return 1 + m + equalWidth*r.NormFloat64()
}

// unequal is of two narrow modes, of which one has a fifth of the values.
func unequal(r *rand.Rand) float64 {
	v := 1 - unequalMean + unequalWidth*r.NormFloat64()
	if r.Float64() < unequalShare {
		v += unequalOffset
	}
	return v
}

// series gives n values; from place at on, times factor.
func (k noise) series(r *rand.Rand, n, at int, factor float64) []float64 {
	x := make([]float64, n)
	state := r.NormFloat64()
	for i := range x {
		if k.phi > 0 {
			if i > 0 {
				state = k.phi*state + math.Sqrt(1-k.phi*k.phi)*r.NormFloat64()
			}
			x[i] = 1 + sd*state
		} else {
			x[i] = k.draw(r)
		}
		if i >= at {
			x[i] *= factor
		}
	}
	return x
}

// oracle returns the likeliest place of a step by factor in a series, knowing
// the factor and the noise; it never misses that there is one.
func (k noise) oracle(x []float64, factor float64, least int) int {
	// Going on by one place turns one value from after into before.
	best, at, sum := math.Inf(-1), 0, 0.0
	for t := 0; t <= len(x)-least; t++ {
		if t >= least && sum > best {
			best, at = sum, t
		}
		sum += k.gain(x, t, factor)
	}
	return at
}

// gain is by how much the log-likelihood grows when the step is after value t
// instead of before it.
func (k noise) gain(x []float64, t int, factor float64) float64 {
	if k.phi == 0 {
		return math.Log(k.density(x[t])+1e-300) - math.Log(k.density(x[t]/factor)/factor+1e-300)
	}
	loglik := func(from int) float64 { // of values t and t+1 with the step at from
		e := func(i int) float64 {
			f := 1.0
			if i >= from {
				f = factor
			}
			return (x[i]/f - 1) / sd
		}
		sum := 0.0
		for i := t; i <= min(t+1, len(x)-1); i++ {
			f := 1.0
			if i >= from {
				f = factor
			}
			if i == 0 {
				sum += -e(0)*e(0)/2 - math.Log(f)
				continue
			}
			d := e(i) - k.phi*e(i-1)
			sum += -d*d/(1-k.phi*k.phi)/2 - math.Log(f)
		}
		return sum
	}
	return loglik(t+1) - loglik(t)
}

func normal(mean, width float64) func(float64) float64 {
	return func(x float64) float64 {
		z := (x - mean) / width
		return math.Exp(-z*z/2) / width
	}
}
