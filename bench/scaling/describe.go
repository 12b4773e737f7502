package scaling

import (
	"fmt"
	"math"

	"corecast/results"
)

// farTimes is from how many times the largest core count on an extrapolation is
// warned about.
const farTimes = 4

// describe returns the fit as it is shown.
func (f *fitted) describe(confidence float64) Fit {
	fit := Fit{
		Law: f.about.Name, Formula: f.about.Formula, Response: f.about.Response, Estimator: f.about.Estimator,
		Intervals:  fmt.Sprintf("profile likelihood, %.3g %%", 100*confidence),
		Parameters: make(map[string]Parameter), Residuals: []Residual{}, Warnings: []results.Warning{},
	}
	last := f.sample.obs[len(f.sample.obs)-1]
	work, _ := f.sample.data.workAt(last.Cores)
	peak, asymptote := f.law.Shape(f.params, work)
	fit.Peak, fit.Asymptote, fit.ResidualSE = finite(peak), finite(asymptote), finite(f.se)
	for _, o := range f.sample.obs {
		fit.Residuals = append(fit.Residuals, Residual{o.Cores, o.Work, o.Y - f.law.Value(f.params, o.Cores, o.Work)})
	}
	var open []string
	for k, p := range f.about.Params {
		lo, hi := f.profile(k, confidence)
		fit.Parameters[p.Name] = Parameter{Value: f.params[k], Lo: finite(lo), Hi: finite(hi)}
		if math.IsInf(lo, 0) || math.IsInf(hi, 0) {
			open = append(open, p.Name)
		}
	}
	fit.Warnings = append(fit.Warnings, f.doubts(open)...)
	return fit
}

// doubts are the warnings about a fit; open are parameters without bound.
func (f *fitted) doubts(open []string) []results.Warning {
	var list []results.Warning
	warn := func(code, text, advice string) {
		list = append(list, results.Warning{Code: code, Text: f.about.Name + ": " + text, Advice: advice})
	}
	counts := len(f.sample.data.counts())
	if need := f.about.Needs + 2; counts < need {
		warn("few_points", fmt.Sprintf("%d core counts for %d parameters", counts, len(f.about.Params)), fmt.Sprintf("measure at least %d core counts", need))
	}
	if !(f.freedom > 0) {
		warn("no_interval", "as many parameters as rows: nothing is left to tell intervals from", "measure more core counts, or repeat")
	}
	for k, p := range f.about.Params {
		if p.Values == nil && f.atBound(k) {
			warn("bound_reached", fmt.Sprintf("%s rests at its bound, %g", p.Name, f.params[k]),
				"the data show nothing of what it stands for, or more than the law can say")
		}
	}
	for _, name := range open {
		warn("not_bounded", name+" is not bounded by the data", "measure core counts at which it would tell")
	}
	if f.missed {
		warn("lack_of_fit", "it misses the measured points by more than their repetitions scatter", "prefer a law that does not; intervals allow for it")
	}
	for _, o := range f.sample.obs {
		if t := f.seconds(o.Cores, o.Work); !positive(t) {
			warn("not_positive", fmt.Sprintf("it gives %.3g s at %g cores, which was measured", t, o.Cores), "take another law")
			break
		}
	}
	return list
}
