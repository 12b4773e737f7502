package scaling

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"corecast/results"
)

// Confidence is that of intervals unless another is asked for.
const Confidence = 0.95

// Schema is the version of [Forecast] as JSON.
const Schema = 1

// Options say what to forecast; the zero value fits every law and predicts
// nothing.
type Options struct {
	// Laws are those to fit; nil: all.
	Laws []Law
	// Confidence is that of intervals, in 0 to 1; 0 means [Confidence].
	Confidence float64
	// Predict are core counts to predict.
	Predict []float64
	// Work is that of predicted jobs; 0: as measured at such a core count.
	Work float64
	// UpTo holds out the core counts above it: they are predicted, and the
	// predictions stand beside what was measured. 0: none.
	UpTo float64
}

// Forecast is what laws say of measured data.
type Forecast struct {
	Schema int `json:"schema"`
	// Data names the file or run, Unit what work counts.
	Data string `json:"data"`
	Unit string `json:"unit"`
	// Kind is that of the measured points.
	Kind       results.Kind `json:"kind"`
	Confidence float64      `json:"confidence"`
	Points     []Point      `json:"points"`
	Fits       []Fit        `json:"fits"`
	// Selected is the law with the smallest error in the backtest; it makes the
	// predictions. Where no law could be tested it is the first.
	Selected    string       `json:"selected"`
	Backtest    []Backtest   `json:"backtest"`
	Predictions []Prediction `json:"predictions"`
	// Warnings are about the data and the selection.
	Warnings []results.Warning `json:"warnings"`

	data   digest
	fitted map[string]*fitted
}

// Point is what was measured at a core count.
type Point struct {
	Cores float64 `json:"cores"`
	Work  float64 `json:"work"`
	Rows  int     `json:"rows"`
	// Seconds is the median of the rows, Lo and Hi their range; Throughput is
	// work over Seconds.
	Seconds    float64 `json:"seconds"`
	Lo         float64 `json:"lo"`
	Hi         float64 `json:"hi"`
	Throughput float64 `json:"throughput"`
}

// Fit is a law with its parameters.
type Fit struct {
	Law       string   `json:"law"`
	Formula   string   `json:"formula"`
	Response  Response `json:"response"`
	Estimator string   `json:"estimator"`
	// Intervals says how the parameters' are made.
	Intervals  string               `json:"intervals"`
	Parameters map[string]Parameter `json:"parameters"`
	// Peak is the core count with the highest throughput, Asymptote the
	// throughput that contention alone would allow; nil where there is none.
	Peak      *float64 `json:"peak"`
	Asymptote *float64 `json:"asymptote"`
	// ResidualSE is in units of throughput for a law of throughput, and
	// relative for one of seconds; nil when no row is left to tell it from.
	ResidualSE *float64          `json:"residual_se"`
	Residuals  []Residual        `json:"residuals"`
	Warnings   []results.Warning `json:"warnings"`
}

// Parameter is a value with its interval; an end that the data do not bound is
// nil.
type Parameter struct {
	Value float64  `json:"value"`
	Lo    *float64 `json:"lo"`
	Hi    *float64 `json:"hi"`
}

// Residual is measured less fitted, of the mean at a core count, in the law's
// response.
type Residual struct {
	Cores    float64 `json:"cores"`
	Work     float64 `json:"work"`
	Residual float64 `json:"residual"`
}

// Prediction is what the selected law says of a core count. Lo and Hi are in
// seconds and hold one more measurement with the forecast's confidence.
type Prediction struct {
	Cores float64 `json:"cores"`
	Work  float64 `json:"work"`
	// Seconds is nil when the law gives no number.
	Seconds      *float64     `json:"seconds"`
	Throughput   *float64     `json:"throughput"`
	Lo           *float64     `json:"lo"`
	Hi           *float64     `json:"hi"`
	ThroughputLo *float64     `json:"throughput_lo"`
	ThroughputHi *float64     `json:"throughput_hi"`
	Kind         results.Kind `json:"kind"`
	Law          string       `json:"law"`
	// Measured is the median time at a core count that was held out, Error is
	// Seconds / Measured - 1, and Inside tells whether it lies in the interval.
	Measured *float64          `json:"measured_s,omitempty"`
	Error    *float64          `json:"error,omitempty"`
	Inside   *bool             `json:"inside,omitempty"`
	Warnings []results.Warning `json:"warnings"`
}

