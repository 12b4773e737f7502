package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"corecast/internal/cgroup/onv2"
	"corecast/internal/usage"
)

// childEnv makes the test program do something else: see child.
const childEnv = "CORECAST_CGROUP_CHILD"

func TestMain(m *testing.M) {
	onv2.Main()
	if what := os.Getenv(childEnv); what != "" {
		child(what)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is what processes of these tests do.
func child(what string) {
	switch what {
	case "spin": // use a processor for 0.6 s
		for end := time.Now().Add(600 * time.Millisecond); time.Now().Before(end); {
		}
	case "groups": // say which groups it is in
		data, _ := os.ReadFile("/proc/self/cgroup")
		os.Stdout.Write(data)
	case "eat": // use 64 MiB
		var eaten [][]byte
		for range 64 {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			eaten = append(eaten, b)
		}
		fmt.Println(len(eaten))
	case "tree": // make a tree and say what came of it
		t, err := New("child", Limits{CPU: 0.5})
		if err != nil {
			fmt.Printf("permitted %v, supported %v: %v\n", !errors.Is(err, ErrNotPermitted), !errors.Is(err, ErrNotSupported), err)
			return
		}
		g, err := t.Group("w0", Limits{CPU: 0.5})
		if err != nil {
			fmt.Println(err)
			return
		}
		used := 0
		err = g.Hold(func() { used = len(g.Folders()) })
		fmt.Println("held", used, err)
		fmt.Println("removed", t.Remove())
	case "driver": // make a tree with a process in it, say where, and wait
		t, err := New("driver", Limits{CPU: 0.5})
		if err != nil {
			fmt.Println(err)
			return
		}
		g, err := t.Group("w0", Limits{CPU: 0.5})
		if err != nil {
			fmt.Println(err)
			return
		}
		sleeper := exec.Command("sleep", "1000")
		start(g, sleeper)
		fmt.Println(sleeper.Process.Pid, strings.Join(g.Folders(), " "))
		time.Sleep(time.Hour)
	}
}

// self is the test program as a child.
func self(what string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+what, "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts a command in a group.
func start(g *Group, cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	done, err := g.Attr(cmd.SysProcAttr)
	if err != nil {
		return err
	}
	err = cmd.Start()
	done()
	if err != nil {
		return err
	}
	return g.Entered(cmd.Process.Pid)
}

// tree makes a tree that the test removes, and skips the test where this user
// may not.
func tree(t *testing.T, need Limits) *Tree {
	t.Helper()
	tr, err := New(t.Name(), need)
	if errors.Is(err, ErrNotPermitted) || errors.Is(err, ErrNotSupported) {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		paths := places(tr)
		if err := tr.Remove(); err != nil {
			t.Error(err)
		}
		for _, path := range paths {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s is left", path)
			}
		}
	})
	return tr
}

func places(tr *Tree) []string {
	var paths []string
	for _, p := range tr.places {
		paths = append(paths, p.path)
	}
	return paths
}

func group(t *testing.T, tr *Tree, name string, l Limits) *Group {
	t.Helper()
	g, err := tr.Group(name, l)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestShareHolds has two processes that want a core each, at an eighth and at
// a half of one: neither gets more, and the kernel's account says what they
// got.
func TestShareHolds(t *testing.T) {
	tr := tree(t, Limits{CPU: 1})
	shares := []float64{0.125, 0.5}
	var groups []*Group
	var cmds []*exec.Cmd
	began := time.Now()
	for _, share := range shares {
		g := group(t, tr, fmt.Sprintf("share-%v", share), Limits{CPU: share})
		cmd := self("spin")
		if err := start(g, cmd); err != nil {
			t.Fatal(err)
		}
		groups, cmds = append(groups, g), append(cmds, cmd)
	}
	for i, g := range groups {
		if err := cmds[i].Wait(); err != nil {
			t.Fatal(err)
		}
		wall := time.Since(began)
		u, err := g.Usage()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v of a core: %+v in %v", shares[i], u, wall)
		// What was begun is used up: a period, and the kernel's tick (up to 10 ms).
		if most := time.Duration(shares[i]*float64(wall)) + 30*time.Millisecond; u.CPU > most {
			t.Errorf("used %v in %v, a share of %v allows %v", u.CPU, wall, shares[i], most)
		}
		// On a machine that is busy otherwise, even less than the share is had, and
		// nobody held back.
		if u.CPU <= 0 || u.Throttled < 0 || u.ThrottledPeriods < 0 || u.Periods < u.ThrottledPeriods {
			t.Errorf("the account %+v lacks something", u)
		}
		if own := time.Duration(usage.ThrottledIn(g.StatFile())); own < u.Throttled {
			t.Errorf("throttled for %v by its file, %v before", own, u.Throttled)
		}
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	}
}

// TestStartedInside sees that a process and its children are in the group.
func TestStartedInside(t *testing.T) {
	tr := tree(t, Limits{CPU: 1, Memory: 1})
	g := group(t, tr, "here", Limits{CPU: 0.9, Memory: 64 << 20})
	cmd := exec.Command("sh", "-c", "sleep 0.2; cat /proc/self/cgroup")
	var out strings.Builder
	cmd.Stdout = &out
	if err := start(g, cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	inside := 0
	for line := range strings.Lines(out.String()) {
		if strings.HasSuffix(strings.TrimSpace(line), "/here") && strings.Contains(line, prefix) {
			inside++
		}
	}
	if inside != len(tr.places) {
		t.Errorf("in %d groups, want %d:\n%s", inside, len(tr.places), &out)
	}
}

// TestFromTheFirstInstruction starts a process in a group of version 2: it
// never was anywhere else.
func TestFromTheFirstInstruction(t *testing.T) {
	tr := tree(t, Limits{CPU: 1})
	if tr.places[0].version != 2 {
		t.Skip("not applicable: processors are limited by version 1 here")
	}
	g := group(t, tr, "first", Limits{CPU: 0.5})
	cmd := self("groups")
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	done, err := g.Attr(cmd.SysProcAttr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	out, err := cmd.Output()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "/first") {
		t.Errorf("%v, in\n%s", err, out)
	}
}

// TestFork starts processes that say at once where they are, and end: they were
// never anywhere else. The threads that started them are where they were.
func TestFork(t *testing.T) {
	tr := tree(t, Limits{CPU: 1, Memory: 1})
	g := group(t, tr, "forked", Limits{CPU: 0.9, Memory: 64 << 20})
	for range 10 {
		cmd := exec.Command("cat", "/proc/self/cgroup")
		cmd.SysProcAttr = &syscall.SysProcAttr{}
		var out strings.Builder
		cmd.Stdout = &out
		if err := g.Fork(cmd.SysProcAttr, cmd.Start); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if inside := strings.Count(out.String(), "/forked\n"); inside != len(tr.places) {
			t.Fatalf("in %d groups, want %d:\n%s", inside, len(tr.places), &out)
		}
	}
	refused := errors.New("refused")
	if err := g.Fork(&syscall.SysProcAttr{}, func() error { return refused }); !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
	threads, err := filepath.Glob("/proc/self/task/*/cgroup")
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	for _, name := range threads {
		if data, err := os.ReadFile(name); err == nil && strings.Contains(string(data), "/forked") {
			t.Errorf("%s is still in the group", name)
		}
	}
}

// TestMemoryLimit has a process that needs more than it may have.
func TestMemoryLimit(t *testing.T) {
	tr := tree(t, Limits{Memory: 1})
	g := group(t, tr, "small", Limits{Memory: 24<<20 + 1}) // not whole pages
	cmd := self("eat")
	if err := start(g, cmd); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", err)
	}
	u, err := g.Usage()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", u)
	if u.OOMKills < 1 || u.PeakMemory < 20<<20 || u.PeakMemory > 25<<20 {
		t.Errorf("the account is %+v", u)
	}
	if u.CPU != Unknown || u.Throttled != Unknown {
		t.Errorf("processors were not counted, and yet %+v", u)
	}
}

// TestHold has this process in a group and back.
func TestHold(t *testing.T) {
	where := func() string {
		data, err := os.ReadFile("/proc/self/cgroup")
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	before := where()
	tr := tree(t, Limits{CPU: 1})
	g := group(t, tr, "held", Limits{CPU: 0.25})
	var during string
	began := time.Now()
	if err := g.Hold(func() {
		during = where()
		for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
		}
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(during, "/held") != len(tr.places) || strings.Contains(where(), "/held") {
		t.Errorf("before\n%sduring\n%safter\n%s", before, during, where())
	}
	wall := time.Since(began)
	if u, err := g.Usage(); err != nil || u.CPU <= 0 || u.CPU > wall/4+30*time.Millisecond {
		t.Errorf("used %+v in %v, %v", u, wall, err)
	}
	if err := tr.Remove(); err != nil {
		t.Error(err)
	}
	if after := where(); after != before {
		t.Errorf("before\n%safter\n%s", before, after)
	}
}

// TestKilledDriver leaves a tree with a process in it; the next driver's start
// removes both, and not the tree of one that lives.
func TestKilledDriver(t *testing.T) {
	mine := tree(t, Limits{CPU: 1})
	var folders []string
	begin := func() (*exec.Cmd, int) {
		cmd := self("driver")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
		line, err := bufio.NewReader(out).ReadString('\n')
		var sleeper int
		if n, e := fmt.Sscan(line, &sleeper); err != nil || e != nil || n != 1 {
			t.Fatalf("the driver said %q, %v", line, err)
		}
		folders = strings.Fields(line)[1:]
		return cmd, sleeper
	}
	dead, sleeper := begin()
	left := folders
	alive, _ := begin()
	kept := folders
	dead.Process.Kill()
	dead.Wait()
	if err := tree2(t).Remove(); err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		if _, err := os.Stat(filepath.Dir(path)); err == nil {
			t.Errorf("%s of a killed driver is left", path)
		}
	}
	for _, path := range append(kept, places(mine)...) {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("of a driver that lives: %v", err)
		}
	}
	gone := false
	for end := time.Now().Add(5 * time.Second); !gone && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", sleeper))
		gone = err != nil || strings.Contains(string(status), ") Z ")
	}
	if !gone {
		t.Errorf("process %d of a killed driver lives", sleeper)
	}
	alive.Process.Kill()
	alive.Wait()
	if err := tree2(t).Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept[0]); err == nil {
		t.Error("the other killed driver's groups are left")
	}
}

