package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is a line of go test -json (go doc test2json, and for builds go help
// buildjson).
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// tests is what is known of a package's tests.
type tests struct {
	names   []string // in the order in which they began
	output  map[string][]string
	ended   map[string]string // the action that ended each
	closing []string          // what the package itself said
}

// skipped is a test that was skipped, with what it said.
type skipped struct{ pkg, test, why string }

// listener follows the events.
type listener struct {
	w      io.Writer
	pkgs   map[string]*tests
	skips  []skipped
	failed bool
}

// read copies events to w as text. It is bad when a test failed or a package
// did not build, and, with all required, when a test was skipped that is not
// "not applicable:". Lines that are no events are copied as they are.
func read(r io.Reader, w io.Writer, required bool) (bad bool, err error) {
	out := bufio.NewWriter(w)
	l := &listener{w: out, pkgs: make(map[string]*tests)}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			l.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return true, fmt.Errorf("read events: %w", err)
		}
		if lines.Buffered() == 0 {
			out.Flush()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.pkgs)) { // those that did not end
		fmt.Fprintf(out, "%s: no end\n", name)
		l.end(name, "fail")
	}
	bad = l.listSkips(required) || l.failed
	if err := out.Flush(); err != nil {
		return true, fmt.Errorf("print: %w", err)
	}
	return bad, nil
}

func (l *listener) line(line []byte) {
	var e event
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &e) != nil {
		l.w.Write(line)
		return
	}
	switch {
	case e.Action == "build-output":
		io.WriteString(l.w, e.Output)
	case e.Action == "build-fail":
		l.failed = true
	case e.Package != "":
		l.test(e)
	}
}

// test takes an event of a package or of one of its tests.
func (l *listener) test(e event) {
	p := l.pkgs[e.Package]
	if p == nil {
		p = &tests{output: make(map[string][]string), ended: make(map[string]string)}
		l.pkgs[e.Package] = p
	}
	switch e.Action {
	case "run":
		p.names = append(p.names, e.Test)
	case "output":
		if e.Test == "" {
			p.closing = append(p.closing, e.Output)
		} else {
			p.output[e.Test] = append(p.output[e.Test], e.Output)
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			l.end(e.Package, e.Action)
			return
		}
		p.ended[e.Test] = e.Action
		if e.Action == "skip" {
			l.skips = append(l.skips, skipped{e.Package, e.Test, said(p.output[e.Test])})
		}
		if e.Action != "fail" {
			delete(p.output, e.Test)
		}
	}
}

// end prints what tests that failed or never ended said, then the package's
// own lines.
func (l *listener) end(name, action string) {
	p := l.pkgs[name]
	delete(l.pkgs, name)
	l.failed = l.failed || action == "fail"
	for _, test := range p.names {
		if end := p.ended[test]; action != "fail" || end == "pass" || end == "skip" {
			continue
		}
		for _, line := range p.output[test] {
			if !strings.HasPrefix(line, "=== ") {
				io.WriteString(l.w, line)
			}
		}
	}
	for _, line := range p.closing {
		if line != "PASS\n" {
			io.WriteString(l.w, line)
		}
	}
}

// said joins what a test logged, without the place.
func said(output []string) string {
	var parts []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if at, text, ok := strings.Cut(line, ": "); ok && strings.Contains(at, ".go:") {
			line = text
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, "; ")
}

// listSkips prints why tests were skipped, and reports whether one should not
// have been.
func (l *listener) listSkips(required bool) (bad bool) {
	expected := 0
	for _, s := range l.skips {
		if strings.HasPrefix(s.why, "not applicable:") {
			expected++
			continue
		}
		bad = required
		fmt.Fprintf(l.w, "skipped: %s %s: %s\n", s.pkg, s.test, s.why)
	}
	if expected > 0 {
		fmt.Fprintf(l.w, "%d tests are not applicable where they stand\n", expected)
	}
	if bad {
		fmt.Fprintln(l.w, "FAIL: all tests are required, and some were skipped")
	}
	return bad
}
