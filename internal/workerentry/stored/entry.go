// Package stored starts the worker of the corecast command that exchanges its
// work over an object store, when the process was started as one, before the
// packages that only a driver needs initialise: IBM's SDKs take longer than a
// worker of a thousand may. Packages workerentry and all have the entries of
// workers that inherit a stream.
package stored

import (
	"corecast/runner/storeexchange"
	"corecast/workloads"
)

func init() { storeexchange.Main(workloads.Funcs()...) }
