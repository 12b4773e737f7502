package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"corecast/internal/cgroup"
)

// process is one worker process.
type process struct {
	cmd     *exec.Cmd
	conn    io.ReadWriteCloser // nil until it comes by a transport
	coming  *coming            // nil: conn is inherited
	wrap    func(io.ReadWriteCloser) io.ReadWriteCloser
	started int64
	stderr  *tail
	group   *cgroup.Group // nil: it is in none of its own
	// expected is set when it was asked to go.
	expected atomic.Bool
	// gone is closed when it has ended and its end was posted.
	gone chan struct{}
}

// withoutInherited has a process start with these files, and without any other
// descriptor up to the last that it would inherit.
func withoutInherited(files []*os.File, last int) []*os.File {
	const first = 3
	for first+len(files) <= last {
		files = append(files, nil)
	}
	return files
}

// hangUp asks the process to end, by ending its stream.
func (p *process) hangUp() {
	p.expected.Store(true)
	if p.coming == nil || p.coming.hangUp() {
		p.conn.Close()
	} else {
		p.kill() // it has no stream yet that could tell it
	}
}

// kill ends the process and those that it started.
func (p *process) kill() {
	p.expected.Store(true)
	p.end()
}

func (p *process) end() {
	if p.coming == nil || !p.coming.over() {
		killGroup(p.cmd.Process)
	}
}

// wait waits for the end of a process whose stream has ended, with serveErr if
// by an error, and says why it ended.
func (p *process) wait(serveErr error) string {
	late := time.AfterFunc(exitWait, p.end)
	err := p.ended()
	late.Stop()
	reason := "it ended: exit code 0"
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		reason = "it ended: " + exit.Error()
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		reason = fmt.Sprintf("wait for it: %v", err)
	}
	if exit != nil && killed(exit) && !p.expected.Load() {
		if why := p.outOfMemory(); why != "" {
			reason = why + "; " + reason
		}
	}
	if p.group != nil {
		if err := p.group.Remove(); err != nil {
			reason += fmt.Sprintf("; remove its control group: %v", err)
		}
	}
	if serveErr != nil {
		reason = serveErr.Error() + " (" + reason + ")"
	}
	if last := p.stderr.last(); last != "" {
		reason += "; it said: " + last
	}
	return reason
}

// killed reports whether a process was ended by SIGKILL.
func killed(exit *exec.ExitError) bool {
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// tail passes output on and keeps the end of it.
type tail struct {
	to   io.Writer
	mu   sync.Mutex
	kept []byte
}

const tailBytes = 1 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	t.kept = append(t.kept, b[max(0, len(b)-tailBytes):]...)
	t.kept = t.kept[max(0, len(t.kept)-tailBytes):]
	t.mu.Unlock()
	return t.to.Write(b)
}

// last returns the last line that is not empty.
func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.kept)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
