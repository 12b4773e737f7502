package scenariofile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"corecast/bench/cost"
	"corecast/bench/sim"
	"corecast/internal/yamlfile/schematest"
)

const example = "../../examples/scenario.yaml"

func TestReadExample(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(data, ".", Settings{})
	if err != nil {
		t.Fatal(err)
	}
	price, err := cost.Lookup("codeengine")
	if err != nil {
		t.Fatal(err)
	}
	profile, err := sim.FindProfile("codeengine-2021")
	if err != nil {
		t.Fatal(err)
	}
	time := sim.LogNormal{Median: 8, Sigma: 0.3}
	want := sim.Scenario{
		Name: "thumbnails", Workers: 250, VCPU: 1, Memory: 4e9,
		Tasks: sim.Tasks{
			Count: 4000,
			Time:  sim.Mixture{{Weight: 0.99, Dist: time}, {Weight: 0.01, Dist: sim.Scaled{Factor: sim.Uniform{Min: 2, Max: 5}, Dist: time}}},
			In:    sim.LogNormal{Median: 2e6, Sigma: 0.5}, Out: sim.Constant(2e5),
		},
		Speed:        sim.Speed{Factor: sim.LogNormal{Median: 1, Sigma: 0.1}, StartCorrelation: 0.3},
		Provisioning: profile.Provisioning,
		Driver:       sim.Driver{Dispatch: 20e-6, Latency: sim.Constant(0.03), Poll: 0.5},
		Store:        sim.Store{Bandwidth: 5e9, PerTransfer: 9e7, Latency: sim.LogNormal{Median: 0.025, Sigma: 0.4}, RequestRate: 3500},
		Faults:       sim.Faults{TaskFailure: 0.001, FailedRetries: 2, WorkerLife: 6 * 3600, Detect: 10, LostRetries: 3},
		Copies:       sim.Copies{Factor: 2, Quantile: 0.9},
		Billing:      sim.Billing{Price: &price, StartUp: 1},
		Warnings:     got.Warnings,
	}
	want.Provisioning.Quota = 250
	if diff := cmp.Diff(want, got.Scenario); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
	if got.Options.Seed != 1 || got.Options.Replications != 100 || len(got.Warnings) != 1 || got.Warnings[0].Code != "profile" {
		t.Errorf("%+v", got)
	}
}

