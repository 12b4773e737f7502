package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// openParallel opens GNU parallel, which starts a process a task. Another
// program of the same name (of moreutils) counts as missing.
func openParallel(ctx context.Context, s settings) (*ready, error) {
	missing := &missingError{"GNU parallel", "apt-get install parallel"}
	program, err := exec.LookPath("parallel")
	if err != nil {
		return nil, missing
	}
	version, err := firstLine(ctx, program)
	if err != nil || !strings.HasPrefix(version, "GNU parallel") {
		return nil, missing
	}
	return spawner(version, program, "-j"+strconv.Itoa(s.workers))
}

// openXargs opens xargs, which starts a process a task.
func openXargs(ctx context.Context, s settings) (*ready, error) {
	program, err := exec.LookPath("xargs")
	if err != nil {
		return nil, &missingError{"xargs", "apt-get install findutils"}
	}
	version, err := firstLine(ctx, program)
	if err != nil {
		version = "" // BSD's has no --version
	}
	return spawner(version, program, "-P"+strconv.Itoa(s.workers), "-n1")
}

// firstLine returns the first line of what a program says of its version.
func firstLine(ctx context.Context, program string) (string, error) {
	out, err := exec.CommandContext(ctx, program, "--version").Output()
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), err
}

// spawner runs a program that starts the command true for each line of its
// input. The time includes the program's own start and end: it has no pool to
// keep warm.
func spawner(version, program string, args ...string) (*ready, error) {
	command, err := exec.LookPath("true")
	if err != nil {
		return nil, &missingError{"the command true", "apt-get install coreutils"}
	}
	return &ready{version: version, run: func(ctx context.Context, n int) (time.Duration, error) {
		var lines, stderr bytes.Buffer
		for i := range n {
			fmt.Fprintln(&lines, i)
		}
		cmd := exec.CommandContext(ctx, program, append(args, command)...)
		cmd.Stdin, cmd.Stderr, cmd.WaitDelay = &lines, &stderr, endWait
		ownGroup(cmd)
		cmd.Cancel = func() error { return killGroup(cmd) }
		start := time.Now()
		err := cmd.Run()
		took := time.Since(start)
		if ctx.Err() != nil {
			err = fmt.Errorf("no end in time: %w", context.Cause(ctx))
		}
		if err != nil {
			return took, fmt.Errorf("run %s over %d lines: %w (%s)", program, n, err, lastLine(stderr.String()))
		}
		return took, nil
	}}, nil
}
