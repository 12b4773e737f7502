package report

import (
	"bytes"
	"encoding/json"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"corecast/bench/metrics"
	"corecast/results"
)

// htmlOf writes the report of a run with its plots.
func htmlOf(t testing.TB, r *results.Run, sums []metrics.Summary) []byte {
	t.Helper()
	srcs, err := Sources(r, sums)
	must(t, err)
	var out bytes.Buffer
	must(t, WriteHTML(&out, r, sums, srcs))
	return out.Bytes()
}

// elements parses a page and returns all of its elements in order.
func elements(t testing.TB, page []byte) []*html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	must(t, err)
	var all []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

// textOf returns the text below a node.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// hostileRun is a run whose every text tries to be markup.
func hostileRun(t testing.TB) (*results.Run, []metrics.Summary) {
	r := recorded(t, hostile)
	r.Header.ID, r.Header.Version, r.Header.Source = hostile, hostile, hostile
	r.Header.Command = []string{hostile}
	r.Header.Plan, _ = json.Marshal(hostile)
	r.Warnings = []results.Warning{{Code: hostile, Text: hostile, Advice: hostile}}
	r.Machines[0].Processor, r.Machines[0].Kernel = hostile, hostile
	sums := summarized(t, r)
	for i := range sums {
		sums[i].Price, sums[i].RunID = hostile, hostile
		for k := range sums[i].Points {
			sums[i].Points[k].Label = hostile
			sums[i].Points[k].Warnings = append(sums[i].Points[k].Warnings, results.Warning{Code: hostile, Text: hostile, Advice: hostile})
		}
	}
	return r, sums
}

// TestHTMLRefersNowhere: nothing in the page is loaded from anywhere, runs, or
// leads out of it, whatever the record's texts are; and they are all shown.
func TestHTMLRefersNowhere(t *testing.T) {
	r, sums := hostileRun(t)
	page := htmlOf(t, r, sums)
	allowed := strings.Fields("html head meta title style body header h1 p nav ul li a main section h2 h3 div dl dt dd " +
		"table caption thead tbody tr th td figure svg g path text image desc details summary pre code footer")
	refers := strings.Fields("href src srcset action formaction poster data background cite longdesc manifest ping profile xlink:href")
	shown := 0
	for _, n := range elements(t, page) {
		if !slices.Contains(allowed, n.Data) {
			t.Errorf("element %s", n.Data)
		}
		for _, a := range n.Attr {
			name := strings.TrimPrefix(a.Namespace+":"+a.Key, ":")
			switch {
			case strings.HasPrefix(name, "on"), name == "style" && strings.Contains(a.Val, "url("):
				t.Errorf("%s has %s=%q", n.Data, name, a.Val)
			case slices.Contains(refers, name) && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "data:image/png;base64,"):
				t.Errorf("%s refers to %q by %s", n.Data, a.Val, name)
			case name == "http-equiv" && a.Val != "Content-Security-Policy":
				t.Errorf("meta %s", a.Val)
			}
		}
		if n.Data == "style" && (strings.Contains(textOf(n), "url(") || strings.Contains(textOf(n), "@import")) {
			t.Error("the style refers to something")
		}
		if slices.Contains([]string{"h1", "p", "dd", "td", "th", "pre", "li", "desc", "text"}, n.Data) && strings.Contains(textOf(n), "<script>alert(1)</script>") {
			shown++
		}
	}
	if shown < 20 {
		t.Errorf("the text is shown in %d elements only", shown)
	}
	if !bytes.Contains(page, []byte(`content="default-src 'none';`)) {
		t.Error("the page has no policy that forbids loading")
	}
}

// TestHTMLNames: ids are unique over the page, whatever refers to one finds
// it, and each plot is named and described.
func TestHTMLNames(t *testing.T) {
	r := recorded(t, "x")
	all := elements(t, htmlOf(t, r, summarized(t, r)))
	ids := map[string]*html.Node{}
	for _, n := range all {
		for _, a := range n.Attr {
			if a.Key == "id" {
				if ids[a.Val] != nil {
					t.Errorf("two elements have the id %s", a.Val)
				}
				ids[a.Val] = n
			}
		}
	}
	plots := 0
	for _, n := range all {
		if n.Data == "svg" {
			plots++
			if n.FirstChild == nil || n.FirstChild.Data != "title" || n.FirstChild.NextSibling.Data != "desc" {
				t.Error("a plot does not begin with its title and description")
			}
		}
		for _, a := range n.Attr {
			if a.Key == "aria-labelledby" || a.Key == "aria-describedby" || a.Key == "href" && strings.HasPrefix(a.Val, "#") {
				if of := ids[strings.TrimPrefix(a.Val, "#")]; of == nil || strings.TrimSpace(textOf(of)) == "" {
					t.Errorf("%s %s of %s has no text", a.Key, a.Val, n.Data)
				}
			}
		}
	}
	// Two workloads, each with speedup, efficiency, start-up, overhead, task
	// times, and a timeline a core count.
	if plots != 14 {
		t.Errorf("%d plots, want 14", plots)
	}
}

// TestHTMLGolden holds all but the plots.
func TestHTMLGolden(t *testing.T) {
	r := recorded(t, "a note")
	var out bytes.Buffer
	must(t, WriteHTML(&out, r, summarized(t, r), nil))
	golden(t, "report.html", out.Bytes())
}

