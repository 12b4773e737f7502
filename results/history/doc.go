// Package history has the form in which runs are kept over months: a [Run] with
// the commit, machine and tags that it was measured with and the samples of its
// series, and with --with-tasks also its record (package results).
//
// The forms on their way in and out are here: lines of JSON, Go's benchmark
// format, and CSV. Package results/history/db keeps runs in SQLite or
// PostgreSQL; it is apart, so that what reads histories need not link drivers.
// bench/track looks for changes in them.
package history
