package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// csvRow is what a row is made from.
type csvRow struct {
	*metrics.Summary
	p *metrics.Point
}

// csvColumn is a column; its name ends in its unit where it has one: s, core_s,
// usd, per_s, cores.
type csvColumn struct {
	name string
	cell func(r csvRow) string
}

// number writes a number with all its digits; what is not known is empty.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return exact(*v)
}

func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func figureColumn(name string, get func(p *metrics.Point) float64) csvColumn {
	return csvColumn{name, func(r csvRow) string { return exact(get(r.p)) }}
}

func optionalColumn(name string, get func(p *metrics.Point) *float64) csvColumn {
	return csvColumn{name, func(r csvRow) string { return number(get(r.p)) }}
}

func countColumn(name string, get func(p *metrics.Point) int) csvColumn {
	return csvColumn{name, func(r csvRow) string { return strconv.Itoa(get(r.p)) }}
}

func csvColumns() []csvColumn {
	var all []csvColumn
	all = append(all, nameColumns()...)
	all = append(all, rateColumns()...)
	all = append(all, startupColumns()...)
	all = append(all, coreColumns()...)
	return append(all, restColumns()...)
}

// nameColumns say which point a row is of.
func nameColumns() []csvColumn {
	return []csvColumn{
		{"run_id", func(r csvRow) string { return r.RunID }},
		{"workload", func(r csvRow) string { return r.Workload }},
		{"backend", func(r csvRow) string { return r.Backend }},
		{"scaling", func(r csvRow) string { return r.Scaling }},
		{"complete", func(r csvRow) string { return strconv.FormatBool(r.Complete) }},
		{"kind", func(r csvRow) string { return string(r.p.Kind) }},
		{"label", func(r csvRow) string { return r.p.Label }},
		{"size", func(r csvRow) string { return strconv.FormatInt(r.p.Size, 10) }},
		{"settings", func(r csvRow) string { return jsonText(r.p.Settings) }},
		countColumn("cores", func(p *metrics.Point) int { return p.Cores }),
		countColumn("workers", func(p *metrics.Point) int { return p.Workers }),
		countColumn("trials", func(p *metrics.Point) int { return p.Trials }),
		countColumn("tasks", func(p *metrics.Point) int { return p.Tasks }),
	}
}

func jsonText(s results.Settings) string {
	if len(s) == 0 {
		return ""
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Sprint(map[string]any(s))
	}
	return strings.TrimSpace(b.String())
}

// rateColumns are the makespan and what is made from it.
func rateColumns() []csvColumn {
	speedup := func(get func(s *metrics.Speedup) float64) func(p *metrics.Point) *float64 {
		return func(p *metrics.Point) *float64 {
			if p.Speedup == nil {
				return nil
			}
			v := get(p.Speedup)
			return &v
		}
	}
	return []csvColumn{
		figureColumn("makespan_s", func(p *metrics.Point) float64 { return p.Makespan.Median }),
		figureColumn("makespan_lo_s", func(p *metrics.Point) float64 { return p.Makespan.Lo }),
		figureColumn("makespan_hi_s", func(p *metrics.Point) float64 { return p.Makespan.Hi }),
		figureColumn("makespan_confidence", func(p *metrics.Point) float64 { return p.Makespan.Confidence }),
		{"speedup_base", func(r csvRow) string {
			if r.p.Speedup == nil {
				return ""
			}
			return r.p.Speedup.Base
		}},
		optionalColumn("speedup", speedup(func(s *metrics.Speedup) float64 { return s.Median })),
		optionalColumn("speedup_lo", speedup(func(s *metrics.Speedup) float64 { return s.Lo })),
		optionalColumn("speedup_hi", speedup(func(s *metrics.Speedup) float64 { return s.Hi })),
		optionalColumn("speedup_confidence", speedup(func(s *metrics.Speedup) float64 { return s.Confidence })),
		optionalColumn("efficiency", func(p *metrics.Point) *float64 { return p.Efficiency }),
		optionalColumn("karp_flatt", func(p *metrics.Point) *float64 { return p.KarpFlatt }),
	}
}

