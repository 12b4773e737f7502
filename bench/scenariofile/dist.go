package scenariofile

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"corecast/bench/sim"
	"corecast/internal/yamlfile"
	"corecast/workloads"
)

// unit parses the values of a distribution.
type unit func(text string) (float64, error)

// seconds reads a duration, or a number of seconds.
func seconds(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d, e := time.ParseDuration(text)
		if e != nil {
			return 0, fmt.Errorf("%q is not a time: write 250ms, 8s, 2h or a number of seconds", clip(text))
		}
		v = d.Seconds()
	}
	return notNegative(v, text)
}

// bytes reads a size.
func bytes(text string) (float64, error) {
	n, err := workloads.ParseSize(text)
	return float64(n), err
}

// number reads a number from 0 on.
func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", clip(text))
	}
	return notNegative(v, text)
}

// share reads 1% or 0.01.
func share(text string) (float64, error) {
	digits, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a share: write 2%% or 0.02", clip(text))
	}
	if percent {
		v /= 100
	}
	if !(v >= 0 && v <= 1) {
		return 0, fmt.Errorf("%q is not a share from 0 to 100 %%", clip(text))
	}
	return v, nil
}

func notNegative(v float64, text string) (float64, error) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("%q is not a number", clip(text))
	case v < 0:
		return 0, fmt.Errorf("%q is negative", clip(text))
	}
	return v, nil
}

// shape is a kind of distribution: which parameters it takes, and how it is
// made of them. Times and sizes are read by the distribution's unit, others as
// numbers.
type shape struct {
	kind  string
	takes []param
	make  func(v []float64) sim.Dist
}

type param struct {
	name   string
	get    func(p *Plain) yamlfile.Scalar
	number bool // of no unit
}

func shapes() []shape {
	least := param{"min", func(p *Plain) yamlfile.Scalar { return p.Min }, false}
	most := param{"max", func(p *Plain) yamlfile.Scalar { return p.Max }, false}
	mean := param{"mean", func(p *Plain) yamlfile.Scalar { return p.Mean }, false}
	return []shape{
		{"constant", []param{{"value", func(p *Plain) yamlfile.Scalar { return p.Value }, false}},
			func(v []float64) sim.Dist { return sim.Constant(v[0]) }},
		{"uniform", []param{least, most}, func(v []float64) sim.Dist { return sim.Uniform{Min: v[0], Max: v[1]} }},
		{"exponential", []param{mean}, func(v []float64) sim.Dist { return sim.Exponential{M: v[0]} }},
		{"normal", []param{mean, {"sd", func(p *Plain) yamlfile.Scalar { return p.SD }, false}},
			func(v []float64) sim.Dist { return sim.Normal{Mu: v[0], SD: v[1]} }},
		{"lognormal", []param{{"median", func(p *Plain) yamlfile.Scalar { return p.Median }, false}, {"sigma", func(p *Plain) yamlfile.Scalar { return p.Sigma }, true}},
			func(v []float64) sim.Dist { return sim.LogNormal{Median: v[0], Sigma: v[1]} }},
		{"weibull", []param{{"scale", func(p *Plain) yamlfile.Scalar { return p.Scale }, false}, {"shape", func(p *Plain) yamlfile.Scalar { return p.Shape }, true}},
			func(v []float64) sim.Dist { return sim.Weibull{Scale: v[0], Shape: v[1]} }},
		{"pareto", []param{least, {"alpha", func(p *Plain) yamlfile.Scalar { return p.Alpha }, true}},
			func(v []float64) sim.Dist { return sim.Pareto{Least: v[0], Alpha: v[1]} }},
	}
}

// dist makes a distribution of what stands at a path; nil for nothing. Lists
// that are to be taken in order are returned as such.
func (r *reader) dist(path string, d *Dist, u unit) (sim.Dist, []float64, error) {
	if d.IsZero() {
		return nil, nil, nil
	}
	if d.More == nil {
		v, err := u(d.Scalar)
		if err != nil {
			return nil, nil, r.wrong(err, path)
		}
		return sim.Constant(v), nil, nil
	}
	s := d.More
	if len(s.Of) > 0 && s.Kind != "mixture" {
		return nil, nil, r.wrong(fmt.Errorf("a distribution %q has no parts: write dist: mixture", s.Kind), path+".of", path)
	}
	switch s.Kind {
	case "listed":
		values, err := r.values(path, &s.Plain, u)
		return nil, values, err
	case "mixture":
		m, err := r.mixture(path, s, u)
		return m, nil, err
	}
	made, err := r.plain(path, &s.Plain, u)
	return made, nil, err
}

