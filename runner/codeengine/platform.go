package codeengine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"
	"github.com/IBM/go-sdk-core/v5/core"

	"corecast/internal/clock"
	"corecast/runner"
	"corecast/runner/exchange"
	"corecast/runner/storeexchange"
)

// Name is the backend's.
const Name = "codeengine"

// platform is a storeexchange.Platform.
type platform struct {
	workers  int
	settings Settings
	options  Options
	size     size
	client   *client

	watches sync.WaitGroup

	mu      sync.Mutex
	quit    context.CancelFunc // of all watches
	ctx     context.Context
	project string // id
	ready   bool   // job and secret are there
	runs    int
	maps    int
	seen    map[string]*instance // by storeexchange's ids
}

// instance is what the service has said of one.
type instance struct {
	run               string
	started, finished int64 // on the driver's clock; NotKnown
	vcpu              float64
}

func (p *platform) Name() string       { return Name }
func (p *platform) Workers() int       { return p.workers }
func (p *platform) VCPU() float64      { return p.size.vcpu }
func (p *platform) MemoryLimit() int64 { return int64(p.size.gb * 1e9) }

// quota is how many instances run at a time.
func (p *platform) quota() int {
	if p.settings.Quota > 0 {
		return p.settings.Quota
	}
	return p.size.atOnce()
}

// name begins the names of all that is made for a run.
func name(run string) string { return "cc-" + run }

// Start makes what instances need, and requests them, up to 1,000 a run.
func (p *platform) Start(ctx context.Context, s storeexchange.Spec, ids []string, tell func(int, storeexchange.End)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx == nil {
		p.ctx, p.quit = context.WithCancel(context.Background())
	}
	if err := p.prepare(ctx); err != nil {
		return fatalIfRefused(err)
	}
	env, err := p.environment(ctx, s)
	if err != nil {
		return fatalIfRefused(err)
	}
	for lo := 0; lo < len(ids); lo += arrayMost {
		hi := min(lo+arrayMost, len(ids))
		if err := p.submit(ctx, env, lo, ids[lo:hi], tell); err != nil {
			return fatalIfRefused(err)
		}
	}
	return nil
}

func fatalIfRefused(err error) error {
	var r *refusal
	if errors.As(err, &r) {
		return &storeexchange.FatalError{Err: err}
	}
	return err
}

// prepare makes the job and the secret, once.
func (p *platform) prepare(ctx context.Context) error {
	if p.ready {
		return nil
	}
	project, err := p.client.findProject(ctx)
	if err != nil {
		return err
	}
	p.project = project
	if n := p.quota(); p.workers > n && p.options.Warn != nil {
		p.options.Warn(fmt.Sprintf("%d instances of %s vCPU and %s are more than the project runs at a time: %d run, the others wait for them (quota_instances in the config file says another number)",
			p.workers, p.size.cpu(), p.size.mem(), n))
	}
	data := &codeenginev2.SecretDataGenericSecretData{}
	for name, value := range storeexchange.Secrets(p.settings.Store) {
		data.SetProperty(name, &value)
	}
	secret := name(p.options.Run) + "-store"
	ce := p.client.ce
	o := ce.NewCreateSecretOptions(project, codeenginev2.CreateSecretOptions_Format_Generic, secret)
	o.Data = data
	if _, resp, err := ce.CreateSecretWithContext(ctx, o); err != nil && !p.again(resp) {
		return explain("make secret "+secret, resp, err)
	}
	if err := p.createJob(ctx, secret); err != nil {
		return err
	}
	p.ready = true
	return nil
}

// again reports whether something is there already: a request that was sent
// again after its answer was lost.
func (p *platform) again(resp *core.DetailedResponse) bool {
	return resp != nil && resp.StatusCode == 409
}

