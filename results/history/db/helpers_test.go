package db

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"corecast/results/history"
)

// TestMain is a writer where a test started it as one.
func TestMain(m *testing.M) {
	if where := os.Getenv("TEST_WRITE_TO"); where != "" {
		if err := write(where, os.Getenv("TEST_PREFIX"), os.Getenv("TEST_RUNS")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

// write saves runs one after another, and says which are acknowledged.
func write(where, prefix, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	s, err := Open(context.Background(), where)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range n {
		r := testRun(prefix+strconv.Itoa(i), i)
		if err := s.Save(context.Background(), r); err != nil {
			return err
		}
		fmt.Println(r.ID)
	}
	return nil
}

// writer starts a process that saves runs.
func writer(t *testing.T, where, prefix string, runs int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_WRITE_TO="+where, "TEST_PREFIX="+prefix, "TEST_RUNS="+strconv.Itoa(runs))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

func testRun(id string, i int) *history.Run {
	return &history.Run{
		ID: id, Created: time.Unix(1_700_000_000+int64(i), 5).UTC(), Commit: "c" + strconv.Itoa(i), Branch: "main", Machine: "m",
		Environment: []byte(`{"cores":2}`), Tags: map[string]string{"a": "b"},
		Samples: []history.Sample{
			{Series: "w/local/cores=2/makespan_s", Values: history.Values{1 + float64(i), math.NaN(), math.Inf(1)}},
			{Series: "a first that is second", Values: history.Values{0.1}},
		},
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t *testing.T, where string) *Store {
	t.Helper()
	s, err := Open(t.Context(), where)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// missing skips a test for what is not there, or fails it where all is
// required.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CORECAST_REQUIRE") == "all" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// server is a PostgreSQL server that listens on a socket in a folder.
type server struct {
	dir, data string
	as        *syscall.Credential // it refuses to run as root
	process   *exec.Cmd
}

// program returns the path of a program of PostgreSQL.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		missing(t, "PostgreSQL is not installed: no "+name)
	}
	return found[len(found)-1]
}

// newServer starts a server whose data is in dir.
func newServer(t *testing.T, dir string) *server {
	t.Helper()
	s := &server{dir: dir, data: filepath.Join(dir, "data")}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			if u, err = user.Lookup("nobody"); err != nil {
				missing(t, "PostgreSQL does not run as root, and there is no other user")
			}
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		check(t, os.Chown(dir, uid, gid))
	}
	init := s.command(t, "initdb", "-D", s.data, "-k", "-N", "-A", "trust", "-U", "corecast", "--locale=C", "-E", "UTF8")
	if out, err := init.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	return s
}

func (s *server) command(t *testing.T, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(program(t, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = s.command(t, "postgres", "-D", s.data, "-k", s.dir, "-c", "listen_addresses=", "-c", "max_wal_size=64MB", "-c", "min_wal_size=32MB")
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	s.process.Stdout, s.process.Stderr = log, log
	check(t, s.process.Start())
	deadline := time.Now().Add(time.Minute)
	for {
		store, err := Open(t.Context(), s.url())
		if err == nil {
			store.Close()
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("%v\n%s", err, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *server) stop(t *testing.T) {
	s.process.Process.Signal(syscall.SIGQUIT)
	s.process.Wait()
}

func (s *server) url() string {
	return "postgres://corecast@/postgres?host=" + s.dir
}

// socketDir returns a folder whose path is short enough for a socket, and
// that another user may enter.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cc-pg-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func lines(s *bufio.Scanner, most int) (list []string) {
	for len(list) < most && s.Scan() {
		list = append(list, strings.TrimSpace(s.Text()))
	}
	return list
}
