// Package workerentry starts the worker of the corecast command, when the
// process was started as one, before the packages that the rest of the command
// needs initialise.
//
// The Go specification initialises packages whose imports are ready in the
// order of their import paths. This package imports so little that it comes
// before nearly all: neither a path that sorts behind corecast nor a package of
// the standard library that has many behind it, such as regexp. It serves the
// functions of known length; when a worker is asked for another, the command
// initialises on, up to package all, which has all built-in functions. Which
// packages come before is what TestWorkerStartsEarly of cmd/corecast holds;
// docs/runner.md has the figures.
//
// The two packages have the project's only init functions. A program with
// functions of its own calls runner.Main at the top of main.
package workerentry

import (
	"corecast/runner/work"
	"corecast/workloads/synthetic"
)

func init() { work.Early(synthetic.Funcs()...) }