// startupColumns are the start-up; empty where no worker ran a task.
func startupColumns() []csvColumn {
	of := func(name string, get func(s *metrics.Startup) float64) csvColumn {
		return optionalColumn(name, func(p *metrics.Point) *float64 {
			if p.Startup.Workers == 0 {
				return nil
			}
			v := get(&p.Startup)
			return &v
		})
	}
	return []csvColumn{
		of("startup_first_s", func(s *metrics.Startup) float64 { return s.First }),
		of("startup_p50_s", func(s *metrics.Startup) float64 { return s.P50 }),
		of("startup_p90_s", func(s *metrics.Startup) float64 { return s.P90 }),
		of("startup_p99_s", func(s *metrics.Startup) float64 { return s.P99 }),
		of("startup_last_s", func(s *metrics.Startup) float64 { return s.Last }),
		of("provisioning_rate_per_s", func(s *metrics.Startup) float64 { return s.Rate }),
		countColumn("workers_with_task", func(p *metrics.Point) int { return p.Startup.Workers }),
		countColumn("workers_without_task", func(p *metrics.Point) int { return p.Startup.Without }),
	}
}

// coreColumns are where core time went.
func coreColumns() []csvColumn {
	return []csvColumn{
		countColumn("median_trial", func(p *metrics.Point) int { return p.MedianTrial }),
		figureColumn("busy_core_s", func(p *metrics.Point) float64 { return p.BusyCore }),
		figureColumn("overhead_core_s", func(p *metrics.Point) float64 { return p.Overhead.Total }),
		figureColumn("overhead_startup_core_s", func(p *metrics.Point) float64 { return p.Overhead.Startup }),
		figureColumn("overhead_dispatch_core_s", func(p *metrics.Point) float64 { return p.Overhead.Dispatch }),
		figureColumn("overhead_transfer_core_s", func(p *metrics.Point) float64 { return p.Overhead.Transfer }),
		figureColumn("overhead_idle_core_s", func(p *metrics.Point) float64 { return p.Overhead.Idle }),
		figureColumn("overhead_lost_core_s", func(p *metrics.Point) float64 { return p.Overhead.Lost }),
		figureColumn("per_task_overhead_core_s", func(p *metrics.Point) float64 { return p.PerTaskOverhead }),
	}
}

func restColumns() []csvColumn {
	return []csvColumn{
		optionalColumn("dispatch_wall_s", func(p *metrics.Point) *float64 { return p.DispatchWall }),
		optionalColumn("useful_share", func(p *metrics.Point) *float64 { return p.UsefulShare }),
		optionalColumn("cost_usd", func(p *metrics.Point) *float64 { return p.Cost }),
		{"price", func(r csvRow) string { return r.Price }},
		figureColumn("driver_cpu_cores", func(p *metrics.Point) float64 { return p.DriverCPUShare }),
		optionalColumn("worker_cpu_s", func(p *metrics.Point) *float64 { return p.WorkerCPU }),
		countColumn("failed_tasks", func(p *metrics.Point) int { return p.Failed }),
		countColumn("lost_attempts", func(p *metrics.Point) int { return p.Lost }),
		{"warnings", func(r csvRow) string {
			var codes []string
			for _, w := range r.Summary.Warnings {
				codes = appendNew(codes, w.Code)
			}
			for _, w := range r.p.Warnings {
				codes = appendNew(codes, w.Code)
			}
			return strings.Join(codes, " ")
		}},
	}
}

// writeCSV writes a row a point (RFC 4180): names, then figures with all their
// digits. An empty cell is a figure that is not known.
func writeCSV(w io.Writer, _ *results.Run, sums []metrics.Summary) error {
	out := csv.NewWriter(w)
	columns := csvColumns()
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.name
	}
	err := out.Write(row)
	for i := range sums {
		for k := range sums[i].Points {
			for n, c := range columns {
				row[n] = c.cell(csvRow{&sums[i], &sums[i].Points[k]})
			}
			if err == nil {
				err = out.Write(row)
			}
		}
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write results as CSV: %w", err)
	}
	return nil
}
