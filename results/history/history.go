package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Errors that callers branch on.
var (
	// ErrExists: there is another run of the same ID.
	ErrExists = errors.New("there is a run of that ID, and it differs")
	// ErrNotFound: there is no such run.
	ErrNotFound = errors.New("no such run in the history")
	// ErrReadOnly: the store can be read and not written.
	ErrReadOnly = errors.New("the history is read-only")
	// ErrNewer: the store was made by a later version of corecast.
	ErrNewer = errors.New("the history was made by a later version of corecast: use that one")
	// ErrDamaged: the store is none, or its content is not what was written.
	ErrDamaged = errors.New("the history is damaged, or is none; nothing of it was changed")
)

// Run is what a history keeps of a run.
type Run struct {
	ID      string    `json:"run_id"`
	Created time.Time `json:"created"`
	// Commit and Branch are of the program that was measured.
	Commit string `json:"commit,omitempty"`
	Branch string `json:"branch,omitempty"`
	// Machine is the ID of the machine, Environment its fingerprint.
	Machine     string            `json:"machine_id,omitempty"`
	Environment json.RawMessage   `json:"environment,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	// Source says where an imported run is from.
	Source  string   `json:"source,omitempty"`
	Samples []Sample `json:"samples"`
	// Lines and Tasks are the files of the run's folder; nil without them.
	Lines []byte `json:"lines,omitempty"`
	Tasks []byte `json:"tasks,omitempty"`
}

// Sample is what a run says of one series: a value for each trial.
type Sample struct {
	// Series names workload, backend, cores, what else is set, and metric,
	// such as sleep/local/cores=2/makespan_s.
	Series string `json:"series"`
	Values Values `json:"values"`
}

// Values are measured ones. In JSON, NaN is null and infinity "+Inf" or "-Inf".
type Values []float64

// MarshalJSON writes values.
func (v Values) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case math.IsNaN(x):
			b = append(b, "null"...)
		case math.IsInf(x, 0):
			b = strconv.AppendQuote(b, strconv.FormatFloat(x, 'g', -1, 64))
		default:
			b = strconv.AppendFloat(b, x, 'g', -1, 64)
		}
	}
	return append(b, ']'), nil
}

// UnmarshalJSON reads values.
func (v *Values) UnmarshalJSON(data []byte) error {
	var list []any
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*v = make(Values, len(list))
	for i, x := range list {
		switch x := x.(type) {
		case nil:
			(*v)[i] = math.NaN()
		case float64:
			(*v)[i] = x
		case string:
			f, err := strconv.ParseFloat(x, 64)
			if err != nil || !math.IsInf(f, 0) {
				return fmt.Errorf("%q is no value: a number, null, \"+Inf\" or \"-Inf\" is expected", x)
			}
			(*v)[i] = f
		default:
			return fmt.Errorf("%v is no value: a number, null, \"+Inf\" or \"-Inf\" is expected", x)
		}
	}
	return nil
}

// Validate says what keeps a run from being kept.
func (r *Run) Validate() error {
	if r.ID == "" {
		return errors.New("a run without run_id")
	}
	if r.Created.IsZero() {
		return fmt.Errorf("run %s has no time (created)", r.ID)
	}
	names := make([]string, len(r.Samples))
	for i, s := range r.Samples {
		if s.Series == "" {
			return fmt.Errorf("run %s has a sample without series", r.ID)
		}
		if len(s.Values) == 0 {
			return fmt.Errorf("run %s has no value of series %s", r.ID, s.Series)
		}
		names[i] = s.Series
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return fmt.Errorf("run %s has series %s twice", r.ID, names[i])
		}
	}
	return nil
}

// Point is a run's values of one series.
type Point struct {
	Run     string
	Created time.Time
	Commit  string
	Branch  string
	Machine string
	Values  Values
}

// Acceptance says that a change is known and meant.
type Acceptance struct {
	// Series that it is of, and Run, the first one after the change.
	Series string    `json:"series"`
	Run    string    `json:"run_id"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}
