package bench

import (
	"fmt"
	"strings"

	"corecast/results"
	"corecast/runner"
	"corecast/runner/codeengine"
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
	// New makes the backend with a number of workers.
	New func(workers int, o WorkerOptions) runner.Launcher
	// Check reports what of the options cannot be had; nil where workers cannot
	// be held to shares of cores, to memory, or to cores.
	Check func(workers int, o WorkerOptions) error
	// FilesEach is how many open files of the driver a worker takes.
	FilesEach int
}

// WorkerOptions say what each worker of a backend gets; the zero value is one
// vCPU.
type WorkerOptions struct {
	// VCPU is a whole number; 0 means 1.
	VCPU float64
	// CoreShare, Memory and Pin are those of a Sweep.
	CoreShare float64
	Memory    int64
	Pin       bool
	// Env names variables of the environment that workers get besides the usual
	// ones, as in local.Options.
	Env []string
	// Run names what is made for the workers.
	Run string
	// Cloud is what backend codeengine needs to know.
	Cloud *codeengine.Settings
}

// limited reports whether workers are held to anything.
func (o *WorkerOptions) limited() bool { return o.CoreShare != 0 || o.Memory != 0 || o.Pin }

// local has the options as the backend local takes them.
func (o WorkerOptions) local() local.Options {
	return local.Options{VCPU: o.VCPU, CoreShare: o.CoreShare, Memory: o.Memory, Pin: o.Pin, Env: o.Env, Name: o.Run}
}

// codeengine has the options as that backend takes them: a share of a core is an
// instance of that vCPU.
func (o WorkerOptions) codeengine() codeengine.Options {
	vcpu := o.VCPU
	if o.CoreShare > 0 {
		vcpu = o.CoreShare
	}
	return codeengine.Options{VCPU: vcpu, Memory: o.Memory, Run: o.Run}
}

// Backends lists the backends: one line each.
func Backends() []Backend {
	return []Backend{
		{
			Name: "local", Summary: "worker processes on this machine", Processes: true, Kind: results.Measured, FilesEach: 3,
			New:   func(workers int, o WorkerOptions) runner.Launcher { return local.New(workers, o.local()) },
			Check: func(workers int, o WorkerOptions) error { return local.Check(workers, o.local()) },
		},
		{
			Name: "local-tls", Summary: "the same, joined as from another machine: TCP with TLS", Processes: true, Kind: results.Measured, FilesEach: 3,
			New: func(workers int, o WorkerOptions) runner.Launcher {
				l := o.local()
				l.Transport = remote.NewListener(remote.Options{})
				return local.New(workers, l)
			},
			Check: func(workers int, o WorkerOptions) error { return local.Check(workers, o.local()) },
		},
		{
			Name: codeengine.Name, Summary: "instances of IBM Cloud Code Engine, over its object storage (docs/cloud.md)", Processes: true, Kind: results.Measured,
			New: func(workers int, o WorkerOptions) runner.Launcher {
				var s codeengine.Settings
				if o.Cloud != nil {
					s = *o.Cloud
				}
				return codeengine.New(workers, s, o.codeengine())
			},
			Check: func(_ int, o WorkerOptions) error { return codeengine.CheckSize(o.codeengine()) },
		},
		{
			Name: "inproc", Summary: "goroutines of this process", Kind: results.Measured,
			New: func(workers int, _ WorkerOptions) runner.Launcher { return runner.InProc(workers) },
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
