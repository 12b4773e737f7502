package workloads

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"corecast/internal/inputs"
	"corecast/internal/logscan"
	"corecast/runner"
)

// LogSearch counts the lines of log files that match a regular expression, and
// the most frequent values of one of its groups. A task is a byte range of a
// file, or a compressed file.
type LogSearch struct {
	// Input names files, folders and globs; empty: generated logs.
	Input []string `json:"input,omitempty"`
	// Pattern is in the language of package regexp, matched line by line.
	Pattern string `json:"pattern"`
	// Group names or numbers the group whose values are counted; empty: none.
	Group string `json:"group,omitempty"`
	// Top is how many values are told, 0: all.
	Top int `json:"top"`
	// Bytes is the size of the generated logs.
	Bytes int64 `json:"size"`
	// Seed decides what is generated.
	Seed uint64 `json:"seed"`
	// SplitSize is the size of a task in bytes of its file, 0: whole files.
	SplitSize int64 `json:"split"`
}

// maxParts bounds the tasks that a small split makes of a large input.
const maxParts = 10_000_000

// NewLogSearch returns the workload with its defaults: 100 MB of generated
// logs, for about a second of one core, and a pattern that its prefilter cannot
// spare any line ([logscan.SlowErrors]); rarer texts are found 30 times faster.
func NewLogSearch() *LogSearch {
	return &LogSearch{Pattern: logscan.SlowErrors, Top: 10, Bytes: 100_000_000, Seed: 1, SplitSize: 1 << 20}
}

// LogSearchAnswer is what was found in all files.
type LogSearchAnswer struct {
	// Matches of Lines match.
	Matches int64 `json:"matches"`
	Lines   int64 `json:"lines"`
	// Bytes is the size of the text, uncompressed, Files the number of inputs.
	Bytes int64 `json:"bytes"`
	Files int   `json:"files"`
	// Distinct is the number of different values of the group, NoValue that of
	// matching lines in which it took no part.
	Distinct int   `json:"distinct_values,omitempty"`
	NoValue  int64 `json:"no_value,omitempty"`
	// Values are the most frequent ones, ties by value; nil without a group.
	// Bytes that are not valid UTF-8 appear as U+FFFD in JSON.
	Values []logscan.Value `json:"values,omitzero"`
}

// logPart is the input of one task.
type logPart struct {
	Part           logscan.Part
	Pattern, Group string
}

// logSearchFunc searches one part.
var logSearchFunc = runner.NewFunc("logsearch", func(ctx context.Context, in logPart) (logscan.Count, error) {
	s, err := logSearcher(in.Pattern, in.Group)
	if err != nil {
		return logscan.Count{}, err
	}
	return s.Search(ctx, in.Part)
})

// logSearcher compiles the pattern. An error names the setting to mend.
func logSearcher(pattern, group string) (*logscan.Searcher, error) {
	s, err := logscan.Compile(pattern)
	if err != nil {
		return nil, settingError("pattern", "%v", err)
	}
	if group == "" {
		return s, nil
	}
	s, err = s.Group(group)
	if err != nil {
		return nil, settingError("group", "%v", err)
	}
	return s, nil
}

// Name returns logsearch.
func (w *LogSearch) Name() string { return "logsearch" }

// Summary says what the workload does.
func (w *LogSearch) Summary() string {
	return "count the lines of logs that match a regular expression"
}

// Examples are command lines.
func (w *LogSearch) Examples() []string {
	return []string{
		"logsearch",
		"logsearch --group ip --top 5",
		"logsearch --input /var/log --pattern 'Failed password for (invalid user )?(?P<user>[^ ]+)' --group user",
		"logsearch --input 'archive/**/*.gz' --input today.log --pattern 'ERROR|FATAL'",
	}
}

// Bind declares the settings as flags.
func (w *LogSearch) Bind(fs *flag.FlagSet) {
	fs.Var(&pathList{paths: &w.Input}, "input", "`file`, folder or glob to search, also .gz and .zst; may be given again (default: generated logs)")
	fs.StringVar(&w.Pattern, "pattern", w.Pattern, "regular expression (RE2) that a line must match")
	fs.StringVar(&w.Group, "group", w.Group, "count the values of this group of the pattern, by `name` or number")
	fs.IntVar(&w.Top, "top", w.Top, "how many values of the group to tell, most frequent first; 0: all")
	fs.Var((*sizeValue)(&w.Bytes), "size", "`bytes` of generated logs, without --input: 1e8, 64MiB")
	fs.Uint64Var(&w.Seed, "seed", w.Seed, "seed of the generated logs")
	fs.Var((*sizeValue)(&w.SplitSize), "split", "`bytes` of a file for a task, cut at line ends; 0: whole files")
}

// pathList is a flag that may be given again; the first replaces the default.
type pathList struct {
	paths *[]string
	given bool
}

// String returns the paths, separated by spaces.
func (l *pathList) String() string {
	if l.paths == nil {
		return ""
	}
	return strings.Join(*l.paths, " ")
}

// Set adds a path.
func (l *pathList) Set(path string) error {
	if path == "" {
		return errors.New("empty: give a file, a folder or a glob")
	}
	if !l.given {
		*l.paths, l.given = nil, true
	}
	*l.paths = append(*l.paths, path)
	return nil
}

// Size is the size of the generated logs in bytes, 0 when there are inputs.
func (w *LogSearch) Size() int64 {
	if len(w.Input) > 0 {
		return 0
	}
	return w.Bytes
}

// SetSize sets the size of the generated logs in bytes.
func (w *LogSearch) SetSize(bytes int64) { w.Bytes = bytes }

