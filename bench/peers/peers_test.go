package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/table"

	"corecast/results"
	"corecast/runner"
)

func TestMain(m *testing.M) {
	runner.Main(functions()...)
	bareMain()
	driverMain()
	os.Exit(m.Run())
}

// small are settings under which all peers take a second or two.
func small() settings {
	return settings{tasks: 5000, workers: 2, runs: 2, mib: 4, starts: 3, seed: 1, limit: time.Minute, python: "python3", simgrid: &simgrid{}, format: "table"}
}

// TestPeers runs every peer that is installed; each checks its own results.
func TestPeers(t *testing.T) {
	c, err := compare(t.Context(), peers(), small(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != len(peers()) {
		t.Errorf("%d rows for %d peers", len(c.Rows), len(peers()))
	}
	for _, r := range c.Rows {
		if r.Missing != "" {
			t.Logf("%s/%s: %s", r.Group, r.Name, r.Missing)
			continue
		}
		if r.Error != "" {
			t.Errorf("%s/%s failed: %s", r.Group, r.Name, r.Error)
			continue
		}
		if len(r.Walls) != 2 || r.Median == nil || r.Ratio == nil {
			t.Errorf("%s/%s has no figures: %+v", r.Group, r.Name, r)
			continue
		}
		// A nanosecond to a second a task on a busy machine, or a process in
		// seconds: anything else was not measured.
		longest := 1.0
		if r.Group == groupStart {
			longest = 5
		}
		if *r.Min < 1e-9 || *r.Max > longest || *r.Min > *r.Median || *r.Median > *r.Max {
			t.Errorf("%s/%s is not plausible: %g .. %g .. %g s a task", r.Group, r.Name, *r.Min, *r.Median, *r.Max)
		}
		if r.Base && *r.Ratio != 1 {
			t.Errorf("%s/%s is the base, but has ratio %g", r.Group, r.Name, *r.Ratio)
		}
		if (r.Rate != nil) != (r.Group == groupBytes) {
			t.Errorf("%s/%s: rate %v", r.Group, r.Name, r.Rate)
		}
		checkMemory(t, r)
	}
	want := 0
	for _, b := range bars() {
		if c.row(b.group, b.name).Missing == "" && (b.against == "" || c.row(b.group, b.against).Missing == "") {
			want++
		}
	}
	if runtime.GOOS == "linux" && len(c.Bars) != want {
		t.Errorf("%d of %d bars were judged: %+v", len(c.Bars), want, c.Bars)
	}
}

// checkMemory wants 100 kB to 100 MB for each process that was started, and as
// much in all for the driver of a large job, where the system tells.
func checkMemory(t *testing.T, r *row) {
	t.Helper()
	if (r.Disk != nil) != (r.Group == groupLarge) {
		t.Errorf("%s/%s: disk %v", r.Group, r.Name, r.Disk)
	}
	processes := r.Tasks
	switch r.Group {
	case groupStart:
	case groupLarge:
		processes = 1
	default:
		if r.Memory != nil {
			t.Errorf("%s/%s has memory %g", r.Group, r.Name, *r.Memory)
		}
		return
	}
	if runtime.GOOS != "linux" {
		return
	}
	if r.Memory == nil {
		t.Errorf("%s/%s: its memory is not known", r.Group, r.Name)
	} else if each := *r.Memory / float64(processes); each < 100e3 || each > 100e6 {
		t.Errorf("%s/%s takes %g bytes a process", r.Group, r.Name, each)
	}
}

// TestOneBase keeps the list such that every group has one row to compare with.
func TestOneBase(t *testing.T) {
	got := make(map[string]int)
	for _, p := range peers() {
		if p.base {
			got[p.group]++
		}
	}
	want := make(map[string]int)
	for _, g := range groups() {
		want[g.name] = 1
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bases of the groups (-want +got):\n%s", d)
	}
}

// TestMissing has no program but this one: what needs another is named, with
// how to install it, and the rest is measured.
func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	s := small()
	s.only = regexp.MustCompile("multiprocessing.*own|parallel|xargs|atomic index$|bare Go")
	c, err := compare(t.Context(), peers(), s, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.failures(); err != nil {
		t.Errorf("what is missing counts as failed: %v", err)
	}
	out := tables(c, table.Writer.RenderMarkdown)
	for _, want := range []string{
		"python3 is not installed: apt-get install python3",
		"GNU parallel is not installed: apt-get install parallel",
		"xargs is not installed: apt-get install findutils",
		"the command go is not installed: https://go.dev/doc/install",
		"atomic index | 5000 |",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestOtherParallelIsMissing(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'parallel from elsewhere'\n"
	if err := os.WriteFile(dir+"/parallel", []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	var missing *missingError
	if _, err := openParallel(t.Context(), small()); !errors.As(err, &missing) {
		t.Errorf("another program of that name gives %v", err)
	}
}

// TestFailure has one peer that fails in its second round, beside one that does
// not: the command says which, shows it, and ends with 1.
func TestFailure(t *testing.T) {
	calls, closed := 0, 0
	fails := peer{group: groupInProc, name: "bad", tasks: share(1), open: func(context.Context, settings) (*ready, error) {
		return &ready{
			run: func(context.Context, int) (time.Duration, error) {
				if calls++; calls == 3 {
					return 0, errors.New("out of luck")
				}
				return time.Millisecond, nil
			},
			close: func() error { closed++; return errors.New("stuck") },
		}, nil
	}}
	good := peer{group: groupInProc, name: "good", base: true, tasks: share(1), open: openGo("", atomicLoop)}
	s := small()
	s.runs = 4
	c, err := compare(t.Context(), []peer{fails, good}, s, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if calls != 3 || closed != 1 {
		t.Errorf("run %d times and closed %d times, want 3 and 1", calls, closed)
	}
	const want = "in process/bad: out of luck; close: stuck"
	if err := c.failures(); err == nil || err.Error() != want {
		t.Errorf("failures are %v, want %s", err, want)
	}
	if n := len(c.Rows[1].Walls); n != 4 {
		t.Errorf("the other peer has %d runs, want 4", n)
	}
	if out := tables(c, table.Writer.RenderMarkdown); !strings.Contains(out, "| failed | out of luck; close: stuck |") {
		t.Errorf("the failure is not in\n%s", out)
	}
}

// TestLimit has a process that never answers.
func TestLimit(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c, err := startChild(cmd, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	err = c.within(ctx, func() error { _, err := io.ReadAll(out); return err })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v to give up", took)
	}
	if c.cmd.ProcessState == nil {
		t.Error("the process was not waited for")
	}
	if err := c.close(); err != nil {
		t.Errorf("closing what was killed: %v", err)
	}
}

func TestChecksSeeWrongResults(t *testing.T) {
	if err := checkNoop([]int{1, 2, 3}, 3); err != nil {
		t.Error(err)
	}
	for _, out := range [][]int{{1, 2}, {1, 0, 3}} {
		if checkNoop(out, 3) == nil {
			t.Errorf("%v passes for three results", out)
		}
	}
	in := makeBlocks(2)
	if err := checkBlocks(in, makeBlocks(2)); err != nil {
		t.Error(err)
	}
	if checkBlocks(in, in[:1]) == nil || checkBlocks(in, [][]byte{in[1], in[0]}) == nil {
		t.Error("blocks that are lost or swapped pass")
	}
	good := stamps{dispatched: 10, start: 5000, end: 5001, received: 9000}
	if err := checkStamps([]stamps{good}); err != nil {
		t.Error(err)
	}
	for _, bad := range []stamps{{}, {10, 5, 4, 20}, {9000, 10, 11, 9001}, {10, 20, 9000, 30}} {
		if checkStamps([]stamps{good, bad}) == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

func TestFigures(t *testing.T) {
	c := &comparison{Rows: []*row{
		{Group: "a", Name: "base", Base: true, Tasks: 10, Walls: []float64{3, 1, 2}},
		{Group: "a", Name: "other", Tasks: 2, Walls: []float64{4, 1, 3, 2}},
		{Group: "a", Name: "none", Tasks: 2},
		{Group: groupBytes, Name: "no base", Tasks: 1, Walls: []float64{blockSize / 1e6}},
		{Group: "b", Name: "large", Tasks: 4, Walls: []float64{4, 4, 4}, Memories: []float64{8, 2, 4}},
	}}
	c.figure()
	type figures struct{ Median, Min, Max, Ratio, Rate, Memory *float64 }
	var got []figures
	for _, r := range c.Rows {
		got = append(got, figures{r.Median, r.Min, r.Max, r.Ratio, r.Rate, r.Memory})
	}
	f := func(v float64) *float64 { return &v }
	want := []figures{
		{f(0.2), f(0.1), f(0.3), f(1), nil, nil},
		{f(1.25), f(0.5), f(2), f(6.25), nil, nil},
		{},
		{f(blockSize / 1e6), f(blockSize / 1e6), f(blockSize / 1e6), nil, f(2), nil},
		{f(1), f(1), f(1), nil, nil, f(4)},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("figures (-want +got):\n%s", d)
	}
}

// TestBars holds rows against bars: by another row, by itself, and where one of
// them was not measured.
func TestBars(t *testing.T) {
	c := &comparison{Rows: []*row{
		{Group: "a", Name: "ours", Tasks: 2, Walls: []float64{6}, Memories: []float64{10}},
		{Group: "a", Name: "floor", Tasks: 2, Walls: []float64{4}},
		{Group: "a", Name: "failed", Tasks: 2},
	}}
	c.figure()
	got := c.judge([]bar{
		{"a", "ours", perTask, 1.5, "floor"},
		{"a", "ours", perTask, 1.4, "floor"},
		{"a", "ours", perTask, 3, ""},
		{"a", "ours", memoryEach, 4.9, ""},
		{"a", "ours", memoryEach, 2, "floor"}, // whose memory is not known
		{"a", "failed", perTask, 1, ""},
		{"a", "ours", perTask, 1, "failed"},
		{"a", "absent", perTask, 1, ""},
	})
	want := []barResult{
		{"a", "ours", perTask, "floor", 1.5, 1.5, true},
		{"a", "ours", perTask, "floor", 1.5, 1.4, false},
		{"a", "ours", perTask, "", 3, 3, true},
		{"a", "ours", memoryEach, "", 5, 4.9, false},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("bars (-want +got):\n%s", d)
	}
	c.Bars = got
	if out := tables(c, table.Writer.RenderMarkdown); !strings.Contains(out, "| a/ours | time each | 1.5 times floor | 1.4 times floor | no |") ||
		!strings.Contains(out, "| a/ours | memory each | 0.005 kB | 0.0049 kB | no |") {
		t.Errorf("the bars are not in\n%s", out)
	}
}

// TestBarsNameRows keeps bars to rows that exist.
func TestBarsNameRows(t *testing.T) {
	names := map[string]bool{"": true}
	for _, p := range peers() {
		names[p.group+"/"+p.name] = true
	}
	for _, b := range bars() {
		if !names[b.group+"/"+b.name] || b.against != "" && !names[b.group+"/"+b.against] {
			t.Errorf("a bar is about rows that are not listed: %+v", b)
		}
	}
}

// TestStartFails starts a program that ends without a word.
func TestStartFails(t *testing.T) {
	program, err := exec.LookPath("true")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := startAll(t.Context(), program, 2); err == nil || !strings.Contains(err.Error(), "wait for process 1 of 2: EOF") {
		t.Errorf("the error is %v", err)
	}
}

func TestPSS(t *testing.T) {
	for text, want := range map[string]float64{
		"00400000-7ffe rollup\nRss:   1792 kB\nPss:                 544 kB\nPss_Dirty: 1 kB\n": 544,
		"Rss: 1 kB\n":     -1,
		"Pss: many kB\n":  -1,
		"Pss_Dirty: 3 kB": -1,
		"":                -1,
	} {
		got, err := pss([]byte(text))
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("pss(%q) = %g, %v, want %g", text, got, err, want)
		}
	}
}

func TestDoubts(t *testing.T) {
	c := &comparison{Runs: 4, Workers: 3, Machine: results.Machine{Cores: 2}, Before: results.Load{Load1: 1.5}}
	var got []string
	for _, w := range c.doubts() {
		got = append(got, w.Code)
	}
	if d := cmp.Diff([]string{"high_load", "more_workers_than_cores", "few_samples"}, got); d != "" {
		t.Errorf("warnings (-want +got):\n%s", d)
	}
	calm := &comparison{Runs: 5, Workers: 2, Machine: results.Machine{Cores: 2}, Before: results.Load{Load1: 1}}
	if w := calm.doubts(); len(w) > 0 {
		t.Errorf("a calm machine is doubted: %v", w)
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{
		1.5: "1.5 s", 0.0123: "12.3 ms", 4.567e-6: "4.57 us", 0.00091: "910 us", 2.5e-9: "2.5 ns", 4.2e-7: "420 ns",
	} {
		if got := duration(seconds); got != want {
			t.Errorf("duration(%g) = %q, want %q", seconds, got, want)
		}
	}
}

// TestCommand runs the whole command on one peer in each format.
func TestCommand(t *testing.T) {
	common := []string{"-tasks", "1000", "-runs", "5", "-only", "buffered channel"}
	for format, want := range map[string]string{"table": "│  1000 │", "markdown": "| 1000 |", "json": `"tasks": 1000,`} {
		var out, log bytes.Buffer
		if code := run(t.Context(), append(common, "-format", format), &out, &log); code != 0 {
			t.Fatalf("%s: exit code %d: %s", format, code, &log)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q is not in\n%s", format, want, &out)
		}
		if format == "json" && !json.Valid(out.Bytes()) {
			t.Errorf("not JSON: %s", &out)
		}
	}
}

func TestCommandRefuses(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"-runs 0", 2, "-runs 0: must be at least 1"},
		{"-starts 0", 2, "-starts 0: must be at least 1"},
		{"-format csv", 2, "must be one of json, markdown, table"},
		{"-only (", 2, "read -only"},
		{"-limit 0s", 2, "-limit 0s: must be positive"},
		{"more", 2, `unexpected argument "more"`},
		{"-only nobody", 1, `no peer matches "nobody"`},
		{"-cpuprofile /no/such/folder/file", 1, "create the profile"},
	} {
		var out, log bytes.Buffer
		if code := run(t.Context(), strings.Fields(c.args), &out, &log); code != c.code || !strings.Contains(log.String(), c.says) || out.Len() > 0 {
			t.Errorf("%s: exit code %d, said %q and %q", c.args, code, &log, &out)
		}
	}
}

// TestInterrupted ends a comparison while it runs.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := small()
	s.only = regexp.MustCompile("floor")
	if _, err := compare(ctx, peers(), s, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
