package emulator

import (
	"context"
	"strconv"
	"time"

	"corecast/internal/emulator/instance"
)

// run is what becomes of a job run.
type run struct {
	of         *resource
	spec       *jobSpec
	size       size
	cancel     context.CancelCauseFunc
	submission *instance.Submission
	indices    map[int]*indexStatus
	open       int // indices that are not settled
	started    time.Time
	completed  time.Time
}

// indexStatus is what becomes of an index.
type indexStatus struct {
	status            string
	started, finished time.Time
	retries           int
	reason            string
}

// Statuses of an index, and of a run: those besides completed.
const (
	statusPending   = "pending"
	statusRunning   = "running"
	statusSucceeded = "succeeded"
	statusFailed    = "failed"
	statusCompleted = "completed"
)

// launch starts a run that was checked. a.mu is held.
func (a *api) launch(res *resource) {
	spec, bad := readSpec(res.fields)
	if bad != nil {
		panic(bad) // it was checked
	}
	z, bad := spec.size()
	if bad != nil {
		panic(bad)
	}
	ctx, cancel := context.WithCancelCause(a.ctx)
	r := &run{of: res, spec: spec, size: z, cancel: cancel, indices: make(map[int]*indexStatus), open: len(z.indices)}
	res.run = r
	tasks := make([]*instance.Task, len(z.indices))
	for i, index := range z.indices {
		st := &indexStatus{status: statusPending}
		r.indices[index] = st
		tasks[i] = &instance.Task{
			Project: res.project.id, Job: res.fields.text("job_name"), Run: res.name, Index: index, Instances: len(z.indices),
			VCPU: z.vcpu, Memory: z.memory, Retries: z.retries, Limit: z.limit,
			Command: func(retry int) (instance.Command, error) { return a.command(r, index, retry) },
			Started: func(rec instance.Record) { a.onStarted(r, st, rec) },
			Ended:   func(rec instance.Record, final bool) { a.onEnded(r, st, rec, final) },
		}
	}
	r.submission = a.pool.Submit(ctx, res.project.id, tasks)
}

// command makes what an instance runs.
func (a *api) command(r *run, index, retry int) (instance.Command, error) {
	img, err := a.images.Find(r.spec.Image)
	if err != nil {
		return instance.Command{}, &instance.Refusal{Reason: instance.ImagePullFailed, Err: err}
	}
	c, err := img.Command(r.spec.Commands, r.spec.Arguments)
	if err != nil {
		return instance.Command{}, &instance.Refusal{Reason: instance.ExecutableNotFound, Err: err}
	}
	a.mu.Lock()
	env, err := r.jobEnv(a)
	a.mu.Unlock()
	if err != nil {
		return instance.Command{}, &instance.Refusal{Reason: instance.ReferenceNotFound, Err: err}
	}
	return instance.Command{Path: c.Path, Args: c.Args, Dir: c.Dir, Env: mergeEnv(c.Env, r.platformEnv(a, index, retry), env)}, nil
}

func (a *api) onStarted(r *run, st *indexStatus, rec instance.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	st.status, st.started, st.retries = statusRunning, rec.Started, rec.Retry
	if r.started.IsZero() {
		r.started = rec.Started
	}
}

func (a *api) onEnded(r *run, st *indexStatus, rec instance.Record, final bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	st.retries = rec.Retry
	if rec.Reason != "" {
		st.reason = rec.Reason
	}
	if !final {
		st.status = statusPending
		return
	}
	st.finished = rec.Ended
	st.status = statusFailed
	if rec.Status == instance.Succeeded {
		st.status = statusSucceeded
	}
	if r.open--; r.open == 0 {
		r.completed = rec.Ended
		r.cancel(nil) // its context has no more to do
	}
}

// status is the run's own.
func (r *run) status(count map[string][]int) string {
	switch {
	case r.open == 0 && len(count[statusFailed]) > 0:
		return statusFailed
	case r.open == 0:
		return statusCompleted
	case r.started.IsZero():
		return statusPending
	}
	return statusRunning
}

// view adds the run's status to what answers have.
func (r *run) view(v map[string]any) {
	count := make(map[string][]int)
	details := make(map[string]any, len(r.indices))
	for _, index := range r.size.indices {
		st := r.indices[index]
		count[st.status] = append(count[st.status], index)
		details[strconv.Itoa(index)] = st.view()
	}
	status := map[string]any{"requested": len(r.indices), "unknown": 0, "indices_details": details}
	for _, s := range []string{statusPending, statusRunning, statusSucceeded, statusFailed} {
		status[s] = len(count[s])
		if len(count[s]) > 0 {
			status[s+"_indices"] = formatIndices(count[s])
		}
	}
	if !r.started.IsZero() {
		status["start_time"] = stamp(r.started)
	}
	if !r.completed.IsZero() {
		status["completion_time"] = stamp(r.completed)
	}
	v["status"], v["status_details"] = r.status(count), status
}

func (st *indexStatus) view() map[string]any {
	d := map[string]any{"status": st.status, "retries": st.retries}
	if !st.started.IsZero() {
		d["started_at"] = stamp(st.started)
	}
	if !st.finished.IsZero() {
		d["finished_at"] = stamp(st.finished)
	}
	if st.reason != "" {
		d["last_failure_reason"] = st.reason
	}
	return d
}
