package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// root is the module's root, seen from this package.
const root = "../.."

// project reads the project's source.
func project(t *testing.T) *tree {
	t.Helper()
	source, err := readTree(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(source.pkgs) < 10 {
		t.Fatalf("only %d packages below %s", len(source.pkgs), root)
	}
	return source
}

// report fails the test with each line.
func report(t *testing.T, broken []string) {
	t.Helper()
	for _, b := range broken {
		t.Error(b)
	}
}

func TestImports(t *testing.T) { report(t, checkImports(project(t), importRules, moduleRules)) }

func TestInit(t *testing.T) { report(t, checkInit(project(t), initAllowed)) }

func TestState(t *testing.T) { report(t, checkState(project(t), stateAllowed)) }

// TestWorkerPath looks at each system that workers run on.
func TestWorkerPath(t *testing.T) {
	project(t) // so that a cached result is of this source
	roots := make([]string, len(workerRoots))
	for i, p := range workerRoots {
		roots[i] = module + "/" + p
	}
	for _, goos := range []string{"linux", "darwin"} {
		t.Run(goos, func(t *testing.T) {
			g, err := listDeps(root, goos, workerRoots)
			if err != nil {
				t.Fatal(err)
			}
			if len(g[module+"/runner"]) == 0 {
				t.Fatal("package runner imports nothing")
			}
			report(t, checkReach(g, roots, workerMustNotReach))
		})
	}
}

// TestDependencies holds docs/dependencies.md against go.mod and tools.mod.
func TestDependencies(t *testing.T) {
	used := make(map[string]string)
	for name, imports := range map[string][]string{"go.mod": importsOf(project(t)), "tools.mod": nil} {
		m, err := readMod(root, name)
		if err != nil {
			t.Fatal(err)
		}
		for module, version := range m.direct(imports) {
			used[module] = version
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkDocumented(text, used))
}

// TestDocumentsNameFiles: what CONTRIBUTING.md and docs/architecture.md call a
// file is one.
func TestDocumentsNameFiles(t *testing.T) {
	named := regexp.MustCompile("`((?:[a-z]+/)*[A-Za-z_]+\\.(?:go|md|mod))`")
	for _, document := range []string{"CONTRIBUTING.md", "docs/architecture.md"} {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Fatal(err)
		}
		found := named.FindAllSubmatch(text, -1)
		if len(found) < 3 {
			t.Errorf("%s names %d files", document, len(found))
		}
		for _, m := range found {
			if _, err := os.Stat(filepath.Join(root, string(m[1]))); err != nil {
				t.Errorf("%s names %s: %v", document, m[1], err)
			}
		}
	}
}
