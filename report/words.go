package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

// line is one statement in plain words; doubt marks reasons for distrust.
type line struct {
	text  string
	doubt bool
}

// words says what a summary's tables mean: the best core count seen, what most
// overhead went to, and what to distrust with advice, like warnings folded.
func words(s *metrics.Summary) []line {
	var lines []line
	say := func(text string, doubt bool) {
		if text != "" {
			lines = append(lines, line{text, doubt})
		}
	}
	if len(s.Points) == 0 {
		say("No point has a trial that counts.", true)
	} else if lines := metgWords(s); len(lines) > 0 {
		for _, text := range lines {
			say(text, false)
		}
		say(baseWords(s), false)
	} else {
		for _, size := range sizes(s) {
			best := fastest(s, size)
			say(bestWords(s, best), false)
			say(overheadWords(&s.Points[best]), false)
			say(serialWords(s, best), true)
		}
		say(baseWords(s), false)
	}
	say(kindWords(s), true)
	if !s.Complete {
		say("Distrust: the run is not complete; points and trials are missing.", true)
	}
	say(tasksWords(s), true)
	for _, w := range foldWarnings(s) {
		say("Distrust: "+w, true)
	}
	return lines
}

// metgWords says from which task time on a backend is worth its overhead; none
// when the summary does not tell. Core counts and sizes are then no choices
// that makespans could decide between.
func metgWords(s *metrics.Summary) []string {
	src := &Source{Summary: s}
	if noMETG(src) != "" {
		return nil
	}
	var lines []string
	for _, c := range metgCurves(src) {
		lines = append(lines, c.words())
	}
	return lines
}

// sizes returns the sizes within which makespans compare, in order of first
// appearance. In weak scaling the size goes with the cores, so that all do.
func sizes(s *metrics.Summary) []int64 {
	var sizes []int64
	for _, p := range s.Points {
		if !slices.Contains(sizes, p.Size) {
			sizes = append(sizes, p.Size)
		}
	}
	if s.Scaling == metrics.ScalingWeak {
		return sizes[:1]
	}
	return sizes
}

// peers reports whether makespans of points of one size compare with p's.
func peers(s *metrics.Summary, p *metrics.Point, size int64) bool {
	return s.Scaling == metrics.ScalingWeak || p.Size == size
}

// fastest returns the point of a size with the smallest median makespan; of
// equal ones that with the fewest cores.
func fastest(s *metrics.Summary, size int64) int {
	best := -1
	for i := range s.Points {
		p := &s.Points[i]
		if !peers(s, p, size) {
			continue
		}
		if best < 0 || cmp.Or(cmp.Compare(p.Makespan.Median, s.Points[best].Makespan.Median), cmp.Compare(p.Cores, s.Points[best].Cores)) < 0 {
			best = i
		}
	}
	return best
}

func pointName(p *metrics.Point) string {
	name := plural(p.Cores, "core")
	notes := make([]string, 0, 2)
	if p.Label != "" {
		notes = append(notes, p.Label)
	}
	if p.Kind != results.Measured {
		notes = append(notes, string(p.Kind))
	}
	if len(notes) > 0 {
		name += " (" + strings.Join(notes, ", ") + ")"
	}
	return name
}

func bestWords(s *metrics.Summary, best int) string {
	p := &s.Points[best]
	alike := 0
	for i := range s.Points {
		if peers(s, &s.Points[i], p.Size) {
			alike++
		}
	}
	text := fmt.Sprintf("Best seen: %s, %s", pointName(p), Seconds(p.Makespan.Median))
	if alike == 1 {
		text = fmt.Sprintf("Only %s tried: %s", pointName(p), Seconds(p.Makespan.Median))
	} else if s.Scaling == metrics.ScalingWeak {
		text = fmt.Sprintf("Shortest, while the size grows with the cores: %s, %s", pointName(p), Seconds(p.Makespan.Median))
	}
	if p.Speedup != nil {
		text += fmt.Sprintf(", speedup %s over %s", Ratio(p.Speedup.Median), cmp.Or(p.Speedup.Base, "the base"))
	}
	if p.Efficiency != nil {
		text += fmt.Sprintf(", efficiency %s", Percent(*p.Efficiency))
	}
	text += "."
	if i := likelyAsFast(s, best); i >= 0 {
		text += fmt.Sprintf(" %s may be as fast: the intervals overlap.", pointName(&s.Points[i]))
	}
	return text
}

// serialWords says so when a plain loop beats the fastest point of its size.
func serialWords(s *metrics.Summary, best int) string {
	p := &s.Points[best]
	if s.Scaling == metrics.ScalingWeak || s.Serial == nil || p.Speedup == nil || p.Speedup.Base != "serial" || p.Speedup.Median >= 1 {
		return ""
	}
	loop := p.Makespan.Median * p.Speedup.Median
	if p.Speedup.Hi < 1 {
		return fmt.Sprintf("Do not fan this out: a plain loop takes %s, less than every core count that was tried. Larger tasks, or more of them, may pay.", Seconds(loop))
	}
	return fmt.Sprintf("A plain loop may be as fast: it takes %s.", Seconds(loop))
}