func (p *platform) createJob(ctx context.Context, secret string) error {
	ce := p.client.ce
	job := ce.NewCreateJobOptions(p.project, p.settings.Image, name(p.options.Run))
	if p.settings.ImageSecret != "" {
		job.ImageSecret = &p.settings.ImageSecret
	}
	job.RunCommands = p.settings.Command
	job.ScaleCpuLimit, job.ScaleMemoryLimit = core.StringPtr(p.size.cpu()), core.StringPtr(p.size.mem())
	job.ScaleEphemeralStorageLimit = core.StringPtr("400M")
	if p.size.gb < 0.4 {
		job.ScaleEphemeralStorageLimit = core.StringPtr(p.size.mem())
	}
	// The driver itself replaces workers: it knows which tasks to give them, and
	// which one may have been their end.
	job.ScaleRetryLimit = core.Int64Ptr(0)
	if t := p.settings.MaxTime; t > 0 {
		job.ScaleMaxExecutionTime = core.Int64Ptr(int64(math.Ceil(t.Seconds())))
	}
	env := []codeenginev2.EnvVarPrototype{
		{Type: core.StringPtr("secret_full_reference"), Reference: &secret},
		literal("GOMAXPROCS", strconv.Itoa(int(math.Ceil(p.size.vcpu)))),
		literal("GOMEMLIMIT", strconv.FormatInt(p.MemoryLimit()/10*9, 10)),
	}
	for _, v := range p.options.Env {
		if key, value, ok := strings.Cut(v, "="); ok {
			env = append(env, literal(key, value))
		}
	}
	job.RunEnvVariables = env
	if _, resp, err := ce.CreateJobWithContext(ctx, job); err != nil && !p.again(resp) {
		return explain("make job "+name(p.options.Run), resp, err)
	}
	return nil
}

func literal(name, value string) codeenginev2.EnvVarPrototype {
	return codeenginev2.EnvVarPrototype{Type: core.StringPtr("literal"), Name: &name, Value: &value}
}

// environment is what tells instances what they are: in the run itself, or in a
// config map where that would be too large.
func (p *platform) environment(ctx context.Context, s storeexchange.Spec) ([]codeenginev2.EnvVarPrototype, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if len(text) <= specMost {
		return []codeenginev2.EnvVarPrototype{literal(storeexchange.SpecEnv, string(text))}, nil
	}
	if len(text) > envMost-1024 {
		return nil, &refusal{fmt.Errorf("what %d workers are started with takes %d bytes, more than a variable may have", p.workers, len(text))}
	}
	ref := fmt.Sprintf("%s-%d", name(p.options.Run), p.maps)
	p.maps++
	ce := p.client.ce
	o := ce.NewCreateConfigMapOptions(p.project, ref)
	o.Data = map[string]string{"spec": string(text)}
	if _, resp, err := ce.CreateConfigMapWithContext(ctx, o); err != nil && !p.again(resp) {
		return nil, explain("make config map "+ref, resp, err)
	}
	return []codeenginev2.EnvVarPrototype{{
		Type: core.StringPtr("config_map_key_reference"), Name: core.StringPtr(storeexchange.SpecEnv), Reference: &ref, Key: core.StringPtr("spec"),
	}}, nil
}

// submit requests one run, of the indices from lo on.
func (p *platform) submit(ctx context.Context, env []codeenginev2.EnvVarPrototype, lo int, ids []string, tell func(int, storeexchange.End)) error {
	ce := p.client.ce
	run := fmt.Sprintf("%s-%03d", name(p.options.Run), p.runs)
	p.runs++
	o := ce.NewCreateJobRunOptions(p.project)
	o.Name, o.JobName = &run, core.StringPtr(name(p.options.Run))
	o.ScaleArraySpec = core.StringPtr(fmt.Sprintf("%d-%d", lo, lo+len(ids)-1))
	if len(ids) == 1 {
		o.ScaleArraySpec = core.StringPtr(strconv.Itoa(lo))
	}
	o.RunEnvVariables = env
	if _, resp, err := ce.CreateJobRunWithContext(ctx, o); err != nil && !p.again(resp) {
		return explain("make job run "+run, resp, err)
	}
	for _, id := range ids {
		p.seen[id] = &instance{run: run, started: exchange.NotKnown, finished: exchange.NotKnown, vcpu: p.size.vcpu}
	}
	p.watches.Go(func() { p.watch(p.ctx, run, lo, ids, tell) })
	return nil
}

// watch asks what becomes of a run's instances until all have ended, the more
// seldom the longer nothing has changed.
func (p *platform) watch(ctx context.Context, run string, lo int, ids []string, tell func(int, storeexchange.End)) {
	ended := make(map[int]bool)
	wait := p.options.Poll
	for len(ended) < len(ids) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		got, resp, err := p.client.ce.GetJobRunWithContext(ctx, p.client.ce.NewGetJobRunOptions(p.project, run))
		if ctx.Err() != nil {
			return
		}
		changed := false
		switch {
		case err != nil && isNotFound(resp):
			for i := range ids {
				if !ended[i] {
					ended[i] = true
					tell(lo+i, storeexchange.End{Reason: "its job run was deleted"})
				}
			}
		case err != nil: // it was tried for long, and is tried again
		case got.StatusDetails != nil:
			changed = p.note(got.StatusDetails, lo, ids, ended, tell)
		}
		if wait = min(wait*3/2, 5*time.Second); changed {
			wait = p.options.Poll
		}
	}
}

