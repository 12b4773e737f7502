package local

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"corecast/internal/cgroup"
	"corecast/runner"
)

// hold is what keeps the workers of a launcher within their limits.
type hold struct {
	options Options
	workers int
	tree    *cgroup.Tree // nil: no limits
	cpus    []int        // that workers are pinned to; nil: not
}

// limits are the control-group limits of a worker.
func (o *Options) limits() cgroup.Limits {
	return cgroup.Limits{CPU: o.CoreShare, Memory: o.Memory}
}

// Check reports what of the options cannot be had here, with a number of
// workers: a share or a limit that is out of range, or that this user may not
// set (cgroup.ErrNotPermitted), workers that would share the core that they are
// pinned to. It makes what a launcher makes, and removes it.
func Check(workers int, o Options) error {
	h, err := newHold(workers, o)
	if err != nil {
		return err
	}
	return errors.Join(h.probe(), h.remove())
}

// newHold makes the tree for the workers' control groups, where they need
// some.
func newHold(workers int, o Options) (*hold, error) {
	h := &hold{options: o.withVCPU(), workers: workers}
	if o.CoreShare < 0 || o.CoreShare >= 1 || o.CoreShare > 0 && o.CoreShare < cgroup.MinCPU || o.CoreShare != o.CoreShare {
		return nil, fmt.Errorf("a core share of %v: between %v (1 ms in 20 ms) and below 1", o.CoreShare, cgroup.MinCPU)
	}
	if o.Memory < 0 {
		return nil, fmt.Errorf("a memory limit of %d bytes is negative", o.Memory)
	}
	if o.Pin {
		if err := h.pin(); err != nil {
			return nil, err
		}
	}
	if o.limits() == (cgroup.Limits{}) {
		return h, nil
	}
	var err error
	if h.tree, err = cgroup.New(o.Name, o.limits()); err != nil {
		return nil, fmt.Errorf("%s: %w", h.asked(), err)
	}
	return h, nil
}

// asked names the limits in words.
func (h *hold) asked() string {
	var list []string
	if h.options.CoreShare > 0 {
		list = append(list, fmt.Sprintf("hold workers to %s of a core", percent(h.options.CoreShare)))
	}
	if h.options.Memory > 0 {
		list = append(list, "hold workers to "+megabytes(h.options.Memory)+" of memory")
	}
	return strings.Join(list, ", ")
}

func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'g', 4, 64) + " %"
}

// megabytes writes a limit in MB; a fraction is shown.
func megabytes(bytes int64) string {
	return strconv.FormatFloat(float64(bytes)/1e6, 'f', -1, 64) + " MB"
}

// probe makes a group and removes it.
func (h *hold) probe() error {
	if h.tree == nil {
		return nil
	}
	g, err := h.tree.Group("probe", h.options.limits())
	if err != nil {
		return fmt.Errorf("%s: %w", h.asked(), err)
	}
	return g.Remove()
}

// pin chooses the cores that workers are pinned to: those that this process
// may run on.
func (h *hold) pin() error {
	cpus, err := affinity()
	if err != nil {
		return fmt.Errorf("pin workers to cores: %w", err)
	}
	if each := h.coresEach(); h.options.CoreShare == 0 && h.workers*each > len(cpus) {
		return fmt.Errorf("pin workers to cores: %d workers of %d vCPU need %d cores, and this process may use %d: ask for fewer, or for shares of cores",
			h.workers, each, h.workers*each, len(cpus))
	}
	h.cpus = cpus
	return nil
}

// coresEach is how many cores a worker is pinned to.
func (h *hold) coresEach() int { return procs(h.options.VCPU) }

// cpusOf returns the cores of a slot's worker; nil: not pinned.
func (h *hold) cpusOf(slot int) []int {
	if h.cpus == nil {
		return nil
	}
	var list []int
	for i := range h.coresEach() {
		list = append(list, h.cpus[(slot*h.coresEach()+i)%len(h.cpus)])
	}
	return list
}

// environment tells a worker of its limits, unless it is told otherwise.
func (h *hold) environment() []string {
	if h.options.Memory > 0 {
		// What is not Go's own needs room below the limit.
		return []string{"GOMEMLIMIT=" + strconv.FormatInt(h.options.Memory/10*9, 10)}
	}
	return nil
}

// start starts a worker's process within its limits. The group is nil where
// there are none to hold.
func (h *hold) start(cmd *exec.Cmd, slot, generation int) (*cgroup.Group, error) {
	if h.tree == nil {
		return nil, onCores(h.cpusOf(slot), cmd.Start)
	}
	g, err := h.tree.Group(fmt.Sprintf("w%d-%d", slot, generation), h.options.limits())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.asked(), err)
	}
	if err := h.startIn(g, cmd, slot); err != nil {
		return nil, errors.Join(err, g.Remove())
	}
	return g, nil
}

// startIn starts a process in its group. In version 1 of control groups it is
// moved there as soon as it is there: before it is given work, but some of its
// way to being ready lies before.
func (h *hold) startIn(g *cgroup.Group, cmd *exec.Cmd, slot int) error {
	if file := g.StatFile(); file != "" {
		cmd.Env = append(cmd.Env, runner.QuotaEnv+"="+file)
	}
	done, err := g.Attr(cmd.SysProcAttr)
	if err != nil {
		return err
	}
	err = onCores(h.cpusOf(slot), cmd.Start)
	done()
	if err != nil {
		return err
	}
	if err := g.Entered(cmd.Process.Pid); err != nil {
		killGroup(cmd.Process)
		cmd.Wait() // it was killed
		return err
	}
	return nil
}

// remove removes what newHold made.
func (h *hold) remove() error {
	if h == nil || h.tree == nil {
		return nil
	}
	return h.tree.Remove()
}

// outOfMemory says whether the kernel killed processes of a worker for its
// memory limit; empty when not.
func (p *process) outOfMemory() string {
	if p.group == nil || p.group.Limits.Memory == 0 {
		return ""
	}
	if u, err := p.group.Usage(); err != nil || u.OOMKills <= 0 {
		return ""
	}
	return "out of memory (limit " + megabytes(p.group.Limits.Memory) + ")"
}
