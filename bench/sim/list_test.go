package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// reference is list scheduling word by word: for each task look at all workers,
// and take the one that is free first.
func reference(l *List) ListResult {
	free := make([]float64, l.Workers)
	for i := range free {
		free[i] = l.Delays[i]
		if l.Rate > 0 {
			free[i] = float64(i)/l.Rate + l.Delays[i]
		}
	}
	used := make(map[int]bool)
	r := ListResult{FirstStart: math.Inf(1)}
	for _, s := range l.Service {
		best := 0
		for i := range free {
			if free[i] < free[best] {
				best = i
			}
		}
		r.FirstStart = min(r.FirstStart, free[best])
		free[best] += s
		r.Makespan = max(r.Makespan, free[best])
		used[best] = true
	}
	r.WorkersUsed = len(used)
	return r
}

// randomList draws a list: few or many workers, with and without a rate, times
// that are all different, or so coarse that many are equal, or 0.
func randomList(rng *rand.Rand) *List {
	l := &List{Workers: 1 + rng.IntN(40)}
	if rng.IntN(8) == 0 {
		l.Workers = 1 + rng.IntN(400)
	}
	if rng.IntN(2) == 0 {
		l.Rate = rng.Float64() * 20
	}
	coarse := rng.IntN(2) == 0
	draw := func(scale float64) float64 {
		if coarse {
			return float64(rng.IntN(4)) * scale / 2
		}
		return rng.ExpFloat64() * scale
	}
	for range l.Workers + rng.IntN(3) {
		l.Delays = append(l.Delays, draw(3))
	}
	for range 1 + rng.IntN(500) {
		l.Service = append(l.Service, draw(1))
	}
	return l
}

func TestListAgreesWithReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		l := randomList(rng)
		got, err := l.Run()
		if err != nil {
			t.Fatal(err)
		}
		if want := reference(l); !near(got.Makespan, want.Makespan, 1e-9) || !near(got.FirstStart, want.FirstStart, 1e-9) || got.WorkersUsed != want.WorkersUsed {
			t.Fatalf("list %d (%d workers, rate %g, %d tasks): %+v, want %+v", i, l.Workers, l.Rate, len(l.Service), got, want)
		}
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestListByHand(t *testing.T) {
	for _, c := range []struct {
		name string
		list List
		want ListResult
	}{
		{"two workers, the second later", List{Service: []float64{4, 1, 1, 1}, Delays: []float64{1, 1}, Rate: 0.5, Workers: 2},
			ListResult{Makespan: 6, FirstStart: 1, WorkersUsed: 2}},
		{"all at once without a rate", List{Service: []float64{2, 2}, Delays: []float64{1, 2.5}, Workers: 2},
			ListResult{Makespan: 4.5, FirstStart: 1, WorkersUsed: 2}},
		{"a tie of the worker that ends and the one that begins", List{Service: []float64{2, 2}, Delays: []float64{1, 3}, Workers: 2},
			ListResult{Makespan: 5, FirstStart: 1, WorkersUsed: 1}},
		{"ties go to the lowest index", List{Service: []float64{1, 5, 1}, Delays: []float64{0, 0, 0, 0}, Workers: 4},
			ListResult{Makespan: 5, FirstStart: 0, WorkersUsed: 3}},
		{"tasks of no time stay with one worker", List{Service: []float64{0, 0, 0}, Delays: []float64{2, 2}, Workers: 2},
			ListResult{Makespan: 2, FirstStart: 2, WorkersUsed: 1}},
		{"more workers than tasks", List{Service: []float64{3}, Delays: []float64{5, 1, 9}, Workers: 3},
			ListResult{Makespan: 4, FirstStart: 1, WorkersUsed: 1}},
	} {
		if got, err := c.list.Run(); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
}

func TestListRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		list List
		want string
	}{
		{"no workers", List{Service: []float64{1}}, "0 workers"},
		{"no tasks", List{Delays: []float64{1}, Workers: 1}, "no tasks"},
		{"too few delays", List{Service: []float64{1}, Delays: []float64{1}, Workers: 2}, "1 start delays for 2 workers"},
		{"negative rate", List{Service: []float64{1}, Delays: []float64{1}, Workers: 1, Rate: -1}, "rate of -1"},
		{"a rate that is no number", List{Service: []float64{1}, Delays: []float64{1}, Workers: 1, Rate: math.NaN()}, "rate of NaN"},
		{"negative time", List{Service: []float64{1, -2}, Delays: []float64{1}, Workers: 1}, "service time 1 is -2"},
		{"delay without end", List{Service: []float64{1}, Delays: []float64{math.Inf(1)}, Workers: 1}, "start delay 0 is +Inf"},
		{"too many workers", List{Service: []float64{1}, Delays: []float64{1}, Workers: MaxWorkers + 1}, "are more than"},
	} {
		if _, err := c.list.Run(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// BenchmarkList reports tasks a second over a million tasks, and fails when
// memory is allocated for tasks rather than for a list.
func BenchmarkList(b *testing.B) {
	const tasks = 1_000_000
	rng := rand.New(rand.NewPCG(1, 2))
	for _, workers := range []int{1, 100, 1000, 10_000} {
		l := List{Workers: workers, Rate: 500, Service: make([]float64, tasks), Delays: make([]float64, workers)}
		for i := range l.Service {
			l.Service[i] = rng.ExpFloat64()
		}
		for i := range l.Delays {
			l.Delays[i] = 1 + rng.ExpFloat64()
		}
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*tasks/b.Elapsed().Seconds()/1e6, "Mtasks/s")
		})
	}
}
