package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"corecast/bench/sim"
)

// WriteSimulation writes what a simulation gave for people: every heading says
// that it is simulated. Nothing is wider than 120 columns.
func WriteSimulation(w io.Writer, r *sim.Result, o TableOptions) error {
	var b strings.Builder
	b.WriteString(o.paint(text.Bold, simulationHeading(r)) + "\n\n")
	line := func(name, value string) { fmt.Fprintf(&b, "%-18s%s\n", name, value) }
	if r.Intervals == nil {
		line("makespan", Seconds(r.Makespan))
		line("first start", Seconds(r.FirstStart))
		line("workers used", fmt.Sprintf("%s of %s", Count(r.WorkersUsed), Count(r.Workers)))
	} else {
		simulationIntervals(r, line)
	}
	for _, warning := range r.Warnings {
		for _, l := range wrapColumns("Distrust: "+fold{code: warning.Code, text: warning.Text, advice: warning.Advice, texts: 1, times: 1}.String(), tableWidth) {
			b.WriteString(o.paint(text.FgYellow, l) + "\n")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the simulation: %w", err)
	}
	return nil
}

func simulationHeading(r *sim.Result) string {
	parts := []string{fmt.Sprintf("Simulated: %s tasks on %s", Count(r.Tasks), plural(r.Cores, "core"))}
	if r.Workers != r.Cores {
		parts = append(parts, plural(r.Workers, "worker"))
	}
	for _, p := range []struct{ what, name string }{{"", r.Name}, {"calibrated by ", r.From}, {"profile ", r.Profile}} {
		if p.name != "" {
			parts = append(parts, p.what+p.name)
		}
	}
	if r.Replications > 0 {
		parts = append(parts, fmt.Sprintf("%s, seed %d", plural(r.Replications, "replication"), r.Seed))
	}
	return strings.Join(wrapColumns(strings.Join(parts, ", "), tableWidth), "\n")
}

// simulationIntervals writes the figures of a scenario, each with the interval
// in which one run would be.
func simulationIntervals(r *sim.Result, line func(name, value string)) {
	i := r.Intervals
	span := func(v sim.Interval) string { return SecondsRange(v.Median, v.Lo, v.Hi) }
	line("", fmt.Sprintf("median [%.3g %% of runs, simulated]", 100*r.Confidence))
	line("makespan", span(i.Makespan))
	line("first start", span(i.FirstStart))
	line("start-up p50", span(i.P50Start))
	line("start-up p99", span(i.P99Start))
	line("last start", span(i.LastStart))
	if i.Cost != nil {
		line("cost", fmt.Sprintf("%s [%s, %s] by %s", USD(i.Cost.Median), USD(i.Cost.Lo), USD(i.Cost.Hi), r.Price))
	}
	line("workers used", fmt.Sprintf("%s of %s", Count(r.WorkersUsed), Count(r.Workers)))
	for _, c := range []struct {
		name string
		v    sim.Interval
	}{
		{"failed tasks", i.FailedTasks}, {"lost workers", i.LostWorkers}, {"failed starts", i.FailedStarts},
		{"repeated", i.Repeated}, {"copies", i.Copies},
	} {
		if c.v.Hi > 0 {
			line(c.name, fmt.Sprintf("%s [%s, %s]", digits3(c.v.Median), digits3(c.v.Lo), digits3(c.v.Hi)))
		}
	}
	if r.BusyCore != nil && r.Overhead != nil {
		line("busy", CoreSeconds(*r.BusyCore))
		line("overhead", CoreSeconds(r.Overhead.Total)+": "+partWords(*r.Overhead))
	}
}
