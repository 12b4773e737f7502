// Package learn evaluates settings of package boost's models by
// cross-validation: a [Source] names the data, [Cache] reads or generates them
// once a process as a [Problem], whose Fit trains one setting on all folds but
// one and scores it on that; [Summarize] turns the scores of folds into a mean
// with an interval, and [Default], [Grid], [Random] and [Rungs] say which
// settings to try.
//
// It is what workers of the workload hypersweep run: a task carries a Source, a
// setting and a fold, never the data.
package learn

import (
	"fmt"

	"corecast/internal/boost"
)

// Table is data to learn from.
type Table struct {
	// Name is the file's path as the user gave it, or "generated data".
	Name string
	// Rows is the number of rows; Columns has one value a row for each of
	// Features, NaN where it is missing.
	Rows     int
	Features []string
	Columns  [][]float64
	// Goal is the name of the column that is to be predicted, Target its
	// values, Classes the names of its classes, empty for numbers.
	Goal    string
	Target  boost.Target
	Classes []string
}

// Problem is a table with its folds.
type Problem struct {
	Table *Table
	Folds *Folds
}

// The setting that an [InputError] is about: what the user has to mend.
const (
	AboutData       = "data"
	AboutTarget     = "target"
	AboutTask       = "task"
	AboutDrop       = "drop"
	AboutCategories = "categories"
	AboutFolds      = "folds"
)

// InputError is an error in what the user gave.
type InputError struct {
	// About is one of the settings above.
	About string
	Err   error
}

// Error says what is wrong.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

func inputError(about, format string, args ...any) error {
	return &InputError{About: about, Err: fmt.Errorf(format, args...)}
}
