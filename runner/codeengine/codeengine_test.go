package codeengine_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"corecast/internal/emulator"
	"corecast/internal/emulator/image"
	"corecast/internal/emulator/instance"
	"corecast/runner"
	"corecast/runner/codeengine"
	"corecast/runner/objstore"
	"corecast/runner/runnertest"
	"corecast/runner/storeexchange"
	"corecast/runner/trace"
)

func TestMain(m *testing.M) {
	storeexchange.Main(runnertest.Funcs()...)
	os.Exit(m.Run())
}

// emulate starts an emulator whose image "machine" is this machine.
func emulate(t *testing.T, o emulator.Options) *emulator.Emulator {
	t.Helper()
	o.Images = append(o.Images, image.Source{Name: "machine", Path: "/"})
	o.Unheld = true
	e, err := emulator.Start(context.Background(), o)
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

// settings are those of an emulator's clients; workers are this program.
func settings(t testing.TB, e *emulator.Emulator) codeengine.Settings {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return codeengine.Settings{
		APIKey: e.APIKey, URL: e.APIURL, AuthURL: e.URL, Region: e.Region, Project: e.Project, Image: "machine", Command: []string{self}, Emulated: true,
		Store: objstore.Access{Endpoint: e.URL, Region: e.Region, Bucket: e.Bucket, AccessKey: e.AccessKey, SecretKey: e.SecretKey},
	}
}

func options() codeengine.Options {
	return codeengine.Options{VCPU: 0.125, Run: fmt.Sprintf("test-%d", time.Now().UnixNano()), Poll: 100 * time.Millisecond}
}

// clean fails the test for what is left.
func clean(t *testing.T, s codeengine.Settings) {
	t.Helper()
	l, err := codeengine.Find(t.Context(), s, "")
	if err != nil {
		t.Fatal(err)
	}
	if !l.Empty() {
		t.Errorf("what is left: %+v", l)
	}
}

func TestConformance(t *testing.T) {
	e := emulate(t, emulator.Options{})
	s := settings(t, e)
	runnertest.Run(t, runnertest.Backend{
		New:     func(workers int) runner.Launcher { return codeengine.New(workers, s, options()) },
		Has:     runnertest.Wire,
		Upfront: true,
	})
	clean(t, s)
}

// TestManyInstances has more instances than run at once, of one no-op task each:
// those that are done make room for others.
func TestManyInstances(t *testing.T) {
	n := 20
	if os.Getenv("CORECAST_LONG") != "" {
		n = 1000
	}
	e := emulate(t, emulator.Options{Quota: &instance.Quota{VCPU: 128, Memory: 512e9, Instances: 4, Total: 2500}})
	s := settings(t, e)
	o := options()
	o.Leave = true
	p := runner.NewPool(codeengine.New(n, s, o))
	began := time.Now()
	var kept *trace.Trace
	if _, err := runner.Map(t.Context(), p, runner.Noop, make([]struct{}, n), runner.JobOptions{Trace: func(tr *trace.Trace) { kept = tr }}); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	r := e.Requests()
	t.Logf("%d instances, 4 at a time: %v, %d requests of storage, %d of the API: %v", n, took, r.Storage, r.API, r.Kinds)
	if most := int64(4*n + 100); r.Storage > most {
		t.Errorf("%d requests, over %d", r.Storage, most)
	}
	// What a worker says of its start is what the emulator saw. It writes of an
	// instance when that has ended, which its last results may precede.
	started := make(map[int]time.Time)
	for end := time.Now().Add(20 * time.Second); len(started) < n && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		records, err := e.Instances()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			started[r.Index] = r.Started
		}
	}
	var zero time.Time
	worst := time.Duration(0)
	for _, w := range kept.Workers {
		at := started[int(w.Slot)]
		if at == zero {
			t.Fatalf("worker %d is not in the emulator's log", w.Slot)
		}
		here := began.Add(time.Duration(w.Started))
		worst = max(worst, here.Sub(at).Abs())
	}
	t.Logf("starts differ by %v at most", worst)
	if worst > 50*time.Millisecond && n == 1000 { // by hand, on a quiet machine
		t.Errorf("a worker's start differs by %v from the emulator's log", worst)
	}
	clean(t, s)
}

// TestBadInput holds that what the user has to mend is said, and that nothing is
// left running.
func TestBadInput(t *testing.T) {
	e := emulate(t, emulator.Options{})
	good := settings(t, e)
	for _, c := range []struct {
		name   string
		change func(*codeengine.Settings, *codeengine.Options)
		want   []string
	}{
		{"key", func(s *codeengine.Settings, _ *codeengine.Options) { s.APIKey = "wrong" }, []string{"IAM key", "CODE_ENGINE_APIKEY"}},
		{"no key", func(s *codeengine.Settings, _ *codeengine.Options) { s.APIKey = "" }, []string{"CODE_ENGINE_APIKEY"}},
		{"project", func(s *codeengine.Settings, _ *codeengine.Options) { s.Project = "none" }, []string{`no project "none"`, e.Project}},
		{"image", func(s *codeengine.Settings, _ *codeengine.Options) { s.Image = "missing/image" }, []string{"missing/image"}},
		{"program", func(s *codeengine.Settings, _ *codeengine.Options) { s.Command = []string{"/no/such/program"} }, []string{"ExecutableNotFound", "corecast image build"}},
		{"vcpu", func(_ *codeengine.Settings, o *codeengine.Options) { o.VCPU = 3 }, []string{"no instances of 3 vCPU", "0.125"}},
		{"memory", func(_ *codeengine.Settings, o *codeengine.Options) { o.Memory = 3e9 }, []string{"3 GB of memory", "0.25 GB"}},
		{"bucket", func(s *codeengine.Settings, _ *codeengine.Options) { s.Store.Bucket = "no-such-bucket" }, []string{"no-such-bucket"}},
		{"keys", func(s *codeengine.Settings, _ *codeengine.Options) { s.Store.SecretKey = "wrong" }, []string{"check its keys"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := good, options()
			c.change(&s, &o)
			p := runner.NewPool(codeengine.New(2, s, o))
			_, err := runner.Map(t.Context(), p, runner.Noop, make([]struct{}, 4), runner.JobOptions{})
			p.Close() // a store that is not there cannot be cleaned
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q in it", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), e.SecretKey) {
				t.Errorf("the error has a secret in it: %v", err)
			}
		})
	}
	clean(t, good)
}

// TestClean removes what a driver that was killed has left.
func TestClean(t *testing.T) {
	e := emulate(t, emulator.Options{})
	s := settings(t, e)
	l := codeengine.New(2, s, options())
	p := runner.NewPool(l)
	if err := p.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := codeengine.Find(t.Context(), s, "")
	if err != nil || found.Empty() || len(found.Runs()) != 1 {
		t.Fatalf("while it runs, there is %+v, %v", found, err)
	}
	if other, err := codeengine.Clean(t.Context(), s, "other"); err != nil || !other.Empty() {
		t.Errorf("cleaning another run removed %+v, %v", other, err)
	}
	if _, err := codeengine.Clean(t.Context(), s, found.Runs()[0]); err != nil {
		t.Error(err)
	}
	clean(t, s)
	if err := p.Close(); err != nil {
		t.Errorf("close what was cleaned: %v", err)
	}
}
