package emulator_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"corecast/internal/emulator"
)

// sdkSpecs are the specs of the SDK that are about what the emulator has:
// projects, jobs, job runs, config maps, secrets and persistent data stores.
const sdkSpecs = `External configuration|Client initialization|` +
	`(List|Create|Get|Update|Replace|Delete)(Projects?|Jobs?|JobRuns?|ConfigMaps?|Secrets?|PersistentDataStores?)( |\()|` +
	`GetProjectEgressIps|GetProjectStatusDetails`

// TestSDK has the SDK's own integration tests and examples pass, as they are in
// its module, against an emulator that seeds what they need.
func TestSDK(t *testing.T) {
	module := sdkModule(t)
	for _, c := range []struct {
		tag, file string
		ran, of   int
	}{
		{"integration", "code_engine_v2_integration_test.go", 37, 84},
		{"examples", "code_engine_v2_examples_test.go", 31, 69},
	} {
		t.Run(c.tag, func(t *testing.T) {
			e := start(t, emulator.Options{SDKTests: true})
			dir := copySDK(t, module, c.file)
			var env strings.Builder
			for _, v := range e.Env() {
				fmt.Fprintf(&env, "%s=%s\n", v.Name, v.Value)
			}
			if err := os.WriteFile(filepath.Join(dir, "code_engine_v2.env"), []byte(env.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("go", "test", "-count=1", "-v", "-vet=off", "-tags", c.tag, "./codeenginev2", "-ginkgo.noColor", "-ginkgo.focus", sdkSpecs)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "ACK_GINKGO_DEPRECATIONS=1.16.5")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			want := fmt.Sprintf(`Ran %d of %d Specs`, c.ran, c.of)
			if !strings.Contains(string(out), want) || !strings.Contains(string(out), fmt.Sprintf("%d Passed | 0 Failed", c.ran)) {
				t.Errorf("not %s, all passed:\n%s", want, out)
			}
		})
	}
}

// sdkModule returns the SDK's folder in the module cache.
func sdkModule(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/IBM/code-engine-go-sdk").CombinedOutput()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Fatalf("find the SDK: %v\n%s", err, out)
	}
	return dir
}

// copySDK copies what the SDK's tests in one file need: its module cannot be
// written to, and they read the environment from a file in it.
func copySDK(t *testing.T, module, test string) string {
	t.Helper()
	dir := t.TempDir()
	for _, pattern := range []string{"go.mod", "go.sum", "common/*.go", "codeenginev2/code_engine_v2.go", "codeenginev2/*_suite_test.go", "codeenginev2/" + test} {
		files, err := filepath.Glob(filepath.Join(module, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s in %s (%v)", pattern, module, err)
		}
		for _, from := range files {
			data, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(module, from)
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(dir, rel)
			if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
