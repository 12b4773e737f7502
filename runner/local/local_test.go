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
	runnertest.Drive(backend)
	limitsDriver()
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) { runnertest.Run(t, backend) }
