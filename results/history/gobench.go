package history

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// WriteGoBench writes a run in Go's benchmark format, a line for each value:
// the name of the series without its metric, and the metric as unit, in
// seconds where its name ends in _s. Run, commit, branch, machine and time are
// configuration: benchstat -col commit compares commits.
func WriteGoBench(w io.Writer, r *Run) error {
	var b strings.Builder
	for _, c := range [][2]string{
		{"run-id", r.ID}, {"created", r.Created.Format(time.RFC3339Nano)}, {"commit", r.Commit}, {"branch", r.Branch}, {"machine", r.Machine},
	} {
		b.WriteString(strings.TrimRight(c[0]+": "+strings.Join(strings.Fields(c[1]), " "), " ") + "\n")
	}
	for _, s := range r.Samples {
		name, metric := splitSeries(s.Series)
		unit := metric
		if base, seconds := strings.CutSuffix(metric, "_s"); seconds {
			unit = base + "-sec"
		}
		for _, v := range s.Values {
			fmt.Fprintf(&b, "Benchmark%s 1 %s %s\n", title(strings.Join(strings.Fields(name), "_")), strconv.FormatFloat(v, 'g', -1, 64), strings.Join(strings.Fields(unit), "_"))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write run %s in Go's benchmark format: %w", r.ID, err)
	}
	return nil
}

// splitSeries cuts the metric from the name of a series.
func splitSeries(series string) (name, metric string) {
	if i := strings.LastIndex(series, "/"); i > 0 && i+1 < len(series) {
		return series[:i], series[i+1:]
	}
	return "Series", series
}

// title begins with a letter that is no lower-case one, as names of benchmarks
// must.
func title(name string) string {
	if c := name[0]; 'a' <= c && c <= 'z' {
		return string(c-'a'+'A') + name[1:]
	}
	return name
}

// ReadGoBench reads what go test -bench printed, or WriteGoBench: a run for
// each run-id that it names, else for each commit, else one. A run without a
// time of its own gets created, plus a nanosecond for each run before it. Its
// series are NAME/UNIT, seconds for what Go counts in nanoseconds.
func ReadGoBench(r io.Reader, name string, created time.Time) ([]*Run, error) {
	reader := benchfmt.NewReader(r, name)
	runs := make(map[string]*Run)
	var order []*Run
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, fmt.Errorf("%w", rec)
		case *benchfmt.Result:
			key := cmp.Or(rec.GetConfig("run-id"), rec.GetConfig("commit"))
			run := runs[key]
			if run == nil {
				var err error
				if run, err = benchRun(rec, name, key, created.Add(time.Duration(len(order)))); err != nil {
					return nil, err
				}
				runs[key], order = run, append(order, run)
			}
			for _, v := range rec.Values {
				run.add(series(rec.Name.String(), v.Unit), v.Value)
			}
		}
	}
	if err := reader.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(order) == 0 {
		return nil, errors.New(name + ": there is no line of a benchmark")
	}
	for _, run := range order {
		if run.ID == "" {
			run.ID = digestID("gobench", run)
		}
	}
	return order, nil
}

func benchRun(rec *benchfmt.Result, name, key string, created time.Time) (*Run, error) {
	run := &Run{
		ID: rec.GetConfig("run-id"), Created: created, Commit: rec.GetConfig("commit"), Branch: rec.GetConfig("branch"),
		Machine: rec.GetConfig("machine"), Source: "gobench " + name,
	}
	if at := rec.GetConfig("created"); at != "" {
		t, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return nil, fmt.Errorf("%s: created of run %s: %w", name, key, err)
		}
		run.Created = t
	}
	return run, nil
}

// series returns the name of a benchmark's series.
func series(name, unit string) string {
	metric := unit
	if base, seconds := strings.CutSuffix(unit, "-sec"); seconds {
		metric = base + "_s"
	}
	if name == "Series" || name == "" {
		return metric
	}
	if c := name[0]; 'A' <= c && c <= 'Z' {
		name = string(c-'A'+'a') + name[1:]
	}
	return name + "/" + metric
}

// add adds a value to a series.
func (r *Run) add(series string, v float64) {
	i := slices.IndexFunc(r.Samples, func(s Sample) bool { return s.Series == series })
	if i < 0 {
		r.Samples, i = append(r.Samples, Sample{Series: series}), len(r.Samples)
	}
	r.Samples[i].Values = append(r.Samples[i].Values, v)
}

// digestID makes an ID of what a run holds, so that the same file imported
// again is the same runs.
func digestID(kind string, r *Run) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s", r.Commit, r.Branch, r.Source)
	for _, s := range r.Samples {
		fmt.Fprintf(h, "\x00%s%v", s.Series, s.Values)
	}
	return kind + "-" + hex.EncodeToString(h.Sum(nil)[:6])
}