// New fits laws to data. Fewer than [MinCores] core counts, or laws none of
// which can be fitted, are an error.
func New(d *Data, o Options) (*Forecast, error) {
	held := &Data{}
	if o.UpTo > 0 {
		d, held = d.split(o.UpTo)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if o.Laws == nil {
		o.Laws = Laws()
	}
	if o.Confidence == 0 {
		o.Confidence = Confidence
	}
	f := &Forecast{
		Schema: Schema, Data: d.Name, Unit: d.Unit, Kind: d.kind(), Confidence: o.Confidence, Points: []Point{},
		Fits: []Fit{}, Backtest: []Backtest{}, Predictions: []Prediction{}, Warnings: []results.Warning{},
		data: d.digest(), fitted: make(map[string]*fitted),
	}
	for _, c := range f.data {
		f.Points = append(f.Points, Point{Cores: c.cores, Work: c.work, Rows: int(c.rows), Seconds: c.median, Lo: c.lo, Hi: c.hi, Throughput: c.work / c.median})
	}
	for _, l := range o.Laws {
		if err := f.add(l); err != nil {
			if len(o.Laws) == 1 {
				return nil, fmt.Errorf("%s: %w", d.Name, err)
			}
			f.Warnings = append(f.Warnings, results.Warning{Code: "not_fitted", Text: err.Error(), Advice: "fit the other laws"})
		}
	}
	f.choose()
	for _, n := range o.Predict {
		f.Predictions = append(f.Predictions, f.At(n, o.Work))
	}
	for _, c := range held.digest() {
		p := f.At(c.cores, c.work)
		p.compare(c.median)
		f.Predictions = append(f.Predictions, p)
	}
	return f, nil
}

// add fits and tests a law.
func (f *Forecast) add(l Law) error {
	name := l.About().Name
	if _, clear := f.data.workAt(1); l.About().ByCores && !clear {
		return fmt.Errorf("%s knows nothing of work, and the work is neither the same at all core counts nor in proportion to them", name)
	}
	fit := fitLaw(l, f.data)
	f.fitted[name] = fit
	f.Fits = append(f.Fits, fit.describe(f.Confidence))
	f.Backtest = append(f.Backtest, backtest(l, f.data))
	return nil
}

// choose selects a law.
func (f *Forecast) choose() {
	if best := selectLaw(f.Backtest); best >= 0 {
		f.Selected = f.Backtest[best].Law
		return
	}
	f.Selected = f.Fits[0].Law
	f.Warnings = append(f.Warnings, results.Warning{
		Code: "no_backtest", Text: fmt.Sprintf("no law could be tested on larger core counts; %s is taken because it is the first", f.Selected),
		Advice: "measure at least 4 core counts",
	})
}

// At predicts a job of so much work at a core count by the selected law; work 0
// means as measured at such a core count.
func (f *Forecast) At(cores, work float64) Prediction { return f.AtBy(f.Selected, cores, work) }

// AtBy is [Forecast.At] by a law that was fitted.
func (f *Forecast) AtBy(law string, cores, work float64) Prediction {
	p := Prediction{Cores: cores, Work: work, Kind: results.Extrapolated, Law: law, Warnings: []results.Warning{}}
	if work == 0 {
		var clear bool
		if p.Work, clear = f.data.workAt(cores); !clear {
			p.warn("work_assumed", fmt.Sprintf("the work does not follow the cores; %g is taken, that of the largest core count", p.Work), "say which work is meant")
		}
	}
	fit := f.fitted[law]
	t := fit.seconds(cores, p.Work)
	if !math.IsNaN(t) && !math.IsInf(t, 0) {
		p.Seconds = &t
	}
	largest := f.data.largest()
	if cores > farTimes*largest {
		p.warn("far_extrapolation", fmt.Sprintf("%g cores are %.3g times the largest core count that was measured, %g", cores, cores/largest, largest),
			fmt.Sprintf("measure up to %g cores or more", math.Ceil(cores/farTimes)))
	}
	if !positive(t) {
		p.warn("not_positive", fmt.Sprintf("%s gives %.3g s at %g cores, which no job takes", law, t, cores), "take another law for this core count")
		return p
	}
	throughput := p.Work / t
	p.Throughput = &throughput
	p.interval(f, fit)
	return p
}

// ValueBy is [Forecast.AtBy] without interval and warnings, for curves.
func (f *Forecast) ValueBy(law string, cores float64) Prediction {
	work, _ := f.data.workAt(cores)
	p := Prediction{Cores: cores, Work: work, Kind: results.Extrapolated, Law: law}
	if t := f.fitted[law].seconds(cores, work); positive(t) {
		throughput := work / t
		p.Seconds, p.Throughput = &t, &throughput
	}
	return p
}

// interval sets the interval of a prediction.
func (p *Prediction) interval(f *Forecast, fit *fitted) {
	lo, hi := fit.band(p.Cores, p.Work, f.Confidence)
	if math.IsNaN(lo) {
		p.warn("no_interval", fmt.Sprintf("%s has as many parameters as there are rows: nothing is left to tell an interval from", p.Law),
			"measure more core counts, or repeat")
		return
	}
	a, b := fit.toSeconds(lo, p.Cores, p.Work), fit.toSeconds(hi, p.Cores, p.Work)
	drift := f.drift(p.Law, p.Cores)
	if math.IsNaN(drift) {
		p.warn("no_backtest", "the law was not tested beyond its data: the interval is of noise only", "measure more core counts")
		drift = 0
	}
	widen := func(end float64) float64 {
		return math.Copysign(math.Hypot(math.Log(end / *p.Seconds), drift), end-*p.Seconds)
	}
	from, to := *p.Seconds*math.Exp(-math.Abs(widen(min(a, b)))), *p.Seconds*math.Exp(math.Abs(widen(max(a, b))))
	if math.IsInf(to, 0) || math.IsNaN(to) {
		p.warn("not_bounded", "the data do not bound how long this takes", "measure more core counts, nearer to it")
	}
	p.Lo, p.Hi = finite(from), finite(to)
	p.ThroughputLo, p.ThroughputHi = inverse(p.Hi, p.Work), inverse(p.Lo, p.Work)
}

// drift is the half width, in ln, that the backtest adds at a core count.
func (f *Forecast) drift(law string, cores float64) float64 {
	distance := math.Log(cores / f.data.largest())
	if distance <= 0 {
		return 0
	}
	for i := range f.Backtest {
		if f.Backtest[i].Law == law {
			return distance * f.Backtest[i].drift() * distuv.UnitNormal.Quantile(1-(1-f.Confidence)/2)
		}
	}
	return math.NaN()
}

// compare puts what was measured beside a prediction.
func (p *Prediction) compare(measured float64) {
	p.Measured = &measured
	if p.Seconds != nil {
		e := *p.Seconds/measured - 1
		p.Error = &e
	}
	if p.Lo != nil && p.Hi != nil {
		inside := *p.Lo <= measured && measured <= *p.Hi
		p.Inside = &inside
	}
}

func (p *Prediction) warn(code, text, advice string) {
	p.Warnings = append(p.Warnings, results.Warning{Code: code, Text: text, Advice: advice})
}

// finite returns a number that JSON can hold, nil for others.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func inverse(seconds *float64, work float64) *float64 {
	if seconds == nil {
		return nil
	}
	return finite(work / *seconds)
}

func (d *Data) kind() results.Kind {
	if d.Kind == "" {
		return results.Measured
	}
	return d.Kind
}
