package capacity

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"corecast/results"
)

// plain is a platform without chances but for noise: tasks of a second, a
// start-up, and a price a core-second.
type plain struct {
	startup, noise, rate float64
	measured             []int
}

func (p plain) Forecast(_ context.Context, workers, tasks, draws int) (Draws, error) {
	var d Draws
	for i := range draws {
		factor := math.Exp(p.noise * rand.New(rand.NewPCG(1, uint64(i))).NormFloat64())
		t := (p.startup + math.Ceil(float64(tasks)/float64(workers))) * factor
		d.Makespan = append(d.Makespan, t)
		d.CoreSeconds = append(d.CoreSeconds, t*float64(workers))
		if p.rate > 0 {
			d.Cost = append(d.Cost, t*float64(workers)*p.rate)
		}
	}
	return d, nil
}

func (p plain) Doubt(workers int, measured []int) float64 {
	return 0.1 * math.Abs(math.Log(float64(workers)/float64(nearest(measured, workers))))
}
func (p plain) Noise() float64  { return p.noise }
func (p plain) Measured() []int { return p.measured }

func answer(t *testing.T, p Place, w Wish) *Answer {
	t.Helper()
	a, err := New(t.Context(), []Place{p}, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(a); err != nil {
		t.Fatal(err)
	}
	return a
}

func cheap() Place {
	return Place{Forecaster: plain{startup: 5, noise: 0.02, rate: 0.01, measured: []int{1, 2, 4, 8}}, Backend: "plain", Price: "list", VCPU: 1, Limit: 100, Quota: "a contract"}
}

// TestPicks: 1,000 tasks of a second and 5 s of start-up.
func TestPicks(t *testing.T) {
	a := answer(t, cheap(), Wish{Tasks: 1000, Deadline: 60, Budget: 12})
	// The smallest n with (5 + ceil(1000/n)) x 1.033 <= 60 is 20.
	if !a.Met || a.Cheapest == nil || a.Cheapest.Workers < 18 || a.Cheapest.Workers > 20 {
		t.Errorf("cheapest %+v", a.Cheapest)
	}
	if *a.Cheapest.OnTime < 0.95 || a.Cheapest.Makespan.With > 60 {
		t.Errorf("cheapest is in time with %v", *a.Cheapest.OnTime)
	}
	// Within the budget: n (5 + 1000/n) 0.01 x 1.033 <= 12.
	if a.Fastest == nil || a.Fastest.Workers > 33 || a.Fastest.Workers < 20 || a.Fastest.Cost.With > 12 {
		t.Errorf("fastest %+v", a.Fastest)
	}
	if a.Balanced == nil || a.Knee == nil || !a.Knee.Pareto || a.Pareto[0] != 1 {
		t.Errorf("balanced %v, knee %v, front %v", a.Balanced, a.Knee, a.Pareto)
	}
	for _, o := range a.Options {
		if o.Kind != results.Simulated {
			t.Errorf("%d cores are %s", o.Cores, o.Kind)
		}
		if (o.Waves > 1) != (o.Workers > 100) || o.Waves > 1 && o.Pareto {
			t.Errorf("%d workers: %d waves, on the front %v", o.Workers, o.Waves, o.Pareto)
		}
	}
	if len(a.Fixed) < 3 || a.Fixed[0].Machines != int(math.Ceil(float64(a.Cheapest.Cores)/8)) {
		t.Errorf("fixed %+v", a.Fixed)
	}
}

// TestWould: what would meet a wish that nothing meets.
func TestWould(t *testing.T) {
	find := func(a *Answer, what string) *Change {
		for i := range a.Would {
			if a.Would[i].What == what {
				return &a.Would[i]
			}
		}
		return nil
	}
	a := answer(t, cheap(), Wish{Tasks: 1000, Deadline: 13})
	if a.Met || a.Cheapest != nil || a.Target() == nil {
		t.Fatalf("met %v, cheapest %+v", a.Met, a.Cheapest)
	}
	if c := find(a, "deadline_s"); c == nil || c.Value < 15 || c.Value > 16.5 || c.Cores != 100 {
		t.Errorf("deadline: %+v", c)
	}
	if c := find(a, "quota_workers"); c == nil || c.Value < 130 || c.Value > 200 {
		t.Errorf("quota: %+v", c)
	}
	if c := find(a, "tasks"); c == nil || c.Value < 600 || c.Value > 799 {
		t.Errorf("tasks: %+v", c)
	}
	a = answer(t, cheap(), Wish{Tasks: 1000, Deadline: 60, Budget: 10.2})
	if c := find(a, "budget_usd"); a.Met || c == nil || c.Value < 10.9 || c.Value > 11.6 {
		t.Errorf("budget: %+v", c)
	}
	a = answer(t, cheap(), Wish{Tasks: 1000})
	if !a.Met || len(a.Would) != 0 || a.Cheapest.Workers != 1 || a.Fastest.Workers != 100 {
		t.Errorf("without a wish: cheapest %+v, fastest %+v", a.Cheapest, a.Fastest)
	}
}

// TestWithoutPrices: cost is core time then.
func TestWithoutPrices(t *testing.T) {
	p := cheap()
	p.Forecaster = plain{startup: 5, measured: []int{4}}
	p.Price, p.Limit = "", 0
	a := answer(t, p, Wish{Tasks: 100, Deadline: 30})
	if a.Cheapest == nil || a.Cheapest.Cost != nil || a.Cheapest.Workers != 4 {
		t.Errorf("cheapest %+v", a.Cheapest)
	}
}

// TestNext: the target itself is worth most, or what was measured again when
// nothing else is left.
func TestNext(t *testing.T) {
	a := answer(t, cheap(), Wish{Tasks: 1000, Deadline: 40})
	if a.Next == nil || a.Next.Workers != a.Cheapest.Workers || a.Next.Then >= a.Next.Width || a.Next.Repeat {
		t.Errorf("next %+v for %d workers", a.Next, a.Cheapest.Workers)
	}
	a = answer(t, cheap(), Wish{Tasks: 1000, Deadline: 137}) // 8 workers, measured
	if a.Cheapest.Workers != 8 || !a.Next.Repeat || a.Next.Workers != 8 {
		t.Errorf("next %+v for %d workers", a.Next, a.Cheapest.Workers)
	}
}

// TestPlaces: dearer and cheaper places beside the first.
func TestPlaces(t *testing.T) {
	other := cheap()
	other.Price, other.Forecaster = "other", plain{startup: 1, rate: 0.005, measured: []int{1}}
	slow := cheap()
	slow.Price, slow.Limit = "small", 2
	a, err := New(t.Context(), []Place{cheap(), other, slow}, Wish{Tasks: 1000, Deadline: 60})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Places) != 3 || !a.Places[1].Met || a.Places[2].Met || a.Places[1].Cost.Median > 0.7*a.Places[0].Cost.Median {
		t.Errorf("%+v", a.Places)
	}
}

