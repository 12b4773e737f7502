package workloads

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corecast/runner"
)

// answer runs a workload in a plain loop.
func answer(t *testing.T, w Workload) Answer {
	t.Helper()
	j, err := w.Prepare(t.Context(), Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := j.Serial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Check(a); err != nil {
		t.Errorf("check: %v", err)
	}
	return a
}

// fannedOut runs a workload on a number of goroutines.
func fannedOut(t *testing.T, w Workload, workers int, o runner.JobOptions) Answer {
	t.Helper()
	j, err := w.Prepare(t.Context(), Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	pool := runner.NewPool(runner.InProc(workers))
	defer pool.Close()
	a, err := j.Run(t.Context(), pool, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func monteCarloOf(model string, size, task int64) *MonteCarlo {
	w := NewMonteCarlo().(*MonteCarlo)
	w.Model, w.Samples, w.TaskSamples = model, size, task
	return w
}

// TestPiKnownAnswer counts by another program: the same stream, drawn here.
func TestPiKnownAnswer(t *testing.T) {
	const n = 3*blockSamples + 17
	inside := 0
	for b := range 4 {
		stream := rand.NewPCG(1, uint64(b))
		for range min(blockSamples, n-b*blockSamples) {
			u := stream.Uint64()
			x, y := float64(u>>32)/(1<<32), float64(u&0xffffffff)/(1<<32)
			if math.Hypot(x, y) < 1 {
				inside++
			}
		}
	}
	got := answer(t, monteCarloOf("pi", n, 1)).(MonteCarloAnswer)
	if want := 4 * float64(inside) / n; *got.Pi != want {
		t.Errorf("pi = %v, want %v", *got.Pi, want)
	}
}

func TestMonteCarloSameForAnySplit(t *testing.T) {
	for _, model := range []string{"pi", "option"} {
		want := answer(t, monteCarloOf(model, 1_000_003, 1<<20))
		for _, task := range []int64{1, 100_000, 3 * blockSamples, 1 << 40} {
			for _, workers := range []int{1, 3} {
				got := fannedOut(t, monteCarloOf(model, 1_000_003, task), workers, runner.JobOptions{})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, %d samples a task, %d workers (-want +got):\n%s", model, task, workers, diff)
				}
			}
		}
	}
}

// TestBlackScholes compares with the textbook value of Hull, Options, Futures,
// and Other Derivatives, example 15.6: S 42, K 40, r 0.1, v 0.2, T 0.5 gives
// 4.76.
func TestBlackScholes(t *testing.T) {
	w := &MonteCarlo{Spot: 42, Strike: 40, Rate: 0.1, Volatility: 0.2, Maturity: 0.5}
	if got := w.blackScholes(); math.Abs(got-4.7594) > 5e-5 {
		t.Errorf("price %v, want 4.7594", got)
	}
}

// TestEstimatesWithinStandardError runs many seeds: the errors, in standard
// errors, must have the spread of a normal distribution.
func TestEstimatesWithinStandardError(t *testing.T) {
	for _, model := range []string{"pi", "option"} {
		var sum, squares float64
		const seeds = 60
		for seed := range uint64(seeds) {
			w := monteCarloOf(model, 1<<17, 1<<20)
			w.RandomSeed = seed
			a := answer(t, w).(MonteCarloAnswer)
			value := a.Pi
			if model == "option" {
				value = a.Price
			}
			z := (*value - a.Exact) / a.StandardError
			sum += z
			squares += z * z
		}
		if mean, variance := sum/seeds, squares/seeds; math.Abs(mean) > 0.5 || variance < 0.5 || variance > 1.7 {
			t.Errorf("%s: errors have mean %.2f and variance %.2f in standard errors, want 0 and 1", model, mean, variance)
		}
	}
}

func TestMonteCarloCheckFindsWrongAnswer(t *testing.T) {
	w := monteCarloOf("pi", 1e6, 1<<20)
	a := answer(t, w).(MonteCarloAnswer)
	*a.Pi += 0.05
	if err := w.check(a); err == nil {
		t.Error("a wrong pi passes the check")
	}
}

func TestSettingsRefused(t *testing.T) {
	for name, change := range map[string]func(*MonteCarlo){
		"model":        func(w *MonteCarlo) { w.Model = "e" },
		"size":         func(w *MonteCarlo) { w.Samples = 0 },
		"task-samples": func(w *MonteCarlo) { w.TaskSamples = -1 },
		"volatility":   func(w *MonteCarlo) { w.Volatility = 0 },
		"maturity":     func(w *MonteCarlo) { w.Maturity = math.NaN() },
		"rate":         func(w *MonteCarlo) { w.Rate = math.Inf(1) },
	} {
		w := monteCarloOf("pi", 1e6, 1<<20)
		change(w)
		_, err := w.Prepare(t.Context(), Env{})
		setting, ok := err.(*SettingError)
		if !ok || setting.Setting != name {
			t.Errorf("bad %s: error %v", name, err)
		}
	}
}

func TestSyntheticDurations(t *testing.T) {
	for _, w := range []Workload{
		&Synthetic{kind: "sleep", Count: 3, Each: Duration(20 * time.Millisecond)},
		&Synthetic{kind: "spin", Count: 3, Each: Duration(20 * time.Millisecond)},
		&Synthetic{kind: "busy", Count: 3, Each: Duration(20 * time.Millisecond)},
	} {
		a := fannedOut(t, w, 2, runner.JobOptions{}).(SyntheticAnswer)
		took := a.SleptS + a.BusyS + a.CPUS
		if a.Tasks != 3 || math.Abs(a.RequestedS-0.06) > 1e-12 || took < 0.06 || took > 0.5 {
			t.Errorf("%s: %+v", w.Name(), a)
		}
	}
}

// TestSettingsTravelAsJSON checks that a plan can hold every workload.
func TestSettingsTravelAsJSON(t *testing.T) {
	for _, make := range All() {
		w := make()
		data, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		again, err := New(w.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, again); err != nil {
			t.Fatal(err)
		}
		after, err := json.Marshal(again)
		if err != nil || string(after) != string(data) {
			t.Errorf("%s: %s became %s, %v", w.Name(), data, after, err)
		}
	}
}

// TestZeroDurationTravels: zero is a setting like any other, though not the
// default.
func TestZeroDurationTravels(t *testing.T) {
	data, err := json.Marshal(NewBusy(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	again, err := New("busy")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, again); err != nil {
		t.Fatal(err)
	}
	if got := again.(*Synthetic); got.Each != 0 || got.Count != 5 {
		t.Errorf("%s became %+v", data, got)
	}
}

func TestUnknownWorkload(t *testing.T) {
	if _, err := New("cooking"); err == nil || err.Error() != `unknown workload "cooking": the workloads are montecarlo, logsearch, hypersweep, image, command, sleep, spin, busy, noop` {
		t.Errorf("error %v", err)
	}
}
