package workloads

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"corecast/internal/logscan"
	"corecast/runner"
)

// searchSerial prepares w and runs it in a plain loop.
func searchSerial(t *testing.T, w *LogSearch) (LogSearchAnswer, Job) {
	t.Helper()
	j, err := w.Prepare(context.Background(), Env{Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	a, err := j.Serial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Check(a); err != nil {
		t.Errorf("check: %v", err)
	}
	return a.(LogSearchAnswer), j
}

// TestLogSearchGenerated: the answer is the generator's own count, and the
// same however the work is split and wherever it runs.
func TestLogSearchGenerated(t *testing.T) {
	w := NewLogSearch()
	w.Bytes, w.Group, w.SplitSize = 1_000_000, "ip", 0
	known, err := logscan.Generate(context.Background(), io.Discard, w.Seed, w.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := searchSerial(t, w)
	if whole.Matches != known.Matches || whole.Lines != known.Lines || whole.Bytes != w.Bytes || whole.Files != 1 || len(whole.Values) != 10 {
		t.Errorf("%+v, the generator says %+v", whole, known)
	}
	pool := runner.NewPool(runner.InProc(2))
	defer pool.Close()
	for _, split := range []int64{50_000, 333_333, 5_000} {
		w.SplitSize = split
		parts, j := searchSerial(t, w)
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Errorf("in parts of %d bytes (-whole +parts):\n%s", split, diff)
		}
		if want := int((w.Bytes + split - 1) / split); j.Tasks() != want {
			t.Errorf("%d tasks, want %d", j.Tasks(), want)
		}
		fanned, err := j.Run(context.Background(), pool, runner.JobOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Answer(whole), fanned); diff != "" {
			t.Errorf("fanned out (-whole +fanned):\n%s", diff)
		}
	}
}

// TestLogSearchCheck: wrong answers are found.
func TestLogSearchCheck(t *testing.T) {
	w := NewLogSearch()
	w.Bytes, w.Group = 200_000, "user"
	right, j := searchSerial(t, w)
	for name, spoil := range map[string]func(a *LogSearchAnswer){
		"a match less": func(a *LogSearchAnswer) { a.Matches-- },
		"a line more":  func(a *LogSearchAnswer) { a.Lines++ },
		"a byte less":  func(a *LogSearchAnswer) { a.Bytes-- },
		"no lines":     func(a *LogSearchAnswer) { a.Lines = 0 },
		"values":       func(a *LogSearchAnswer) { a.Values = []logscan.Value{{Value: "x", Count: a.Matches + 1}} },
		"lost values":  func(a *LogSearchAnswer) { a.Values, a.Distinct = nil, 0 },
	} {
		a := right
		spoil(&a)
		if j.Check(a) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if j.Check("text") == nil {
		t.Error("an answer of another type is taken")
	}
}

// TestLogSearchEqualsGrep: on real logs, counted by the real tool.
func TestLogSearchEqualsGrep(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "data", "logs")
	_, noLogs := os.Stat(dir)
	_, noGrep := exec.LookPath("grep")
	if err := errors.Join(noLogs, noGrep); err != nil {
		if os.Getenv("CORECAST_REQUIRE") == "all" {
			t.Fatalf("logs and grep are required: %v", err)
		}
		t.Skipf("without logs or grep: %v", err)
	}
	for _, pattern := range []string{`Failed password`, `^\[.*error\]`, `[0-9]+$`, `(INFO|WARN).*blk_-`, ``} {
		cmd := exec.Command("grep", "-rachE", "-e", pattern, dir)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState.ExitCode() != 1 {
			t.Fatalf("grep %q: %v", pattern, err)
		}
		var want int64
		for _, n := range strings.Fields(string(out)) {
			count, err := strconv.ParseInt(n, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			want += count
		}
		for _, split := range []int64{0, 10_000, 100_000} {
			w := &LogSearch{Input: []string{dir}, Pattern: pattern, SplitSize: split}
			if got, _ := searchSerial(t, w); got.Matches != want || got.Files < 4 {
				t.Errorf("%q in parts of %d bytes: %+v, grep says %d", pattern, split, got, want)
			}
		}
	}
}

// TestLogSearchJSON: the fields of an answer, with and without values.
func TestLogSearchJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(path, []byte("a 1\nb\na 2\nb 1\na\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		w    LogSearch
		want string
	}{
		{LogSearch{Pattern: `^[ab]`}, `{"matches":5,"lines":5,"bytes":16,"files":1}`},
		{LogSearch{Pattern: `^([ab]) `, Group: "1", Top: 1}, `{"matches":3,"lines":5,"bytes":16,"files":1,"distinct_values":2,"values":[{"value":"a","count":2}]}`},
		{LogSearch{Pattern: `^a( .)?`, Group: "1"}, `{"matches":3,"lines":5,"bytes":16,"files":1,"distinct_values":2,"no_value":1,"values":[{"value":" 1","count":1},{"value":" 2","count":1}]}`},
		{LogSearch{Pattern: `(c)`, Group: "1"}, `{"matches":0,"lines":5,"bytes":16,"files":1,"values":[]}`},
	} {
		test.w.Input = []string{path}
		test.w.SplitSize = 4
		a, _ := searchSerial(t, &test.w)
		got, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.w.Pattern, got, test.want)
		}
	}
}

// TestLogSearchTravels: a count with values of any bytes, and more of them
// than CBOR takes as a map, arrives as it was.
func TestLogSearchTravels(t *testing.T) {
	c := logscan.Count{Lines: 1, Matches: 2, Bytes: 3, NoValue: 4, Values: logscan.Values{"\xff": 1, "ü": 2}}
	for i := range 200_000 {
		c.Values[strconv.Itoa(i)] = int64(i)
	}
	data, err := cbor.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back logscan.Count
	if err := cbor.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(c.Values, back.Values) {
		t.Errorf("%d values arrived, want the same %d", len(back.Values), len(c.Values))
	}
	c.Values, back.Values = nil, nil
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLogSearchSettings: what the user can mend is a SettingError that names
// the flag.
func TestLogSearchSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	if err := os.WriteFile(path, make([]byte, maxParts+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(w *LogSearch){
		"--pattern: missing closing ) in \"a(b\"":     func(w *LogSearch) { w.Pattern = "a(b" },
		"--group: the pattern has no group \"where\"": func(w *LogSearch) { w.Group = "where" },
		"--top: -1":                     func(w *LogSearch) { w.Top = -1 },
		"--split: -1":                   func(w *LogSearch) { w.SplitSize = -1 },
		"--split: 1 bytes a task":       func(w *LogSearch) { w.SplitSize, w.Input = 1, []string{path} },
		"--size: 0":                     func(w *LogSearch) { w.Bytes = 0 },
		"--input: stat no.log: no such": func(w *LogSearch) { w.Input = []string{"no.log"} },
		"--input: *.no matches no file": func(w *LogSearch) { w.Input = []string{path, "*.no"} },
	} {
		w := NewLogSearch()
		change(w)
		_, err := w.Prepare(context.Background(), Env{Temp: t.TempDir()})
		var setting *SettingError
		if !errors.As(err, &setting) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// TestLogSearchLostFile: a file that goes away fails its tasks, which name it;
// the others' counts stand.
func TestLogSearchLostFile(t *testing.T) {
	dir := t.TempDir()
	kept, lost := filepath.Join(dir, "kept.log"), filepath.Join(dir, "lost.log")
	for _, path := range []string{kept, lost} {
		if err := os.WriteFile(path, []byte("x\ny\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := &LogSearch{Input: []string{dir}, Pattern: "x"}
	j, err := w.Prepare(context.Background(), Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Serial(context.Background()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), lost+" bytes 0 to 4") {
		t.Errorf("serial: error %v", err)
	}
	pool := runner.NewPool(runner.InProc(1))
	defer pool.Close()
	a, err := j.Run(context.Background(), pool, runner.JobOptions{})
	var failed *runner.TasksError
	if !errors.As(err, &failed) || len(failed.Failed) != 1 || !strings.Contains(err.Error(), lost+" bytes 0 to 4") {
		t.Errorf("fanned out: error %v", err)
	}
	if a.(LogSearchAnswer).Matches != 1 {
		t.Errorf("answer %+v, want the count of the file that is left", a)
	}
}

// TestLogSearchFlags: every setting can be given.
func TestLogSearchFlags(t *testing.T) {
	w := NewLogSearch()
	w.Input = []string{"default.log"}
	fs := flag.NewFlagSet("logsearch", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	w.Bind(fs)
	err := fs.Parse(strings.Fields("--input a.log --input b* --pattern x(y) --group 1 --top 3 --size 64MiB --seed 9 --split 1e6"))
	if err != nil {
		t.Fatal(err)
	}
	want := &LogSearch{Input: []string{"a.log", "b*"}, Pattern: "x(y)", Group: "1", Top: 3, Bytes: 64 << 20, Seed: 9, SplitSize: 1e6}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := fs.Parse([]string{"--input", ""}); err == nil {
		t.Error("an empty input is taken")
	}
	if w.Size() != 0 {
		t.Errorf("size %d with inputs, want 0", w.Size())
	}
	w.Input = nil
	w.SetSize(5)
	if w.Size() != 5 {
		t.Errorf("size %d, want 5", w.Size())
	}
}

var _ Sized = (*LogSearch)(nil)
