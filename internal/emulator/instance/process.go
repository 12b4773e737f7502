package instance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"corecast/internal/cgroup"
)

// Reasons of failures. The first three are the service's own words, as is
// ContainerExitedCode with the exit code behind it; the others are of this
// emulator, for what the service has no documented word for.
const (
	OOMKilled           = "OOMKilled"
	TimeExceeded        = "MaxExecutionTimeExceeded"
	ExecutableNotFound  = "ExecutableNotFound"
	ArgumentListTooLong = "ArgumentListTooLong"
	ImagePullFailed     = "ImagePullFailed"
	ReferenceNotFound   = "ReferenceNotFound"
	exitedCode          = "ContainerExitedCode"
)

// execute runs an attempt's process to its end. An error means that it did not
// start.
func (p *Pool) execute(a *attempt) error {
	command, err := a.task.Command(a.retry)
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: command.Path, Args: command.Args, Env: command.Env, Dir: command.Dir, SysProcAttr: attributes()}
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	if p.o.Output != "" {
		f, err := os.Create(filepath.Join(p.o.Output, fmt.Sprintf("%s-%d-%d.log", a.task.Run, a.task.Index, a.retry)))
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	group, err := p.group(a.task)
	if err != nil {
		return err
	}
	defer func() {
		if group == nil {
			return
		}
		if err := group.Remove(); err != nil {
			a.rec.Detail += fmt.Sprintf("remove its control group: %v", err)
		}
	}()
	p.starting <- struct{}{}
	err = start(cmd, group)
	a.rec.Started = time.Now()
	<-p.starting
	if err != nil {
		a.rec.Started = time.Time{}
		return refusal(err)
	}
	a.rec.PID = cmd.Process.Pid
	a.task.Started(a.rec)
	p.await(a, cmd, group)
	return nil
}

// group makes the control group of an instance; nil where none are held.
func (p *Pool) group(t *Task) (*cgroup.Group, error) {
	if p.tree == nil {
		return nil, nil
	}
	var limits cgroup.Limits
	if p.o.HoldCPU {
		limits.CPU = t.VCPU
	}
	if p.o.HoldMemory {
		limits.Memory = t.Memory
	}
	p.mu.Lock()
	p.serial++
	name := strconv.Itoa(p.serial)
	p.mu.Unlock()
	return p.tree.Group(name, limits)
}

// start starts a process in a group.
func start(cmd *exec.Cmd, group *cgroup.Group) error {
	if group == nil {
		return cmd.Start()
	}
	return group.Fork(cmd.SysProcAttr, cmd.Start)
}

// refusal names why a program cannot start, where trying again would not help.
func refusal(err error) error {
	switch {
	case errors.Is(err, syscall.E2BIG):
		return &Refusal{ArgumentListTooLong, err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EISDIR):
		return &Refusal{ExecutableNotFound, err}
	}
	return err
}

// await waits for the end of a process, which it kills when its time is up, its
// run was deleted, or its turn to be killed has come; and says what became of
// it.
func (p *Pool) await(a *attempt, cmd *exec.Cmd, group *cgroup.Group) {
	var late, injected atomic.Bool
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		var limit, kill <-chan time.Time
		if a.task.Limit > 0 {
			t := time.NewTimer(a.task.Limit)
			defer t.Stop()
			limit = t.C
		}
		if after, ok := p.killAfter(); ok {
			t := time.NewTimer(after)
			defer t.Stop()
			kill = t.C
		}
		select {
		case <-ended:
			return
		case <-limit:
			late.Store(true)
		case <-kill:
			injected.Store(true)
		case <-a.ctx.Done():
		}
		killAll(cmd.Process)
	}()
	waitEnded(cmd)
	close(ended)
	<-watched
	killAll(cmd.Process) // what it started goes with it
	cmd.Wait()
	a.rec.Injected = injected.Load()
	a.rec.used(cmd.ProcessState, group)
	a.rec.judge(cmd.ProcessState, late.Load(), group)
}

// judge sets status, exit code and reason.
func (r *Record) judge(s *os.ProcessState, late bool, group *cgroup.Group) {
	r.ExitCode = s.ExitCode()
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		r.ExitCode = 128 + int(w.Signal()) // as container runtimes have it
	}
	r.Status = Failed
	switch {
	case r.ExitCode == 0:
		r.Status = Succeeded
	case group != nil && oomKilled(group):
		r.Reason = OOMKilled
	case late:
		r.Reason = TimeExceeded
	default:
		r.Reason = exitedCode + strconv.Itoa(r.ExitCode)
	}
}

func oomKilled(group *cgroup.Group) bool {
	u, err := group.Usage()
	return err == nil && u.OOMKills > 0
}

// used reads what the instance used: of its control group, or of its first
// process with those that it waited for.
func (r *Record) used(s *os.ProcessState, group *cgroup.Group) {
	r.CPUSeconds = (s.UserTime() + s.SystemTime()).Seconds()
	r.PeakMemoryBytes = peakMemory(s)
	if group == nil {
		return
	}
	u, err := group.Usage()
	if err != nil {
		return
	}
	if u.CPU != cgroup.Unknown {
		r.CPUSeconds = u.CPU.Seconds()
	}
	if u.PeakMemory != cgroup.Unknown {
		r.PeakMemoryBytes = u.PeakMemory
	}
	if u.Throttled != cgroup.Unknown {
		seconds := u.Throttled.Seconds()
		r.ThrottledSeconds = &seconds
	}
}
