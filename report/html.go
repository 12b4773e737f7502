package report

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"corecast/bench/metrics"
	"corecast/results"
)

//go:embed page
var pageFiles embed.FS

// WriteHTML writes the report of a run: one page that needs nothing beside it,
// neither network nor scripts. On top stand plain words, then for each summary
// its tables and plots, then what was asked, where it ran, warnings with
// advice, every trial, and what each figure means.
//
// Sources are those of the summaries ([Sources]); a summary without one has no
// plots. All text of the record is escaped.
func WriteHTML(w io.Writer, r *results.Run, summaries []metrics.Summary, sources []*Source) error {
	p, err := newPage(r, summaries, sources)
	if err != nil {
		return fmt.Errorf("write the report of run %s: %w", r.Header.ID, err)
	}
	t, err := template.ParseFS(pageFiles, "page/report.gohtml")
	if err != nil {
		return fmt.Errorf("read the template of reports: %w", err)
	}
	if err := t.Execute(w, p); err != nil {
		return fmt.Errorf("write the report of run %s: %w", r.Header.ID, err)
	}
	return nil
}

// page is what the template shows.
type page struct {
	Title       string
	Lead        string // when, by what, and whether it is complete
	Style       template.CSS
	Sections    []section
	Asked       []fact // command, plan, tags
	Plan        string
	Machines    []machineFacts
	Notices     []notice
	Trials      gridTable
	Definitions []definition
}

// section is what the page says of one workload on one backend.
type section struct {
	ID, Heading string
	Lines       []statement
	Facts       []fact
	Tables      []gridTable
	Groups      []figureGroup
	Missing     []fact // plots that were not drawn, and why
}

// statement is a line in plain words.
type statement struct {
	Text  string
	Doubt bool
}

// fact is a name with its value.
type fact struct{ Name, Value string }

// notice is warnings of one kind.
type notice struct{ What, Code, Text, Where, Advice string }

// newPage gathers what the page shows.
func newPage(r *results.Run, summaries []metrics.Summary, sources []*Source) (*page, error) {
	style, err := pageFiles.ReadFile("page/report.css")
	if err != nil {
		return nil, err
	}
	p := &page{
		Title: pageTitle(r, summaries), Lead: lead(r), Style: template.CSS(style),
		Asked: asked(r), Plan: planText(r.Header.Plan), Trials: trialTable(r.Trials), Definitions: definitions(),
	}
	for i := range r.Machines {
		p.Machines = append(p.Machines, factsOf(&r.Machines[i], r.Trials))
	}
	p.Notices = runNotices(r)
	figures := 0
	for i := range summaries {
		s, err := newSection(&summaries[i], sourceOf(&summaries[i], sources), i+1, &figures)
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, s)
		p.Notices = append(p.Notices, summaryNotices(&summaries[i])...)
	}
	return p, nil
}

// sourceOf finds the source of a summary; nil without one.
func sourceOf(s *metrics.Summary, sources []*Source) *Source {
	for _, src := range sources {
		if src.Summary == s || src.Summary.RunID == s.RunID && src.Summary.Workload == s.Workload && src.Summary.Backend == s.Backend {
			return src
		}
	}
	return nil
}

func pageTitle(r *results.Run, summaries []metrics.Summary) string {
	var names, backends []string
	var all metrics.Summary // of all points, for their kinds
	for i := range summaries {
		all.Points = append(all.Points, summaries[i].Points...)
		names = appendNew(names, summaries[i].Workload)
		backends = appendNew(backends, cmp.Or(summaries[i].Backend, "no backend"))
	}
	if len(names) == 0 {
		return "Run " + r.Header.ID
	}
	return list(names) + " on " + list(backends) + (&Source{Summary: &all}).kindNote()
}

// lead says which run it is, of when, and how it ended.
func lead(r *results.Run) string {
	parts := []string{"Run " + cmp.Or(r.Header.ID, "without a name")}
	if !r.Header.Created.IsZero() {
		parts = append(parts, r.Header.Created.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	parts = append(parts, plural(len(r.Trials), "trial"))
	switch {
	case r.End != nil && (r.End.Reason == "" || r.End.Reason == "done"):
		parts = append(parts, "complete")
	case r.End != nil:
		parts = append(parts, "ended before its plan was done: "+r.End.Reason)
	case r.Running:
		parts = append(parts, "still running: there will be more")
	default:
		parts = append(parts, "not complete")
	}
	if r.Header.Source != "" {
		parts = append(parts, "imported from "+r.Header.Source)
	}
	return strings.Join(parts, " · ")
}

func newSection(s *metrics.Summary, src *Source, n int, figures *int) (section, error) {
	sec := section{
		ID: fmt.Sprintf("result-%d", n), Heading: s.Workload + " on " + cmp.Or(s.Backend, "no backend") + (&Source{Summary: s}).kindNote(),
		Facts: summaryFacts(s),
	}
	for _, l := range words(s) {
		unbroken := strings.ReplaceAll(l.text, " %", "\u00a0%") // no line begins with a percent sign
		sec.Lines = append(sec.Lines, statement{unbroken, l.doubt})
	}
	if len(s.Points) > 0 {
		sec.Tables = []gridTable{
			pointTable("Results: medians, with their intervals in brackets", resultColumns(), s),
			pointTable("Where core time went, in the trial with the median makespan", timeColumns(), s),
		}
		if anyPoint(func(p *metrics.Point) bool { return p.Resources != nil })(s) {
			sec.Tables = append(sec.Tables, pointTable("What workers used, in the trial with the median makespan", resourceColumns(), s))
		}
	}
	if src == nil {
		return sec, nil
	}
	var err error
	sec.Groups, sec.Missing, err = figureGroups(src, figures)
	return sec, err
}
