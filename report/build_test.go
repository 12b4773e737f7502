package report

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"corecast/bench/metrics"
	"corecast/results"
	"corecast/runner/trace"
)

// builder makes synthetic sources: a job of so many tasks of 10 ms on so many
// workers, with start-up that grows with the workers. The same fields give the
// same source.
type builder struct {
	workload, backend string
	labels            []string // none: one empty label
	cores             []int
	trials, tasks     int
	kinds             []results.Kind // of the points in turn; none: measured
	task              time.Duration  // none: 10 ms
	retries           bool           // every 20th task is tried twice
	warnings          []results.Warning
}

// created is when every synthetic run began.
func created() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) }

func (b builder) source(t testing.TB) *Source {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 11))
	sum := &metrics.Summary{
		Schema: 1, RunID: "20261102-0930-synthetic", Dir: "runs/synthetic",
		Workload: cmp.Or(b.workload, "mandelbrot"), Backend: cmp.Or(b.backend, "local"),
		Scaling: "strong", Complete: true, Warnings: b.warnings,
		Machine: &results.Machine{OS: "linux", Arch: "amd64", Processor: "Example Processor 9000 @ 2.40GHz", Cores: 8, CoresOnline: 8, Go: "go1.26"},
	}
	traces := map[int][]*trace.Trace{}
	var base metrics.Interval
	for _, label := range append(b.labels, "")[:max(1, len(b.labels))] {
		for _, cores := range b.cores {
			var runs []*trace.Trace
			for range b.trials {
				runs = append(runs, b.trace(rng, cores))
			}
			p := b.point(t, label, cores, runs, len(sum.Points))
			if base.Median == 0 {
				base = p.Makespan
				base.Median, base.Lo, base.Hi = base.Median*float64(cores), base.Lo*float64(cores), base.Hi*float64(cores)
			}
			p.rate(base)
			traces[len(sum.Points)] = runs
			sum.Points = append(sum.Points, p.Point)
		}
	}
	src := NewSource(sum, created())
	for i := range sum.Points {
		for n, tr := range traces[i] {
			if err := src.Add(i, i*1000+n, tr); err != nil {
				t.Fatal(err)
			}
		}
	}
	return src
}

// pointBuild is a point in the making.
type pointBuild struct{ metrics.Point }

// point sums traces up as the bench would, with a plain range as interval.
func (b builder) point(t testing.TB, label string, cores int, runs []*trace.Trace, index int) *pointBuild {
	t.Helper()
	order := make([]int, len(runs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return cmp.Compare(runs[x].Makespan, runs[y].Makespan) })
	mid := runs[order[(len(order)-1)/2]]
	parts, _, err := metrics.Partition(mid)
	if err != nil {
		t.Fatal(err)
	}
	p := metrics.Point{
		Cores: cores, Workers: cores, Trials: len(runs), Tasks: b.tasks, Label: label, Kind: results.Measured,
		Makespan: metrics.Interval{
			Median: mid.Makespan.Seconds(), Lo: runs[order[0]].Makespan.Seconds(),
			Hi: runs[order[len(order)-1]].Makespan.Seconds(), Confidence: min(0.95, 1-1/float64(int(1)<<min(len(runs)-1, 30))),
		},
		BusyCore: parts.Busy.Seconds(), Overhead: parts.Overhead(1), MedianTrial: index*1000 + order[(len(order)-1)/2],
		PerTaskOverhead: parts.Total().Seconds() / float64(b.tasks),
	}
	p.Startup = metrics.StartupOf(mid)
	if len(b.kinds) > 0 {
		p.Kind = b.kinds[index%len(b.kinds)]
	}
	return &pointBuild{p}
}

func (p *pointBuild) rate(base metrics.Interval) {
	s := base.Median / p.Makespan.Median
	eff := s / float64(p.Workers)
	p.Speedup = &metrics.Speedup{Base: "serial", Interval: metrics.Interval{
		Median: s, Lo: base.Median / p.Makespan.Hi, Hi: base.Median / p.Makespan.Lo, Confidence: p.Makespan.Confidence}}
	p.Efficiency = &eff
	dispatch := 4.2e-6
	p.DispatchWall = &dispatch
	if p.Workers > 1 {
		n := float64(p.Workers)
		kf := (1/s - 1/n) / (1 - 1/n)
		p.KarpFlatt = &kf
	}
}

// trace runs the synthetic job: each worker takes the next task in turn when
// it is free.
func (b builder) trace(rng *rand.Rand, workers int) *trace.Trace {
	tr := &trace.Trace{Tasks: b.tasks, Slots: workers, Errors: map[int]string{}}
	free := make([]trace.Time, workers)
	for w := range workers {
		ready := trace.Time(3e6 + float64(w)*4e5 + rng.ExpFloat64()*2e6)
		free[w] = ready
		tr.Workers = append(tr.Workers, trace.Worker{
			Slot: int32(w), ID: fmt.Sprint(1000 + w), Requested: 0, Started: ready / 2, Ready: ready,
			FirstTask: trace.Unknown, Ended: trace.Unknown, CPU: trace.Unknown, Throttled: trace.Unknown, Waited: trace.Unknown, Billed: trace.Unknown, VCPU: 1,
		})
	}
	perChunk := max(1, b.tasks/(workers*8))
	for task := 0; task < b.tasks; {
		w := slices.Index(free, slices.Min(free))
		n := min(perChunk, b.tasks-task)
		free[w] = b.chunk(rng, tr, w, task, n, free[w])
		task += n
	}
	return tr
}

// chunk runs n tasks on worker w from at on, and returns when it is done.
func (b builder) chunk(rng *rand.Rand, tr *trace.Trace, w, task, n int, at trace.Time) trace.Time {
	chunk, delivery := int32(len(tr.Chunks)), int32(len(tr.Deliveries))
	sent := at + 2e5
	tr.Chunks = append(tr.Chunks, trace.Chunk{Dispatched: at, ReceiveStart: sent, Arrived: sent + 3e5, Worker: int32(w)})
	at = sent + 3e5
	mean := float64(cmp.Or(b.task, 10*time.Millisecond))
	for i := range n {
		tries := int32(1)
		if b.retries && (task+i)%20 == 7 {
			tries = 2
		}
		for try := range tries {
			a := trace.Attempt{FuncStart: at + 2e4, Declared: trace.Unknown, Task: int32(task + i), Number: try, Chunk: chunk, Delivery: delivery, ReplacedBy: -1}
			a.FuncEnd = a.FuncStart + trace.Time(mean*(0.7+0.6*rng.Float64()))
			if try+1 < tries {
				a.Outcome, a.ReplacedBy = trace.Failed, try+1
				tr.Errors[len(tr.Attempts)] = "synthetic failure"
			}
			if !tr.Workers[w].FirstTask.Known() {
				tr.Workers[w].FirstTask = a.FuncStart
			}
			tr.Attempts = append(tr.Attempts, a)
			at = a.FuncEnd
		}
	}
	tr.Deliveries = append(tr.Deliveries, trace.Delivery{SendStart: at, Stored: at + 1e5, Received: at + 2e5, Worker: int32(w)})
	tr.Makespan = max(tr.Makespan, at+2e5)
	return at + 1e5
}
