package cgroup

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestQuota(t *testing.T) {
	for _, c := range []struct {
		cores         float64
		quota, period time.Duration // 0: refused
	}{
		{0.125, 1250 * time.Microsecond, 10 * time.Millisecond},
		{0.1, time.Millisecond, 10 * time.Millisecond},
		{0.08, time.Millisecond, 12500 * time.Microsecond},
		{0.05, time.Millisecond, 20 * time.Millisecond}, // the least
		{0.049, 0, 0},
		{1.0 / 3, 3333 * time.Microsecond, 10 * time.Millisecond},
		{4, 40 * time.Millisecond, 10 * time.Millisecond},
		{0, 0, 0},
		{-1, 0, 0},
		{math.NaN(), 0, 0},
		{math.Inf(1), 0, 0},
	} {
		quota, period, err := Quota(c.cores)
		if quota != c.quota || period != c.period || (err == nil) != (c.quota > 0) {
			t.Errorf("%v cores: %v in %v, %v; want %v in %v", c.cores, quota, period, err, c.quota, c.period)
		}
	}
}

// TestQuotaIsTheShare holds every share to 0.1 % of what was asked for.
func TestQuotaIsTheShare(t *testing.T) {
	for cores := MinCPU; cores < 4; cores += 0.0007 {
		quota, period, err := Quota(cores)
		if err != nil || quota < minQuota || period < shortPeriod || period > longPeriod {
			t.Fatalf("%v cores: %v in %v, %v", cores, quota, period, err)
		}
		if got := float64(quota) / float64(period); math.Abs(got/cores-1) > 1e-3 {
			t.Fatalf("%v cores: %v in %v is %v", cores, quota, period, got)
		}
	}
}

// files makes a file system of texts by name.
func files(texts map[string]string) fstest.MapFS {
	m := make(fstest.MapFS)
	for name, text := range texts {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// TestFind has the ways in which hierarchies are mounted.
func TestFind(t *testing.T) {
	const unified = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
	for _, c := range []struct {
		name, groups, mounts string
		folders              map[string]string
		unified, cpu         string // joined by spaces
	}{
		{"version 2", "0::/a/b\n", unified, map[string]string{"sys/fs/cgroup/a/b/cpu.max": "max 100000"},
			"sys/fs/cgroup/a/b sys/fs/cgroup/a sys/fs/cgroup", ""},
		{"version 1, two controllers in one", "2:cpu,cpuacct:/x\n", "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
			map[string]string{"sys/fs/cgroup/cpu,cpuacct/x/tasks": ""}, "", "sys/fs/cgroup/cpu,cpuacct/x sys/fs/cgroup/cpu,cpuacct"},
		{"both, of which version 1 has the processors", "2:cpu:/\n0::/\n", unified + "32 31 0:29 / /cpu rw - cgroup cgroup rw,cpu\n",
			map[string]string{"cpu/tasks": "", "sys/fs/cgroup/cgroup.procs": ""}, "sys/fs/cgroup", "cpu"},
		{"a mount of a group", "2:cpu:/jobs/1\n", "32 31 0:29 /jobs /cpu rw - cgroup cgroup rw,cpu\n",
			map[string]string{"cpu/1/tasks": ""}, "", "cpu/1 cpu"},
		{"a group that is not shown", "0::/kubepods/pod1\n", unified, map[string]string{"sys/fs/cgroup/cgroup.procs": ""}, "sys/fs/cgroup", ""},
		{"a group outside of what is shown", "0::/../elsewhere\n", unified, map[string]string{"sys/fs/cgroup/cgroup.procs": ""}, "sys/fs/cgroup", ""},
		{"a folder with a space", "0::/\n", "31 23 0:28 / /my\\040groups rw - cgroup2 cgroup2 rw\n", map[string]string{"my groups/cgroup.procs": ""}, "my groups", ""},
		{"named hierarchies and none", "9:name=systemd:/\n", "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n", nil, "", ""},
		{"nothing", "", "", nil, "", ""},
	} {
		texts := map[string]string{"proc/self/cgroup": c.groups, "proc/self/mountinfo": c.mounts}
		for name, text := range c.folders {
			texts[name] = text
		}
		own := Find(files(texts))
		if got := strings.Join(own.unified, " "); got != c.unified {
			t.Errorf("%s: version 2 at %q, want %q", c.name, got, c.unified)
		}
		if got := strings.Join(own.v1[cpu], " "); got != c.cpu {
			t.Errorf("%s: version 1 at %q, want %q", c.name, got, c.cpu)
		}
	}
}

// TestReadBack has files that do not keep what is written to them.
func TestReadBack(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "cpu.max")
	if err := os.WriteFile(name, []byte("max 100000 and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := set(dir, "cpu.max", "1250 10000")
	if err == nil || !strings.Contains(err.Error(), "cpu.max: 1250 10000 was written, 1250 10000 and more is there") {
		t.Errorf("an ignored write: %v", err)
	}
	if err := set(dir, "memory.max", "1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := setIfThere(dir, "memory.max", "1"); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "memory.max")); err == nil {
		t.Error("writing made a file")
	}
	if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := addControllers(dir, []controller{cpu}); err == nil || !strings.Contains(err.Error(), "the controller cpu was written, and is not there") {
		t.Errorf("a controller that does not come on: %v", err)
	}
}

// TestNothingMounted is a system without control groups.
func TestNothingMounted(t *testing.T) {
	_, err := newTree(t.TempDir(), "x", Limits{CPU: 0.5})
	if !errors.Is(err, ErrNotSupported) || !strings.Contains(err.Error(), "no control groups (cgroup version 1 or 2) with the controller cpu") {
		t.Errorf("error %v", err)
	}
}

func TestSafeNames(t *testing.T) {
	for name, want := range map[string]string{"20261123-191945-x7k2": "20261123-191945-x7k2", "../a b/c": "___a_b_c", "": ""} {
		if got := safe(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
