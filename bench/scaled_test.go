package bench

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corecast/internal/cgroup"
	"corecast/results"
	"corecast/runner"
	"corecast/runner/local"
)

// permitted skips a test where this user may not limit workers.
func permitted(t *testing.T) {
	t.Helper()
	err := local.Check(1, local.Options{CoreShare: 0.5, Memory: 64e6, Name: "bench"})
	if errors.Is(err, cgroup.ErrNotPermitted) || errors.Is(err, cgroup.ErrNotSupported) {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const smallBusy = `{"tasks": 8, "duration": "5ms"}`

// TestScaledSweep measures on scaled cores beside whole ones: each has a
// serial base of its own, and what is scaled says so.
func TestScaledSweep(t *testing.T) {
	permitted(t)
	whole, scaled := planOf(t, "busy", smallBusy, "local", 1), planOf(t, "busy", smallBusy, "local", 1, 4)
	scaled.Sweeps[0].CoreShare, scaled.Sweeps[0].Memory = 0.25, 100e6
	plan := whole
	plan.Sweeps = append(plan.Sweeps, scaled.Sweeps...)
	r := runPlan(t, plan)
	count := map[results.Kind]map[results.Role]int{results.Measured: {}, results.Scaled: {}}
	for i := range r.Trials {
		trial := &r.Trials[i]
		count[trial.Kind][trial.Role]++
		if trial.Error != "" || trial.Check != "" {
			t.Errorf("trial %d: %s %s", i, trial.Error, trial.Check)
		}
		want, share, memory := 1.0, any(nil), any(nil)
		if trial.Kind == results.Scaled {
			want, share = 0.25, 0.25
			if trial.Role != results.RoleSerial {
				memory = int64(100e6)
			}
		}
		if trial.VCPU != want || trial.Point.Settings["core_share"] != share || trial.Point.Settings["memory_bytes"] != memory {
			t.Errorf("trial %d (%s, %s): %v vCPU, settings %v", i, trial.Kind, trial.Role, trial.VCPU, trial.Point.Settings)
		}
		if trial.Role == results.RoleTrial && trial.Slots != trial.Point.Cores {
			t.Errorf("trial %d: %d workers for %d cores", i, trial.Slots, trial.Point.Cores)
		}
		for _, w := range r.Workers(i) {
			if w.VCPU != want {
				t.Errorf("trial %d: a worker has %v vCPU", i, w.VCPU)
			}
		}
	}
	for kind, points := range map[results.Kind]int{results.Measured: 1, results.Scaled: 2} {
		if n := count[kind]; n[results.RoleSerial] != 2 || n[results.RoleTrial] != 2*points || n[results.RoleDispatch] != 2*points {
			t.Errorf("%s: %v", kind, n)
		}
	}
}

// TestSerialIsHeld sees that the plain loop gets no more than a worker: 20
// tasks that use 5 ms of a processor each take 100 ms of it, which a quarter
// of a core has in 400 ms.
func TestSerialIsHeld(t *testing.T) {
	permitted(t)
	p := planOf(t, "spin", `{"tasks": 20, "duration": "5ms"}`, "local", 2)
	p.Sweeps[0].CoreShare, p.Reps = 0.25, 1
	r := runPlan(t, p)
	for _, trial := range r.Trials {
		if trial.Role != results.RoleSerial {
			continue
		}
		// A period and a tick may be over.
		if cpu, wall := trial.DriverCPU.Seconds(), trial.Makespan.Seconds(); cpu > 0.25*wall+0.03 || cpu < 0.1 {
			t.Errorf("%.3f s of processor time in %.3f s", cpu, wall)
		}
	}
}

// TestScaledResume finds the points of a run on scaled cores again, in a record
// that was read.
func TestScaledResume(t *testing.T) {
	permitted(t)
	p := planOf(t, "busy", smallBusy, "local", 2)
	p.Sweeps[0].CoreShare, p.Sweeps[0].Pin, p.Sweeps[0].Memory = 0.25, true, 1e8
	s := &sweeping{plan: p}
	s.makeCells()
	if err := s.recount(runPlan(t, p).Trials); err != nil {
		t.Fatal(err)
	}
	for _, c := range s.cells {
		if c.reps != 2 {
			t.Errorf("%s: %d repetitions found", c.label(c.role()), c.reps)
		}
	}
}

// TestLimitsRefused has what is refused before anything is run.
func TestLimitsRefused(t *testing.T) {
	for _, c := range []struct {
		name, backend string
		change        func(*Sweep)
		want          string
	}{
		{"goroutines", "inproc", func(s *Sweep) { s.CoreShare = 0.5 }, "backend inproc cannot hold its workers"},
		{"goroutines", "inproc", func(s *Sweep) { s.Memory = 1e9 }, "backend inproc cannot hold its workers"},
		{"goroutines", "inproc", func(s *Sweep) { s.Pin = true }, "backend inproc cannot hold its workers"},
		{"too little", "local", func(s *Sweep) { s.CoreShare = 0.01 }, "a core share of 1 %: at least 5 % and less than 100 %"},
		{"a whole core", "local", func(s *Sweep) { s.CoreShare = 1 }, "a core share of 100 %"},
		{"negative", "local", func(s *Sweep) { s.CoreShare = -0.5 }, "a core share of -50 %"},
		{"with vCPU", "local", func(s *Sweep) { s.CoreShare, s.VCPU = 0.5, 2 }, "exclude each other"},
		{"negative memory", "local", func(s *Sweep) { s.Memory = -1 }, "is negative"},
		{"no cores to pin to", "local", func(s *Sweep) { s.Pin, s.Cores = true, []int{5000} }, "pin workers to cores: 5000 workers of 1 vCPU need 5000 cores"},
	} {
		p := planOf(t, "noop", `{"tasks": 1}`, c.backend, 1)
		c.change(&p.Sweeps[0])
		w := create(t, filepath.Join(t.TempDir(), "run"), p)
		_, err := Run(t.Context(), p, w, nil, quick)
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestParseCoreShareAndMemory(t *testing.T) {
	for text, want := range map[string]float64{"": 0, "12.5%": 0.125, "0.125": 0.125, " 50%": 0.5} {
		if got, err := ParseCoreShare(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for text, want := range map[string]int64{"": 0, "512M": 512e6, "512MiB": 512 << 20, "1e9": 1e9} {
		if got, err := ParseMemory(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"0", "0%", "an eighth"} {
		if _, err := ParseCoreShare(text); err == nil {
			t.Errorf("a share of %q passes", text)
		}
	}
	for _, text := range []string{"0", "-5M", "much"} {
		if _, err := ParseMemory(text); err == nil {
			t.Errorf("memory of %q passes", text)
		}
	}
}

// TestSharesOfBackends: the options reach the launcher.
func TestSharesOfBackends(t *testing.T) {
	s := Sweep{VCPU: 1, CoreShare: 0.25, Memory: 1e8}
	b, err := FindBackend("local")
	if err != nil {
		t.Fatal(err)
	}
	p := runner.NewPool(b.New(3, s.workerOptions("x")))
	defer p.Close()
	if p.VCPU() != 0.25 || p.MemoryLimit() != 1e8 || p.Workers() != 3 {
		t.Errorf("%v vCPU, %d bytes, %d workers", p.VCPU(), p.MemoryLimit(), p.Workers())
	}
}
