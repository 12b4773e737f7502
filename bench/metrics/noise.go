package metrics

import (
	"math"
	"strings"

	"corecast/results"
)

// NoiseSchema is the version of Noise.
const NoiseSchema = 1

// Noise says how small a change a machine can see, by an A/A check: the trials
// of one run, every other one taken for another run.
type Noise struct {
	Schema  int           `json:"schema"`
	RunID   string        `json:"run_id"`
	Metrics []MetricNoise `json:"metrics"`
	// Alarms counts the metrics whose halves differ clearly, which are alike.
	Alarms   int               `json:"alarms"`
	Warnings []results.Warning `json:"warnings"`
}

// MetricNoise is the noise of one series.
type MetricNoise struct {
	Series string `json:"series"`
	Trials int    `json:"trials"`
	// Median over all trials; Spread is their robust standard deviation over
	// it.
	Median float64 `json:"median"`
	Spread float64 `json:"relative_spread"`
	// Verdict and P are of the two halves.
	Verdict string  `json:"verdict"`
	P       float64 `json:"p_value"`
	// Visible is the smallest change that is found four times out of five.
	Visible []Visible `json:"visible"`
}

// Visible is the smallest change, as a share of the median, that a comparison
// of two runs of so many repetitions finds with probability 0.8.
type Visible struct {
	Reps   int     `json:"repetitions"`
	Change float64 `json:"change"`
}

// NoiseOf makes the A/A check of a run. The smallest visible change is that of
// a Mann-Whitney test at CompareAlpha on normal values,
//
//	(z(0.975) + z(0.8)) spread sqrt(2 / reps) sqrt(pi / 3)
//
// with the test's asymptotic efficiency of 3/pi against a comparison of means.
func NoiseOf(r *results.Run) (*Noise, error) {
	series, err := SeriesOf(r, nil)
	if err != nil {
		return nil, err
	}
	n := &Noise{Schema: NoiseSchema, RunID: r.Header.ID, Metrics: []MetricNoise{}, Warnings: []results.Warning{}}
	for _, s := range series {
		if len(s.Values) < 4 || strings.HasSuffix(s.Name, "/speedup") {
			continue
		}
		var halves [2][]float64
		for i, v := range s.Values {
			halves[i%2] = append(halves[i%2], v)
		}
		c := CompareSamples(halves[0], halves[1], 0)
		m := MetricNoise{Series: s.Name, Trials: len(s.Values), Median: median(s.Values), Verdict: c.Verdict, P: c.P, Visible: []Visible{}}
		if m.Median > 0 {
			m.Spread = robustSpread(s.Values) / m.Median
		}
		for _, reps := range []int{7, 10, 20, 50} {
			m.Visible = append(m.Visible, Visible{reps, (1.959964 + 0.841621) * m.Spread * math.Sqrt(2*math.Pi/3/float64(reps))})
		}
		if c.Verdict == Better || c.Verdict == Worse {
			n.Alarms++
		}
		n.Metrics = append(n.Metrics, m)
	}
	if n.Alarms > 0 {
		n.Warnings = append(n.Warnings, results.Warning{
			Code: "aa_differs", Text: "halves of the same trials differ clearly",
			Advice: "the machine changes while it measures: close other programs, or use more repetitions",
		})
	}
	return n, nil
}

// robustSpread is the median absolute deviation from the median times 1.4826,
// the standard deviation of normal values.
func robustSpread(values []float64) float64 {
	center := median(values)
	away := make([]float64, len(values))
	for i, v := range values {
		away[i] = math.Abs(v - center)
	}
	return 1.4826 * median(away)
}
