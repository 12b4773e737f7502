package work

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func socketPair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, fd := range fds {
			syscall.Close(fd) // an error means that the test has
		}
	})
	return fds[0], fds[1]
}

// TestAwait waits for the driver's first word, which stays to be read, and for
// its end.
func TestAwait(t *testing.T) {
	ours, theirs := socketPair(t)
	if _, err := descriptor(theirs).Write([]byte("word")); err != nil {
		t.Fatal(err)
	}
	if err := descriptor(ours).await(); err != nil {
		t.Errorf("with a word: %v", err)
	}
	word := make([]byte, 10)
	if n, err := syscall.Read(ours, word); err != nil || string(word[:n]) != "word" {
		t.Errorf("what was waited for is %q, %v", word[:n], err)
	}
	syscall.Close(theirs)
	if err := descriptor(ours).await(); !errors.Is(err, errGone) {
		t.Errorf("when the driver has gone: %v", err)
	}
	if _, err := greet(descriptor(ours)); !errors.Is(err, errGone) {
		t.Errorf("greeting a driver that has gone: %v", err)
	}
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := descriptor(file.Fd()).await(); err != nil { // reading tells
		t.Errorf("what is no socket: %v", err)
	}
}

func TestLinkerID(t *testing.T) {
	note := "\x04\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00Go\x00\x00"
	for data, want := range map[string]string{
		"head" + note + "abcd":              "abc",
		"head" + note + "ab":                "", // cut short
		note[4:]:                            "",
		"x\xff Go build ID: \"a/b\"\n \xff": "a/b",
		"x\xff Go build ID: \"a":            "",
		"\xff Go build ID: \"\"":            "",
		"":                                  "",
		strings.Repeat("\x00", 100) + note + "abc tail": "abc",
	} {
		if got := linkerID([]byte(data)); got != want {
			t.Errorf("linkerID(%q) = %q, want %q", data, got, want)
		}
	}
}

// TestBuildID holds that this program's id is that which the go command tells,
// and that programs whose id was left out differ by what is in them.
func TestBuildID(t *testing.T) {
	want, err := exec.Command("go", "tool", "buildid", os.Args[0]).Output()
	if got := BuildID(); err != nil || got != string(bytes.TrimSpace(want)) {
		t.Errorf("the build id is %q, the go command says %q, %v", got, want, err)
	}
	dir := t.TempDir()
	ids := make(map[string]bool)
	for name, text := range map[string]string{"a": "one", "b": "two"} {
		source := filepath.Join(dir, name+".go")
		program := filepath.Join(dir, name)
		code := "package main\n\nimport \"corecast/runner/work\"\n\nfunc main() { print(work.BuildID()); if len(\"" + text + "\") == 0 { panic(\"" + text + "\") } }\n"
		if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
			t.Fatal(err)
		}
		build := exec.Command("go", "build", "-ldflags=-buildid=", "-o", program, source)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		out, err := exec.Command(program).CombinedOutput()
		if err != nil || len(out) == 0 || strings.Contains(string(out), "unknown") {
			t.Fatalf("the program said %q, %v", out, err)
		}
		ids[string(out)] = true
	}
	if len(ids) != 2 {
		t.Errorf("two programs have one id: %v", ids)
	}
}
