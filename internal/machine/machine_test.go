package machine

import (
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/internal/cgroup"
	"corecast/results"
	"corecast/runner/trace"
)

// tree makes a file system of texts by name.
func tree(parts ...map[string]string) fstest.MapFS {
	files := make(fstest.MapFS)
	for _, part := range parts {
		for name, text := range part {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return files
}

// basics is a virtual machine with four processors.
func basics() map[string]string {
	return map[string]string{
		"proc/cpuinfo":                "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz\nflags\t\t: fpu vme hypervisor lahf_lm\n\nprocessor\t: 1\nmodel name\t: other\n",
		"proc/stat":                   "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1\ncpu1 1 1 1\ncpu2 1 1 1\ncpu3 1 1 1\nintr 17 18\n",
		"proc/meminfo":                "MemTotal:       16384000 kB\nMemFree:         1000 kB\n",
		"proc/loadavg":                "0.50 0.40 0.30 1/100 4242\n",
		"proc/self/status":            "Name:\tx\nCpus_allowed:\t7\nCpus_allowed_list:\t0-1,3\n",
		"proc/self/limits":            "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n",
		"proc/sys/kernel/osrelease":   "6.1.0-13-amd64\n",
		"sys/class/dmi/id/sys_vendor": "QEMU\n",
	}
}

func version2() map[string]string {
	return map[string]string{
		"proc/self/cgroup":                "0::/a/b\n",
		"proc/self/mountinfo":             "24 30 0:22 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
		"sys/fs/cgroup/cpu.stat":          "usage_usec 1\n",
		"sys/fs/cgroup/a/cpu.max":         "150000 100000\n",
		"sys/fs/cgroup/a/memory.max":      "2147483648\n",
		"sys/fs/cgroup/a/cpu.stat":        "usage_usec 5\nnr_throttled 2\nthrottled_usec 1500\n",
		"sys/fs/cgroup/a/b/cpu.max":       "max 100000\n",
		"sys/fs/cgroup/a/b/memory.max":    "max\n",
		"sys/fs/cgroup/a/b/cpu.stat":      "throttled_usec 0\n",
		"sys/fs/cgroup/elsewhere/cpu.max": "1000 100000\n",
	}
}

func version1() map[string]string {
	return map[string]string{
		"proc/self/cgroup":                             "4:memory:/jobs/1\n2:cpu,cpuacct:/jobs/1\n0::/\n",
		"proc/self/mountinfo":                          "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 /jobs /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		"sys/fs/cgroup/cpu/cpu.cfs_quota_us":           "-1\n",
		"sys/fs/cgroup/cpu/cpu.cfs_period_us":          "100000\n",
		"sys/fs/cgroup/cpu/jobs/1/cpu.cfs_quota_us":    "50000\n",
		"sys/fs/cgroup/cpu/jobs/1/cpu.cfs_period_us":   "100000\n",
		"sys/fs/cgroup/cpu/jobs/1/cpu.stat":            "nr_throttled 3\nthrottled_time 2500000\n",
		"sys/fs/cgroup/memory/memory.limit_in_bytes":   "9223372036854771712\n",
		"sys/fs/cgroup/memory/1/memory.limit_in_bytes": "1073741824\n",
	}
}

func TestFingerprintFromFiles(t *testing.T) {
	common := results.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Kernel: "6.1.0-13-amd64",
		Processor: "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz", CoresOnline: 4, Memory: 16384000 << 10, OpenFiles: 1024, Hypervisor: "QEMU"}
	free, two, one := common, common, common
	free.Cores = 3
	two.Cores, two.CPUQuota, two.MemoryLimit = 2, 1.5, 2<<30
	one.Cores, one.CPUQuota, one.MemoryLimit = 1, 0.5, 1<<30
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  results.Machine
	}{
		"no groups":                       {tree(basics()), free},
		"version 2, limit one further up": {tree(basics(), version2()), two},
		"version 1, mount of a subgroup":  {tree(basics(), version1()), one},
	} {
		got := fingerprint(c.files)
		if len(got.ID) != 12 {
			t.Errorf("%s: ID %q", name, got.ID)
		}
		got.ID = ""
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// In a container the names may be the host's while only its own group is to
// be seen.
func TestGroupThatTheMountDoesNotShow(t *testing.T) {
	files := tree(version2(), map[string]string{
		"proc/self/cgroup":      "0::/kubepods/pod1\n",
		"sys/fs/cgroup/cpu.max": "200000 100000\n",
	})
	if got := cgroup.Find(files).CPUQuota(); got != 2 {
		t.Errorf("quota %v", got)
	}
	files["proc/self/cgroup"] = &fstest.MapFile{Data: []byte("0::/../elsewhere\n")}
	if got := cgroup.Find(files).CPUQuota(); got != 2 {
		t.Errorf("quota %v", got)
	}
}

func TestNothingReadable(t *testing.T) {
	m := fingerprint(tree())
	want := results.Machine{ID: m.ID, OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
		Cores: runtime.NumCPU(), CoresOnline: runtime.NumCPU()}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	now := time.Now()
	load := take(tree(), now.Add(time.Second)).Since(take(tree(), now))
	wantLoad := results.Load{Load1: -1, Busy: -1, Steal: -1, Throttled: trace.Unknown, Window: 1e9}
	if diff := cmp.Diff(wantLoad, load); diff != "" {
		t.Error(diff)
	}
	if w := Warn(load, load, 4); len(w) > 0 {
		t.Errorf("what is not known is warned about: %v", w)
	}
}

func TestProcessorsAndHypervisors(t *testing.T) {
	for _, c := range []struct{ cpuinfo, dmi, xen, model, hypervisor string }{
		{"model name : EPYC\nflags : a hypervisor\n", "", "", "EPYC", "unnamed"},
		{"model name : EPYC\nflags : a hypervisor\n", "Amazon EC2", "", "EPYC", "Amazon EC2"},
		{"model name : EPYC\nflags : a b\n", "Dell Inc.", "", "EPYC", ""},
		{"model name : EPYC\nflags : a b\n", "", "xen", "EPYC", "xen"},
		{"cpu : POWER9, altivec supported\n", "", "", "POWER9, altivec supported", ""},
		{"processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c\n", "", "", "ARM implementer 0x41 part 0xd0c", ""},
	} {
		files := tree(map[string]string{"proc/cpuinfo": c.cpuinfo, "sys/class/dmi/id/sys_vendor": c.dmi, "sys/hypervisor/type": c.xen})
		cpu := readCPUInfo(files)
		if got := hypervisor(files, cpu); cpu.model != c.model || got != c.hypervisor {
			t.Errorf("%q: %q on %q", c.cpuinfo, cpu.model, got)
		}
	}
}

func TestCountList(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-3,8,10-11": 7, "": 0, "x": 0, "3-1": 0, "1-": 0} {
		if got := countList(list); got != want {
			t.Errorf("%q: %d, want %d", list, got, want)
		}
	}
}

func TestOpenFilesUnlimited(t *testing.T) {
	files := tree(map[string]string{"proc/self/limits": "Max open files            unlimited            unlimited            files\n"})
	if got := openFilesLimit(files); got != math.MaxInt64 {
		t.Errorf("%d", got)
	}
}

// The identifier tells unlike machines apart, and not two builds of a program
// or two starts of a machine.
func TestIdentify(t *testing.T) {
	m := fingerprint(tree(basics()))
	alike := m
	alike.Commit, alike.Modified, alike.Hostname, alike.ID = "abc", true, "host", "old"
	alike.Memory += 1 << 20
	if identify(alike) != m.ID {
		t.Error("a like machine has another ID")
	}
	for name, change := range map[string]func(*results.Machine){
		"kernel": func(m *results.Machine) { m.Kernel = "x" },
		"cores":  func(m *results.Machine) { m.Cores++ },
		"quota":  func(m *results.Machine) { m.CPUQuota = 1.25 },
		"memory": func(m *results.Machine) { m.Memory += 1 << 30 },
		"go":     func(m *results.Machine) { m.Go = "go1.99" },
	} {
		other := m
		change(&other)
		if identify(other) == m.ID {
			t.Errorf("%s: an unlike machine has the same ID", name)
		}
	}
}

func TestLoad(t *testing.T) {
	now := time.Now()
	later := basics()
	// 1000 ticks later: 400 idle and waiting, 100 stolen, 500 busy.
	later["proc/stat"] = "cpu  400 50 200 1150 100 0 0 100 70 0\n"
	before, after := version2(), version2()
	after["sys/fs/cgroup/a/cpu.stat"] = "throttled_usec 4500\n"
	got := take(tree(later, after), now.Add(2*time.Second)).Since(take(tree(basics(), before), now))
	want := results.Load{Load1: 0.5, Busy: 0.5, Steal: 0.1, Throttled: 3e6, Window: 2e9}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if same := take(tree(basics()), now).Since(take(tree(basics()), now)); same.Busy != -1 {
		t.Errorf("busy %v of no time", same.Busy)
	}
}

func TestVersion1Throttling(t *testing.T) {
	if got := take(tree(version1()), time.Now()).throttled; got != 2500000 {
		t.Errorf("throttled for %d ns", got)
	}
}

func TestWarn(t *testing.T) {
	quiet := results.Load{Busy: 0.05, Steal: 0.01, Window: 1e9}
	with := func(change func(*results.Load)) results.Load {
		l := quiet
		change(&l)
		return l
	}
	for name, c := range map[string]struct {
		before, during results.Load
		want           string // codes
		text           string
	}{
		"quiet":            {quiet, with(func(l *results.Load) { l.Busy = 1 }), "", ""},
		"busy":             {with(func(l *results.Load) { l.Busy = 0.25 }), quiet, "busy_machine", "1.0 of 4 cores (25 %)"},
		"too short":        {with(func(l *results.Load) { l.Busy, l.Window = 1, 5e7 }), quiet, "", ""},
		"steal before":     {with(func(l *results.Load) { l.Steal = 0.05 }), quiet, "steal", "5 % of the processor time to other machines before"},
		"steal during":     {quiet, with(func(l *results.Load) { l.Steal = 0.3 }), "steal", "30 % of the processor time to other machines during"},
		"throttled":        {quiet, with(func(l *results.Load) { l.Throttled = 25e7 }), "throttled", "0.250 s in 1.000 s"},
		"throttled before": {with(func(l *results.Load) { l.Throttled = 1e9 }), quiet, "", ""},
	} {
		var codes, texts []string
		for _, w := range Warn(c.before, c.during, 4) {
			codes, texts = append(codes, w.Code), append(texts, w.Text)
			if w.Advice == "" {
				t.Errorf("%s: no advice", name)
			}
		}
		if got := strings.Join(codes, " "); got != c.want || !strings.Contains(strings.Join(texts, " "), c.text) {
			t.Errorf("%s: %q %q, want %q %q", name, got, texts, c.want, c.text)
		}
	}
}

// On the machine that the test runs on.
func TestThisMachine(t *testing.T) {
	m, again := Fingerprint(), Fingerprint()
	t.Logf("%+v", m)
	if diff := cmp.Diff(m, again); diff != "" {
		t.Errorf("the fingerprint is not stable:\n%s", diff)
	}
	if m.Cores < 1 || m.Cores > m.CoresOnline {
		t.Errorf("%d of %d cores", m.Cores, m.CoresOnline)
	}
	first := Take()
	for deadline := time.Now().Add(150 * time.Millisecond); time.Now().Before(deadline); {
	}
	load := Take().Since(first)
	t.Logf("%+v", load)
	if runtime.GOOS != "linux" {
		return
	}
	if m.Processor == "" || m.Kernel == "" || m.Memory == 0 || m.OpenFiles == 0 {
		t.Errorf("unknown fields: %+v", m)
	}
	// This test alone kept one core busy for most of the time.
	if load.Busy < 0.3/float64(m.CoresOnline) || load.Busy > 1 || load.Load1 < 0 || load.Window < 15e7 {
		t.Errorf("load %+v", load)
	}
}