func TestDistributions(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "times.txt"), []byte("1\n2\n3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]sim.Dist{
		"2m":                                         sim.Constant(120),
		"0.25":                                       sim.Constant(0.25),
		"{dist: constant, value: 2s}":                sim.Constant(2),
		"{dist: exponential, mean: 3}":               sim.Exponential{M: 3},
		"{dist: normal, mean: 3, sd: 1s}":            sim.Normal{Mu: 3, SD: 1},
		"{dist: weibull, scale: 3, shape: 1.5}":      sim.Weibull{Scale: 3, Shape: 1.5},
		"{dist: pareto, min: 3, alpha: 2}":           sim.Pareto{Least: 3, Alpha: 2},
		"{dist: uniform, min: 1, max: 2, offset: 1}": sim.Shifted{By: 1, Dist: sim.Uniform{Min: 1, Max: 2}},
		"{dist: empirical, values: [1s, 2s]}":        sim.Empirical{1, 2},
		"{dist: empirical, file: times.txt}":         sim.Empirical{1, 2, 3},
		"{dist: mixture, of: [{weight: 9, dist: constant, value: 1}, {weight: 1, dist: empirical, values: 5}]}": sim.Mixture{{Weight: 9, Dist: sim.Constant(1)}, {Weight: 1, Dist: sim.Empirical{5}}},
	} {
		s, err := Read([]byte("cores: 2\ntasks: {count: 3, time: "+text+"}\n"), folder, Settings{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, s.Tasks.Time); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	s, err := Read([]byte("cores: 2\ntasks: {time: {dist: listed, file: times.txt}}\nprovisioning: {delay: {dist: listed, values: [1, 2]}}"), folder, Settings{})
	if err != nil || s.Tasks.Count != 3 || !cmp.Equal(s.Tasks.Times, []float64{1, 2, 3}) || !cmp.Equal(s.Provisioning.Delays, []float64{1, 2}) {
		t.Errorf("listed: %+v, %v", s, err)
	}
}

// What the command line says comes before the file.
func TestSettings(t *testing.T) {
	price, err := cost.Lookup("lambda")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read([]byte("cores: 2\ntasks: {count: 3, time: 1}\nworkers: {vcpu: 4}\nbilling: {price: codeengine}\n"), "", Settings{Cores: 8, Tasks: 7, Price: &price})
	if err != nil || s.Workers != 2 || s.Tasks.Count != 7 || s.Billing.Price.Name != "lambda" {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestErrorsTellThePlace checks the line and column of what is wrong.
func TestErrorsTellThePlace(t *testing.T) {
	const head = "cores: 4\ntasks: {count: 3, time: 1s}\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the scenario is empty"},
		{"unknown key", head + "core: 4\n", `line 3, column 1: unknown field "core"`},
		{"unknown key below", head + "driver: {dispach: 1s}\n", `line 3, column 10: unknown field "dispach"`},
		{"unknown key of a distribution", "cores: 4\ntasks:\n  count: 3\n  time: {dist: lognormal, median: 1, sgma: 1}\n", `line 4, column 38: unknown field "sgma"`},
		{"no tasks", "cores: 4\n", "the tasks have no time"},
		{"no time", "cores: 4\ntasks: {count: 3}\n", "line 2, column 8: the tasks have no time"},
		{"no count", "cores: 4\ntasks: {time: 1}\n", "the number of tasks, count, is 0"},
		{"negative count", "cores: 4\ntasks: {count: -3, time: 1}\n", "line 2, column 16: the number of tasks, count, is -3"},
		{"no cores", "tasks: {count: 3, time: 1}\n", "the number of cores is 0"},
		{"negative cores", "cores: -1\ntasks: {count: 3, time: 1}\n", "line 1, column 8: the number of cores is -1"},
		{"text for cores", "cores: many\ntasks: {count: 3, time: 1}\n", `line 1, column 8: cores: a whole number is expected, not "many"`},
		{"cores that do not divide", head + "workers: {vcpu: 3}\n", "line 1, column 8: 4 cores cannot be had in workers of 3 vCPU"},
		{"negative time", "cores: 4\ntasks:\n  count: 3\n  time: -1s\n", `line 4, column 9: "-1s" is negative`},
		{"text for a time", "cores: 4\ntasks: {count: 3, time: soon}\n", `line 2, column 25: "soon" is not a time`},
		{"negative parameter", "cores: 4\ntasks:\n  count: 3\n  time: {dist: exponential, mean: -2}\n", `line 4, column 35: "-2" is negative`},
		{"unknown distribution", "cores: 4\ntasks:\n  count: 3\n  time: {dist: cauchy}\n", `line 4, column 16: no distribution "cauchy" here: there are constant, uniform`},
		{"missing parameter", "cores: 4\ntasks:\n  count: 3\n  time: {dist: normal, mean: 2}\n", "a normal distribution needs sd"},
		{"another's parameter", "cores: 4\ntasks:\n  count: 3\n  time: {dist: exponential, mean: 2, sigma: 1}\n", "line 4, column 45: a exponential distribution has no sigma"},
		{"max below min", "cores: 4\ntasks:\n  count: 3\n  time: {dist: uniform, min: 2, max: 1}\n", "max 1 is less than min 2"},
		{"mixture without parts", "cores: 4\ntasks:\n  count: 3\n  time: {dist: mixture}\n", "a mixture needs parts"},
		{"weight of nothing", "cores: 4\ntasks:\n  count: 3\n  time: {dist: mixture, of: [{weight: 0, dist: constant, value: 1}]}\n", "line 4, column 39: a weight of 0 is not above 0"},
		{"empirical without values", "cores: 4\ntasks:\n  count: 3\n  time: {dist: empirical}\n", "dist: empirical needs values"},
		{"missing file", "cores: 4\ntasks:\n  count: 3\n  time: {dist: empirical, file: none.txt}\n", "line 4, column 33: open none.txt: no such file"},
		{"too few listed times", "cores: 4\ntasks: {count: 3, time: {dist: listed, values: [1, 2]}}\n", "there are 2 times for 3 tasks"},
		{"too few listed delays", head + "provisioning: {delay: {dist: listed, values: [1]}}\n", "there are 1 start delays for 4 workers"},
		{"listed sizes", "cores: 4\ntasks: {count: 3, time: 1, input: {dist: listed, values: [1]}}\n", "only task times and start delays can be listed"},
		{"quota of none", head + "provisioning: {quota: 0}\n", "line 3, column 23: with a quota of 0 workers none would ever start"},
		{"negative quota", head + "provisioning: {quota: -5}\n", "with a quota of -5 workers none would ever start"},
		{"text for a quota", head + "provisioning: {quota: lots}\n", `"lots" is not a number of workers`},
		{"quota below a worker", "cores: 4\ntasks: {count: 3, time: 1s}\nworkers: {vcpu: 2}\nprovisioning: {quota: {vcpu: 1}}\n", "line 4, column 30: a quota of 1 vCPU has no room for a worker of 2"},
		{"quota of memory below a worker", "cores: 4\ntasks: {count: 3, time: 1s}\nworkers: {memory: 4GB}\nprovisioning: {quota: {memory: 2GB}}\n", "the quota of memory has no room for a worker's"},
		{"quota of memory without memory", head + "provisioning: {quota: {memory: 2GB}}\n", "a quota of memory needs the memory of a worker"},
		{"negative rate", head + "provisioning: {rate: -1}\n", "line 3, column 22: rate -1 is not a number from 0 on"},
		{"burst without rate", head + "provisioning: {burst: 3}\n", "a burst without a rate has no end"},
		{"unknown profile", head + "provisioning: {profile: moon}\n", `line 3, column 25: no profile "moon"; there are codeengine-2021`},
		{"waves of none", head + "provisioning: {waves: {size: 0, every: 1s}}\n", "waves need a size from 1 on"},
		{"a share above all", head + "faults: {task_failure: 120%}\n", `line 3, column 24: "120%" is not a share`},
		{"all fail", head + "faults: {task_failure: 1}\n", "if more than 95 % of attempts fail, nothing is done"},
		{"no life", head + "faults: {worker_life: 0s}\n", "workers that live for no time do nothing"},
		{"copies too early", head + "copies: {factor: 0.5}\n", "line 3, column 18: a factor of 0.5 is not 1 or more"},
		{"stragglers without a factor", "cores: 4\ntasks: {count: 3, time: 1s, stragglers: {share: 1%}}\n", "stragglers need a share and a factor"},
		{"unknown price", head + "billing: {price: gold}\n", `line 3, column 18: no price list "gold"`},
		{"exponent without base", head + "slowdown: {exponent: 1}\n", "an exponent needs a base"},
		{"correlation of nothing", head + "workers: {start_correlation: 0.5}\n", "a correlation of start and speed needs a distribution of both"},
		{"correlation too large", head + "workers: {start_correlation: 2}\n", "line 3, column 30: a correlation of 2 is not in -1 to 1"},
		{"bad confidence", head + "confidence: 100%\n", "a confidence of 100% is not between"},
		{"too many replications", head + "replications: 1000000000\n", "line 3, column 15: 1000000000 replications"},
	} {
		_, err := Read([]byte(c.text), "", Settings{})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.name, err, c.want)
		}
	}
}

