package emulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"corecast/bench/sim"
	"corecast/internal/emulator/instance"
)

// ParseStartDelay reads how long admitted instances take to start: a time, a
// distribution with its parameters, or the name of a profile of package sim.
func ParseStartDelay(s string) (p instance.Provisioning, err error) {
	name, args, isDist := strings.Cut(s, ":")
	if !isDist {
		if seconds, err := parseSeconds(s); err == nil {
			p.Latency = seconds
			return p, nil
		}
		profile, err := sim.FindProfile(s)
		if err != nil {
			return p, fmt.Errorf("%q is no time, no distribution, and %w", s, err)
		}
		from := profile.Provisioning
		return instance.Provisioning{Delay: from.Delay, Latency: from.Latency, Growth: from.DelayGrowth, Rate: from.Rate}, nil
	}
	values, err := parseParameters(name, strings.Split(args, ","))
	if err != nil {
		return p, fmt.Errorf("%q: %w", s, err)
	}
	p.Delay = distributions[name].make(values)
	if err := sim.CheckDist(p.Delay); err != nil {
		return p, fmt.Errorf("%q: %w", s, err)
	}
	return p, nil
}

// distribution is one of --start-delay. times says how many of its parameters,
// the first ones, are times; the others are numbers.
type distribution struct {
	times, parameters int
	make              func([]float64) sim.Dist
}

var distributions = map[string]distribution{
	"uniform":     {2, 2, func(v []float64) sim.Dist { return sim.Uniform{Min: v[0], Max: v[1]} }},
	"exponential": {1, 1, func(v []float64) sim.Dist { return sim.Exponential{M: v[0]} }},
	"normal":      {2, 2, func(v []float64) sim.Dist { return sim.Normal{Mu: v[0], SD: v[1]} }},
	"lognormal":   {1, 2, func(v []float64) sim.Dist { return sim.LogNormal{Median: v[0], Sigma: v[1]} }},
	"weibull":     {1, 2, func(v []float64) sim.Dist { return sim.Weibull{Scale: v[0], Shape: v[1]} }},
}

func parseParameters(name string, args []string) (values []float64, err error) {
	d, ok := distributions[name]
	if !ok {
		return nil, fmt.Errorf("no distribution %s; there are %s", name, strings.Join(Sorted(distributions), ", "))
	}
	if len(args) != d.parameters {
		return nil, fmt.Errorf("%s has %d parameters", name, d.parameters)
	}
	for i, arg := range args {
		v, err := strconv.ParseFloat(arg, 64)
		if i < d.times {
			v, err = parseSeconds(arg)
		}
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// parseSeconds reads a time that is not negative; a bare 0 is one.
func parseSeconds(s string) (float64, error) {
	if s == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("%s is negative", s)
	}
	return d.Seconds(), err
}

// ParseSize reads a size such as 400M or 4G, in bytes.
func ParseSize(s string) (int64, error) {
	bytes, failed := parseSize("size", s)
	if failed != nil {
		return 0, failed
	}
	return bytes, nil
}

// Sorted returns a map's keys in order.
func Sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
