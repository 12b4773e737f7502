package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// run runs the go command's tests of a module made of files, and reads them.
func run(t *testing.T, required bool, files map[string]string) (text string, bad bool) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module m\n\ngo 1.26\n"
	for name, content := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "-vet=off", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	events, _ := cmd.Output() // which fails with the tests
	var out strings.Builder
	bad, err := read(strings.NewReader(string(events)), &out, required)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), bad
}

const header = "package a\n\nimport \"testing\"\n\n"

func TestPassing(t *testing.T) {
	text, bad := run(t, true, map[string]string{
		"a/a_test.go": header + "func TestGood(t *testing.T) { t.Log(\"quiet\") }\n",
		"b/b.go":      "package b\n",
	})
	if bad || !strings.Contains(text, "ok  \tm/a\t") || !strings.Contains(text, "m/b\t[no test files]") || strings.Contains(text, "quiet") {
		t.Errorf("bad is %v, and it prints\n%s", bad, text)
	}
}

func TestFailing(t *testing.T) {
	text, bad := run(t, false, map[string]string{
		"a/a_test.go": header + `func TestGood(t *testing.T) { t.Log("quiet") }
func TestBad(t *testing.T) {
	t.Run("good", func(t *testing.T) { t.Log("quiet") })
	t.Run("bad", func(t *testing.T) { t.Error("loud") })
}
`,
		"b/b_test.go": strings.Replace(header, "package a", "package b", 1) + "func TestPanic(t *testing.T) { panic(\"gone\") }\n",
		"c/c.go":      "package c\n\nvar x int = \"text\"\n",
		"c/c_test.go": "package c\n",
	})
	for _, want := range []string{"a_test.go:8: loud", "--- FAIL: TestBad/bad", "FAIL\tm/a\t", "panic: gone", "FAIL\tm/b\t", "c.go:3:13", "FAIL\tm/c [build failed]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in what it prints", want)
		}
	}
	if !bad || strings.Contains(text, "quiet") {
		t.Errorf("bad is %v", bad)
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestSkipping(t *testing.T) {
	files := func() map[string]string {
		return map[string]string{"a/a_test.go": header + `func TestA(t *testing.T) { t.Skip("not applicable: by nature") }
func TestB(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Skip("no such tool") }) }
func TestC(t *testing.T) { t.SkipNow() }
`}
	}
	const list = "skipped: m/a TestB/sub: no such tool\nskipped: m/a TestC: \n1 tests are not applicable where they stand\n"
	for _, c := range []struct {
		required bool
		want     string
	}{
		{false, list},
		{true, list + "FAIL: all tests are required, and some were skipped\n"},
	} {
		text, bad := run(t, c.required, files())
		if bad != c.required {
			t.Errorf("required %v, bad %v", c.required, bad)
		}
		_, got, _ := strings.Cut(text, "s\n") // after the package's line
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("required %v (-want +got):\n%s", c.required, d)
		}
	}
	text, bad := run(t, true, map[string]string{"a/a_test.go": header + "func TestA(t *testing.T) { t.Skip(\"not applicable: by nature\") }\n"})
	if bad {
		t.Errorf("what is not applicable is bad:\n%s", text)
	}
}

// TestCut: a stream that ends early is bad.
func TestCut(t *testing.T) {
	var out strings.Builder
	bad, err := read(strings.NewReader(`{"Action":"start","Package":"m/a"}
{"Action":"run","Package":"m/a","Test":"TestX"}
{"Action":"output","Package":"m/a","Test":"TestX","Output":"half a word\n"}
go: something else
`), &out, false)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("go: something else\nm/a: no end\nhalf a word\n", out.String()); d != "" || !bad {
		t.Errorf("bad is %v (-want +got):\n%s", bad, d)
	}
}
