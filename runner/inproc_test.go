package runner_test

import (
	"testing"

	"corecast/runner"
	"corecast/runner/runnertest"
)

var inProc = runnertest.Backend{New: runner.InProc, Has: runnertest.Driver}

func TestInProcConformance(t *testing.T) { runnertest.Run(t, inProc) }

func TestInProcFaults(t *testing.T) { runnertest.Faults(t, inProc) }
