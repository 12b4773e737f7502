package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"corecast/bench/metrics"
	"corecast/results"
)

// writeGoBench writes a line a trial in the Go benchmark data format
// (https://golang.org/design/14313-benchmark-format), which benchstat reads:
//
//	BenchmarkMontecarlo/backend=local/cores=2 1 361000000 ns/op 0.0076 startup-sec …
//
// Trials stand by workload, since the settings that all of a workload have are
// configuration; those in which they differ are in the name.
//
// An operation of a trial, or of a serial run, is the whole job; of a dispatch
// trial, named Benchmark…/role=dispatch/…, it is one task that does nothing.
// Overhead is that of each trial, so what benchstat shows is the median over
// trials, where reports show that of the trial with the median makespan.
// Times that are not ns/op are in seconds, core time in core-seconds. Machine,
// commit, Go and the kind of value are configuration, so that what was
// measured differently is never compared by mistake: to compare commits, use
// benchstat -col commit. Warm-ups are left out. A trial without a right answer
// is a line that begins with --- FAIL, as go test writes it, and in no figure.
func writeGoBench(w io.Writer, r *results.Run, _ []metrics.Summary) error {
	b := &goBench{run: r, config: map[string]string{}, varying: varyingSettings(r.Trials)}
	fmt.Fprintf(&b.out, "# corecast run %s of %s; to compare commits: benchstat -col commit OLD NEW\n", oneLine(r.Header.ID), moment(r.Header.Created))
	b.out.WriteString("Unit ns/op better=lower\nUnit startup-sec better=lower\nUnit startup-last-sec better=lower\n" +
		"Unit overhead-core-sec better=lower\nUnit driver-cpu-sec better=lower\n")
	for _, t := range byWorkload(r.Trials) {
		if err := b.trial(t); err != nil {
			return fmt.Errorf("write trial %d in Go's benchmark format: %w", t.Index, err)
		}
	}
	if _, err := io.WriteString(w, b.out.String()); err != nil {
		return fmt.Errorf("write run %s in Go's benchmark format: %w", r.Header.ID, err)
	}
	return nil
}

// goBench is a file in the making, with the configuration that holds where it
// ends.
type goBench struct {
	run    *results.Run
	out    strings.Builder
	config map[string]string
	// varying holds for each workload the settings that are in names.
	varying map[string]map[string]bool
}

// byWorkload returns the trials but warm-ups, those of a workload together and
// otherwise in the order in which they ran.
func byWorkload(trials []results.Trial) []*results.Trial {
	var names []string
	var sorted []*results.Trial
	for i := range trials {
		if trials[i].Role != results.RoleWarmup {
			names = appendNew(names, trials[i].Point.Workload)
			sorted = append(sorted, &trials[i])
		}
	}
	slices.SortStableFunc(sorted, func(a, b *results.Trial) int {
		return cmp.Compare(slices.Index(names, a.Point.Workload), slices.Index(names, b.Point.Workload))
	})
	return sorted
}

// varyingSettings returns for each workload the settings, size among them,
// that are not the same in all of its trials but warm-ups.
func varyingSettings(trials []results.Trial) map[string]map[string]bool {
	first := map[string]map[string]string{}
	varying := map[string]map[string]bool{}
	for _, t := range byWorkload(trials) {
		own, name := benchSettings(t), t.Point.Workload
		if first[name] == nil {
			first[name], varying[name] = own, map[string]bool{}
		}
		for _, some := range []map[string]string{first[name], own} {
			for k := range some {
				a, inFirst := first[name][k]
				b, inOwn := own[k]
				if a != b || inFirst != inOwn {
					varying[name][k] = true
				}
			}
		}
	}
	return varying
}

// benchSettings returns the settings of a trial as text, with its size.
func benchSettings(t *results.Trial) map[string]string {
	all := map[string]string{}
	for k, v := range t.Point.Settings {
		all[k] = results.SettingText(v)
	}
	if t.Point.Size != 0 {
		all["size"] = strconv.FormatInt(t.Point.Size, 10)
	}
	return all
}

