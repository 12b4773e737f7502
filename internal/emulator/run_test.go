package emulator_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"
	"github.com/IBM/go-sdk-core/v5/core"

	"corecast/internal/emulator"
	"corecast/internal/emulator/instance"
)

// create starts a run.
func create(t *testing.T, c *codeenginev2.CodeEngineV2, o *codeenginev2.CreateJobRunOptions) {
	t.Helper()
	if _, _, err := c.CreateJobRunWithContext(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// records returns what became of the instances.
func records(t *testing.T, e *emulator.Emulator, want int) []instance.Record {
	t.Helper()
	list, err := e.Instances()
	if err != nil || len(list) != want {
		t.Fatalf("%d instances, %v; want %d", len(list), err, want)
	}
	return list
}

// TestThousand runs as many instances as a run can have, together.
func TestThousand(t *testing.T) {
	e := start(t, emulator.Options{Unheld: true, Quota: &instance.Quota{}})
	c := client(t, e, e.APIKey)
	o := shell(e, "r", "0-999", "exec sleep 1")
	o.ScaleMemoryLimit = core.StringPtr("250M")
	create(t, c, o)
	run := settled(t, c, e, "r")
	if *run.Status != "completed" || *run.StatusDetails.SucceededIndices != "0-999" {
		t.Errorf("the run is %s: %v", *run.Status, run.StatusDetails.SucceededIndices)
	}
	seen := make(map[int]bool)
	for _, r := range records(t, e, 1000) {
		if seen[r.Index] || r.Status != instance.Succeeded || r.BilledSeconds <= 0 {
			t.Errorf("record %+v", r)
		}
		seen[r.Index] = true
	}
}

// TestQuota has more instances than may be there at a time: the others wait,
// in order.
func TestQuota(t *testing.T) {
	for name, q := range map[string]instance.Quota{"instances": {Instances: 2}, "vcpu": {VCPU: 0.25}, "memory": {Memory: 1e9}} {
		t.Run(name, func(t *testing.T) {
			e := start(t, emulator.Options{Quota: &q})
			c := client(t, e, e.APIKey)
			create(t, c, shell(e, "r", "0-7", "exit 0"))
			settled(t, c, e, "r")
			list := records(t, e, 8)
			slices.SortFunc(list, func(a, b instance.Record) int { return a.Index - b.Index })
			for i, r := range list {
				together := 0
				for _, o := range list {
					if !o.Admitted.After(r.Admitted) && o.Ended.After(r.Admitted) {
						together++
					}
				}
				if together > 2 {
					t.Errorf("%d instances are there when index %d is admitted", together, r.Index)
				}
				if i >= 2 && r.Admitted.Before(list[i-2].Ended) && r.Admitted.Before(list[i-1].Ended) {
					t.Errorf("index %d is admitted before there is room", r.Index)
				}
			}
		})
	}
}

// TestTotalQuota has instances wait for runs that are over to be deleted.
func TestTotalQuota(t *testing.T) {
	e := start(t, emulator.Options{Quota: &instance.Quota{Total: 3}})
	c := client(t, e, e.APIKey)
	create(t, c, shell(e, "first", "0-2", "exit 0"))
	settled(t, c, e, "first")
	create(t, c, shell(e, "second", "0", "exit 0"))
	run, _, err := c.GetJobRun(c.NewGetJobRunOptions(e.ProjectID, "second"))
	if err != nil || *run.Status != "pending" {
		t.Fatalf("it is %v, %v", run.Status, err)
	}
	if _, err := c.DeleteJobRun(c.NewDeleteJobRunOptions(e.ProjectID, "first")); err != nil {
		t.Fatal(err)
	}
	settled(t, c, e, "second")
}

// TestRetries has an index fail until its third instance.
func TestRetries(t *testing.T) {
	e := start(t, emulator.Options{})
	c := client(t, e, e.APIKey)
	o := shell(e, "r", "0-1", `test "$JOB_INDEX" = 0 || test "$JOB_INDEX_RETRY_COUNT" = "$JOB_RETRY_LIMIT"`)
	o.ScaleRetryLimit = core.Int64Ptr(2)
	create(t, c, o)
	run := settled(t, c, e, "r")
	if d := run.StatusDetails.IndicesDetails["1"]; *run.Status != "completed" || *d.Retries != 2 || *d.LastFailureReason != "ContainerExitedCode1" {
		t.Errorf("the run is %s, index 1 has %d retries, %v", *run.Status, *d.Retries, d.LastFailureReason)
	}
	records(t, e, 4)
}

// TestReasons has instances fail in each way that has a name.
func TestReasons(t *testing.T) {
	e := start(t, emulator.Options{})
	c := client(t, e, e.APIKey)
	for name, test := range map[string]struct {
		change func(*codeenginev2.CreateJobRunOptions)
		want   string
	}{
		"code":    {func(o *codeenginev2.CreateJobRunOptions) { o.RunCommands[2] = "exit 42" }, "ContainerExitedCode42"},
		"signal":  {func(o *codeenginev2.CreateJobRunOptions) { o.RunCommands[2] = "kill -TERM $$" }, "ContainerExitedCode143"},
		"time":    {func(o *codeenginev2.CreateJobRunOptions) { o.ScaleMaxExecutionTime = core.Int64Ptr(1) }, "MaxExecutionTimeExceeded"},
		"program": {func(o *codeenginev2.CreateJobRunOptions) { o.RunCommands = []string{"no-such-program"} }, "ExecutableNotFound"},
		"path":    {func(o *codeenginev2.CreateJobRunOptions) { o.RunCommands = []string{"/no/such/program"} }, "ExecutableNotFound"},
		"image":   {func(o *codeenginev2.CreateJobRunOptions) { o.ImageReference = core.StringPtr("no/such:image") }, "ImagePullFailed"},
		"secret": {func(o *codeenginev2.CreateJobRunOptions) {
			o.RunEnvVariables = []codeenginev2.EnvVarPrototype{{Type: core.StringPtr("secret_full_reference"), Reference: core.StringPtr("none")}}
		}, "ReferenceNotFound"},
	} {
		o := shell(e, name, "0", "exec sleep 1000")
		test.change(o)
		create(t, c, o)
		run := settled(t, c, e, name)
		if d := run.StatusDetails.IndicesDetails["0"]; *run.Status != "failed" || d.LastFailureReason == nil || *d.LastFailureReason != test.want {
			t.Errorf("%s: the run is %s, reason %v, want %s", name, *run.Status, d.LastFailureReason, test.want)
		}
	}
}

// TestOutOfMemory has an instance need more than it has.
func TestOutOfMemory(t *testing.T) {
	e := start(t, emulator.Options{})
	if !slices.Contains(e.Held(), "memory") {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatalf("memory must be held here: %v", e.Warnings)
		}
		t.Skipf("memory is not held: %v", e.Warnings)
	}
	c := client(t, e, e.APIKey)
	o := shell(e, "r", "0", "exec dd if=/dev/zero of=/dev/null bs=400M count=1")
	o.ScaleMemoryLimit = core.StringPtr("250M")
	create(t, c, o)
	run := settled(t, c, e, "r")
	if d := run.StatusDetails.IndicesDetails["0"]; *run.Status != "failed" || *d.LastFailureReason != "OOMKilled" {
		t.Errorf("the run is %s, reason %v", *run.Status, d.LastFailureReason)
	}
	if r := records(t, e, 1)[0]; r.PeakMemoryBytes < 200e6 || r.PeakMemoryBytes > 250e6 {
		t.Errorf("the peak was %d bytes", r.PeakMemoryBytes)
	}
}

// TestDelete deletes runs whose instances run and wait: the processes end, with
// what they started, and the name is free at once.
func TestDelete(t *testing.T) {
	e := start(t, emulator.Options{Quota: &instance.Quota{Instances: 1}})
	c := client(t, e, e.APIKey)
	file := filepath.Join(t.TempDir(), "child")
	script := "sleep 1000 & echo $! >" + file + ".part; mv " + file + ".part " + file + "; wait"
	for range 2 {
		create(t, c, shell(e, "r", "0-1", script))
		child := waitForFile(t, file)
		if _, err := c.DeleteJobRun(c.NewDeleteJobRunOptions(e.ProjectID, "r")); err != nil {
			t.Fatal(err)
		}
		gone(t, child)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for {
		list, err := e.Instances()
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 4 {
			for _, r := range list {
				if r.Status != instance.Deleted {
					t.Errorf("record %+v", r)
				}
			}
			return
		}
		pause(t.Context())
	}
}

// waitForFile returns the number in a file once it is there.
func waitForFile(t *testing.T, name string) int {
	t.Helper()
	for {
		data, err := os.ReadFile(name)
		if err == nil {
			n, err := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		pause(t.Context())
	}
}

// gone waits until a process has ended: it is no more, or waits to be reaped by
// whoever takes orphans in.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); pause(t.Context()) {
		if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
			return
		}
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil && strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
}

// TestClose closes an emulator whose instances run: nothing is left.
func TestClose(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	e, err := emulator.Start(t.Context(), emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "child")
	e = start(t, emulator.Options{Quota: &instance.Quota{Instances: 3}})
	c := client(t, e, e.APIKey)
	create(t, c, shell(e, "r", "0-5", "echo $$ >"+file+".$JOB_INDEX; mv "+file+".$JOB_INDEX "+file+"$JOB_INDEX; exec sleep 1000"))
	var pids []int
	for i := range 3 {
		pids = append(pids, waitForFile(t, file+strconv.Itoa(i)))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		gone(t, pid)
	}
	records(t, e, 6)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	groups, err := filepath.Glob("/sys/fs/cgroup/*/corecast-emulate-" + strconv.Itoa(os.Getpid()) + "*")
	if err != nil || len(groups) > 0 {
		t.Errorf("left behind: %v, %v", groups, err)
	}
}

// waitForText returns what is in a file once it is not empty.
func waitForText(t *testing.T, name string) string {
	t.Helper()
	for {
		data, err := os.ReadFile(name)
		if err == nil && len(data) > 0 {
			return string(data)
		}
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		pause(t.Context())
	}
}