// note takes in a run's status; it returns whether something has changed.
func (p *platform) note(s *codeenginev2.JobRunStatus, lo int, ids []string, ended map[int]bool, tell func(int, storeexchange.End)) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.IndicesDetails)) {
		d := s.IndicesDetails[key]
		n, err := strconv.Atoi(key)
		i := n - lo
		if err != nil || i < 0 || i >= len(ids) {
			continue
		}
		in := p.seen[ids[i]]
		started, finished := in.started, in.finished
		in.started, in.finished = stamp(d.StartedAt, in.started), stamp(d.FinishedAt, in.finished)
		changed = changed || started != in.started || finished != in.finished
		switch status := deref(d.Status); {
		case ended[i]:
		case status == "succeeded":
			ended[i], changed = true, true
			tell(n, storeexchange.End{Done: true, Reason: "it was done"})
		case status == "failed":
			ended[i], changed = true, true
			tell(n, p.failure(deref(d.LastFailureReason), in.started == exchange.NotKnown))
		}
	}
	return changed
}

// stamp brings a time of the service to the driver's clock.
func stamp(text *string, before int64) int64 {
	at, err := time.Parse(time.RFC3339, deref(text))
	if err != nil {
		return before
	}
	return clock.Now() - int64(time.Since(at))
}

// failure says what a reason of the service means.
func (p *platform) failure(reason string, unstarted bool) storeexchange.End {
	e := storeexchange.End{Reason: reason}
	code, exited := strings.CutPrefix(reason, "ContainerExitedCode")
	n, _ := strconv.Atoi(code)
	switch {
	case exited && n == storeexchange.ExitUnstarted:
		e.Unstarted = true
		e.Reason += ": it could not begin: it does not reach the object store, or its image is of another build; its log says more"
	case exited && runner.ExitGaveUp(n):
		e.GaveUp = true
		e.Reason += ": a task would not end when its time was up"
	case exited && n == 137:
		e.Reason += ": it was killed"
	case reason == "OOMKilled":
		e.Reason = fmt.Sprintf("out of memory (OOMKilled): a worker has %s: give it more with --memory", p.size.mem())
	case reason == "MaxExecutionTimeExceeded":
		e.Reason = "its time was over (MaxExecutionTimeExceeded): the limit is raised by max_time in the config file, up to 24 h"
	case reason == "ExceededEphemeralStorage":
		e.Reason = "out of disk (ExceededEphemeralStorage)"
	case reason == "ExecutableNotFound":
		e.Unstarted, e.Fatal = true, true
		e.Reason = fmt.Sprintf("ExecutableNotFound: image %s has no such program: build it with corecast image build", p.settings.Image)
	case strings.Contains(reason, "Pull") || strings.Contains(reason, "Image"):
		e.Unstarted, e.Fatal = true, true
		e.Reason = fmt.Sprintf("%s: image %s cannot be had: check its name, and image_secret for a private registry", reason, p.settings.Image)
	case unstarted:
		e.Unstarted = true
	}
	if e.Reason == "" {
		e.Reason = "the service says that it failed, and not why"
	}
	return e
}

// report is what the service has said of a worker, to the second.
func (p *platform) report(slot, generation int) runner.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := runner.Report{Billed: exchange.NotKnown}
	in := p.seen[exchange.StoredID(slot, generation)]
	if in == nil {
		return r
	}
	if in.started != exchange.NotKnown {
		r.Phases = append(r.Phases, runner.Phase{Name: "started_at", At: in.started, Resolution: int64(time.Second)})
	}
	if in.finished != exchange.NotKnown {
		r.Phases = append(r.Phases, runner.Phase{Name: "finished_at", At: in.finished, Resolution: int64(time.Second)})
		if in.started != exchange.NotKnown {
			r.Billed = in.finished - in.started
		}
	}
	return r
}

// Close ends all instances and removes what was made.
func (p *platform) Close() error {
	p.mu.Lock()
	if p.quit != nil {
		p.quit()
	}
	p.mu.Unlock()
	p.watches.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.project == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return p.client.remove(ctx, p.project, name(p.options.Run), p.maps)
}
