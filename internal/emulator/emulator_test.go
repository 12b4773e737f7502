package emulator_test

import (
	"context"
	"testing"
	"time"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"
	"github.com/IBM/go-sdk-core/v5/core"

	"corecast/internal/emulator"
	"corecast/internal/emulator/image"
)

// client is the SDK's client of an emulator.
func client(t *testing.T, e *emulator.Emulator, key string) *codeenginev2.CodeEngineV2 {
	t.Helper()
	auth, err := core.NewIamAuthenticatorBuilder().SetApiKey(key).SetURL(e.URL).Build()
	if err != nil {
		t.Fatal(err)
	}
	c, err := codeenginev2.NewCodeEngineV2(&codeenginev2.CodeEngineV2Options{URL: e.APIURL, Authenticator: auth})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// start starts an emulator that has this machine as the image "machine".
func start(t *testing.T, o emulator.Options) *emulator.Emulator {
	t.Helper()
	o.Images = append(o.Images, image.Source{Name: "machine", Path: "/"})
	e, err := emulator.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// shell is a run of a shell's script at each index.
func shell(e *emulator.Emulator, name, indices, script string) *codeenginev2.CreateJobRunOptions {
	return &codeenginev2.CreateJobRunOptions{
		ProjectID: &e.ProjectID, Name: &name, ImageReference: core.StringPtr("machine"), RunCommands: []string{"sh", "-c", script},
		ScaleArraySpec: &indices, ScaleCpuLimit: core.StringPtr("0.125"), ScaleMemoryLimit: core.StringPtr("500M"), ScaleRetryLimit: core.Int64Ptr(0),
	}
}

// settled waits for the end of a run.
func settled(t *testing.T, c *codeenginev2.CodeEngineV2, e *emulator.Emulator, name string) *codeenginev2.JobRun {
	t.Helper()
	for {
		run, _, err := c.GetJobRunWithContext(t.Context(), c.NewGetJobRunOptions(e.ProjectID, name))
		if err != nil {
			t.Fatal(err)
		}
		if *run.Status == "completed" || *run.Status == "failed" {
			return run
		}
		pause(t.Context())
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}

// TestRun runs a job's indices, of which one fails.
func TestRun(t *testing.T) {
	e := start(t, emulator.Options{})
	c := client(t, e, e.APIKey)
	if _, _, err := c.CreateJobRunWithContext(t.Context(), shell(e, "r", "0-2,7", `test "$JOB_INDEX" != 7 || exit 3`)); err != nil {
		t.Fatal(err)
	}
	run := settled(t, c, e, "r")
	s := run.StatusDetails
	if *run.Status != "failed" || *s.Succeeded != 3 || *s.SucceededIndices != "0-2" || *s.FailedIndices != "7" {
		t.Errorf("the run is %s: %+v", *run.Status, *s)
	}
	if reason := s.IndicesDetails["7"].LastFailureReason; reason == nil || *reason != "ContainerExitedCode3" {
		t.Errorf("reason %v", reason)
	}
	records, err := e.Instances()
	if err != nil || len(records) != 4 {
		t.Errorf("%d records, %v", len(records), err)
	}
	for _, r := range records {
		if r.BilledSeconds <= 0 || r.Started.Before(r.Requested) || r.Ended.Before(r.Started) {
			t.Errorf("record %+v", r)
		}
	}
}

// TestWrongKey has IAM refuse it.
func TestWrongKey(t *testing.T) {
	e := start(t, emulator.Options{})
	_, _, err := client(t, e, "wrong").ListProjects(&codeenginev2.ListProjectsOptions{})
	if err == nil {
		t.Fatal("a wrong key is accepted")
	}
}
