package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"corecast/bench/metrics"
	"corecast/results"
)

func exported(t *testing.T, name string, r *results.Run, sums []metrics.Summary) []byte {
	t.Helper()
	e, err := FindExporter(name)
	must(t, err)
	var out bytes.Buffer
	must(t, e.Write(&out, r, sums))
	return out.Bytes()
}

// TestExportGolden: each format of one run.
func TestExportGolden(t *testing.T) {
	r := recorded(t, "a note")
	sums := summarized(t, r)
	for _, e := range Exporters() {
		if e.Name == "" || e.Summary == "" {
			t.Errorf("exporter %+v has no name or summary", e)
		}
		golden(t, "export."+e.Name, exported(t, e.Name, r, sums))
		if err := e.Write(brokenWriter{}, r, sums); err == nil {
			t.Errorf("%s: no error from a writer that fails", e.Name)
		}
	}
	if _, err := FindExporter("xml"); err == nil || !strings.Contains(err.Error(), "gobench") {
		t.Errorf("error %v does not name the formats that exist", err)
	}
}

// leaves adds every number and text of a decoded JSON value.
func leaves(v any, add func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			leaves(e, add)
		}
	case []any:
		for _, e := range v {
			leaves(e, add)
		}
	case float64:
		add(exact(v))
	case string:
		add(v)
	}
}

// TestCSVHoldsAll: every figure that JSON has of a point is in its row, with
// all its digits; and a row has as many cells as the header.
func TestCSVHoldsAll(t *testing.T) {
	sums := []metrics.Summary{awkward(t)}
	rows, err := csv.NewReader(bytes.NewReader(exported(t, "csv", nil, sums))).ReadAll()
	must(t, err)
	if len(rows) != 1+len(sums[0].Points) {
		t.Fatalf("%d rows for %d points", len(rows), len(sums[0].Points))
	}
	for i, p := range sums[0].Points {
		p.Warnings = nil // their codes are in the row, their texts are not
		text, err := json.Marshal(p)
		must(t, err)
		var decoded any
		must(t, json.Unmarshal(text, &decoded))
		leaves(decoded, func(leaf string) {
			if !slices.Contains(rows[i+1], leaf) {
				t.Errorf("row %d lacks %q", i+1, leaf)
			}
		})
	}
	if got := rows[1][slices.Index(rows[0], "warnings")]; got != "busy_machine few_samples" {
		t.Errorf("warnings %q", got)
	}
	if got := rows[1][slices.Index(rows[0], "cost_usd")]; got != "" {
		t.Errorf("a cost that is not known is %q", got)
	}
}

// TestMarkdownIsPlain: no text is markup, and rows have their table's columns.
func TestMarkdownIsPlain(t *testing.T) {
	r, sums := hostileRun(t)
	out := string(exported(t, "markdown", r, sums))
	bare := strings.ReplaceAll(out, `\]`, "") // escaped brackets are no links
	for _, bad := range []string{"<script", "<img", "](http", "://"} {
		if strings.Contains(bare, bad) {
			t.Errorf("%q is in the output", bad)
		}
	}
	columns := 0
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns != 0 && n != columns {
			t.Errorf("%d columns in a table of %d: %s", n-1, columns-1, line)
		}
		columns = n
	}
}

// benchResults reads output as benchstat does.
func benchResults(t *testing.T, out []byte) []*benchfmt.Result {
	t.Helper()
	reader := benchfmt.NewReader(bytes.NewReader(out), "test")
	var all []*benchfmt.Result
	for reader.Scan() {
		switch rec := reader.Result().(type) {
		case *benchfmt.Result:
			all = append(all, rec.Clone())
		case *benchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	must(t, reader.Err())
	return all
}

// TestGoBench: each trial but warm-ups and failures is one result, with its
// makespan, its point and its configuration.
func TestGoBench(t *testing.T) {
	r := recorded(t, "a note\nUnit of harm/"+hostile)
	out := exported(t, "gobench", r, summarized(t, r))
	all := benchResults(t, out)
	var want []*results.Trial
	for _, trial := range byWorkload(r.Trials) {
		if trial.Error == "" && trial.Check == "" {
			want = append(want, trial)
		}
	}
	if len(all) != len(want) {
		t.Fatalf("%d results for %d trials", len(all), len(want))
	}
	for i, trial := range want {
		ops := 1
		if trial.Role == results.RoleDispatch {
			ops = trial.Tasks
		}
		if v, _ := all[i].Value("sec/op"); all[i].Iters != ops || !alike(v*float64(ops), trial.Makespan.Seconds()) {
			t.Errorf("trial %d: %d times %g s, want %v s in all", trial.Index, all[i].Iters, v, trial.Makespan.Seconds())
		}
		if _, has := all[i].Value("startup-sec"); has != (trial.Role == results.RoleTrial) {
			t.Errorf("trial %d of role %s: start-up %v", trial.Index, trial.Role, has)
		}
		name := all[i].Name.String()
		if !strings.HasSuffix(name, "/cores="+strconv.Itoa(trial.Point.Cores)) {
			t.Errorf("trial %d is named %s", trial.Index, name)
		}
		commit := "0123abc+modified"
		if trial.Commit != "" {
			commit = trial.Commit
		}
		for key, value := range map[string]string{"goos": "linux", "machine": "m1", "go": "go1.26", "commit": commit, "kind": "measured"} {
			if got := all[i].GetConfig(key); got != value {
				t.Errorf("trial %d: %s is %q, want %q", trial.Index, key, got, value)
			}
		}
	}
	if n := strings.Count(string(out), "\n--- FAIL: BenchmarkPi/backend=local/cores=2 trial "); n != 2 {
		t.Errorf("%d failures are told, want 2", n)
	}
}

func alike(a, b float64) bool { return a-b < 1e-12 && b-a < 1e-12 }

// TestGoBenchNames: settings that differ are in the name, others are
// configuration, and no name ends so that a reader takes it for GOMAXPROCS.
func TestGoBenchNames(t *testing.T) {
	point := func(image string, size int64) results.Trial {
		return results.Trial{Role: results.RoleTrial, Kind: results.Measured, Makespan: 1e9, Point: results.Point{
			Workload: "érode images", Backend: "local", Cores: 2, Size: size, Settings: results.Settings{"image": image, "seed": 1}}}
	}
	r := &results.Run{Trials: []results.Trial{point("debian-12", 10), point("a/b c", 20)}}
	r.Trials[1].Index = 1
	all := benchResults(t, exported(t, "gobench", r, nil))
	var names []string
	for _, res := range all {
		names = append(names, res.Name.String())
		if got := res.GetConfig("settings"); got != "seed=1" {
			t.Errorf("settings are %q", got)
		}
	}
	want := []string{"Érode_images/backend=local/image=debian-12/size=10/cores=2", "Érode_images/backend=local/image=a_b_c/size=20/cores=2"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
