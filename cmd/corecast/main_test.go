package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"corecast": main})
}

// TestScripts runs the command as users do; each script says what it shows.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"valid":   cmdValid,
			"exit":    cmdExit,
			"oneline": cmdOneLine,
		},
	})
}

// cmdValid checks that standard output of the last command is one JSON value
// that the named schema accepts.
func cmdValid(ts *testscript.TestScript, _ bool, args []string) {
	known := schemas()
	i := slices.IndexFunc(known, func(s schema) bool { return s.name == args[0] })
	if i < 0 {
		ts.Fatalf("no schema %q", args[0])
	}
	data, err := known[i].make()
	ts.Check(err)
	var schema jsonschema.Schema
	ts.Check(json.Unmarshal(data, &schema))
	resolved, err := schema.Resolve(nil)
	ts.Check(err)
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var value any
	ts.Check(decoder.Decode(&value))
	if decoder.More() {
		ts.Fatalf("there is more than one JSON value on standard output")
	}
	ts.Check(resolved.Validate(value))
}

// cmdExit runs a command that must end with an exit code, or one of several:
// exit 2 corecast …, exit 0|1 corecast ….
func cmdExit(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), strconv.Itoa(code)) {
		ts.Fatalf("%s ended with exit code %d, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// cmdOneLine checks that the last command said one line on standard error that
// matches, and nothing on standard output.
func cmdOneLine(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.TrimSuffix(ts.ReadFile("stderr"), "\n")
	if strings.Contains(text, "\n") || !regexp.MustCompile(args[0]).MatchString(text) {
		ts.Fatalf("standard error is %q, want one line that matches %q", text, args[0])
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is %q, want nothing", out)
	}
}

// beforeWorker are the packages of others that initialise before a worker of
// the command is ready, each for the same reason: it imports nothing that a
// worker does not need as well, so that the order of import paths decides.
// What it costs a worker is beside it, in page faults of about 275.
var beforeWorker = map[string]string{
	"codeberg.org/go-latex/latex/mtex/symbols":         "maps of symbols, of gonum/plot: 13, and 2 % of the time",
	"codeberg.org/go-latex/latex/internal/tex2unicode": "1",
	"github.com/aclements/go-moremath/mathx":           "1",
	"github.com/aclements/go-moremath/stats":           "1",
	"github.com/jackc/pgx/v5/internal/iobufpool":       "1",
	"github.com/jackc/puddle/v2":                       "1",
	"github.com/IBM/ibm-cos-sdk-go/internal/sdkrand":   "seeds a generator: 280 at least on a busy machine, where compress/internal/snapref is alike",
	"github.com/gabriel-vasile/mimetype/internal/json": "of the checks of Code Engine's SDK: the same",
	"github.com/klauspost/compress/internal/cpuinfo":   "1",
	"github.com/klauspost/compress/internal/snapref":   "a table of CRC-32C: 2, and 1 % of the time",
	"golang.org/x/text/encoding/charmap":               "2",
	"gonum.org/v1/gonum/mathext/internal/amos":         "2",
	"modernc.org/libc/sys/types":                       "1",
	"modernc.org/libc/uuid/uuid":                       "0",

	// What the emulator's object store and images bring: with packages of the
	// standard library that are initialised for them, 52 in all.
	"github.com/aws/aws-sdk-go-v2/internal/sdk":       "of the 52",
	"github.com/aws/aws-sdk-go-v2/internal/timeouts":  "of the 52",
	"github.com/google/go-containerregistry/pkg/logs": "of the 52",
	"github.com/opencontainers/image-spec/specs-go":   "of the 52",
	"github.com/pierrec/lz4/v4":                       "of the 52",
	"golang.org/x/crypto/md4":                         "of the 52",
	"golang.org/x/text/unicode/norm":                  "of the 52",
}

// TestWorkerStartsEarly holds that a worker of the command is ready before what
// it does not need initialises: the runtime prints each package's
// initialisation as it happens, and the worker's does not end. When it fails
// for a package that was added, see docs/runner.md for what may be done.
func TestWorkerStartsEarly(t *testing.T) {
	program := filepath.Join(t.TempDir(), "corecast")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "CORECAST_WORKER=99", "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err == nil {
		t.Fatal("a worker without a driver did not fail")
	}
	var initialised []string
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) @`).FindAllStringSubmatch(trace.String(), -1) {
		initialised = append(initialised, m[1])
	}
	if !slices.Contains(initialised, "os") || !strings.Contains(trace.String(), "descriptor 99") {
		t.Fatalf("no trace of initialisation:\n%s", trace.String())
	}
	// Of the standard library, what has many others behind it, or takes long.
	heavy := regexp.MustCompile(`^(net|crypto/(tls|x509).*|net/.*|encoding/(gob|json|xml|asn1)|flag|html.*|image.*|log/slog|math/big|os/exec|path/filepath|regexp.*|text/.*)$`)
	own := regexp.MustCompile(`^corecast/(internal/(clock|usage|workerentry)|runner/(exchange|work)|workloads/synthetic)$`)
	for _, name := range initialised {
		first, _, _ := strings.Cut(name, "/")
		switch {
		case heavy.MatchString(name):
		case first == "corecast" && !own.MatchString(name):
		case strings.Contains(first, ".") && beforeWorker[name] == "":
		default:
			continue
		}
		t.Errorf("%s initialises before the worker is ready", name)
	}
}

// BenchmarkStart is the time from starting a process to its end: an empty
// program, a worker without a driver in a program that has nothing else and in
// the command, and the command when it prints its version.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	build := func(name, source string) string {
		program := filepath.Join(dir, name)
		target := "."
		if source != "" {
			// Below this folder, since the worker's entry is internal.
			own, err := os.MkdirTemp(".", "start-")
			if err != nil {
				b.Fatal(err)
			}
			defer os.RemoveAll(own)
			target = filepath.Join(own, "main.go")
			if err := os.WriteFile(target, []byte(source), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		if out, err := exec.Command("go", "build", "-o", program, target).CombinedOutput(); err != nil {
			b.Fatalf("build %s: %v\n%s", name, err, out)
		}
		return program
	}
	command := build("corecast", "")
	for _, c := range []struct {
		name, program, arg, worker string
	}{
		{"empty", build("empty", "package main\n\nfunc main() {}\n"), "", ""},
		{"worker-alone", build("alone", "package main\n\nimport _ \"corecast/internal/workerentry\"\n\nfunc main() {}\n"), "", "99"},
		{"worker", command, "", "99"},
		{"version", command, "--version", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(c.program, c.arg)
				if c.worker != "" {
					cmd.Env = append(os.Environ(), "CORECAST_WORKER="+c.worker)
				}
				if err := cmd.Run(); (err != nil) != (c.worker != "") {
					b.Fatal(err)
				}
			}
		})
	}
}
