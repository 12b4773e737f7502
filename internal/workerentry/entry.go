// Package workerentry starts the worker of the corecast command, when the
// process was started as one, before the packages that only a driver needs
// initialise.
//
// The Go specification initialises packages whose imports are ready in the
// order of their import paths. This package imports what a worker needs and no
// more, so its init runs before that of every package behind "corecast/" in
// that order: the command line, plots, statistics. Measured on 2 cores of an
// AMD EPYC, a worker is ready in a third of the time; docs/architecture.md has
// the command.
//
// It is the project's one init function, and serves built-in workloads; a
// program with functions of its own calls runner.Main at the top of main.
package workerentry

import (
	"corecast/runner"
	"corecast/workloads"
)

func init() { runner.Main(workloads.Funcs()...) }
