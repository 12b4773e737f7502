package local_test

import (
	"os"
	"testing"

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
	runner.Main(runnertest.Funcs()...)
	runnertest.Drive(backend)
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) { runnertest.Run(t, backend) }
