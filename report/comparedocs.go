package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"corecast/bench/metrics"
)

// CompareFormats are the names of the forms of a comparison, besides JSON.
func CompareFormats() []string { return []string{"table", "markdown", "junit", "github"} }

// WriteComparisons writes comparisons of one base in a form of CompareFormats.
func WriteComparisons(w io.Writer, all []metrics.Comparison, format string, o TableOptions) error {
	var err error
	switch format {
	case "junit":
		return writeJUnit(w, all)
	case "table":
		for i := range all {
			if i > 0 {
				fmt.Fprintln(w)
			}
			if err = WriteComparison(w, all[i], o); err != nil {
				return err
			}
		}
		return nil
	}
	var b strings.Builder
	if format == "github" {
		b.WriteString("<!-- corecast compare\n")
		for i := range all {
			annotate(&b, &all[i])
		}
		b.WriteString("-->\n")
	}
	for i := range all {
		comparisonMarkdown(&b, &all[i])
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// metricTitle names a metric of a point.
func metricTitle(p *metrics.PointComparison, m *metrics.MetricComparison) string {
	return fmt.Sprintf("%s, %s of %s, %s", p.Workload, plural(p.Cores, "core"), p.Backend, metricWords(m.Name))
}

func metricWords(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "_s"), "_", " ")
}

func ratioWords(m *metrics.MetricComparison) string {
	if m.Ratio == nil {
		return nothing
	}
	return RatioRange(m.Ratio.Median, m.Ratio.Lo, m.Ratio.Hi)
}

// annotate writes GitHub's commands for annotations: a step whose output has
// them shows them beside the pull request. They stand in a comment of HTML, so
// that the same text may be a comment there.
func annotate(b *strings.Builder, c *metrics.Comparison) {
	for i := range c.Points {
		p := &c.Points[i]
		for k := range p.Metrics {
			m := &p.Metrics[k]
			level := map[string]string{metrics.Worse: "error", metrics.Better: "notice"}[m.Verdict]
			if level != "" {
				fmt.Fprintf(b, "::%s title=corecast::%s\n", level, command(fmt.Sprintf("%s: %s, %s (p %s)", metricTitle(p, m), m.Verdict, ratioWords(m), probability(m.Adjusted))))
			}
		}
	}
	for _, w := range c.Warnings {
		fmt.Fprintf(b, "::warning title=corecast::%s\n", command(w.Text+"; "+w.Advice))
	}
}

// command escapes the data of a GitHub command; what would end the comment of
// HTML is parted.
func command(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", "-->", "-- >").Replace(s)
}

func comparisonMarkdown(b *strings.Builder, c *metrics.Comparison) {
	fmt.Fprintf(b, "### corecast: %s\n\n%s (base) and %s (new)\n\n", c.Verdict, markdownText(c.Base.ID), markdownText(c.New.ID))
	b.WriteString("| point | metric | base | new | ratio | p | verdict |\n| --- | --- | ---: | ---: | ---: | ---: | --- |\n")
	for i := range c.Points {
		p := &c.Points[i]
		for k := range p.Metrics {
			m := &p.Metrics[k]
			verdict := m.Verdict
			if m.Verdict == metrics.Worse {
				verdict = "**worse**"
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n",
				markdownText(fmt.Sprintf("%s, %s of %s", p.Workload, plural(p.Cores, "core"), p.Backend)), metricWords(m.Name),
				SecondsRange(m.Base.Median, m.Base.Lo, m.Base.Hi), SecondsRange(m.New.Median, m.New.Lo, m.New.Hi),
				ratioWords(m), probability(m.Adjusted), verdict)
		}
	}
	fmt.Fprintf(b, "\n%s\n", comparisonRules(c))
	for _, w := range c.Warnings {
		fmt.Fprintf(b, "\n> %s; %s.\n", markdownText(w.Text), markdownText(w.Advice))
	}
}

// The elements of JUnit's XML that tools read.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitNote `xml:"failure"`
	Skipped *junitNote `xml:"skipped"`
	Out     string     `xml:"system-out"`
}

type junitNote struct {
	Message string `xml:"message,attr"`
}

// writeJUnit writes a suite for each comparison, and a case for each metric:
// one that is worse failed, one of which nothing can be told was skipped.
func writeJUnit(w io.Writer, all []metrics.Comparison) error {
	var doc junitSuites
	for i := range all {
		c := &all[i]
		suite := junitSuite{Name: fmt.Sprintf("corecast compare %s %s", c.Base.ID, c.New.ID)}
		for k := range c.Points {
			p := &c.Points[k]
			for n := range p.Metrics {
				m := &p.Metrics[n]
				said := fmt.Sprintf("%s: %s, p %s", m.Verdict, ratioWords(m), probability(m.Adjusted))
				one := junitCase{Class: fmt.Sprintf("%s.%s.cores=%d", p.Workload, p.Backend, p.Cores), Name: m.Name, Out: said}
				switch {
				case m.Verdict == metrics.Worse:
					one.Failure, suite.Failures = &junitNote{said}, suite.Failures+1
				case m.Verdict == metrics.Unknown:
					one.Skipped, suite.Skipped = &junitNote{said}, suite.Skipped+1
				}
				suite.Cases, suite.Tests = append(suite.Cases, one), suite.Tests+1
			}
		}
		doc.Suites = append(doc.Suites, suite)
	}
	data, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	}
	if err != nil {
		return fmt.Errorf("write the comparison as JUnit's XML: %w", err)
	}
	return nil
}
