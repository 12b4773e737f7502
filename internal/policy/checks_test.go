package policy

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write makes a tree of files, by name, and reads it.
func write(t *testing.T, files map[string]string) *tree {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	source, err := readTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// same compares what a check says with what it should.
func same(t *testing.T, want, got []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the check says (-want +got):\n%s", d)
	}
}

func TestCheckImports(t *testing.T) {
	rules := []rule{
		{pkg: "runner", imports: []string{"runner/trace"}, tests: []string{"runner/local"}},
		{pkg: "runner/*", imports: []string{"runner"}},
		{pkg: "runner/trace"},
		{pkg: "cmd/*", imports: []string{"*"}},
	}
	modules := []moduleRule{
		{module: "example.com/flags", in: []string{"cmd/*"}},
		{module: "example.com/diff", tests: []string{"*"}},
	}
	source := write(t, map[string]string{
		"runner/good.go":         "package runner\nimport \"corecast/runner/trace\"\nimport \"net/http\"",
		"runner/bad.go":          "package runner\nimport \"corecast/results\"",
		"runner/self_test.go":    "package runner_test\nimport \"corecast/runner\"\nimport \"corecast/runner/local\"\nimport \"example.com/diff/sub\"",
		"runner/other_linux.go":  "//go:build linux\n\npackage runner\nimport \"example.com/flags\"",
		"runner/local/local.go":  "package local\nimport \"corecast/runner\"\nimport \"corecast/runner/slurm\"",
		"runner/local/diff.go":   "package local\nimport \"example.com/diff\"",
		"runner/trace/trace.go":  "package trace\nimport \"corecast/runner\"",
		"runner/trace/flags2.go": "package trace\nimport \"example.com/flags2\"",
		"cmd/it/main.go":         "package main\nimport \"corecast/anything\"\nimport \"example.com/flags/v2\"",
		"results/results.go":     "package results",
		"testdata/x/x.go":        "package x\nimport \"corecast/results\"",
		".hidden/x.go":           "package x\nimport \"corecast/results\"",
	})
	same(t, []string{
		"package results has no line in importRules (internal/policy/rules.go)",
		"runner/bad.go:2: package runner may not import results",
		"runner/other_linux.go:4: package runner may not import example.com/flags: module example.com/flags has its place in cmd/*",
		"runner/local/diff.go:2: package runner/local may not import example.com/diff: module example.com/diff has its place in *",
		"runner/local/local.go:3: package runner/local may not import runner/slurm",
		"runner/trace/flags2.go:2: package runner/trace imports example.com/flags2, whose module has no line in moduleRules (internal/policy/rules.go)",
		"runner/trace/trace.go:2: package runner/trace may not import runner",
	}, checkImports(source, rules, modules))
}

func TestCheckReach(t *testing.T) {
	g := graph{
		"corecast/a": {"corecast/b", "fmt"},
		"corecast/b": {"example.com/light", "net/netip"},
		"corecast/c": {"fmt"},
		// through a module that looks light
		"example.com/light": {"net"},
		"net":               {"fmt"},
	}
	same(t, []string{"a worker's path must not reach net: corecast/a > corecast/b > example.com/light > net"},
		checkReach(g, []string{"corecast/a", "corecast/c"}, []string{"net", "net/http", "example.com/heavy/*"}))
	same(t, []string{"a worker's path must not reach example.com/light: corecast/b > example.com/light"},
		checkReach(g, []string{"corecast/b"}, []string{"example.com/*"}))
}

func TestCheckInit(t *testing.T) {
	source := write(t, map[string]string{
		"a/a.go":      "package a\n\nfunc init() {}",
		"a/b.go":      "package a\n\nfunc init() {}",
		"a/c.go":      "package a\n\ntype t int\n\nfunc (t) init() {}",
		"a/d_test.go": "package a\n\nfunc init() {}",
	})
	same(t, []string{"a/b.go:3: an init function", "a/d_test.go:3: an init function"},
		checkInit(source, map[string]string{"a/a.go": "because"}))
}

