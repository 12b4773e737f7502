package local_test

import (
	"os"
	"testing"

	"corecast/internal/cgroup/onv2"
	"corecast/runner"
	"corecast/runner/local"
	"corecast/runner/runnertest"
)

var backend = runnertest.Backend{
	New: func(workers int) runner.Launcher { return local.New(workers, local.Options{}) },
	Foreign: func(workers int, program string) runner.Launcher {
		return local.New(workers, local.Options{Program: program})
	},
	Has: runnertest.Process | runnertest.Wire | runnertest.PromptCancel | runnertest.Foreign,
}

func TestMain(m *testing.M) {
	onv2.Main()
	runner.Main(append(runnertest.Funcs(), limitFuncs()...)...)
	runnertest.Drive(faulty())
	limitsDriver()
	os.Exit(m.Run())
}

func TestFaults(t *testing.T) {
	if err := local.Check(1, local.Options{Memory: 1 << 28}); err != nil && os.Getenv("CORECAST_REQUIRE") == "all" {
		t.Error(err)
	}
	runnertest.Faults(t, faulty())
}

// faulty is the backend for the fault part.
func faulty() runnertest.Backend {
	b := backend
	b.Faulty = func(workers int, s runnertest.Setup) runner.Launcher {
		return local.New(workers, local.Options{Wrap: s.Wrap, Memory: s.Memory, StartTimeout: s.StartTimeout, Stderr: s.Stderr})
	}
	b.Has |= runnertest.Stream | runnertest.Descriptors | runnertest.Driver
	if local.Check(1, local.Options{Memory: 1 << 28}) == nil {
		b.Has |= runnertest.Memory
	}
	return b
}

func TestConformance(t *testing.T) { runnertest.Run(t, backend) }