// likelyAsFast returns the point with the fewest cores, fewer than best's,
// whose interval reaches into best's; -1 without one. Points of one trial
// have no interval.
func likelyAsFast(s *metrics.Summary, best int) int {
	found, b := -1, &s.Points[best]
	for i := range s.Points {
		p := &s.Points[i]
		if p.Cores >= b.Cores || p.Label != b.Label || p.Kind != b.Kind || p.Size != b.Size || p.Trials < 2 || b.Trials < 2 || p.Makespan.Lo > b.Makespan.Hi {
			continue
		}
		if found < 0 || p.Cores < s.Points[found].Cores {
			found = i
		}
	}
	return found
}

func overheadWords(p *metrics.Point) string {
	total := coreTime(*p)
	if total <= 0 || p.Overhead.Total == 0 {
		return ""
	}
	parts := slices.DeleteFunc(partStyles(), func(ps partStyle) bool { return ps.part == metrics.PartBusy })
	most := slices.MaxFunc(parts, func(a, b partStyle) int { return cmp.Compare(a.of(*p), b.of(*p)) })
	return fmt.Sprintf("Overhead there is %s of core time (%s); most of it is %s, %s of core time.",
		Percent(p.Overhead.Total/total), CoreSeconds(p.Overhead.Total), most.short, Percent(most.of(*p)/total))
}

// baseWords explains columns whose heads are too short for it.
func baseWords(s *metrics.Summary) string {
	text := "Per task: overhead over tasks, start-up included. Dispatch: a no-op task on the ready pool."
	if names := bases(&Source{Summary: s}); names != "" {
		text = "Speedup is over " + names + ". " + text
	}
	if s.Price != "" {
		text += " Cost by " + s.Price + "."
	}
	if slices.ContainsFunc(s.Points, func(p metrics.Point) bool { return p.Trials > 1 }) {
		text += " Overhead is of the trial with the median makespan; compare takes medians over trials."
	}
	return text
}

// kindWords says that points are not measured.
func kindWords(s *metrics.Summary) string {
	counts := map[results.Kind]int{}
	for _, p := range s.Points {
		counts[p.Kind]++
	}
	var parts []string
	for _, k := range (&Source{Summary: s}).kinds() {
		if k != results.Measured {
			parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Not measured: %s of %s.", list(parts), plural(len(s.Points), "point"))
}

// tasksWords says that tasks failed or attempts were lost.
func tasksWords(s *metrics.Summary) string {
	var failed, lost int
	for _, p := range s.Points {
		failed, lost = failed+p.Failed, lost+p.Lost
	}
	var parts []string
	if failed > 0 {
		parts = append(parts, plural(failed, "task")+" failed for good")
	}
	if lost > 0 {
		parts = append(parts, plural(lost, "attempt")+" lost and run again")
	}
	if len(parts) == 0 {
		return ""
	}
	return "Distrust: " + strings.Join(parts, ", ") + "."
}

// fold is the warnings of one code and advice.
type fold struct {
	code, text, advice string
	texts, times       int
	where              []string
}

// foldWarnings writes the warnings of a summary and its points, one line for
// those of the same code and advice: the first text, where they were and how
// often, the advice.
func foldWarnings(s *metrics.Summary) []string {
	all := folds(s)
	lines := make([]string, len(all))
	for i, f := range all {
		lines[i] = f.String()
	}
	return lines
}

// folds gathers the warnings of a summary and its points by code and advice,
// in the order in which they come.
func folds(s *metrics.Summary) []fold {
	var folds []fold
	see := func(w results.Warning, where string) {
		i := slices.IndexFunc(folds, func(f fold) bool { return f.code == w.Code && f.advice == w.Advice })
		if i < 0 {
			i = len(folds)
			folds = append(folds, fold{code: w.Code, text: w.Text, advice: w.Advice, texts: 1})
		}
		f := &folds[i]
		f.times++
		if w.Text != f.text {
			f.texts++
		}
		if where != "" {
			f.where = appendNew(f.where, where)
		}
	}
	for _, w := range s.Warnings {
		see(w, "")
	}
	for i := range s.Points {
		for _, w := range s.Points[i].Warnings {
			see(w, pointName(&s.Points[i]))
		}
	}
	return folds
}

// first returns the first n names and how many more there are, when these are
// more than one.
func first(names []string, n int) []string {
	if len(names) <= n+1 {
		return names
	}
	return append(slices.Clone(names[:n]), fmt.Sprintf("%d more points", len(names)-n))
}

// String writes the warnings as a sentence or two.
func (f fold) String() string {
	text := strings.TrimRight(cmp.Or(f.text, f.code), ".")
	if len(f.where) > 0 {
		text += " (" + list(first(f.where, 3)) + ")"
	}
	if f.texts > 1 {
		text += fmt.Sprintf(", and %d more like it", f.times-1)
	} else if f.times > max(1, len(f.where)) {
		text += fmt.Sprintf(", %d times", f.times)
	}
	text += "."
	if f.advice != "" {
		text += " " + strings.ToUpper(f.advice[:1]) + strings.TrimRight(f.advice[1:], ".") + "."
	}
	return text
}
