package codeengine

import (
	"context"
	"fmt"

	"corecast/runner/objstore"
	"corecast/runner/objstore/cos"
)

// Finding is what a check has found.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Doctor checks, in turn, what a run needs: settings, key, project, bucket,
// image and quota; it goes on as far as the next check makes sense. It writes an
// object of no bytes, and removes it.
func Doctor(ctx context.Context, s Settings, o Options) []Finding {
	var found []Finding
	note := func(what string, err error, text string) bool {
		if err != nil {
			text = err.Error()
		}
		found = append(found, Finding{what, err == nil, text})
		return err == nil
	}
	if !note("settings", s.check(), "all that is needed is set") {
		return found
	}
	c, err := newClient(s)
	if !note("key", err, "is of the right form") {
		return found
	}
	if project, err := c.findProject(ctx); note("key and project", err, fmt.Sprintf("project %s is there (%s)", s.Project, project)) {
		if s.ImageSecret != "" {
			_, resp, err := c.ce.GetSecretWithContext(ctx, c.ce.NewGetSecretOptions(project, s.ImageSecret))
			if err != nil {
				err = explain("look for the registry's secret "+s.ImageSecret, resp, err)
			}
			note("image", err, fmt.Sprintf("%s, by secret %s; whether it can be pulled shows when it is", s.Image, s.ImageSecret))
		} else {
			note("image", nil, s.Image+", without a secret; whether it can be pulled shows when it is")
		}
	}
	store, err := cos.New(s.Store)
	if err == nil {
		err = store.CheckBucket(ctx)
	}
	if note("bucket", err, "bucket "+s.Store.Bucket+" is there") {
		conditional, err := objstore.Conditional(ctx, store, prefix("doctor")+"/probe")
		text := "can be written, and refuses to write over an object where asked to"
		if !conditional {
			text = "can be written; it does not know conditional writes, which corecast does without"
		}
		note("bucket's rights", err, text)
	}
	size, err := sizeOf(o.VCPU, o.Memory)
	if err == nil {
		note("quota", nil, fmt.Sprintf("%d instances of %s vCPU and %s run at a time by default, the others wait", size.atOnce(), size.cpu(), size.mem()))
	} else {
		note("quota", err, "")
	}
	return found
}