// only is dist for what cannot be listed in order.
func (r *reader) only(path string, d *Dist, u unit) (sim.Dist, error) {
	made, listed, err := r.dist(path, d, u)
	if err == nil && listed != nil {
		err = r.wrong(errors.New("only task times and start delays can be listed in order: write dist: empirical"), path+".dist", path)
	}
	return made, err
}

func (r *reader) mixture(path string, s *Spread, u unit) (sim.Dist, error) {
	if len(s.Of) == 0 {
		return nil, r.wrong(errors.New("a mixture needs parts: write of: [{weight: 99, dist: …}, …]"), path)
	}
	var m sim.Mixture
	for i := range s.Of {
		at := fmt.Sprintf("%s.of[%d]", path, i)
		if w := s.Of[i].Weight; !(w > 0) || math.IsInf(w, 0) {
			return nil, r.wrong(fmt.Errorf("a weight of %g is not above 0", w), at+".weight", at)
		}
		part, err := r.plain(at, &s.Of[i].Plain, u)
		if err != nil {
			return nil, err
		}
		m = append(m, sim.Part{Weight: s.Of[i].Weight, Dist: part})
	}
	return r.offset(path, m, s.Offset, u)
}

// plain makes a distribution that is not made of others.
func (r *reader) plain(path string, p *Plain, u unit) (sim.Dist, error) {
	if p.Kind == "empirical" {
		values, err := r.values(path, p, u)
		if err != nil {
			return nil, err
		}
		return r.offset(path, sim.Empirical(values), p.Offset, u)
	}
	var kinds []string
	for _, s := range shapes() {
		if s.kind == p.Kind {
			return r.shaped(path, s, p, u)
		}
		kinds = append(kinds, s.kind)
	}
	if p.Kind == "" {
		return nil, r.wrong(errors.New("dist is missing: which distribution?"), path)
	}
	return nil, r.wrong(fmt.Errorf("no distribution %q here: there are %s, empirical", p.Kind, strings.Join(kinds, ", ")), path+".dist", path)
}

// shaped makes a distribution of its parameters, and refuses those of others.
func (r *reader) shaped(path string, s shape, p *Plain, u unit) (sim.Dist, error) {
	var values []float64
	for _, want := range s.takes {
		text := want.get(p)
		if text == "" {
			return nil, r.wrong(fmt.Errorf("a %s distribution needs %s", s.kind, want.name), path)
		}
		parse := u
		if want.number {
			parse = number
		}
		v, err := parse(string(text))
		if err != nil {
			return nil, r.wrong(err, path+"."+want.name)
		}
		values = append(values, v)
	}
	for _, other := range shapes() {
		for _, have := range other.takes {
			taken := slices.ContainsFunc(s.takes, func(t param) bool { return t.name == have.name })
			if have.get(p) != "" && !taken {
				return nil, r.wrong(fmt.Errorf("a %s distribution has no %s", s.kind, have.name), path+"."+have.name)
			}
		}
	}
	if len(p.Values) > 0 || p.File != "" {
		return nil, r.wrong(fmt.Errorf("a %s distribution has no values", s.kind), path+".values", path+".file")
	}
	made := s.make(values)
	if err := sim.CheckDist(made); err != nil {
		return nil, r.wrong(err, path)
	}
	return r.offset(path, made, p.Offset, u)
}

func (r *reader) offset(path string, d sim.Dist, offset yamlfile.Scalar, u unit) (sim.Dist, error) {
	if offset == "" {
		return d, nil
	}
	v, err := u(string(offset))
	if err != nil {
		return nil, r.wrong(err, path+".offset")
	}
	return sim.Shifted{By: v, Dist: d}, nil
}

// relative is the path of a file that a scenario names.
func (r *reader) relative(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.folder, name)
}

// values reads values that are given one by one, or by their file, whose name
// is relative to the scenario's.
func (r *reader) values(path string, p *Plain, u unit) ([]float64, error) {
	switch {
	case p.File != "" && len(p.Values) > 0:
		return nil, r.wrong(errors.New("values and file exclude each other"), path+".file")
	case p.File != "":
		values, err := Numbers(r.relative(p.File))
		if err != nil {
			return nil, r.wrong(err, path+".file")
		}
		return values, nil
	case len(p.Values) == 0:
		return nil, r.wrong(fmt.Errorf("dist: %s needs values, or a file of them", p.Kind), path)
	}
	var values []float64
	for i, text := range p.Values {
		v, err := u(text)
		if err != nil {
			return nil, r.wrong(err, fmt.Sprintf("%s.values[%d]", path, i), path+".values")
		}
		values = append(values, v)
	}
	return values, nil
}
