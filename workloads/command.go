package workloads

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"corecast/runner"
)

// Command runs any program, in any language, once for each input: {} in its
// arguments is replaced by the input, or the input goes to its standard input.
// What it writes to standard output is the task's result; a task whose program
// ends with another code than 0, or takes longer than Timeout, has failed.
type Command struct {
	// Args is the program and its arguments.
	Args []string `json:"args"`
	// Inputs names a file with an input a line, which may be empty; "": Count inputs, the
	// numbers from 0.
	Inputs string `json:"inputs,omitempty"`
	Count  int64  `json:"tasks,omitempty"`
	// Stdin has each input written to the program's standard input.
	Stdin bool `json:"stdin,omitempty"`
	// Timeout ends a program, with what it started; 0: no limit.
	Timeout Duration `json:"timeout,omitempty"`
	// Results names a file for one JSON object a task; empty: none.
	Results string `json:"results,omitempty"`
}

// NewCommand returns the workload without a program.
func NewCommand() Workload { return &Command{} }

// placeholder is what an input replaces.
const placeholder = "{}"

// Name returns command.
func (w *Command) Name() string { return "command" }

// Summary says what it runs.
func (w *Command) Summary() string { return "run a program of your own once for each input" }

// Environ names all: the programs are the user's own, and run as if by hand.
func (w *Command) Environ() []string { return []string{"*"} }

// Examples returns command lines.
func (w *Command) Examples() []string {
	return []string{
		"--inputs inputs.txt -- ./score.sh {}",
		"command --inputs - --stdin --timeout 30s -- python3 score.py < inputs.txt",
		"command --tasks 100 -- sh -c 'echo $(({} * {}))'",
	}
}

// Bind declares the settings; the program stands behind --.
func (w *Command) Bind(fs *flag.FlagSet) {
	fs.StringVar(&w.Inputs, "inputs", w.Inputs, "command: file with an input a line, - for standard input")
	fs.Var((*sizeValue)(&w.Count), "tasks", "command: without --inputs, run so many times with the numbers from 0 as inputs")
	fs.BoolVar(&w.Stdin, "stdin", w.Stdin, "command: write each input to the program's standard input")
	fs.Var(&w.Timeout, "timeout", "command: limit of one run of the program, such as 30s")
	fs.StringVar(&w.Results, "results", w.Results, "command: file to write a JSON object a task to: exit code, output, what it said on standard error")
}

// commandTask is the input of a task.
type commandTask struct {
	Args    []string
	Stdin   []byte
	Pipe    bool // Stdin is to be written
	Timeout time.Duration
}

// commandFailure is what is kept of a program that failed, beside the error.
type commandFailure struct {
	ExitCode int    `json:"exit_code"`
	Stdout   []byte `json:"stdout"`
	Stderr   []byte `json:"stderr"`
}

// keptBytes bounds what is kept of a failed program's outputs, each.
const keptBytes = 64 << 10

// maxOutput bounds a program's standard output: it travels in one message.
const maxOutput = 512 << 20

var commandFunc = runner.NewFunc("command", func(ctx context.Context, t commandTask) ([]byte, error) {
	limited := ctx
	if t.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, t.Timeout)
		defer cancel()
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(limited, t.Args[0], t.Args[1:]...)
	if t.Pipe {
		cmd.Stdin = bytes.NewReader(t.Stdin)
	}
	cmd.Stdout, cmd.Stderr = &bounded{to: &stdout, left: maxOutput}, &bounded{to: &stderr, left: keptBytes, lose: true}
	prepareGroup(cmd)
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case errors.Is(err, exec.ErrWaitDelay):
		cmd.Cancel() // all of its group
		err = errors.New("it ended, and what it had started in the background held its output open: redirect the output of that, or wait for it")
	case ctx.Err() == nil && limited.Err() != nil:
		err = fmt.Errorf("%w: %s did not end within %v", runner.ErrTaskTimeout, t.Args[0], t.Timeout)
	}
	return nil, explain(err, cmd, stdout.Bytes(), stderr.Bytes())
})

// explain adds to an error what the program said last, and keeps its outputs.
func explain(err error, cmd *exec.Cmd, stdout, stderr []byte) error {
	failure := commandFailure{ExitCode: -1, Stdout: stdout[:min(len(stdout), keptBytes)], Stderr: stderr}
	if cmd.ProcessState != nil {
		failure.ExitCode = cmd.ProcessState.ExitCode()
	}
	if last := lastLine(stderr); last != "" {
		err = fmt.Errorf("%w: %s", err, last)
	}
	detail, e := json.Marshal(failure)
	if e != nil {
		return errors.Join(err, e)
	}
	return runner.WithDetail(err, string(detail))
}

