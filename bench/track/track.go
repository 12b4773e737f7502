package track

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"corecast/bench/change"
	"corecast/bench/metrics"
	"corecast/internal/wording"
	"corecast/results"
	"corecast/results/history"
)

// Schema is the version of Analysis.
const Schema = 1

// The verdicts on a history and on its changes.
const (
	Worse      = "worse"
	Better     = "better"
	Accepted   = "accepted"
	TakenBack  = "taken back"
	Regression = "regression"
	None       = "no regression"
)

// Analysis is what a history says of each series.
type Analysis struct {
	Schema  int    `json:"schema"`
	History string `json:"history"`
	// Verdict is regression when any change is worse: not accepted, and not
	// taken back since.
	Verdict  string            `json:"verdict"`
	Alpha    float64           `json:"alpha"`
	Series   []Trend           `json:"series"`
	Warnings []results.Warning `json:"warnings"`
}

// Trend is one series.
type Trend struct {
	Name string `json:"name"`
	// Higher is set where more is better, as of speedup.
	Higher bool    `json:"higher_is_better"`
	Points []Point `json:"points"`
	// Exponent is how much of the machine's slowness was taken out, 0 to 1.
	Exponent float64           `json:"correction_exponent"`
	Changes  []Change          `json:"changes"`
	Drift    *change.Drift     `json:"drift"`
	Warnings []results.Warning `json:"warnings"`
}

// Point is what one run says of a series.
type Point struct {
	Run     string    `json:"run_id"`
	Commit  string    `json:"commit,omitempty"`
	Created time.Time `json:"created"`
	// Raw is the median over the run's trials with its interval, Corrected the
	// median as on a day like most; nil where no trial has a number.
	Raw       *metrics.Interval `json:"raw"`
	Corrected *float64          `json:"corrected"`
	// Slowness is by what factor the references took longer than in their
	// median; 0 without a reference.
	Slowness float64 `json:"reference_ratio,omitempty"`
}

// Change is a change of level of a series, by its corrected values.
type Change struct {
	change.ChangePoint
	// Run is the first one after the change.
	Run string `json:"run_id"`
	// Verdict is worse, better, accepted or taken back.
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
}

// Options say how a history is judged.
type Options struct {
	change.Options
	// Accepted changes are no regressions.
	Accepted []history.Acceptance
}

// New judges the series of a history, given by name.
func New(name string, all map[string][]history.Point, o Options) *Analysis {
	if o.Alpha == 0 {
		o.Alpha = change.Alpha
	}
	a := &Analysis{Schema: Schema, History: name, Verdict: None, Alpha: o.Alpha, Series: []Trend{}, Warnings: machineDoubts(all)}
	slow := slowness(all)
	for _, series := range slices.Sorted(maps.Keys(all)) {
		if IsReference(series) {
			continue
		}
		t := trend(series, all[series], slow, o)
		for _, c := range t.Changes {
			if c.Verdict == Worse {
				a.Verdict = Regression
			}
		}
		a.Series = append(a.Series, t)
	}
	if len(a.Series) == 0 {
		a.Warnings = append(a.Warnings, results.Warning{Code: "empty_history", Text: "there is no series in the history", Advice: "save runs with corecast history save, or measure with --measure"})
	}
	return a
}

func trend(name string, points []history.Point, slow map[string]float64, o Options) Trend {
	t := Trend{Name: name, Higher: strings.HasSuffix(name, "/speedup"), Points: []Point{}, Changes: []Change{}}
	raw := make([]float64, len(points))
	table := &change.Table{}
	for i, p := range points {
		raw[i] = p.Values.Median()
		table.Commits = append(table.Commits, p.Commit)
		table.Times = append(table.Times, p.Created)
	}
	values, b := corrected(points, raw, slow)
	t.Exponent = b
	for i, p := range points {
		one := Point{Run: p.Run, Commit: p.Commit, Created: p.Created}
		if v := finite(p.Values); len(v) > 0 {
			interval, _ := metrics.MedianInterval(v, metrics.Confidence)
			one.Raw = &interval
		}
		if v := values[i]; math.Abs(v) <= change.Largest {
			one.Corrected = &v
		}
		if s, ok := slow[p.Run]; ok {
			one.Slowness = math.Exp(s)
		}
		t.Points = append(t.Points, one)
	}
	table.Series = []change.Series{{Name: name, Values: values}}
	found := change.Analyse(table, o.Options).Series[0]
	t.Drift, t.Warnings = found.Drift, found.Warnings
	for i, p := range found.Points {
		c := Change{ChangePoint: p, Run: points[p.Index].Run}
		c.Verdict, c.Reason = judge(t, found.Points[i:], points, o.Accepted)
		t.Changes = append(t.Changes, c)
	}
	return t
}

// finite returns the values that are numbers.
func finite(v history.Values) []float64 {
	return slices.DeleteFunc(slices.Clone([]float64(v)), func(x float64) bool { return !(math.Abs(x) <= change.Largest) })
}

// judge judges the first of the changes from it on. A change that is worse is
// taken back when the present level is at most half as bad.
func judge(t Trend, from []change.ChangePoint, points []history.Point, accepted []history.Acceptance) (verdict, reason string) {
	c := from[0]
	worse := func(after float64) float64 {
		if t.Higher {
			return c.Before - after
		}
		return after - c.Before
	}
	if worse(c.After) <= 0 {
		return Better, ""
	}
	for _, a := range accepted {
		if a.Series != t.Name {
			continue
		}
		at := slices.IndexFunc(points, func(p history.Point) bool { return p.Run == a.Run })
		// A change may be placed a little otherwise once there is more to see.
		if at >= 0 && min(c.First, c.Index-2) <= at && at <= max(c.Last, c.Index+2) {
			return Accepted, a.Reason
		}
	}
	if worse(from[len(from)-1].After) <= worse(c.After)/2 {
		return TakenBack, ""
	}
	return Worse, ""
}

// Suspect names the series whose newest value is worse than all of the ten
// before it: what is worth measuring again.
func (a *Analysis) Suspect() (names []string) {
	for _, t := range a.Series {
		n := len(t.Points)
		if n < 2 || t.Points[n-1].Corrected == nil {
			continue
		}
		newest, worst := *t.Points[n-1].Corrected, true
		for _, p := range t.Points[max(0, n-11) : n-1] {
			if p.Corrected != nil && (t.Higher && newest >= *p.Corrected || !t.Higher && newest <= *p.Corrected) {
				worst = false
			}
		}
		if worst {
			names = append(names, t.Name)
		}
	}
	return names
}

// machineDoubts says when runs are of unlike machines.
func machineDoubts(all map[string][]history.Point) []results.Warning {
	machines := map[string]bool{}
	for _, points := range all {
		for _, p := range points {
			if p.Machine != "" {
				machines[p.Machine] = true
			}
		}
	}
	if len(machines) < 2 {
		return []results.Warning{}
	}
	return []results.Warning{{
		Code: "unlike_machines", Text: fmt.Sprintf("the runs are of %s", wording.Count(len(machines), "unlike machine")),
		Advice: "a change may be the machine's; track one with --machine ID",
	}}
}
