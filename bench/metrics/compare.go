package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"corecast/internal/wording"
	"corecast/results"
)

// CompareSchema is the version of Comparison.
const CompareSchema = 1

// The verdicts of comparisons.
const (
	Better  = "better"              // clearly, and lower
	Worse   = "worse"               // clearly, and higher
	Same    = "no clear difference" // no difference that the samples show
	Unknown = "cannot tell"         // too few samples to show any
)

// Comparison sets a run beside a base, metric by metric. All metrics are
// better when they are lower.
type Comparison struct {
	Schema int    `json:"schema"`
	Base   RunRef `json:"base"`
	New    RunRef `json:"new"`
	// Alpha is the level of all tests together: the chance of any clear
	// difference between two runs of the same thing. Tests is their number.
	Alpha float64 `json:"alpha"`
	Tests int     `json:"tests"`
	// Threshold is how much a clear difference must be of the base to count.
	Threshold float64 `json:"threshold"`
	// Refused says why no verdict is given; empty when one is.
	Refused string `json:"refused,omitempty"`
	// Verdict is worse when any metric is, else better when any is, else no
	// clear difference, or cannot tell when no test could have found one.
	Verdict  string            `json:"verdict"`
	Points   []PointComparison `json:"points"`
	Warnings []results.Warning `json:"warnings"`
}

// RunRef names a run.
type RunRef struct {
	ID  string `json:"run_id"`
	Dir string `json:"dir"`
}

// PointComparison compares the trials of one point; the serial base is a point
// of backend serial.
type PointComparison struct {
	Workload string             `json:"workload"`
	Backend  string             `json:"backend"`
	Cores    int                `json:"cores"`
	Size     int64              `json:"size,omitempty"`
	Settings results.Settings   `json:"settings,omitempty"`
	Metrics  []MetricComparison `json:"metrics"`
}

// MetricComparison compares the samples of one metric, one a trial, in
// seconds.
type MetricComparison struct {
	Name string   `json:"name"`
	Base Interval `json:"base"`
	New  Interval `json:"new"`
	// BaseN and NewN count samples.
	BaseN int `json:"base_n"`
	NewN  int `json:"new_n"`
	// Ratio is median(new) / median(base), nil where it is not defined.
	Ratio *Interval `json:"ratio"`
	// P is the two-sided Mann-Whitney p-value, Adjusted the same after Holm's
	// correction for all tests of the comparison.
	P        float64 `json:"p_value"`
	Adjusted float64 `json:"p_adjusted"`
	Verdict  string  `json:"verdict"`
	// Small is set where a difference is clear, and not larger than the
	// threshold.
	Small bool `json:"small,omitempty"`
	// Autocorrelation of the samples in their order, where it is so large that
	// P takes it into account; 0 otherwise.
	Autocorrelation float64 `json:"autocorrelation,omitempty"`
	powerful        bool    // enough samples to find a difference at all
}

// samples holds the values of each metric of one point.
type samples struct {
	point  results.Point
	kind   results.Kind
	values map[string][]float64
}

// metricNames lists the metrics that are compared, in the order of tables.
func metricNames() []string {
	return []string{"makespan_s", "startup_p50_s", "startup_last_s", "per_task_overhead_s", "dispatch_wall_s"}
}

// CompareOptions say how runs are compared. The zero value has no threshold,
// and judges unlike machines too.
type CompareOptions struct {
	// Threshold is how much a clear difference must be of the base to count.
	Threshold float64
	// News is the number of runs that one base is compared with, which share
	// the level of tests; 0 means 1.
	News int
	// Alike refuses a verdict for runs of unlike machines.
	Alike bool
}