// tree2 makes another tree.
func tree2(t *testing.T) *Tree {
	t.Helper()
	tr, err := New("next", Limits{CPU: 1})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// TestUnprivileged has another user try.
func TestUnprivileged(t *testing.T) {
	tree(t, Limits{CPU: 1}) // skips where root's rights are missing here too
	if os.Getuid() != 0 {
		t.Skip("not applicable: this user may limit processors without being root")
	}
	out, err := asNobody(self("tree"))
	t.Logf("%s", out)
	if err != nil || !strings.HasPrefix(out, "permitted false, supported true: ") {
		t.Errorf("another user: %s, %v", out, err)
	}
	for _, want := range []string{"not permitted to this user", "run it as root", "corecast ..."} {
		if !strings.Contains(out, want) {
			t.Errorf("the error does not say %q: %s", want, out)
		}
	}
	if strings.Count(out, "\n") > 1 {
		t.Errorf("several lines: %s", out)
	}
}

const nobody = 65534

func asNobody(cmd *exec.Cmd) (string, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	// The program may be in a folder that only its owner can enter.
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", err
	}
	defer program.Close()
	cmd.ExtraFiles = []*os.File{program}
	cmd.Path, cmd.Args = "/proc/self/fd/3", []string{"child"}
	out, err := cmd.Output()
	return string(out), err
}