func TestCheckState(t *testing.T) {
	source := write(t, map[string]string{
		"a/vars.go": `package a

import (
	"errors"
	"example.com/them/v2"
	"sync"
)

var (
	fixed    = map[string]int{"a": 1}
	err      = errors.New("fixed")
	table    = []int{1, 2}
	counter  int
	settings struct{ depth int }
	lock     sync.Mutex
	list     registry
	pointer  = new(int)
	loop     int
	taken    int
	emptied  = map[int]int{}
	allowed  int
)

type registry struct{ n int }

func (r *registry) add()    { r.n++ }
func (r registry) len() int { return r.n }
`,
		"a/use.go": `package a

import (
	"example.com/them/v2"
	"os"
)

func use() *int {
	table[0] = 2
	counter++
	settings.depth += 2
	_ = list.len()
	list.add()
	*pointer = 3
	for loop = range 3 {
	}
	delete(emptied, 1)
	allowed = 1
	os.Args = nil
	them.Level = 3
	return &taken
}

// Locals of the same name, and reading, are no state.
func read(counter int) (table []int, err error) {
	counter++
	table = append(table, fixed["a"])
	err, settings := error(nil), 3
	settings++
	for loop := range 3 {
		_ = loop
	}
	return table, err
}
`,
		"a/a_test.go": "package a_test\n\nimport \"corecast/a\"\n\nfunc change() { a.Exported = 1 }",
		"a/other.go":  "//go:build plan9\n\npackage a\n\nvar counter int\n\nfunc more() { (counter) = 2 }",
	})
	const v = "the package-level variable "
	same(t, []string{
		"a/other.go:7: " + v + "a.counter is assigned to",
		"a/use.go:9: " + v + "a.table is assigned to",
		"a/use.go:10: " + v + "a.counter is assigned to",
		"a/use.go:11: " + v + "a.settings is assigned to",
		"a/use.go:13: " + v + "a.list has a method on its pointer called",
		"a/use.go:14: " + v + "a.pointer is assigned to",
		"a/use.go:15: " + v + "a.loop is assigned to",
		"a/use.go:17: " + v + "a.emptied is changed",
		"a/use.go:19: " + v + "os.Args is assigned to",
		"a/use.go:20: " + v + "example.com/them/v2.Level is assigned to",
		"a/use.go:21: " + v + "a.taken has its address taken",
		"a/vars.go:15: " + v + "a.lock is of a type that is made to change",
		"a/a_test.go:5: " + v + "a.Exported is assigned to",
	}, checkState(source, map[string]string{"a.allowed": "because"}))
}

func TestCheckDocumented(t *testing.T) {
	text := "| module | version | licence | why |\n| --- | --- | --- | --- |\n" +
		"| `example.com/good` | v1.0.0 | MIT | good |\n" +
		"| `example.com/stale` | v1.0.0 | MIT | gone |\n" +
		"| `example.com/old` | v1.0.0 | MIT | good |\n" +
		"| `example.com/mute` | v1.0.0 | MIT |  |\n" +
		"The module `example.com/prose` is not in a table.\n"
	same(t, []string{
		"example.com/mute has an empty cell in its row",
		"example.com/old has version v1.0.0 in its row, and is used at v1.1.0",
		"example.com/prose v2.0.0 is used and has no row",
		"example.com/stale has a row and is not used",
	}, checkDocumented([]byte(text), map[string]string{
		"example.com/good": "v1.0.0", "example.com/old": "v1.1.0", "example.com/mute": "v1.0.0", "example.com/prose": "v2.0.0",
	}))
}

func TestDirect(t *testing.T) {
	dir := t.TempDir()
	text := `module x

go 1.26

tool example.com/lint/cmd/lint

require (
	example.com/named v1.0.0
	example.com/used v1.1.0 // indirect
	example.com/used/deep v1.2.0 // indirect
	example.com/unused v1.3.0 // indirect
	example.com/lint v1.4.0 // indirect
)
`
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	m, err := readMod(dir, "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"example.com/named": "v1.0.0", "example.com/used": "v1.1.0", "example.com/used/deep": "v1.2.0", "example.com/lint": "v1.4.0",
	}
	if d := cmp.Diff(want, m.direct([]string{"fmt", "example.com/used/a", "example.com/used/deep/b", "example.com/usedmore"})); d != "" {
		t.Errorf("direct modules (-want +got):\n%s", d)
	}
}
