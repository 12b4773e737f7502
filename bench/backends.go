package bench

import (
	"fmt"
	"strings"

	"corecast/results"
	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/remote"
)

// Backend is an entry of the list of backends.
type Backend struct {
	Name, Summary string
	// Processes is set when workers are not in the driver's process.
	Processes bool
	// Kind is what trials on it are.
	Kind results.Kind
	// New makes the backend with a number of workers of so many vCPU each.
	New func(workers int, vcpu float64) runner.Launcher
	// FilesEach is how many open files of the driver a worker takes.
	FilesEach int
}

// Backends lists the backends: one line each.
func Backends() []Backend {
	return []Backend{
		{
			Name: "local", Summary: "worker processes on this machine", Processes: true, Kind: results.Measured, FilesEach: 3,
			New: func(workers int, vcpu float64) runner.Launcher {
				return local.New(workers, local.Options{VCPU: vcpu})
			},
		},
		{
			Name: "local-tls", Summary: "the same, joined as from another machine: TCP with TLS", Processes: true, Kind: results.Measured, FilesEach: 3,
			New: func(workers int, vcpu float64) runner.Launcher {
				return local.New(workers, local.Options{VCPU: vcpu, Transport: remote.NewListener(remote.Options{})})
			},
		},
		{
			Name: "inproc", Summary: "goroutines of this process", Kind: results.Measured,
			New: func(workers int, _ float64) runner.Launcher { return runner.InProc(workers) },
		},
	}
}

// FindBackend returns the named backend. An unknown name is an error that
// lists the known ones.
func FindBackend(name string) (Backend, error) {
	var names []string
	for _, b := range Backends() {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return Backend{}, fmt.Errorf("unknown backend %q: the backends are %s", name, strings.Join(names, ", "))
}
