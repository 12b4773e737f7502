// Package all gives the worker of the corecast command all built-in functions,
// as soon as what they import has initialised: some of what only a driver needs
// comes behind that. It is the second entry; package workerentry above it is
// the first, and says how it works.
package all

import (
	"corecast/runner/work"
	"corecast/workloads"
)

func init() { work.Early(workloads.Funcs()...) }
