package runner_test

import (
	"testing"

	"corecast/runner"
	"corecast/runner/runnertest"
)

func TestInProcConformance(t *testing.T) {
	runnertest.Run(t, runnertest.Backend{New: runner.InProc})
}