// lastLine returns the last line that is not empty, at most 200 bytes of it.
func lastLine(b []byte) string {
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	last := strings.ToValidUTF8(string(bytes.TrimSpace(lines[len(lines)-1])), "?")
	return last[:min(len(last), 200)]
}

// bounded writes at most left bytes; more is an error, or is lost.
type bounded struct {
	to   *bytes.Buffer
	left int
	lose bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := min(len(p), b.left)
	b.to.Write(p[:n]) // a bytes.Buffer does not fail
	b.left -= n
	if n < len(p) && !b.lose {
		return n, fmt.Errorf("its output is more than %d bytes", maxOutput)
	}
	return len(p), nil
}

// CommandAnswer is the answer of command.
type CommandAnswer struct {
	Tasks     int `json:"tasks"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	// BytesOut is the size of all standard outputs together, Digest the
	// SHA-256 of their lengths and bytes in input order.
	BytesOut int64  `json:"bytes_out"`
	Digest   string `json:"digest"`
}

// Prepare checks the settings, finds the program and reads the inputs.
func (w *Command) Prepare(ctx context.Context, _ Env) (Job, error) {
	if len(w.Args) == 0 {
		return nil, errors.New("which program? write it behind --, such as: -- ./score.sh {}")
	}
	program, err := exec.LookPath(w.Args[0])
	if err != nil && !strings.Contains(w.Args[0], placeholder) {
		return nil, fmt.Errorf("find the program: %w", err)
	}
	if w.Timeout < 0 {
		return nil, settingError("timeout", "%v is negative", time.Duration(w.Timeout))
	}
	inputs, err := w.readInputs(ctx)
	if err != nil {
		return nil, err
	}
	placed := slices.ContainsFunc(w.Args, func(s string) bool { return strings.Contains(s, placeholder) })
	if w.Inputs != "" && !placed && !w.Stdin {
		return nil, errors.New("nothing takes the inputs: put {} where the input belongs, or give --stdin")
	}
	if err := w.checkResults(program); err != nil {
		return nil, settingError("results", "%w", err)
	}
	j := &commandJob{results: w.Results, inputs: inputs}
	j.fn, j.fold = commandFunc, j.answer
	if program != "" {
		j.sources = []string{program}
	}
	j.label = func(i int) string { return "input " + strconv.Quote(inputs[i][:min(len(inputs[i]), 200)]) }
	for _, in := range inputs {
		t := commandTask{Args: make([]string, len(w.Args)), Timeout: time.Duration(w.Timeout), Pipe: w.Stdin}
		for i, a := range w.Args {
			t.Args[i] = strings.ReplaceAll(a, placeholder, in)
		}
		if w.Stdin {
			t.Stdin = []byte(in + "\n")
		}
		j.job.inputs = append(j.job.inputs, t)
	}
	return j, nil
}

// checkResults tells why the file of results cannot be written, before any
// program runs: no right, no folder, or a file that is read.
func (w *Command) checkResults(program string) error {
	if w.Results == "" {
		return nil
	}
	info, err := os.Stat(w.Results)
	for _, read := range []string{w.Inputs, program} {
		if other, e := os.Stat(read); err == nil && e == nil && os.SameFile(info, other) {
			return fmt.Errorf("%s would replace %s, which is read: give another file", w.Results, read)
		}
	}
	missing := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(w.Results, os.O_WRONLY|os.O_CREATE, 0o666) // its content stays for now
	if err != nil {
		return err
	}
	err = f.Close()
	if missing {
		err = errors.Join(err, os.Remove(w.Results))
	}
	return err
}

// readInputs returns the inputs: the lines of a file without their ends, or
// numbers. Nobody may ever write to what is no file: ctx ends the wait for it.
func (w *Command) readInputs(ctx context.Context) ([]string, error) {
	if w.Inputs == "" {
		return w.numbers()
	}
	if w.Count != 0 {
		return nil, settingError("tasks", "the number of tasks is that of the lines of --inputs")
	}
	type read struct {
		data []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		var r read
		if w.Inputs == "-" {
			r.data, r.err = io.ReadAll(os.Stdin)
		} else {
			r.data, r.err = os.ReadFile(w.Inputs)
		}
		done <- r
	}()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case r := <-done:
		if r.err != nil {
			return nil, settingError("inputs", "%w", r.err)
		}
		return someInput(linesOf(r.data))
	}
}

// linesOf cuts data into lines without their ends, LF or CRLF.
func linesOf(data []byte) []string {
	var lines []string
	for line := range strings.Lines(string(data)) {
		lines = append(lines, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	return lines
}

// someInput refuses lines of which none has anything in it. An empty line among
// others is an input, too: the tasks have the numbers of the lines.
func someInput(lines []string) ([]string, error) {
	if slices.ContainsFunc(lines, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return lines, nil
	}
	if len(lines) > 0 {
		return nil, settingError("inputs", "there are only empty lines: give an input a line")
	}
	return nil, settingError("inputs", "there are none: give an input a line")
}

func (w *Command) numbers() ([]string, error) {
	if w.Count < 1 {
		return nil, errors.New("give --inputs FILE, or --tasks N to run N times")
	}
	if w.Count > maxTasks {
		return nil, settingError("tasks", "%d is more than %d", w.Count, int64(maxTasks))
	}
	inputs := make([]string, w.Count)
	for i := range inputs {
		inputs[i] = strconv.Itoa(i)
	}
	return inputs, nil
}

// commandJob is the job of command: it also writes results to a file.
type commandJob struct {
	job[commandTask, []byte]
	results string
	inputs  []string
}

// answer folds the outputs of programs. Those that failed have none.
func (j *commandJob) answer(outs [][]byte) Answer {
	a := CommandAnswer{Tasks: len(outs)}
	digest := sha256.New()
	for _, out := range outs {
		a.BytesOut += int64(len(out))
		fmt.Fprintf(digest, "%d ", len(out))
		digest.Write(out)
	}
	a.Digest = hex.EncodeToString(digest.Sum(nil))
	return a
}

// Serial runs the programs one after another, and goes on behind those that
// fail.
func (j *commandJob) Serial(ctx context.Context) (Answer, error) {
	outs := make([][]byte, len(j.job.inputs))
	failed := &runner.TasksError{Tasks: len(outs)}
	for i, in := range j.job.inputs {
		out, err := j.fn.Call(ctx, in)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			failed.Failed = append(failed.Failed, &runner.TaskError{Task: i, Label: j.label(i), Attempts: 1, Err: err})
		}
		outs[i] = out
	}
	return j.conclude(outs, failed)
}

// Run fans the programs out, and writes the results. No program is at an input
// twice at once: what it writes elsewhere is its own business.
func (j *commandJob) Run(ctx context.Context, pool *runner.Pool, options runner.JobOptions) (Answer, error) {
	options.Label, options.NoCopies = j.label, true
	outs, err := runner.Map(ctx, pool, j.fn, j.job.inputs, options)
	failed := &runner.TasksError{Tasks: len(outs)}
	if err != nil && !errors.As(err, &failed) {
		return nil, err
	}
	if j.results != "" {
		if err := j.write(outs, failed); err != nil {
			return nil, settingError("results", "%w", err)
		}
	}
	return j.conclude(outs, failed)
}

// conclude makes the answer, with the tasks that failed for its error.
func (j *commandJob) conclude(outs [][]byte, failed *runner.TasksError) (Answer, error) {
	a := j.fold(outs).(CommandAnswer)
	a.Failed = len(failed.Failed)
	a.Succeeded = a.Tasks - a.Failed
	if a.Failed > 0 {
		return a, failed
	}
	return a, nil
}

// commandResult is a line of the file of results. Outputs that are not text
// (UTF-8 without a zero byte) are in base64, and Encoding says so.
type commandResult struct {
	Task     int    `json:"task"`
	Input    string `json:"input"`
	ExitCode int    `json:"exit_code"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Error    string `json:"error,omitempty"`
}