// Prepare checks the settings, finds or generates the files and cuts them.
func (w *LogSearch) Prepare(ctx context.Context, env Env) (Job, error) {
	settings := *w // the job's own: w may be changed for the next one
	w = &settings
	if err := w.validate(); err != nil {
		return nil, err
	}
	if len(w.Input) > 0 {
		found, err := findInputs(w.Input, nil)
		if err != nil {
			return nil, err
		}
		j, err := w.job(found.Files, w.checkSane)
		if err != nil {
			return nil, err
		}
		for _, f := range found.Files {
			j.sources = append(j.sources, f.Path)
		}
		j.doubts = linkDoubts(found.Links)
		return j, nil
	}
	if free, err := freeSpace(env.Temp); err == nil && w.Bytes > free {
		return nil, settingError("size", "%d bytes of logs are more than the %d that are free in %s", w.Bytes, free, env.Temp)
	}
	file, known, err := w.generate(ctx, env.Temp)
	if err != nil {
		return nil, err
	}
	return w.job([]inputs.File{file}, func(a Answer) error { return w.checkKnown(a, known) })
}

func (w *LogSearch) validate() error {
	if _, err := logSearcher(w.Pattern, w.Group); err != nil {
		return err
	}
	switch {
	case w.Top < 0:
		return settingError("top", "%d: give 0 for all values, or how many", w.Top)
	case w.SplitSize < 0:
		return settingError("split", "%d: give 0 for whole files, or a number of bytes", w.SplitSize)
	case len(w.Input) == 0 && w.Bytes < 1:
		return settingError("size", "%d: give at least 1 byte of logs", w.Bytes)
	}
	return nil
}

// generate writes the logs into dir.
func (w *LogSearch) generate(ctx context.Context, dir string) (inputs.File, logscan.Known, error) {
	path := filepath.Join(dir, fmt.Sprintf("generated-%d-%d.log", w.Seed, w.Bytes))
	f, err := os.Create(path)
	if err != nil {
		return inputs.File{}, logscan.Known{}, fmt.Errorf("generate logs: %w", err)
	}
	known, err := logscan.Generate(ctx, f, w.Seed, w.Bytes)
	if err := errors.Join(err, f.Close()); err != nil {
		return inputs.File{}, logscan.Known{}, err
	}
	return inputs.File{Path: path, Size: w.Bytes}, known, nil
}

// job cuts the files.
func (w *LogSearch) job(files []inputs.File, check func(Answer) error) (*job[logPart, logscan.Count], error) {
	tasks := int64(0)
	for _, f := range files {
		tasks += 1 + f.Size/max(w.SplitSize, 1)
	}
	if w.SplitSize > 0 && tasks > maxParts {
		return nil, settingError("split", "%d bytes a task make about %d tasks: take more, for at most %d tasks", w.SplitSize, tasks, maxParts)
	}
	parts := logscan.Split(files, w.SplitSize)
	inputs := make([]logPart, len(parts))
	for i, part := range parts {
		path, err := absolute(part.Path)
		if err != nil {
			return nil, err
		}
		inputs[i] = logPart{logscan.Part{Path: path, Lo: part.Lo, Hi: part.Hi}, w.Pattern, w.Group}
	}
	return &job[logPart, logscan.Count]{
		fn:     logSearchFunc,
		inputs: inputs,
		label:  func(i int) string { return parts[i].String() },
		fold:   func(outs []logscan.Count) Answer { return w.fold(outs, len(files)) },
		check:  check,
	}, nil
}

func (w *LogSearch) fold(outs []logscan.Count, files int) Answer {
	var all logscan.Count
	for _, out := range outs {
		all.Add(out)
	}
	a := LogSearchAnswer{Matches: all.Matches, Lines: all.Lines, Bytes: all.Bytes, Files: files}
	if w.Group != "" {
		a.NoValue, a.Distinct, a.Values = all.NoValue, len(all.Values), all.Values.Top(w.Top)
	}
	return a
}

// checkSane finds what cannot be, which is all there is to find about files
// whose content is not known.
func (w *LogSearch) checkSane(answer Answer) error {
	a, ok := answer.(LogSearchAnswer)
	if !ok {
		return fmt.Errorf("the answer is a %T", answer)
	}
	if a.Matches > a.Lines || a.Lines > a.Bytes {
		return fmt.Errorf("%d matches in %d lines of %d bytes cannot be", a.Matches, a.Lines, a.Bytes)
	}
	counted := a.NoValue
	for _, v := range a.Values {
		counted += v.Count
	}
	if counted > a.Matches || w.Group != "" && len(a.Values) == a.Distinct && counted != a.Matches {
		return fmt.Errorf("values of %d lines were counted where %d match", counted, a.Matches)
	}
	return nil
}

// checkKnown compares with what the generator knows, which counted its lines
// as it wrote them, and, for its own pattern, the matches.
func (w *LogSearch) checkKnown(answer Answer, known logscan.Known) error {
	if err := w.checkSane(answer); err != nil {
		return err
	}
	a := answer.(LogSearchAnswer)
	if a.Lines != known.Lines || a.Bytes != w.Bytes {
		return fmt.Errorf("%d lines of %d bytes were searched where %d of %d were generated", a.Lines, a.Bytes, known.Lines, w.Bytes)
	}
	if w.Pattern == logscan.SlowErrors && a.Matches != known.Matches {
		return fmt.Errorf("%d lines match where %d that do were generated", a.Matches, known.Matches)
	}
	return nil
}