// TestOnVersion2 runs these tests where the kernel has version 2 alone.
func TestOnVersion2(t *testing.T) {
	onv2.Run(t, "^(TestShareHolds|TestStartedInside|TestFromTheFirstInstruction|TestMemoryLimit|TestHold|TestKilledDriver|TestUnprivileged|TestDelegated|TestBelow.*)$")
}

// TestDelegated has a user to whom a group was delegated, as systemd-run does
// it: alone in it, it moves down and makes its tree there, and leaves all as
// it was.
func TestDelegated(t *testing.T) {
	dir := delegated(t)
	cmd := self("tree")
	cmd.SysProcAttr = attrIn(t, dir)
	out, err := asNobody(cmd)
	if err != nil || out != "held 1 <nil>\nremoved <nil>\n" {
		t.Errorf("%v, it said\n%s", err, out)
	}
	unchanged(t, dir)
}

// TestBelowOthers has a user who is not alone in the delegated group.
func TestBelowOthers(t *testing.T) {
	dir := delegated(t)
	other := exec.Command("sleep", "1000")
	other.SysProcAttr = attrIn(t, dir)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { other.Process.Kill(); other.Wait() }()
	cmd := self("tree")
	cmd.SysProcAttr = attrIn(t, dir)
	out, err := asNobody(cmd)
	t.Logf("%s", out)
	if err != nil || !strings.HasPrefix(out, "permitted false") || !strings.Contains(out, "systemd-run --user --scope -p Delegate=yes") {
		t.Errorf("%v, it said\n%s", err, out)
	}
	// Root finds a group further up.
	cmd = self("tree")
	cmd.SysProcAttr = attrIn(t, dir)
	rootOut, err := cmd.Output()
	if err != nil || string(rootOut) != "held 1 <nil>\nremoved <nil>\n" {
		t.Errorf("root: %v, it said\n%s", err, rootOut)
	}
	// But not above a limit.
	if err := set(dir, "memory.max", "268435456"); err != nil {
		t.Fatal(err)
	}
	cmd = self("tree")
	cmd.SysProcAttr = attrIn(t, dir)
	rootOut, err = cmd.Output()
	t.Logf("%s", rootOut)
	if err != nil || !strings.Contains(string(rootOut), "further up its memory.max 268435456 would not hold): run it in a group of its own: systemd-run --scope -p") {
		t.Errorf("below a limit: %v, it said\n%s", err, rootOut)
	}
}

// delegated makes a group of version 2 that belongs to nobody.
func delegated(t *testing.T) string {
	t.Helper()
	if !onv2.Inside() {
		t.Skip("not applicable: it needs a system with version 2 alone, and has one in TestOnVersion2")
	}
	if err := addControllers("/sys/fs/cgroup", []controller{cpu, memory}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("/sys/fs/cgroup", t.Name())
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"} {
		if err := os.Chown(filepath.Join(dir, name), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := removeAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// attrIn starts a process in a group.
func attrIn(t *testing.T, dir string) *syscall.SysProcAttr {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(f.Fd())}
}

// unchanged sees that nothing is left in a delegated group.
func unchanged(t *testing.T, dir string) {
	t.Helper()
	if on, err := read(dir, "cgroup.subtree_control"); err != nil || on != "" {
		t.Errorf("controllers %q are on, %v", on, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			t.Errorf("group %s is left", e.Name())
		}
	}
}
