package codeengine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"

	"corecast/runner/objstore/cos"
	"corecast/runner/storeexchange"
)

// remove deletes a run's job, and with it its job runs, its secret and its
// config maps; what is not there does not matter.
func (c *client) remove(ctx context.Context, project, base string, maps int) error {
	var errs []error
	if resp, err := c.ce.DeleteJobWithContext(ctx, c.ce.NewDeleteJobOptions(project, base)); err != nil && !isNotFound(resp) {
		errs = append(errs, explain("delete job "+base, resp, err))
	}
	secret := base + "-store"
	if resp, err := c.ce.DeleteSecretWithContext(ctx, c.ce.NewDeleteSecretOptions(project, secret)); err != nil && !isNotFound(resp) {
		errs = append(errs, explain("delete secret "+secret, resp, err))
	}
	for i := range maps {
		ref := fmt.Sprintf("%s-%d", base, i)
		if resp, err := c.ce.DeleteConfigMapWithContext(ctx, c.ce.NewDeleteConfigMapOptions(project, ref)); err != nil && !isNotFound(resp) {
			errs = append(errs, explain("delete config map "+ref, resp, err))
		}
	}
	return errors.Join(errs...)
}

// Leftovers are what drivers have left: names by kind.
type Leftovers struct {
	Jobs       []string `json:"jobs"`
	JobRuns    []string `json:"job_runs"`
	Secrets    []string `json:"secrets"`
	ConfigMaps []string `json:"config_maps"`
	Objects    []string `json:"objects"`
}

// Empty reports whether there is nothing.
func (l *Leftovers) Empty() bool {
	return len(l.Jobs)+len(l.JobRuns)+len(l.Secrets)+len(l.ConfigMaps)+len(l.Objects) == 0
}

// Runs are the ids of the runs that have left something, sorted.
func (l *Leftovers) Runs() []string {
	var ids []string
	for _, n := range l.Jobs {
		ids = append(ids, strings.TrimPrefix(n, "cc-"))
	}
	for _, n := range l.Secrets {
		ids = append(ids, strings.TrimSuffix(strings.TrimPrefix(n, "cc-"), "-store"))
	}
	for _, list := range [][]string{l.JobRuns, l.ConfigMaps} {
		for _, n := range list {
			ids = append(ids, strings.TrimPrefix(n[:strings.LastIndex(n, "-")], "cc-"))
		}
	}
	for _, key := range l.Objects {
		id, _, _ := strings.Cut(strings.TrimPrefix(key, "corecast/"), "/")
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// connect opens the service, for one who needs no image, and finds the project.
func connect(ctx context.Context, s Settings) (c *client, project string, err error) {
	s.Image = orNone(s.Image)
	if err := s.check(); err != nil {
		return nil, "", err
	}
	if c, err = newClient(s); err != nil {
		return nil, "", err
	}
	project, err = c.findProject(ctx)
	return c, project, err
}

// Find lists what runs have left; run names one, empty: all. What a driver that
// is alive uses is among it.
func Find(ctx context.Context, s Settings, run string) (*Leftovers, error) {
	c, project, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	return c.find(ctx, project, s, run)
}

// find is Find in a project that is known.
func (c *client) find(ctx context.Context, project string, s Settings, run string) (*Leftovers, error) {
	begin := "cc-" + run
	l := &Leftovers{}
	jobs, err := c.ce.NewJobsPager(&codeenginev2.ListJobsOptions{ProjectID: &project})
	l.Jobs, err = names(ctx, begin, run != "", jobs, err, func(j codeenginev2.Job) *string { return j.Name })
	if err != nil {
		return nil, explain("list jobs", nil, err)
	}
	runs, err := c.ce.NewJobRunsPager(&codeenginev2.ListJobRunsOptions{ProjectID: &project})
	l.JobRuns, err = names(ctx, begin, run != "", runs, err, func(j codeenginev2.JobRun) *string { return j.Name })
	if err != nil {
		return nil, explain("list job runs", nil, err)
	}
	secrets, err := c.ce.NewSecretsPager(&codeenginev2.ListSecretsOptions{ProjectID: &project})
	l.Secrets, err = names(ctx, begin, run != "", secrets, err, func(j codeenginev2.Secret) *string { return j.Name })
	if err != nil {
		return nil, explain("list secrets", nil, err)
	}
	maps, err := c.ce.NewConfigMapsPager(&codeenginev2.ListConfigMapsOptions{ProjectID: &project})
	l.ConfigMaps, err = names(ctx, begin, run != "", maps, err, func(j codeenginev2.ConfigMap) *string { return j.Name })
	if err != nil {
		return nil, explain("list config maps", nil, err)
	}
	store, err := cos.New(s.Store)
	if err != nil {
		return nil, err
	}
	objects, err := store.List(ctx, prefix(run), "")
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if rest := strings.TrimPrefix(o.Key, prefix(run)); run != "" && rest[0] != '/' && rest[0] != '-' {
			continue
		}
		l.Objects = append(l.Objects, o.Key)
	}
	return l, nil
}

func orNone(image string) string {
	if image == "" {
		return "none"
	}
	return image
}

// pager is one of the SDK's.
type pager[T any] interface {
	HasNext() bool
	GetNextWithContext(context.Context) ([]T, error)
}

// names are those of the things that begin as asked: that are a run's when one
// is meant.
func names[T any](ctx context.Context, begin string, one bool, p pager[T], err error, name func(T) *string) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var all []string
	for p.HasNext() {
		page, err := p.GetNextWithContext(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			n := deref(name(t))
			if n == begin || strings.HasPrefix(n, begin) && (!one || strings.HasPrefix(n, begin+"-")) {
				all = append(all, n)
			}
		}
	}
	return all, nil
}

// Clean removes what a run has left, and returns what that was.
func Clean(ctx context.Context, s Settings, run string) (*Leftovers, error) {
	c, project, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	l, err := c.find(ctx, project, s, run)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, id := range l.Runs() {
		errs = append(errs, c.remove(ctx, project, name(id), 0))
	}
	for _, n := range l.JobRuns { // those whose job is gone
		if resp, err := c.ce.DeleteJobRunWithContext(ctx, c.ce.NewDeleteJobRunOptions(project, n)); err != nil && !isNotFound(resp) {
			errs = append(errs, explain("delete job run "+n, resp, err))
		}
	}
	for _, n := range l.ConfigMaps {
		if resp, err := c.ce.DeleteConfigMapWithContext(ctx, c.ce.NewDeleteConfigMapOptions(project, n)); err != nil && !isNotFound(resp) {
			errs = append(errs, explain("delete config map "+n, resp, err))
		}
	}
	store, err := cos.New(s.Store)
	if err != nil {
		return nil, err
	}
	for _, id := range l.Runs() {
		errs = append(errs, storeexchange.Clean(ctx, store, prefix(id)))
	}
	return l, errors.Join(errs...)
}