// CompareRuns compares the points that both runs have. A family of tests is
// made at level CompareAlpha (Holm, "A simple sequentially rejective multiple
// test procedure", 1979), so that two runs of the same thing differ clearly in
// at most that share of comparisons. A difference is clear when its test says
// so and the interval of the ratio of medians leaves 1 out: trials of a run are
// closer to each other in time than to those of the other run, and a machine
// that drifts makes the test alone see differences that are its own. Of 20
// pairs of runs of the same thing, made one after another on two cores of a
// virtual machine, the test alone found a difference in 8, both together in
// none.
//
// Samples that resemble those before them count for fewer (dependence.go).
func CompareRuns(base, next *results.Run, o CompareOptions) (Comparison, error) {
	c := Comparison{
		Schema: CompareSchema, Base: RunRef{base.Header.ID, base.Dir}, New: RunRef{next.Header.ID, next.Dir},
		Alpha: CompareAlpha / float64(max(1, o.News)), Threshold: o.Threshold, Points: []PointComparison{}, Warnings: unlike(base, next),
	}
	a, err := samplesOf(base)
	if err != nil {
		return c, err
	}
	b, err := samplesOf(next)
	if err != nil {
		return c, err
	}
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if b[key] != nil {
			c.Points = append(c.Points, comparePoint(a[key], b[key]))
		} else {
			c.missing(a[key].point, "the base alone")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if a[key] == nil {
			c.missing(b[key].point, "the new run alone")
		}
	}
	if len(c.Points) == 0 {
		return c, fmt.Errorf("the runs %s and %s have no point in common: compare runs of the same workload, size, settings and cores", base.Header.ID, next.Header.ID)
	}
	slices.SortStableFunc(c.Points, func(x, y PointComparison) int {
		return cmp.Or(cmp.Compare(x.Workload, y.Workload), cmp.Compare(x.Backend, y.Backend), cmp.Compare(x.Cores, y.Cores))
	})
	c.judge()
	if o.Alike {
		c.refuse(base, next)
	}
	return c, nil
}

// refuse takes the verdict back where the runs are of unlike machines.
func (c *Comparison) refuse(base, next *results.Run) {
	x, y := machineIDs(base), machineIDs(next)
	if slices.Equal(x, y) {
		return
	}
	c.Refused = "the runs are of unlike machines"
	c.Verdict = Unknown
	for i := range c.Points {
		for k := range c.Points[i].Metrics {
			c.Points[i].Metrics[k].Verdict = Unknown
		}
	}
}

func (c *Comparison) missing(p results.Point, where string) {
	c.Warnings = append(c.Warnings, results.Warning{
		Code: "not_in_both", Text: fmt.Sprintf("%s on %s of %s is in %s", p.Workload, wording.Count(p.Cores, "core"), p.Backend, where),
		Advice: "it is not compared",
	})
}

