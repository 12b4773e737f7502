package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Dist is a distribution of lengths of time in seconds, of sizes in bytes, or
// of factors. Its values are not negative.
type Dist interface {
	// Draw returns a value that depends on rng and nothing else.
	Draw(rng *rand.Rand) float64
	// Mean is the mean of what Draw returns, +Inf where it has none.
	Mean() float64
	// check says what is not possible about its parameters.
	check() error
}

// Constant is always the same value.
type Constant float64

// Draw returns the value.
func (c Constant) Draw(*rand.Rand) float64 { return float64(c) }

// Mean returns the value.
func (c Constant) Mean() float64 { return float64(c) }

func (c Constant) check() error { return notNegative("value", float64(c)) }

// Uniform has all values from Min to Max alike.
type Uniform struct{ Min, Max float64 }

// Draw returns a value in [Min, Max).
func (u Uniform) Draw(rng *rand.Rand) float64 { return u.Min + (u.Max-u.Min)*rng.Float64() }

// Mean returns the middle.
func (u Uniform) Mean() float64 { return (u.Min + u.Max) / 2 }

func (u Uniform) check() error {
	if u.Max < u.Min {
		return fmt.Errorf("max %g is less than min %g", u.Max, u.Min)
	}
	return first(notNegative("min", u.Min), notNegative("max", u.Max))
}

// Exponential has the density exp(-x/M)/M.
type Exponential struct{ M float64 }

// Draw returns a value of it.
func (e Exponential) Draw(rng *rand.Rand) float64 { return e.M * rng.ExpFloat64() }

// Mean returns M.
func (e Exponential) Mean() float64 { return e.M }

func (e Exponential) check() error { return notNegative("mean", e.M) }

// Normal is a normal distribution of mean Mu and standard deviation SD, without
// its values below 0: those are drawn again.
type Normal struct{ Mu, SD float64 }

// Draw returns a value of it.
func (n Normal) Draw(rng *rand.Rand) float64 {
	for {
		if x := n.Mu + n.SD*rng.NormFloat64(); x >= 0 {
			return x
		}
	}
}

// Mean returns the mean of the truncated distribution (Johnson, Kotz and
// Balakrishnan, Continuous Univariate Distributions 1, 13.10).
func (n Normal) Mean() float64 {
	if n.SD == 0 {
		return n.Mu
	}
	a := n.Mu / n.SD
	above := math.Erfc(-a/math.Sqrt2) / 2
	return n.Mu + n.SD*math.Exp(-a*a/2)/math.Sqrt(2*math.Pi)/above
}

func (n Normal) check() error { return first(notNegative("mean", n.Mu), notNegative("sd", n.SD)) }

// LogNormal is exp of a normal distribution: half of it is below Median, and
// Sigma is the standard deviation of the logarithm.
type LogNormal struct{ Median, Sigma float64 }

// Draw returns a value of it.
func (l LogNormal) Draw(rng *rand.Rand) float64 {
	return l.Median * math.Exp(l.Sigma*rng.NormFloat64())
}

// Mean returns Median exp(Sigma^2/2).
func (l LogNormal) Mean() float64 { return l.Median * math.Exp(l.Sigma*l.Sigma/2) }

func (l LogNormal) check() error {
	return first(notNegative("median", l.Median), notNegative("sigma", l.Sigma))
}

// Weibull has P(X > x) = exp(-(x/Scale)^Shape).
type Weibull struct{ Scale, Shape float64 }

// Draw returns a value of it.
func (w Weibull) Draw(rng *rand.Rand) float64 {
	return w.Scale * math.Pow(rng.ExpFloat64(), 1/w.Shape)
}

// Mean returns Scale Gamma(1 + 1/Shape).
func (w Weibull) Mean() float64 { return w.Scale * math.Gamma(1+1/w.Shape) }

func (w Weibull) check() error {
	return first(notNegative("scale", w.Scale), positive("shape", w.Shape))
}

// Pareto has P(X > x) = (Least/x)^Alpha from Least on: a heavy tail.
type Pareto struct{ Least, Alpha float64 }

// Draw returns a value of it.
func (p Pareto) Draw(rng *rand.Rand) float64 { return p.Least * math.Exp(rng.ExpFloat64()/p.Alpha) }

