package sim

import (
	"fmt"
	"math"
	"slices"

	"corecast/results"
)

// Nearest returns the point whose number of workers is nearest to workers, as a
// ratio.
func (m *Model) Nearest(workers int) *ModelPoint {
	best := &m.Points[0]
	away := func(p *ModelPoint) float64 { return math.Abs(math.Log(float64(workers) / float64(p.Workers))) }
	for i := range m.Points {
		if away(&m.Points[i]) < away(best) {
			best = &m.Points[i]
		}
	}
	return best
}

// Scenario returns the scenario of tasks on workers, drawn from the point whose
// number of workers is nearest. With 0 tasks it has as many as that point had,
// or one a worker where the point had. Its warnings say how far it goes beyond
// what was seen.
func (m *Model) Scenario(workers, tasks int) *Scenario {
	p := m.Nearest(workers)
	if tasks == 0 {
		tasks = p.Tasks
		if p.Tasks == p.Workers {
			tasks = workers
		}
	}
	s := &Scenario{
		Name: m.Workload + " on " + m.Backend, Workers: workers, VCPU: p.VCPU, Memory: p.Memory,
		Tasks: Tasks{Count: tasks},
		Sample: &Sample{
			From: m.From, Trials: p.Trials, SameWorker: p.SameWorker, Receive: p.Receive, Slowdown: m.Slowdown,
		},
		Faults:   p.Faults,
		Billing:  Billing{ReleaseIdle: p.Released},
		Warnings: slices.Clone(m.Warnings),
	}
	if p.Tasks == p.Workers && tasks <= workers { // each task has a worker of its own
		s.Provisioning.TasksPerWorker = 1
	}
	s.Warnings = append(s.Warnings, m.beyond(p, workers, tasks)...)
	return s
}

// farBeyond is from which ratio of workers on a forecast is a long way from
// what was measured.
const farBeyond = 4

// beyond warns of what a scenario assumes.
func (m *Model) beyond(p *ModelPoint, workers, tasks int) []results.Warning {
	var list []results.Warning
	add := func(code, text, advice string) {
		list = append(list, results.Warning{Code: code, Text: text, Advice: advice})
	}
	most := m.Points[len(m.Points)-1].Workers
	if workers > most {
		far := ""
		if float64(workers) > farBeyond*float64(most) {
			far = ", a long way"
		}
		add("extrapolation", fmt.Sprintf("extrapolated from %d to %d workers%s: start-up, rare tasks and the driver are assumed to go on as they were", most, workers, far),
			"measure at a core count in between")
	}
	if workers != p.Workers && !m.Slowdown.Known {
		add("slowdown_unknown", fmt.Sprintf("how tasks slow down with the number of workers cannot be told from runs at %d alone; the interval allows for it by how much tasks differ there", p.Workers),
			"measure at a second core count, or set --slowdown")
	}
	if math.IsNaN(p.SameWorker) && tasks > workers {
		add("same_worker_unknown", "whether it is tasks or workers that differ cannot be told from one task a worker; the interval allows for both",
			"calibrate by a run with several tasks a worker")
	}
	return list
}