// trial writes one trial, and before it what changed of the configuration.
func (b *goBench) trial(t *results.Trial) error {
	name := benchName(t, b.varying[t.Point.Workload])
	if t.Error != "" || t.Check != "" || !t.Makespan.Known() {
		fmt.Fprintf(&b.out, "--- FAIL: %s trial %d: %s\n", name, t.Index, oneLine(trialOutcome(t)))
		return nil
	}
	b.configure(t)
	ops := 1
	if t.Role == results.RoleDispatch {
		ops = max(1, t.Tasks)
	}
	fmt.Fprintf(&b.out, "%s %d %s ns/op", name, ops, strconv.FormatFloat(float64(t.Makespan)/float64(ops), 'f', -1, 64))
	if t.Role == results.RoleTrial {
		if err := b.parts(t); err != nil {
			return err
		}
	}
	if t.DriverCPU.Known() && t.Role != results.RoleDispatch {
		fmt.Fprintf(&b.out, " %s driver-cpu-sec", exact(t.DriverCPU.Seconds()))
	}
	b.out.WriteString("\n")
	return nil
}

// parts writes what the task rows of a trial tell; a trial without them has
// none of these figures.
func (b *goBench) parts(t *results.Trial) error {
	tr, err := b.run.Trace(t.Index)
	if err != nil || tr == nil {
		return err
	}
	parts, _, err := metrics.Partition(tr)
	if err != nil {
		return err
	}
	if start := metrics.StartupOf(tr); start.Workers > 0 {
		fmt.Fprintf(&b.out, " %s startup-sec %s startup-last-sec", exact(start.P50), exact(start.Last))
	}
	cores := max(1, t.VCPU) // a worker below one vCPU is one scaled core
	fmt.Fprintf(&b.out, " %s busy-core-sec %s overhead-core-sec", exact(parts.Busy.Seconds()*cores), exact(parts.Overhead(cores).Total))
	return nil
}

// configure writes the configuration of a trial where it differs from the
// last one's; an empty value takes one back.
func (b *goBench) configure(t *results.Trial) {
	for _, c := range benchConfig(b.run, t, b.varying[t.Point.Workload]) {
		if b.config[c.Name] != c.Value {
			b.config[c.Name] = c.Value
			b.out.WriteString(strings.TrimRight(c.Name+": "+c.Value, " ") + "\n")
		}
	}
}

// benchConfig returns the configuration of a trial in the order in which it is
// written; what is not known is empty.
func benchConfig(r *results.Run, t *results.Trial, varying map[string]bool) []fact {
	m := &results.Machine{}
	for i := range r.Machines {
		if r.Machines[i].ID == t.Machine {
			m = &r.Machines[i]
		}
	}
	var cores, memory string
	if m.Cores > 0 {
		cores = strconv.Itoa(m.Cores)
	}
	if m.Memory > 0 {
		memory = strconv.FormatInt(m.Memory, 10)
	}
	commit := m.Commit
	if commit != "" && m.Modified {
		commit += "+modified"
	}
	var settings []string
	own := benchSettings(t)
	for _, k := range slices.Sorted(maps.Keys(own)) {
		if !varying[k] {
			settings = append(settings, k+"="+own[k])
		}
	}
	config := []fact{
		{"goos", m.OS}, {"goarch", m.Arch}, {"cpu", m.Processor}, {"machine", m.ID}, {"machine-cores", cores},
		{"machine-memory-bytes", memory}, {"kernel", m.Kernel}, {"go", m.Go},
		{"commit", cmp.Or(t.Commit, commit)}, {"kind", string(t.Kind)},
		{"settings", strings.Join(settings, ", ")},
	}
	for i := range config {
		config[i].Value = oneLine(config[i].Value)
	}
	return config
}

// benchName returns the name of a trial's benchmark. Cores come last, since
// readers take a number after a dash at the end for GOMAXPROCS.
func benchName(t *results.Trial, varying map[string]bool) string {
	first, size := utf8.DecodeRuneInString(t.Point.Workload)
	parts := []string{"Benchmark" + benchWord(string(unicode.ToUpper(first))+t.Point.Workload[size:])}
	add := func(key, value string) { parts = append(parts, benchWord(key)+"="+benchWord(value)) }
	switch {
	case t.Role == results.RoleSerial:
		add("backend", string(results.RoleSerial))
	case t.Role == results.RoleDispatch:
		add("role", string(results.RoleDispatch))
		add("backend", t.Point.Backend)
	default:
		add("backend", t.Point.Backend)
	}
	own := benchSettings(t)
	for _, k := range slices.Sorted(maps.Keys(own)) {
		if varying[k] {
			add(k, own[k])
		}
	}
	add("cores", strconv.Itoa(t.Point.Cores))
	return strings.Join(parts, "/")
}

// benchWord makes text one word of a name: what would end the word or part it
// becomes an underscore.
func benchWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '/' {
			return '_'
		}
		return r
	}, s)
}

// oneLine takes line breaks and other control characters out of text.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}
