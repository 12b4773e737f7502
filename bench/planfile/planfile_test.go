package planfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/bench"
	"corecast/internal/yamlfile/schematest"
	"corecast/results"
	"corecast/workloads"
)

var machine = results.Machine{Cores: 4, OpenFiles: 1000}

func draw() uint64 { return 99 }

func TestReadExample(t *testing.T) {
	data, err := os.ReadFile("../../examples/plan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := Read(data, machine, draw)
	if err != nil {
		t.Fatal(err)
	}
	if p.Seed != 99 || p.Reps != 3 || p.Budget != workloads.Duration(30*time.Second) || p.Price != "codeengine" || len(p.Sweeps) != 4 {
		t.Fatalf("plan %+v", p)
	}
	type row struct {
		Workload, Backend string
		Cores             []int
		Scaling           bench.Scaling
		Reps              int
	}
	var got []row
	for _, s := range p.Sweeps {
		got = append(got, row{s.Workload, s.Backend, s.Cores, s.Scaling, s.Reps})
	}
	want := []row{
		{"montecarlo", "local", []int{1, 2}, "strong", 0}, {"montecarlo", "local", []int{1, 2}, "strong", 0},
		{"sleep", "local", []int{1, 2}, "weak", 2}, {"sleep", "inproc", []int{1, 2}, "weak", 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sweeps (-want +got):\n%s", diff)
	}
	var settings workloads.MonteCarlo
	if err := json.Unmarshal(p.Sweeps[1].Settings, &settings); err != nil {
		t.Fatal(err)
	}
	if settings.Samples != 4e6 || settings.Model != "option" || settings.Strike != 110 {
		t.Errorf("settings %+v", settings)
	}
}

func TestDefaults(t *testing.T) {
	p, _, err := Read([]byte("seed: 5\nsweeps:\n- workload: noop\n"), machine, draw)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sweeps[0]
	if p.Seed != 5 || p.Reps != bench.DefaultReps || p.MaxReps != bench.DefaultMaxReps || s.Backend != "local" || s.VCPU != 1 || !cmp.Equal(s.Cores, []int{1, 2, 4}) {
		t.Errorf("plan %+v", p)
	}
}

// TestCommand has a program with its arguments.
func TestCommand(t *testing.T) {
	p, _, err := Read([]byte("sweeps:\n- {workload: command, command: [./score.sh, -n, 3, '{}'], settings: {tasks: 5}}\n"), machine, draw)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Sweeps[0].Settings); !strings.Contains(got, `"args":["./score.sh","-n","3","{}"],"tasks":5`) {
		t.Errorf("settings %s", got)
	}
}

// TestLimits has what workers are held to.
func TestLimits(t *testing.T) {
	p, _, err := Read([]byte("sweeps:\n- {workload: noop, core_share: 12.5%, memory: 512MiB, pin: true, cores: 16, env: [PATH, HOME]}\n"), machine, draw)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.Sweeps[0]; s.CoreShare != 0.125 || s.Memory != 512<<20 || !s.Pin || s.VCPU != 1 || !slices.Equal(s.Env, []string{"PATH", "HOME"}) {
		t.Errorf("sweep %+v", s)
	}
}

// TestErrorsTellThePlace checks the line and column of what is wrong.
func TestErrorsTellThePlace(t *testing.T) {
	for _, c := range []struct{ name, plan, want string }{
		{"unknown key", "reps: 2\nsweps: []\n", `line 2, column 1: unknown field "sweps"`},
		{"unknown key of a sweep", "sweeps:\n- workload: noop\n  core: 1\n", `line 3, column 3: unknown field "core"`},
		{"unknown workload", "sweeps:\n- workload: cook\n", `line 2, column 13: unknown workload "cook"`},
		{"unknown setting", "sweeps:\n- workload: noop\n  settings:\n    colour: red\n", `line 4, column 13: workload noop has no setting "colour": it has seed, size, tasks`},
		{"bad setting", "sweeps:\n- workload: noop\n  settings: {tasks: many}\n", `line 3, column 21: tasks: "many" is not a size`},
		{"bad cores", "sweeps:\n- workload: noop\n  cores: 0\n", "line 3, column 10: core count 0 is less than 1"},
		{"cores of a map", "sweeps:\n- workload: noop\n  cores: {a: 1}\n", "a scalar or a list of scalars"},
		{"no repetitions", "reps: 0\nsweeps: [{workload: noop}]\n", "line 1, column 7: 0 repetitions: at least 1"},
		{"no repetitions of a sweep", "sweeps:\n- {workload: noop, reps: 0}\n", "0 repetitions: at least 1"},
		{"too many sweeps", "sweeps:\n" + strings.Repeat("- {workload: noop, cores: 1}\n", 1001), "line 1002, column 3: more than 1000 sweeps"},
		{"no program", "sweeps:\n- workload: command\n", "line 2, column 13: which program? name it and its arguments"},
		{"a program for another", "sweeps:\n- workload: noop\n  command: 'true'\n", "line 3, column 12: workload noop takes no command"},
		{"bad size", "sweeps:\n- workload: noop\n  sizes: [-1]\n", `"-1" is negative`},
		{"no such variable", "sweeps:\n- workload: noop\n  env: [PATH, NO_SUCH_VARIABLE]\n", "line 3, column 8: the variable NO_SUCH_VARIABLE, which workers are to get, is not set in this environment"},
		{"bad core share", "sweeps:\n- workload: noop\n  core_share: all\n", `line 3, column 15: "all" is not a share`},
		{"core share out of range", "sweeps:\n- workload: noop\n  core_share: 1%\n", "line 3, column 15: a core share of 1 %: at least 5 %"},
		{"bad memory", "sweeps:\n- workload: noop\n  memory: 0\n", `line 3, column 11: "0" is no memory to run in`},
		{"unknown backend", "sweeps:\n- workload: noop\n  backends: moon\n", `line 3, column 13: unknown backend "moon"`},
		{"bad scaling", "sweeps:\n- workload: noop\n  scaling: odd\n", `line 3, column 12: scaling "odd"`},
		{"wrong type", "reps: two\nsweeps:\n- workload: noop\n", `line 1, column 7: reps: a whole number is expected, not "two"`},
		{"half a repetition", "reps: 1.5\nsweeps:\n- workload: noop\n", "line 1, column 7: reps: a whole number is expected, not 1.5"},
		{"two plans", "sweeps:\n- workload: noop\n---\nsweeps:\n- workload: noop\n", "line 3, column 1: a second document"},
		{"bad time", "time: soon\nsweeps:\n- workload: noop\n", `line 1, column 7: "soon" is not a duration`},
		{"negative time", "time: -5s\nsweeps:\n- workload: noop\n", `"-5s" is negative`},
		{"bad precision", "precision: wide\nsweeps:\n- workload: noop\n", `line 1, column 12: "wide" is not a share`},
		{"bad price", "price: gold\nsweeps:\n- workload: noop\n", `line 1, column 8: no price list "gold"`},
		{"no workload", "sweeps:\n- cores: 1\n", "a sweep needs a workload"},
		{"no sweeps", "reps: 2\n", "no sweeps"},
		{"empty", "", "the plan is empty"},
		{"not YAML", "sweeps: [", "line 1, column"},
		{"key twice", "reps: 1\nreps: 2\n", "line 2, column 1: "},
		{"a list", "- 1\n", "line 1, column"},
		{"negative reps", "sweeps:\n- workload: noop\n  reps: -1\n", "line 3, column 9: -1 repetitions"},
		{"reps of all", "reps: -1\nsweeps:\n- workload: noop\n", "line 1, column 7: -1 repetitions"},
		{"cores that do not divide", "sweeps:\n- workload: noop\n  vcpu: 2\n  cores: 3\n", "line 4, column 10: 3 cores cannot be had"},
		{"negative chunk", "sweeps:\n- workload: noop\n  chunk: -2\n", "line 3, column 10: chunk -2"},
		{"negative timeout", "sweeps:\n- workload: noop\n  task_timeout: -2s\n", `line 3, column 17: "-2s" is negative`},
		{"weak without a size", "sweeps:\n- workload: command\n  scaling: weak\n  settings: {tasks: 2}\n  command: 'true'\n", "line 3, column 12: "},
	} {
		_, _, err := Read([]byte(c.plan), machine, draw)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %q, want one line with %q", c.name, err, c.want)
		}
	}
}

