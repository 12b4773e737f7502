// Package onv2 runs a package's tests again on a system of its own with control
// groups of version 2: Linux as a process (User-mode Linux, Debian's package
// user-mode-linux), with the same files read only, booted in some seconds.
//
// A package's TestMain calls [Main], which takes over in the booted system; one
// of its tests calls [Run]. What such tests find there: root, one processor,
// every controller, their own process in the root of all groups, an empty
// /tmp, and no network.
package onv2

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	// program is the kernel as a program.
	program = "linux.uml"
	// env is set in the booted system.
	env = "CORECAST_ON_V2"
	// bootLimit bounds one boot with its tests.
	bootLimit = 5 * time.Minute
	passed    = "corecast: the tests on version 2 passed"
)

// Inside reports whether this process is in the booted system.
func Inside() bool { return os.Getenv(env) != "" }

// Run boots the system and runs the tests there that match a pattern, as go
// test -run takes it. It fails t when one of them does, and skips it where the
// program is not installed, unless CORECAST_REQUIRE is all.
func Run(t *testing.T, pattern string) {
	t.Helper()
	if Inside() {
		t.Skip("not applicable: this is the booted system")
	}
	if underRace {
		t.Skip("not applicable: a program with the race detector does not run there")
	}
	kernel, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatalf("%s is required: apt-get install user-mode-linux", program)
		}
		t.Skipf("%s is not installed: apt-get install user-mode-linux", program)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, kernel, "mem=768M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
		"uml_dir="+dir, "con=null", "con0=fd:0,fd:1", "quiet", "init="+self,
		env+"="+wd, "HOME=/tmp", "TMPDIR=/tmp", "--", "-test.run="+pattern, "-test.v")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Stdout, cmd.Stderr = &out, &out
	runErr := cmd.Run()
	t.Logf("%s", clean(out.String()))
	if !strings.Contains(out.String(), passed) {
		t.Errorf("tests on version 2 failed (%v)", runErr)
	}
}

// clean drops the carriage returns of a console.
func clean(s string) string { return strings.ReplaceAll(s, "\r", "") }

// Main is called first in TestMain. In the booted system, whose first process
// this is, it makes the system ready, runs the tests in a process of their own,
// and switches it off; anywhere else it returns at once.
func Main() {
	if !Inside() || os.Getpid() != 1 {
		return
	}
	code := boot()
	if code == nil {
		fmt.Println(passed)
	} else {
		fmt.Println("corecast: the tests on version 2 failed:", code)
	}
	os.Stdout.Sync()
	os.WriteFile("/proc/sysrq-trigger", []byte("o"), 0)
	time.Sleep(time.Minute) // it does not come to that
}

func boot() error {
	for _, m := range []struct{ kind, at string }{{"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/tmp"}, {"cgroup2", "/sys/fs/cgroup"}} {
		if err := mount(m.kind, m.at); err != nil {
			return fmt.Errorf("mount %s at %s: %w", m.kind, m.at, err)
		}
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = filepath.Base(os.Args[0])
	cmd.Dir = os.Getenv(env)
	cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	return cmd.Run()
}
