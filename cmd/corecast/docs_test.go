package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"corecast/internal/imaging"
)

// TestExamplesInDocs runs every line of a shell block in the README and the
// documents that begins with corecast, in a folder that has what they name.
// Sweeps are cut short: what is tested is that the lines work.
func TestExamplesInDocs(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range append([]string{"../../README.md", "../../CONTRIBUTING.md"}, documents...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, exampleLines(string(data))...)
	}
	if len(lines) < 20 {
		t.Fatalf("%d examples found: %q", len(lines), lines)
	}
	files := make(map[string]string)
	for _, name := range []string{"plan.yaml", "scenario.yaml"} {
		data, err := os.ReadFile("../../examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	prepareExamples(t, files)
	for _, line := range lines {
		args := shorten(words(line))
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, os.Stdin, &stdout, &stderr); code != exitDone {
			t.Errorf("%s\nended with %d: %s", line, code, stderr.String())
		}
		if stdout.Len() == 0 {
			t.Errorf("%s\nprinted nothing", line)
		}
	}
}

// exampleLines returns the command lines of shell blocks, without comments.
func exampleLines(document string) []string {
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(document, -1) {
		for line := range strings.SplitSeq(block[1], "\n") {
			line, _, _ = strings.Cut(line, "  #")
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "corecast ") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// words splits a line at spaces outside of single quotes.
func words(line string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(line, -1) {
		list = append(list, m[1]+m[2])
	}
	return list[1:]
}

// shorten makes a sweep a brief one.
func shorten(args []string) []string {
	if args[0] != "bench" || slices.Contains(args, "--resume") || slices.Contains(args, "--plan") {
		return args
	}
	brief := []string{"--reps", "1", "--cores", "1"}
	if args = slices.Clone(args); slices.Contains(args, "overhead") {
		brief = append(brief, "--tasks", "1000")
	}
	if slices.Contains(args, "--time") {
		brief = append(brief, "--time", "1s")
	}
	if dash := slices.Index(args, "--"); dash >= 0 {
		return slices.Insert(args, dash, brief...)
	}
	return append(args, brief...)
}

// prepareExamples makes a folder with what the examples name, and enters it.
func prepareExamples(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"logs/a.log": "an error from 10.0.0.1\nall is well\n",
		"logs/b.log": "no fail from 10.0.0.2\n",
		"inputs.txt": "a\nb\n",
		"tasks.txt":  "3\n1\n2\n",
		"stats.json": `[{"host_submit_tstamp": 1647526901, "worker_start_tstamp": 1647526902, "worker_func_start_tstamp": 1647526902.1,
			"worker_func_end_tstamp": 1647526903, "worker_end_tstamp": 1647526903.1, "host_result_done_tstamp": 1647526904}]`,
		"series.csv": "commit,wall_s\n" + strings.Repeat("a,1\n", 10) + strings.Repeat("b,2\n", 10),
		"times.csv":  "cores,seconds\n1,10\n2,5.2\n4,2.9\n8,1.8\n",
	} {
		put(t, name, []byte(text), 0o600)
	}
	for name, text := range files {
		put(t, name, []byte(text), 0o600)
	}
	put(t, "score.sh", []byte("#!/bin/sh\necho \"$1\"\n"), 0o700)
	photo, err := imaging.PhotoJPEG(1, 400, 300)
	if err != nil {
		t.Fatal(err)
	}
	put(t, "photos/a.jpg", photo, 0o600)
	sweep := strings.Fields("bench sleep --tasks 24 --duration 5ms --reps 2 --cores 1,2,4 --record runs/sweep")
	var said bytes.Buffer
	if code := run(t.Context(), sweep, os.Stdin, &said, &said); code != exitDone { // for plan
		t.Fatal(said.String())
	}
	for _, name := range []string{"before", "after"} { // for compare
		var out bytes.Buffer
		args := strings.Fields("bench montecarlo --size 1e6 --reps 1 --cores 1 --record runs/" + name)
		if code := run(t.Context(), args, os.Stdin, &out, &out); code != exitDone {
			t.Fatal(out.String())
		}
	}
}

func put(t *testing.T, name string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, mode); err != nil {
		t.Fatal(fmt.Errorf("write an example's file: %w", err))
	}
}