// TestSchema checks the example and wrong scenarios against the published
// schema.
func TestSchema(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	schematest.Check(t, data, map[string]bool{
		string(written):    true,
		"tasks: {time: 3}": true,
		"tasks: {time: {dist: mixture, of: [{weight: 1, dist: constant, value: 1s}]}}": true,
		"tasks: {count: 3}":                            false,
		"tasks: {time: 3, cuont: 3}":                   false,
		"tasks: {time: {dist: normal, mu: 3}}":         false,
		"tasks: {time: 3}\nprovisioning: {quota: [1]}": false,
	})
}

// FuzzRead holds any input to an error in one line, or a scenario that is
// possible.
func FuzzRead(f *testing.F) {
	written, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(written)
	f.Add([]byte("cores: 4\ntasks: {count: 3, time: {dist: mixture, of: [{weight: 1, dist: constant, value: 1}]}}\nprovisioning: {quota: {vcpu: 2}}"))
	f.Add([]byte("cores: 4\ntasks: {time: {dist: listed, values: [1, 2]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Read(data, t.TempDir(), Settings{})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("error of several lines: %q", err)
			}
			return
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		if s.Workers <= 100 && s.Tasks.Count <= 1000 {
			if _, err := sim.Simulate(t.Context(), &s.Scenario, sim.Options{Replications: 1}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