// TestHTMLSays: what must be on the page, in order.
func TestHTMLSays(t *testing.T) {
	r := recorded(t, "a note")
	r.Running, r.End = true, nil
	sums := summarized(t, r)
	root, err := html.Parse(bytes.NewReader(htmlOf(t, r, sums)))
	must(t, err)
	text := strings.Join(strings.Fields(textOf(root)), " ")
	for _, want := range []string{
		"pi and log search on local", "2 November 2026, 09:30 UTC", "still running",
		"Best seen: 2 cores", "most of it is", "Distrust: the run is not complete",
		"Results: medians", "Where core time went, in the trial", "Speedup: pi on local",
		"Plots that are not drawn: Measured and forecast (a fit needs at least 3 core counts)", "Cost and time (no point has a cost", "Warnings", "wrong_answer",
		"corecast bench pi --note 'a note'", "0123abc, with changes that were not committed",
		"no answer: no answer: a note", "wrong answer: 3 is not pi", "What the figures mean", "METG(50 %)",
	} {
		_, rest, found := strings.Cut(text, want)
		if !found {
			t.Errorf("%q is not there, or before what it should follow", want)
			continue
		}
		text = rest
	}
}

// TestHTMLEmpty: a run of which nothing is known yet has a page that says so.
func TestHTMLEmpty(t *testing.T) {
	var out bytes.Buffer
	must(t, WriteHTML(&out, &results.Run{}, nil, nil))
	for _, want := range []string{"The run has no result yet", "The record names no machine", "not complete"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the page of an empty run", want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestHTMLCannotWrite(t *testing.T) {
	if err := WriteHTML(brokenWriter{}, &results.Run{}, nil, nil); err == nil {
		t.Error("no error")
	}
}

// large is a run of 1,000 workers and 100,000 tasks, with 500 trials.
func large(t testing.TB) (*results.Run, []metrics.Summary, []*Source) {
	src := builder{cores: []int{1, 1000}, trials: 1, tasks: 100_000}.source(t)
	r := &results.Run{Header: results.Header{ID: "large", Created: created()}, Machines: []results.Machine{testMachine()}}
	for i := range 500 {
		r.Trials = append(r.Trials, results.Trial{Index: i, Role: results.RoleTrial, Kind: results.Measured, Machine: "m1",
			Point: results.Point{Workload: "mandelbrot", Backend: "local", Cores: 1000}, Tasks: 100_000, Makespan: 1e9, Started: created()})
	}
	return r, []metrics.Summary{*src.Summary}, []*Source{src}
}

// TestHTMLSize: the page of a large run can be sent by mail and opens at once.
func TestHTMLSize(t *testing.T) {
	r, sums, srcs := large(t)
	var out bytes.Buffer
	took := time.Duration(1<<63 - 1)
	for range 3 { // a busy machine is given other chances
		out.Reset()
		begin := time.Now()
		must(t, WriteHTML(&out, r, sums, srcs))
		if took = min(took, time.Since(begin)); took < 3*time.Second {
			break
		}
	}
	if out.Len() > 5e6 || took > 3*time.Second {
		t.Errorf("%d bytes written in %v", out.Len(), took)
	}
	if n := strings.Count(out.String(), "<svg "); n < 6 {
		t.Errorf("%d plots", n)
	}
}

func BenchmarkWriteHTML(b *testing.B) {
	r, sums, srcs := large(b)
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		must(b, WriteHTML(&out, r, sums, srcs))
	}
	b.ReportMetric(float64(out.Len()), "B/page")
}

// TestHTMLInChromium opens the page in a browser: as wide as a telephone's
// screen it does not scroll sideways, and as wide as a desk's it shows
// something.
func TestHTMLInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatalf("chromium is required: %v", err)
		}
		t.Skipf("without chromium: %v", err)
	}
	r := recorded(t, "a note")
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	must(t, os.WriteFile(path, htmlOf(t, r, summarized(t, r)), 0o644))
	frame := filepath.Join(dir, "frame.html") // a window of a browser is never as narrow as a telephone
	must(t, os.WriteFile(frame, []byte(`<!DOCTYPE html><body style="margin:0"><iframe src="report.html" style="width:390px;height:1600px;border:0"></iframe>
<script>onload = () => { const d = document.querySelector("iframe").contentDocument.documentElement; document.title = d.scrollWidth + " of " + d.clientWidth }</script>`), 0o644))
	browse := func(args ...string) []byte {
		cmd := exec.CommandContext(t.Context(), chromium, append([]string{"--headless", "--no-sandbox", "--disable-gpu",
			"--disable-background-networking", "--no-first-run", "--hide-scrollbars", "--allow-file-access-from-files", "--user-data-dir=" + t.TempDir()}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("run chromium: %v", err)
		}
		return out
	}
	dom := browse("--dump-dom", "file://"+frame)
	if want := "<title>390 of 390</title>"; !bytes.Contains(dom, []byte(want)) {
		t.Errorf("%s is not in the page: it scrolls sideways, or was not shown: %.300s", want, dom)
	}
	shot := filepath.Join(dir, "shot.png")
	browse("--window-size=1200,1600", "--screenshot="+shot, "file://"+path)
	data, err := os.ReadFile(shot)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	must(t, err)
	colours := map[color.Color]bool{}
	for y := 0; y < img.Bounds().Dy(); y += 2 {
		for x := 0; x < img.Bounds().Dx(); x += 2 {
			colours[img.At(x, y)] = true
		}
	}
	if size := img.Bounds().Size(); size.X != 1200 || len(colours) < 30 {
		t.Errorf("a picture of %v with %d colours: the page is all but empty", size, len(colours))
	}
}
