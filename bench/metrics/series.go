package metrics

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"corecast/results"
)

// Series is what a run says of one metric of one point: a value for each
// trial, in the metric's unit.
type Series struct {
	// Name is WORKLOAD/BACKEND/cores=N[/size=S][/setting=value…]/METRIC, the
	// same for all runs of the same point; kind=K is in it where the values
	// were not measured.
	Name   string
	Values []float64
}

// SeriesOf returns the series of a run: the metrics that [CompareRuns] compares,
// speedup over the serial base of the same work where there is one, and of
// summaries the cost of each point that has one, of its median trial.
func SeriesOf(r *results.Run, summaries []Summary) ([]Series, error) {
	all, err := samplesOf(r)
	if err != nil {
		return nil, err
	}
	base := make(map[string]float64)
	for _, s := range all {
		if v := s.values["makespan_s"]; s.point.Backend == "serial" && len(v) > 0 {
			base[workOf(s.point)] = median(v)
		}
	}
	var list []Series
	for _, key := range slices.Sorted(maps.Keys(all)) {
		s := all[key]
		name := s.name()
		for _, metric := range metricNames() {
			if v := s.values[metric]; len(v) > 0 {
				list = append(list, Series{name + "/" + metric, v})
			}
		}
		if b := base[workOf(s.point)]; b > 0 && s.point.Backend != "serial" && len(s.values["makespan_s"]) > 0 {
			up := Series{Name: name + "/speedup"}
			for _, v := range s.values["makespan_s"] {
				up.Values = append(up.Values, b/v)
			}
			list = append(list, up)
		}
	}
	for i := range summaries {
		for _, p := range summaries[i].Points {
			if p.Cost != nil {
				point := results.Point{Workload: summaries[i].Workload, Backend: summaries[i].Backend, Cores: p.Cores, Size: p.Size, Settings: p.Settings}
				list = append(list, Series{pointName(point, p.Kind) + "/cost_usd", []float64{*p.Cost}})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Series) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b Series) bool { return a.Name == b.Name }), nil
}

// workOf names the work of a point, wherever and on how many cores it is done.
func workOf(p results.Point) string {
	return fmt.Sprintf("%s\x00%d\x00%s", p.Workload, p.Size, canonical(p.Settings))
}

func (s *samples) name() string { return pointName(s.point, s.kind) }

func pointName(p results.Point, kind results.Kind) string {
	parts := []string{p.Workload, p.Backend, fmt.Sprintf("cores=%d", p.Cores)}
	if p.Size != 0 {
		parts = append(parts, fmt.Sprintf("size=%d", p.Size))
	}
	for _, k := range slices.Sorted(maps.Keys(p.Settings)) {
		parts = append(parts, k+"="+results.SettingText(p.Settings[k]))
	}
	if kind != results.Measured && kind != "" {
		parts = append(parts, "kind="+string(kind))
	}
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(part, "/", "_")
	}
	return strings.Join(parts, "/")
}
