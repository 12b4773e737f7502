package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"corecast/bench/track"
)

// TestTrackFindsRegression builds the command as it is and with 20 microseconds
// of work added to each dispatch in a worker, measures eight commits of the one
// and six of the other by track, and wants the ninth named.
func TestTrackFindsRegression(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	build(t, good, "")
	build(t, bad, slowDispatch(t, dir))
	plan := filepath.Join(dir, "plan.yaml")
	put(t, plan, []byte("reps: 3\nsweeps:\n  - workload: noop\n    settings: {tasks: 5000}\n    backends: [local]\n    cores: 1\n  - workload: spin\n    settings: {tasks: 1, duration: 20ms}\n    backends: [inproc]\n    cores: 1\n"), 0o600)
	const before, after = 8, 6
	var out []byte
	var err error
	for i := range before + after {
		program := good
		if i >= before {
			program = bad
		}
		cmd := exec.Command(program, "track", "noop/local/*", "--measure", "--plan", plan, "--commit", fmt.Sprintf("c%d", i), "--branch", "main", "--format", "json")
		cmd.Dir = dir
		cmd.Stderr = os.Stderr
		if out, err = cmd.Output(); err != nil && cmd.ProcessState.ExitCode() != exitNegative {
			t.Fatal(err)
		}
	}
	if err == nil {
		t.Error("the last run ended with 0")
	}
	var a track.Analysis
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	if a.Verdict != track.Regression {
		t.Errorf("the verdict is %q", a.Verdict)
	}
	named := false
	for _, s := range a.Series {
		for _, c := range s.Changes {
			if c.Verdict == track.Worse {
				t.Logf("%s: %s since %s, from %.3g to %.3g, p %.3g", s.Name, c.Verdict, c.Commit, c.Before, c.After, c.P)
				named = named || c.Commit == fmt.Sprintf("c%d", before) && strings.HasSuffix(s.Name, "/dispatch_wall_s")
			}
		}
	}
	if !named {
		t.Errorf("the commit that added work to each dispatch is not named:\n%s", out)
	}
}

func build(t *testing.T, to, overlay string) {
	t.Helper()
	args := []string{"build", "-o", to}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// slowDispatch makes an overlay for the go command in which a worker is
// busy for 20 microseconds before it takes the input of each task.
func slowDispatch(t *testing.T, dir string) string {
	t.Helper()
	const next = "\t\tin, err := f.input(s)\n"
	path, err := filepath.Abs("../../runner/work/serve.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), next) != 1 {
		t.Fatalf("%s does not take inputs at one place: say here where work is to be added", path)
	}
	slow := strings.Replace(string(source), next, "\t\tfor began := clock.Now(); clock.Now()-began < 20_000; {\n\t\t}\n"+next, 1)
	changed := filepath.Join(dir, "serve.go")
	put(t, changed, []byte(slow), 0o600)
	data, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	put(t, overlay, data, 0o600)
	return overlay
}