// samplesOf collects the metrics of every trial that gave an answer, by point.
func samplesOf(r *results.Run) (map[string]*samples, error) {
	all := make(map[string]*samples)
	for i := range r.Trials {
		t := &r.Trials[i]
		if t.Role == results.RoleWarmup || t.Error != "" || !t.Makespan.Known() {
			continue
		}
		p := t.Point
		key := fmt.Sprintf("%s\x00%s\x00%d\x00%d\x00%s\x00%s", p.Workload, p.Backend, p.Size, p.Cores, canonical(p.Settings), t.Kind)
		s := all[key]
		if s == nil {
			s = &samples{point: p, kind: t.Kind, values: make(map[string][]float64)}
			all[key] = s
		}
		if err := s.add(r, t); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// add adds a trial's values.
func (s *samples) add(r *results.Run, t *results.Trial) error {
	put := func(name string, v float64) { s.values[name] = append(s.values[name], v) }
	if t.Role == results.RoleDispatch {
		if t.Tasks > 0 {
			put("dispatch_wall_s", t.Makespan.Seconds()/float64(t.Tasks))
		}
		return nil
	}
	if t.Resumed > 0 {
		return fmt.Errorf("trial %d of %s was resumed and its times are of its last part: compare with a run that was not interrupted", t.Index, r.Dir)
	}
	put("makespan_s", t.Makespan.Seconds())
	tr, err := r.Trace(t.Index)
	if err != nil || tr == nil {
		return err
	}
	start := StartupOf(tr)
	if start.Workers > 0 {
		put("startup_p50_s", start.P50)
		put("startup_last_s", start.Last)
	}
	parts, _, err := Partition(tr)
	if err != nil {
		return fmt.Errorf("trial %d: %w", t.Index, err)
	}
	if t.Tasks > 0 {
		put("per_task_overhead_s", parts.Total().Seconds()*max(1, t.VCPU)/float64(t.Tasks))
	}
	return nil
}

func comparePoint(a, b *samples) PointComparison {
	p := PointComparison{
		Workload: a.point.Workload, Backend: a.point.Backend, Cores: a.point.Cores, Size: a.point.Size,
		Settings: a.point.Settings, Metrics: []MetricComparison{},
	}
	for _, name := range metricNames() {
		if x, y := a.values[name], b.values[name]; len(x) > 0 && len(y) > 0 {
			p.Metrics = append(p.Metrics, compareMetric(name, x, y))
		}
	}
	return p
}

func compareMetric(name string, a, b []float64) MetricComparison {
	m := MetricComparison{Name: name, BaseN: len(a), NewN: len(b)}
	m.Base, _ = MedianInterval(a, Confidence)
	m.New, _ = MedianInterval(b, Confidence)
	if ratio, _, err := RatioInterval(b, a, Confidence); err == nil {
		m.Ratio = &ratio
	}
	var weak []results.Warning
	m.P, weak = Compare(a, b)
	m.powerful = len(weak) == 0
	if phi := dependence(a, b); phi > dependentFrom {
		m.Autocorrelation, m.P = phi, deflated(m.P, phi)
	}
	return m
}

// CompareSamples compares two samples of one metric as CompareRuns does, in a
// family of this one test.
func CompareSamples(a, b []float64, threshold float64) MetricComparison {
	c := Comparison{Alpha: CompareAlpha, Threshold: threshold, Points: []PointComparison{{Metrics: []MetricComparison{compareMetric("", a, b)}}}}
	c.judge()
	return c.Points[0].Metrics[0]
}

// judge corrects the p-values for their number and gives the verdicts.
func (c *Comparison) judge() {
	var tests []*MetricComparison
	for i := range c.Points {
		for k := range c.Points[i].Metrics {
			tests = append(tests, &c.Points[i].Metrics[k])
		}
	}
	c.Tests = len(tests)
	slices.SortStableFunc(tests, func(a, b *MetricComparison) int { return cmp.Compare(a.P, b.P) })
	least, any := 0.0, false
	c.Verdict = Unknown
	for i, m := range tests {
		least = max(least, min(1, m.P*float64(len(tests)-i)))
		m.Adjusted = least
		clear := m.Adjusted < c.Alpha && !m.mayBeOne()
		if clear && m.Ratio != nil && math.Abs(m.Ratio.Median-1) <= c.Threshold {
			clear, m.Small = false, true
		}
		switch {
		case clear && m.New.Median > m.Base.Median:
			m.Verdict = Worse
		case clear && m.New.Median < m.Base.Median:
			m.Verdict = Better
		case !m.powerful || m.Autocorrelation > 0 && !m.Small:
			m.Verdict = Unknown
		default:
			m.Verdict = Same
		}
		any = any || m.Verdict != Unknown
	}
	if n := c.dependent(); n > 0 {
		c.Warnings = append(c.Warnings, dependentDoubt(n))
	}
	if any {
		c.Verdict = Same
	}
	for _, verdict := range []string{Better, Worse} {
		if slices.ContainsFunc(tests, func(m *MetricComparison) bool { return m.Verdict == verdict }) {
			c.Verdict = verdict
		}
	}
}

// dependent counts the metrics whose samples are autocorrelated.
func (c *Comparison) dependent() (n int) {
	for _, p := range c.Points {
		for _, m := range p.Metrics {
			if m.Autocorrelation > 0 {
				n++
			}
		}
	}
	return n
}

// mayBeOne reports whether the interval of the ratio holds 1.
func (m *MetricComparison) mayBeOne() bool {
	return m.Ratio != nil && m.Ratio.Lo <= 1 && 1 <= m.Ratio.Hi
}

// unlike says in what the runs differ besides what is compared.
func unlike(a, b *results.Run) []results.Warning {
	list := []results.Warning{}
	if x, y := machineIDs(a), machineIDs(b); !slices.Equal(x, y) {
		list = append(list, results.Warning{
			Code: "unlike_machines", Text: fmt.Sprintf("the runs are of unlike machines (%v and %v)", x, y),
			Advice: "a difference may be the machines'; measure both on one",
		})
	}
	for _, r := range []*results.Run{a, b} {
		if !r.Complete() {
			list = append(list, results.Warning{
				Code: "incomplete", Text: fmt.Sprintf("run %s is not complete", r.Header.ID), Advice: "finish it with --resume",
			})
		}
	}
	return list
}

func machineIDs(r *results.Run) []string {
	ids := make(map[string]bool)
	for _, m := range r.Machines {
		ids[m.ID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}
