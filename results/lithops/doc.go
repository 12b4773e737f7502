// Package lithops reads job statistics of Lithops (a framework that maps
// Python functions over cloud functions and containers) as trials of a run: a
// table with a row a task, or future.stats as Lithops keeps them, in CSV or
// JSON. docs/record.md says which field becomes what. What a file does not
// tell stays unknown.
//
// It knows formats and nothing else: package results stores what it returns,
// and everything that works on runs works on it.
package lithops
