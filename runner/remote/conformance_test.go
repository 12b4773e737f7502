package remote_test

import (
	"os"
	"testing"

	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/remote"
	"corecast/runner/runnertest"
)

// backend is workers on this machine that come as from another.
var backend = runnertest.Backend{
	New: func(workers int) runner.Launcher {
		return local.New(workers, local.Options{Transport: remote.NewListener(remote.Options{})})
	},
	Foreign: func(workers int, program string) runner.Launcher {
		return local.New(workers, local.Options{Program: program, Transport: remote.NewListener(remote.Options{})})
	},
	Faulty: func(workers int, s runnertest.Setup) runner.Launcher {
		return local.New(workers, local.Options{
			Transport: remote.NewListener(remote.Options{}), Wrap: s.Wrap, StartTimeout: s.StartTimeout, Stderr: s.Stderr,
		})
	},
	Seeds: 15,
	Has: runnertest.Process | runnertest.Wire | runnertest.PromptCancel | runnertest.Foreign | runnertest.Stream |
		runnertest.Descriptors | runnertest.Driver,
}

func TestMain(m *testing.M) {
	remote.Main(append(runnertest.Funcs(), look)...)
	runnertest.Drive(backend)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) { runnertest.Run(t, backend) }

func TestFaults(t *testing.T) { runnertest.Faults(t, backend) }
