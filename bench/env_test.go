package bench

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/workloads"
)

// TestSweepEnv holds what workers of a workload get of the environment.
func TestSweepEnv(t *testing.T) {
	t.Setenv("TEST_TOKEN", "hidden")
	for _, test := range []struct {
		workload, backend string
		env, want         []string
		err               string
	}{
		{"noop", "local", nil, nil, ""},
		{"noop", "local-tls", []string{"TEST_TOKEN"}, []string{"TEST_TOKEN"}, ""},
		{"command", "local", nil, []string{"*"}, ""},
		{"command", "local", []string{"TEST_TOKEN"}, []string{"*", "TEST_TOKEN"}, ""},
		{"noop", "local", []string{"*"}, []string{"*"}, ""},
		{"noop", "local", []string{"TEST_TOKEN", "TEST_TOKEN_2"}, nil, "TEST_TOKEN_2, which workers are to get, is not set"},
		{"noop", "local", []string{"TEST_TOKEN=x"}, nil, "is not the name of a variable"},
		{"noop", "local", []string{""}, nil, "is not the name of a variable"},
		{"noop", "inproc", []string{"TEST_TOKEN"}, nil, "has no processes of its own"},
		{"command", "inproc", nil, []string{"*"}, ""},
	} {
		w, err := workloads.New(test.workload)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewSweep(w, test.backend, []int{1})
		if err != nil {
			t.Fatal(err)
		}
		s.Env = test.env
		b, err := FindBackend(test.backend)
		if err != nil {
			t.Fatal(err)
		}
		err = s.checkEnv(&b)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s on %s with %q: error %v, want %q", test.workload, test.backend, test.env, err, test.err)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(test.want, s.workerOptions("").Env); diff != "" {
			t.Errorf("%s with %q (-want +got):\n%s", test.workload, test.env, diff)
		}
		if data, err := json.Marshal(s); err != nil || strings.Contains(string(data), "hidden") {
			t.Errorf("the plan has the value: %s, %v", data, err)
		}
	}
}