// TestLocate checks the place of what is known to be wrong only when inputs are
// made ready.
func TestLocate(t *testing.T) {
	plan := `sweeps:
- workload: noop
  backends: [local, inproc]
- workload: image
  settings: {to: gif, max_pixels: 0}
- workload: montecarlo
  sizes: [1e6, 0]
- workload: logsearch
`
	_, places, err := Read([]byte(plan), machine, draw)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sweep int
		err   error
		want  string
	}{
		{2, &workloads.SettingError{Setting: "to", Text: "no"}, "line 5, column 18: w: to: no"},
		{2, &workloads.SettingError{Setting: "max-pixels", Text: "none"}, "line 5, column 35: w: max-pixels: none"},
		{2, &workloads.SettingError{Setting: "output", Text: "full"}, "line 4, column 11: w: output: full"},
		{4, &workloads.SettingError{Setting: "size", Text: "0"}, "line 7, column 10: w: size: 0"},
		{5, errors.New("odd"), "line 8, column 11: w: odd"},
		{0, errors.New("odd"), "line 2, column 11: w: odd"},
		{99, errors.New("odd"), "w: odd"},
	} {
		got, ok := places.Locate(fmt.Errorf("run: %w", &bench.PrepareError{Sweep: c.sweep, Workload: "w", Err: c.err}))
		if ok != (c.sweep < 99) || !strings.HasSuffix(got.Error(), c.want) {
			t.Errorf("sweep %d: %v, want %q", c.sweep, got, c.want)
		}
	}
	if _, ok := places.Locate(errors.New("other")); ok {
		t.Error("another error has a place")
	}
}

// TestSchema checks the example and wrong plans against the published schema.
func TestSchema(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../examples/plan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schematest.Check(t, data, map[string]bool{
		string(example):                      true,
		"sweeps: [{workload: noop}]":         true,
		"sweps: []":                          false,
		"reps: 3":                            false,
		"sweeps: [{workload: noop, cor: 1}]": false,
		"sweeps: [{workload: 3}]":            false,
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"sweeps:\n- workload: noop\n", "sweeps: [{workload: montecarlo, sizes: 1e8, cores: 1..8x2}]", "a: &x [*x]", "reps: 1e99", "\t", "sweeps: [[]]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, _, err := Read(data, machine, draw)
		if err == nil && len(p.Sweeps) == 0 {
			t.Error("a plan without sweeps was accepted")
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of several lines: %q", err)
		}
	})
}