func TestWishesThatCannotBe(t *testing.T) {
	for want, w := range map[string]Wish{
		"0 tasks":             {},
		"deadline of -5 s":    {Tasks: 1, Deadline: -5},
		"budget of -1 USD":    {Tasks: 1, Budget: -1},
		"confidence of 1.5":   {Tasks: 1, Confidence: 1.5},
		"at most -1 cores":    {Tasks: 1, MaxCores: -1},
		"deadline of +Inf s":  {Tasks: 1, Deadline: math.Inf(1)},
		"budget of NaN USD":   {Tasks: 1, Budget: math.NaN()},
		"confidence of -0.95": {Tasks: 1, Confidence: -0.95},
	} {
		if _, err := New(t.Context(), []Place{cheap()}, w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", w, err, want)
		}
	}
	if _, err := New(t.Context(), nil, Wish{Tasks: 1}); err == nil {
		t.Error("no places, no error")
	}
}

func TestQuantile(t *testing.T) {
	values := []float64{5, 1, 4, 2, 3}
	q := newQuantiles(values, 0.6)
	if q.Median != 3 || q.With != 4 || q.Lo != 2 || q.Hi != 5 {
		t.Errorf("%+v", q)
	}
	if q := newQuantiles([]float64{7}, 0.95); q.With != 7 || q.Lo != 7 {
		t.Errorf("%+v", q)
	}
}

// TestKneeAndFront on a front whose bend is known.
func TestKneeAndFront(t *testing.T) {
	var options []Option
	for i, c := range [][2]float64{{100, 1}, {40, 1.05}, {15, 1.2}, {13, 3}, {12, 9}, {50, 2}} {
		cost := Quantiles{Median: c[1]}
		options = append(options, Option{Workers: i + 1, Cores: i + 1, Waves: 1, Makespan: Quantiles{Median: c[0]}, Cost: &cost})
	}
	markPareto(options)
	if options[5].Pareto || len(front(options)) != 5 {
		t.Errorf("front %v", front(options))
	}
	if k, b := knee(options), balanced(options); k != 2 || b != 2 {
		t.Errorf("knee %d, balanced %d", k, b)
	}
}

func TestGrid(t *testing.T) {
	if got := grid(20, 10, false); len(got) != 10 || got[len(got)-1] != 20 {
		t.Errorf("%v", got)
	}
	if got := grid(1, 0, true); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
