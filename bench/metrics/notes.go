package metrics

import (
	"cmp"
	"fmt"

	"corecast/internal/wording"
	"corecast/results"
)

func (p *Point) warn(code, text, advice string) {
	p.Warnings = append(p.Warnings, results.Warning{Code: code, Text: text, Advice: advice})
}

func noTrace() results.Warning {
	return results.Warning{
		Code: "no_tasks", Text: "the record has no task rows; overhead, start-up and cost are not known",
		Advice: "do not read their zeros as measurements",
	}
}

// fold keeps one warning a code over the trials of a point, and says in how
// many of them it came up.
type fold struct {
	trials int
	list   []results.Warning
	first  []results.Warning // as they came, beside list
	seen   []map[int]bool    // trials, beside list
}

func newFold(trials int) *fold { return &fold{trials: trials} }

func (f *fold) add(trial int, warnings []results.Warning) {
	for _, w := range warnings {
		i := 0
		for i < len(f.first) && f.first[i].Code != w.Code {
			i++
		}
		if i == len(f.first) {
			f.first, f.list = append(f.first, w), append(f.list, w)
			f.seen = append(f.seen, map[int]bool{})
		}
		f.seen[i][trial] = true
		if f.trials > 1 {
			f.list[i].Text = fmt.Sprintf("in %d of %d trials, first: %s", len(f.seen[i]), f.trials, f.first[i].Text)
		}
	}
}

// fromTrials adds what the trials' own lines tell to the warnings: failures,
// wrong answers, and whether the machine was large enough.
func (p *Point) fromTrials(c *cell, r *record, backend string) {
	noAnswer, wrong, withFailed := 0, 0, 0
	var firstError, firstWrong string
	for _, t := range c.trials {
		p.Failed += t.Failed
		if t.Failed > 0 {
			withFailed++
		}
		if t.Error != "" {
			noAnswer++
			firstError = cmp.Or(firstError, t.Error)
		}
		if t.Check != "" {
			wrong++
			firstWrong = cmp.Or(firstWrong, t.Check)
		}
	}
	of := "of " + wording.Count(len(c.trials), "trial")
	if noAnswer == len(c.trials) {
		p.warn("no_answer", fmt.Sprintf("none %s gave a whole answer, first: %s", of, firstError),
			"read the times as those of failures")
	} else if noAnswer > 0 {
		p.warn("no_answer", fmt.Sprintf("%d %s gave no answer and are in no figure, first: %s", noAnswer, of, firstError),
			"look at them in the record")
	}
	if wrong > 0 {
		p.warn("wrong_answer", fmt.Sprintf("%d %s gave a wrong answer, first: %s", wrong, of, firstWrong),
			"do not use these times before the answer is right")
	}
	if p.Failed > 0 {
		p.warn("failed_tasks", fmt.Sprintf("%s failed for good in %d %s", wording.Count(p.Failed, "task"), withFailed, of),
			"the times are of the work that was done, not of all of it")
	}
	if p.Lost > 0 {
		p.warn("lost_attempts", fmt.Sprintf("%s at tasks lost with their workers and made again, in %s", wording.Count(p.Lost, "attempt"), of),
			"look for the exit reasons of workers in the record")
	}
	p.machineWarnings(c, r, backend)
}

// Thresholds of the driver's processor time, in cores.
const (
	starvedDriver   = 0.9  // of the one core that its dispatching can use
	competingDriver = 0.25 // where it shares the cores with the workers
)

func (p *Point) machineWarnings(c *cell, r *record, backend string) {
	machines := map[string]bool{}
	for _, t := range c.trials {
		machines[t.Machine] = true
	}
	if len(machines) > 1 {
		p.warn("several_machines", fmt.Sprintf("its trials ran on %d different machines", len(machines)),
			"compare trials of one machine")
	}
	m := r.machine(c.trials[0].Machine)
	inproc := backend == "inproc"
	if !inproc && p.DriverCPUShare > starvedDriver {
		p.warn("driver_starved", fmt.Sprintf("the driver used %.2f cores: it may have held the workers up", p.DriverCPUShare),
			"use larger tasks or chunks")
	}
	if m == nil || m.Cores <= 0 || !runsHere(c.kind, backend) {
		return
	}
	demand := float64(p.Workers) * vcpu(c.trials[0].VCPU)
	if demand > float64(m.Cores) {
		p.warn("too_few_cores", fmt.Sprintf("%s for %s, and the machine has %s", wording.Count(p.Workers, "worker"), wording.Cores(demand), wording.Whole(m.Cores)),
			"this shows oversubscription, not scaling; use cores held to less than one vCPU, or a larger machine")
	} else if !inproc && demand+1 > float64(m.Cores) && p.DriverCPUShare > competingDriver {
		p.warn("driver_competes", fmt.Sprintf("the driver used %.2f cores of a machine whose %s the workers need", p.DriverCPUShare, wording.Count(m.Cores, "core")),
			"leave a core to the driver")
	}
}

// runsHere reports whether workers run on the machine that the driver is on.
func runsHere(kind results.Kind, backend string) bool {
	switch kind {
	case results.Simulated, results.Extrapolated:
		return false
	case results.Emulated, results.Scaled:
		return true
	}
	return backend == "inproc" || backend == "local" || backend == "local-tls"
}

func (r *record) machine(id string) *results.Machine {
	for i := range r.machines {
		if r.machines[i].ID == id {
			return &r.machines[i]
		}
	}
	return nil
}
