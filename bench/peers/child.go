package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// endWait is how long a process may take to end once it was told to.
const endWait = 5 * time.Second

// child is a process that serves a peer's runs, in a process group of its own
// so that it can be killed with those that it started.
type child struct {
	cmd *exec.Cmd
	// hangUp tells it to end.
	hangUp func() error
	stderr bytes.Buffer // read after the end only
	ended  chan struct{}
	err    error // of the end
}

// startChild starts cmd, and keeps what it says on standard error if that goes
// nowhere else. Reading its output is over before it is waited for: the caller
// reads only within calls of within, and close ends it.
func startChild(cmd *exec.Cmd, hangUp func() error) (*child, error) {
	c := &child{cmd: cmd, hangUp: hangUp, ended: make(chan struct{})}
	if cmd.Stderr == nil {
		cmd.Stderr = &c.stderr
	}
	cmd.WaitDelay = endWait
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

// ownGroup puts a command into a process group of its own.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills a process that was not waited for yet, and its group. An
// error means that they are gone.
func killGroup(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// within calls f, which talks to the process, and kills the process when ctx
// ends first, so that f fails.
func (c *child) within(ctx context.Context, f func() error) error {
	killed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { killGroup(c.cmd); close(killed) })
	err := f()
	if !stop() {
		<-killed
		return c.explain(fmt.Errorf("no answer in time: %w", context.Cause(ctx)))
	}
	if err != nil {
		return c.explain(err)
	}
	return nil
}

// explain ends a process that could not be talked to, and adds what it said.
func (c *child) explain(err error) error {
	killGroup(c.cmd)
	c.wait()
	if said := lastLine(c.stderr.String()); said != "" {
		return fmt.Errorf("%w; it said: %s", err, said)
	}
	return err
}

func (c *child) wait() {
	select {
	case <-c.ended:
	default:
		c.err = c.cmd.Wait()
		close(c.ended)
	}
}

// close tells the process to end, waits until it has, and kills it when it
// takes too long. The error is of a process that did not end well by itself.
func (c *child) close() error {
	select {
	case <-c.ended:
		return nil // its failure was told
	default:
	}
	hangUpErr := c.hangUp()
	late := time.AfterFunc(endWait, func() { killGroup(c.cmd) })
	defer late.Stop()
	c.wait()
	if c.err != nil {
		return fmt.Errorf("end %s: %w", c.cmd.Path, errors.Join(c.err, hangUpErr))
	}
	return nil
}

// lastLine returns the last line of text that is not empty.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
