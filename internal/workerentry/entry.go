// Package workerentry starts the worker of the corecast command, when the
// process was started as one, before the packages that only a driver needs
// initialise.
//
// The Go specification initialises packages whose imports are ready in the
// order of their import paths. This package imports what a worker needs and no
// more, so its init runs before that of most packages that only a driver needs:
// the command line, the network, statistics. Packages of plots whose paths sort
// before the last of a worker's own imports still come first. What that makes
// of a start is measured by
//
//	go test ./cmd/corecast -run '^$' -bench Start
//
// On 2 cores of an AMD EPYC, medians of 120 starts taken in turns: an empty
// program 2.2 ms, this package alone 3.1, the command as a worker 6.2, the
// command to its end (--version) 7.2. Most of the difference between the second
// and the third is the size of the program.
//
// It is the project's one init function, and serves built-in workloads; a
// program with functions of its own calls runner.Main at the top of main.
package workerentry

import (
	"corecast/runner"
	"corecast/workloads"
)

func init() { runner.Main(workloads.Funcs()...) }
