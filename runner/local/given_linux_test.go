package local_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"corecast/runner"
	"corecast/runner/local"
)

// given is what a worker, and a program that it starts, have.
type given struct {
	Env, ChildEnv     []string
	Files, ChildFiles []string // what descriptors lead to
}

// whatIsGiven lists what the worker has.
var whatIsGiven = runner.NewFunc("local.given", func(ctx context.Context, _ int) (given, error) {
	env, err := exec.CommandContext(ctx, "env").Output()
	if err != nil {
		return given{}, err
	}
	files, err := exec.CommandContext(ctx, "ls", "-l", "/proc/self/fd").Output()
	g := given{Env: os.Environ(), ChildEnv: strings.Split(strings.TrimSpace(string(env)), "\n")}
	for line := range strings.Lines(string(files)) {
		if _, to, ok := strings.Cut(line, " -> "); ok {
			g.ChildFiles = append(g.ChildFiles, strings.TrimSpace(to))
		}
	}
	g.Files = descriptors()
	return g, err
})

// descriptors lists what this process's descriptors lead to.
func descriptors() (list []string) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil { // the folder's own is closed by now
			list = append(list, to)
		}
	}
	return list
}

// ask runs whatIsGiven on a worker.
func ask(t *testing.T, o local.Options) given {
	t.Helper()
	pool := runner.NewPool(local.New(1, o))
	defer pool.Close()
	got, err := runner.Map(t.Context(), pool, whatIsGiven, []int{0}, runner.JobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

// TestEnvironment has secrets in the driver's environment: workers, and what
// they start, do not get them unless they are named.
func TestEnvironment(t *testing.T) {
	for _, name := range []string{"CODE_ENGINE_APIKEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SOME_SECRET", "DB_PASSWORD"} {
		t.Setenv(name, "hidden")
	}
	t.Setenv("LC_ALL", "C.UTF-8")
	has := func(env []string, part string) bool {
		return slices.ContainsFunc(env, func(v string) bool { return strings.Contains(v, part) })
	}
	for _, test := range []struct {
		asked []string
		// secrets are those that it has.
		secrets []string
	}{
		{nil, nil},
		{[]string{"GITHUB_TOKEN"}, []string{"GITHUB_TOKEN"}},
		{[]string{"*"}, []string{"AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "GITHUB_TOKEN", "SOME_SECRET"}},
	} {
		got := ask(t, local.Options{Env: test.asked})
		for name, env := range map[string][]string{"worker": got.Env, "child": got.ChildEnv} {
			var secrets []string
			for _, v := range env {
				if n, value, _ := strings.Cut(v, "="); value == "hidden" {
					secrets = append(secrets, n)
				}
			}
			slices.Sort(secrets)
			if !slices.Equal(secrets, test.secrets) {
				t.Errorf("asked for %v, a %s has %v, want %v", test.asked, name, secrets, test.secrets)
			}
			if has(env, "CORECAST_WORKER") || !has(env, "PATH=") || !has(env, "LC_ALL=C.UTF-8") || !has(env, "GOMAXPROCS=1") {
				t.Errorf("the environment of a %s is %v", name, env)
			}
		}
	}
	if got := ask(t, local.Options{Env: []string{"GOMAXPROCS=3", "A=b"}}); !has(got.Env, "GOMAXPROCS=3") || has(got.Env, "GOMAXPROCS=1") || !has(got.Env, "A=b") {
		t.Errorf("the environment is %v", got.Env)
	}
}

// TestDescriptors opens files, sockets and pipes in the driver, also such that
// children inherit: workers have none of them, nor what others have.
func TestDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, at := range []int{0, 30} { // just behind what is there, and further on
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD, at)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other := runner.NewPool(local.New(2, local.Options{}))
	defer other.Close()
	if err := other.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]string{"worker": ask(t, local.Options{}).Files, "child": ask(t, local.Options{}).ChildFiles} {
		count := make(map[string]int)
		for _, to := range files {
			kind, _, _ := strings.Cut(to, ":[")
			if strings.HasPrefix(to, "/proc/") {
				kind = "/proc"
			}
			count[kind]++
		}
		sockets := 1 // to its driver
		if name == "child" {
			sockets = 0
		}
		for kind, n := range count {
			switch {
			case kind == "/dev/null", kind == "pipe", kind == "anon_inode", strings.HasPrefix(kind, "anon_inode:"), kind == "/proc":
			case kind == "socket" && n == sockets:
			case strings.HasPrefix(kind, "/sys/fs/cgroup/"): // Go's runtime looks at its quota
			default:
				t.Errorf("a %s has %d of %s: %v", name, n, kind, files)
			}
		}
	}
}
