package bench

import (
	"os"
	"strings"

	"corecast/workloads"
)

// env names the variables that the sweep's workers get besides the usual ones.
func (s *Sweep) env() []string {
	w, err := s.workload(1)
	if e, ok := w.(workloads.Environ); err == nil && ok { // an error is told when the job is prepared
		return append(e.Environ(), s.Env...)
	}
	return s.Env
}

// checkEnv checks that what is to be passed on can be.
func (s *Sweep) checkEnv(b *Backend) error {
	for _, name := range s.Env {
		_, set := os.LookupEnv(name)
		switch {
		case !b.Processes:
			return wrong("env", "backend %s has no processes of its own: its tasks see the environment as it is", b.Name)
		case name == "" || strings.Contains(name, "="):
			return wrong("env", "%q is not the name of a variable: to set one, write NAME=value in front of the command, and give its name", name)
		case !set && name != "*":
			return wrong("env", "the variable %s, which workers are to get, is not set in this environment", name)
		}
	}
	return nil
}
