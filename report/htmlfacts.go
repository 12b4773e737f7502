package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"corecast/bench/metrics"
	"corecast/internal/wording"
	"corecast/results"
)

// factList collects facts that are known.
type factList []fact

func (l *factList) add(name, value string) {
	if value != "" {
		*l = append(*l, fact{name, value})
	}
}

// asked returns what the run was asked to do, by whom and when.
func asked(r *results.Run) []fact {
	var l factList
	h := &r.Header
	l.add("Command line", strings.Join(quoted(h.Command), " "))
	l.add("Run", h.ID)
	l.add("Version of corecast", h.Version)
	l.add("Begun", moment(h.Created))
	if r.End != nil {
		l.add("Ended", moment(r.End.Finished))
	}
	l.add("Imported from", h.Source)
	for _, k := range slices.Sorted(maps.Keys(h.Tags)) {
		l.add("Tag "+k, h.Tags[k])
	}
	l.add("Format of the record", "version "+strconv.Itoa(h.Schema))
	return l
}

// quoted writes arguments so that a shell would read them back.
func quoted(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n\"'\\$`*?[]{}()<>|&;#~!") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return out
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// planText writes the plan indented, as it is where it is not JSON.
func planText(plan json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, plan, "", "  "); err != nil {
		return string(plan)
	}
	return out.String()
}

// summaryFacts says what the points of a summary have in common.
func summaryFacts(s *metrics.Summary) []fact {
	var l factList
	l.add("Scaling", s.Scaling)
	if s.Serial != nil {
		base := Seconds(s.Serial.Makespan.Median)
		if s.Serial.Trials > 1 {
			base = SecondsRange(s.Serial.Makespan.Median, s.Serial.Makespan.Lo, s.Serial.Makespan.Hi)
		}
		l.add("In a plain loop, without a runner", base+", "+plural(s.Serial.Trials, "trial"))
	}
	if len(s.Points) > 0 {
		first := &s.Points[0]
		same := func(is func(p *metrics.Point) bool) bool {
			return !slices.ContainsFunc(s.Points, func(p metrics.Point) bool { return !is(&p) })
		}
		if same(func(p *metrics.Point) bool { return p.Tasks == first.Tasks }) {
			l.add("Tasks", Count(first.Tasks))
		}
		if first.Size != 0 && same(func(p *metrics.Point) bool { return p.Size == first.Size }) {
			l.add("Size", thousands(strconv.FormatInt(first.Size, 10)))
		}
		for _, k := range slices.Sorted(maps.Keys(first.Settings)) {
			v := results.SettingText(first.Settings[k])
			if same(func(p *metrics.Point) bool { return results.SettingText(p.Settings[k]) == v }) {
				l.add("Setting "+k, v)
			}
		}
	}
	l.add("Prices", s.Price)
	if s.Machine != nil {
		l.add("Driver's machine", machineName(s.Machine))
	}
	return l
}

// machineFacts is what is known of a machine.
type machineFacts struct {
	Name  string
	Facts []fact
}

func factsOf(m *results.Machine, trials []results.Trial) machineFacts {
	var l factList
	l.add("Fingerprint", m.ID)
	l.add("Name", m.Hostname)
	l.add("Processor", m.Processor)
	l.add("Cores", fmt.Sprintf("%d for this process, %d in the machine", m.Cores, m.CoresOnline))
	if m.CPUQuota > 0 {
		l.add("Quota", wording.Cores(m.CPUQuota))
	}
	if m.Memory > 0 {
		l.add("Memory", Bytes(float64(m.Memory)))
	}
	if m.MemoryLimit > 0 {
		l.add("Memory limit", Bytes(float64(m.MemoryLimit)))
	}
	if m.OpenFiles > 0 {
		l.add("Open files, at most", thousands(strconv.FormatInt(m.OpenFiles, 10)))
	}
	l.add("System", strings.TrimSpace(m.OS+"/"+m.Arch+" "+m.Kernel))
	l.add("Hypervisor", m.Hypervisor)
	l.add("Go", m.Go)
	l.add("Commit", commitOf(m.Commit, m.Modified))
	n := 0
	for i := range trials {
		if trials[i].Machine == m.ID {
			n++
		}
	}
	l.add("Trials here", fmt.Sprintf("%s of %s", Count(n), Count(len(trials))))
	return machineFacts{machineName(m), l}
}

func commitOf(commit string, modified bool) string {
	if modified {
		return cmp.Or(commit, "unknown") + ", with changes that were not committed"
	}
	return commit
}

// runNotices returns the warnings about the run as a whole.
func runNotices(r *results.Run) []notice {
	var all []notice
	warnings := r.Warnings
	if r.End != nil {
		warnings = slices.Concat(warnings, r.End.Warnings)
	}
	for _, w := range warnings {
		all = append(all, notice{"the run", w.Code, w.Text, "", w.Advice})
	}
	return all
}

// summaryNotices returns the warnings about a summary and its points, folded
// like the words on top, with the names that scripts know them by.
func summaryNotices(s *metrics.Summary) []notice {
	var all []notice
	for _, f := range folds(s) {
		text := cmp.Or(f.text, f.code)
		if f.texts > 1 {
			text += fmt.Sprintf(", and %d more like it", f.times-1)
		}
		all = append(all, notice{s.Workload + " on " + s.Backend, f.code, text, list(f.where), f.advice})
	}
	return all
}
