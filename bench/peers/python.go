package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed pool.py
var poolScript []byte

// openPython opens a pool of Python processes: multiprocessing.Pool ("pool",
// and "bytes" for blocks) or concurrent.futures.ProcessPoolExecutor
// ("executor"). The script keeps the time itself, so that its answer's way to
// here is not in it.
func openPython(kind string, chunk int) func(context.Context, settings) (*ready, error) {
	return func(ctx context.Context, s settings) (*ready, error) {
		program, err := exec.LookPath(s.python)
		if err != nil {
			return nil, &missingError{s.python, "apt-get install python3"}
		}
		dir, err := os.MkdirTemp("", "corecast-peers-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for the script: %w", err)
		}
		p, version, closeAll, err := startScript(ctx, program, dir, "pool.py", poolScript, kind, strconv.Itoa(s.workers), strconv.Itoa(chunk))
		if err != nil {
			return nil, err
		}
		return &ready{run: p.run, close: closeAll, version: version}, nil
	}
}

// startScript starts a script of ours from a file in dir, so that processes
// that it spawns find its functions, and waits until it is ready. closeAll ends
// it and removes dir; so does an error.
func startScript(ctx context.Context, program, dir, name string, script []byte, args ...string) (p *python, version string, closeAll func() error, err error) {
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, script, 0o600); err != nil {
		return nil, "", nil, errors.Join(fmt.Errorf("write the script: %w", err), os.RemoveAll(dir))
	}
	p, err = startPython(program, append([]string{file}, args...)...)
	if err != nil {
		return nil, "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	closeAll = func() error { return errors.Join(p.close(), os.RemoveAll(dir)) }
	answer, err := p.answer(ctx)
	version, ok := strings.CutPrefix(answer, "ready ")
	if err == nil && !ok {
		err = fmt.Errorf("it answered %q", answer)
	}
	if err != nil {
		return nil, "", nil, errors.Join(fmt.Errorf("start %s: %w", name, err), closeAll())
	}
	return p, version, closeAll, nil
}

// python is a script that answers lines.
type python struct {
	*child
	in  io.WriteCloser
	out *bufio.Reader
}

func startPython(program string, args ...string) (*python, error) {
	cmd := exec.Command(program, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open its input: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open its output: %w", err)
	}
	c, err := startChild(cmd, in.Close)
	if err != nil {
		return nil, err
	}
	return &python{c, in, bufio.NewReader(out)}, nil
}

// answer reads a line; the script is killed when ctx ends first.
func (p *python) answer(ctx context.Context) (string, error) {
	var line string
	err := p.within(ctx, func() (err error) {
		line, err = p.out.ReadString('\n')
		return err
	})
	return strings.TrimSpace(line), err
}

// ask writes a number of tasks and returns the answer.
func (p *python) ask(ctx context.Context, n int) (string, error) {
	if _, err := fmt.Fprintln(p.in, n); err != nil {
		return "", p.explain(fmt.Errorf("ask for %d tasks: %w", n, err))
	}
	answer, err := p.answer(ctx)
	if err != nil {
		return "", fmt.Errorf("run %d tasks: %w", n, err)
	}
	return answer, nil
}

// run has the script run n tasks and returns the time that it took for them.
func (p *python) run(ctx context.Context, n int) (time.Duration, error) {
	answer, err := p.ask(ctx, n)
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(answer, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("run %d tasks: the script answered %q", n, answer)
	}
	return time.Duration(ns), nil
}