// write writes one JSON object a task, in input order.
func (j *commandJob) write(outs [][]byte, failed *runner.TasksError) (err error) {
	f, err := os.Create(j.results)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); e != nil && err == nil {
			err = e
		}
	}()
	errs := make(map[int]*runner.TaskError, len(failed.Failed))
	for _, t := range failed.Failed {
		errs[t.Task] = t
	}
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for i, out := range outs {
		if err := enc.Encode(j.result(i, out, errs[i])); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (j *commandJob) result(i int, out []byte, failed *runner.TaskError) commandResult {
	r := commandResult{Task: i, Input: j.inputs[i]}
	var f commandFailure
	if failed != nil {
		r.Error, r.ExitCode = failed.Err.Error(), -1
		if json.Unmarshal([]byte(runner.Detail(failed.Err)), &f) == nil { // a lost task has none
			out, r.ExitCode = f.Stdout, f.ExitCode
		}
	}
	if r.Stdout, r.Stderr = string(out), string(f.Stderr); !isText(out) || !isText(f.Stderr) {
		r.Encoding = "base64"
		r.Stdout, r.Stderr = base64.StdEncoding.EncodeToString(out), base64.StdEncoding.EncodeToString(f.Stderr)
	}
	return r
}

// isText reports whether b can be read as a string of JSON, as it was.
func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }
