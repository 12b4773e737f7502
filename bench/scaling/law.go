package scaling

import (
	"fmt"
	"strings"
)

// Law is a scaling law. To add one: a file with a type that implements it, a
// test, and a line in [Laws].
type Law interface {
	// About describes the law.
	About() About
	// Fit returns the parameters, in the order of About().Params, for which the
	// weighted sum of squared residuals is least while those in holds keep
	// their values. There is at least one observation.
	Fit(obs []Observation, holds ...Hold) []float64
	// Value is what the law says with parameters p: work a second or seconds,
	// as About().Response tells.
	Value(p []float64, cores, work float64) float64
	// Shape returns, for jobs of so much work, the core count with the highest
	// throughput and the throughput that more cores approach when nothing but
	// the serial part counts; NaN where there is none.
	Shape(p []float64, work float64) (peak, asymptote float64)
}

// selector is a law whose estimator is not least squares alone: it chooses its
// discrete parameters by another rule.
type selector interface {
	// choose holds the chosen ones.
	choose(obs []Observation) []Hold
	// choices lists all that can be chosen for the observations.
	choices(obs []Observation) [][]Hold
}

// About describes a law.
type About struct {
	Name, Formula, Estimator string
	Params                   []Param
	Response                 Response
	// Needs is how many core counts determine the parameters.
	Needs int
	// ByCores is set when the law knows nothing of work: it holds for the work
	// that was measured at each core count.
	ByCores bool
}

// Param is a parameter of a law.
type Param struct {
	Name string
	// Lower and Upper bound it.
	Lower, Upper float64
	// Values lists what a discrete parameter can be.
	Values []float64
}

// Response is what a law describes.
type Response string

// The responses of laws.
const (
	Throughput Response = "throughput" // work a second
	Seconds    Response = "seconds"    // of a job
)

// Observation is the mean of the rows at one core count.
type Observation struct {
	Cores, Work float64
	// Y is the response, Weight that of its squared residual.
	Y, Weight float64
}

// Hold fixes a parameter, by its index.
type Hold struct {
	Param int
	Value float64
}

// Laws is the list of laws.
func Laws() []Law {
	return []Law{amdahl{}, gustafson{}, usl{}, ernest{}, pmnf{}, downey{}}
}

// LawNames returns the names of all laws.
func LawNames() []string {
	var names []string
	for _, l := range Laws() {
		names = append(names, l.About().Name)
	}
	return names
}

// FindLaws returns the named laws, in the order of [Laws]; "all" or nothing
// means every law. The error for an unknown name lists those that there are.
func FindLaws(names ...string) ([]Law, error) {
	wanted := make(map[string]bool)
	for _, name := range names {
		if _, known := findLaw(name); !known && name != "all" {
			return nil, fmt.Errorf("no scaling law %q: there are %s, and all", name, strings.Join(LawNames(), ", "))
		}
		wanted[name] = true
	}
	var laws []Law
	for _, l := range Laws() {
		if len(names) == 0 || wanted["all"] || wanted[l.About().Name] {
			laws = append(laws, l)
		}
	}
	return laws, nil
}

func findLaw(name string) (Law, bool) {
	for _, l := range Laws() {
		if l.About().Name == name {
			return l, true
		}
	}
	return nil, false
}

// squares is the weighted sum of squared residuals.
func squares(l Law, p []float64, obs []Observation) float64 {
	sum := 0.0
	for _, o := range obs {
		r := o.Y - l.Value(p, o.Cores, o.Work)
		sum += o.Weight * r * r
	}
	return sum
}

// held returns the value that a parameter is held at.
func held(holds []Hold, param int) (float64, bool) {
	for _, h := range holds {
		if h.Param == param {
			return h.Value, true
		}
	}
	return 0, false
}
