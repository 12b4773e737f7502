// Package track says which metrics of a history of runs got worse, and since
// which commit.
//
// [New] takes the series of a history (results/history), corrects each for
// slower days of the machine by the references that were measured in the same
// runs (correct.go), looks for changes of level (bench/change), and judges
// them: worse, better, accepted, or taken back since. It is pure; cmd reads the
// history and measures, report shows what is returned. docs/tracking.md has the
// rules.
package track