// Mean returns Least Alpha/(Alpha-1), +Inf for an Alpha up to 1.
func (p Pareto) Mean() float64 {
	if p.Alpha <= 1 {
		return math.Inf(1)
	}
	return p.Least * p.Alpha / (p.Alpha - 1)
}

func (p Pareto) check() error {
	return first(notNegative("min", p.Least), positive("alpha", p.Alpha))
}

// Empirical draws from values that were seen, each as likely as the others.
type Empirical []float64

// Draw returns one of the values.
func (e Empirical) Draw(rng *rand.Rand) float64 { return e[rng.IntN(len(e))] }

// Mean returns the mean of the values.
func (e Empirical) Mean() float64 {
	sum := 0.0
	for _, v := range e {
		sum += v
	}
	return sum / float64(len(e))
}

func (e Empirical) check() error {
	if len(e) == 0 {
		return errors.New("there are no values")
	}
	for i, v := range e {
		if err := notNegative(fmt.Sprintf("value %d", i), v); err != nil {
			return err
		}
	}
	return nil
}

// Part is one of the distributions of a mixture.
type Part struct {
	// Weight is its share, in any unit.
	Weight float64
	Dist   Dist
}

// Mixture draws from one of its parts, chosen by weight: stragglers are a part
// of small weight.
type Mixture []Part

// Draw chooses a part and draws from it.
func (m Mixture) Draw(rng *rand.Rand) float64 {
	x := rng.Float64() * m.total()
	for _, p := range m[:len(m)-1] {
		if x -= p.Weight; x < 0 {
			return p.Dist.Draw(rng)
		}
	}
	return m[len(m)-1].Dist.Draw(rng)
}

// Mean returns the weighted mean of the parts' means.
func (m Mixture) Mean() float64 {
	sum := 0.0
	for _, p := range m {
		sum += p.Weight * p.Dist.Mean()
	}
	return sum / m.total()
}

func (m Mixture) total() float64 {
	sum := 0.0
	for _, p := range m {
		sum += p.Weight
	}
	return sum
}

func (m Mixture) check() error {
	if len(m) == 0 {
		return errors.New("a mixture needs parts")
	}
	for i, p := range m {
		if err := positive(fmt.Sprintf("weight of part %d", i), p.Weight); err != nil {
			return err
		}
		if err := p.Dist.check(); err != nil {
			return fmt.Errorf("part %d: %w", i, err)
		}
	}
	return nil
}

// Shifted is a distribution moved up by By.
type Shifted struct {
	By   float64
	Dist Dist
}

// Draw returns a value of Dist, moved.
func (s Shifted) Draw(rng *rand.Rand) float64 { return s.By + s.Dist.Draw(rng) }

// Mean returns the mean of Dist, moved.
func (s Shifted) Mean() float64 { return s.By + s.Dist.Mean() }

func (s Shifted) check() error { return first(notNegative("offset", s.By), s.Dist.check()) }

func notNegative(what string, v float64) error {
	if !(v >= 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%s %g is not a number from 0 on", what, v)
	}
	return nil
}

func positive(what string, v float64) error {
	if !(v > 0) || math.IsInf(v, 0) {
		return fmt.Errorf("%s %g is not a number above 0", what, v)
	}
	return nil
}

// drawOr draws from a distribution that may be nil, for which it is 0.
func drawOr(d Dist, rng *rand.Rand) float64 {
	if d == nil {
		return 0
	}
	return d.Draw(rng)
}

// checkDist checks a distribution that may be nil.
func checkDist(what string, d Dist) error {
	if d == nil {
		return nil
	}
	if err := d.check(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// first returns the first error that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Scaled is a distribution multiplied by a factor that is drawn as well.
type Scaled struct{ Factor, Dist Dist }

// Draw returns a value of Dist times one of Factor.
func (s Scaled) Draw(rng *rand.Rand) float64 { return s.Factor.Draw(rng) * s.Dist.Draw(rng) }

// Mean returns the product of the means.
func (s Scaled) Mean() float64 { return s.Factor.Mean() * s.Dist.Mean() }

func (s Scaled) check() error { return first(s.Factor.check(), s.Dist.check()) }

// CheckDist says what is not possible about a distribution's parameters.
func CheckDist(d Dist) error { return d.check() }
