package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"regexp"
	"time"
)

// fields are those of a resource, as JSON has them.
type fields map[string]any

// text returns a field that is a text; empty for none.
func (f fields) text(name string) string {
	s, _ := f[name].(string)
	return s
}

// into decodes the fields into a struct.
func (f fields) into(to any) *failure {
	data, err := json.Marshal(f)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		return invalid("%v.", err)
	}
	return nil
}

// merge changes fields as a JSON merge patch has it (RFC 7396).
func (f fields) merge(patch fields) {
	for name, value := range patch {
		if value == nil {
			delete(f, name)
			continue
		}
		to, isObject := f[name].(map[string]any)
		from, ok := value.(map[string]any)
		if !isObject || !ok {
			f[name] = value
			continue
		}
		fields(to).merge(from)
	}
}

// copied is a deep copy.
func (f fields) copied() fields {
	to := make(fields, len(f))
	for name, value := range f {
		if object, ok := value.(map[string]any); ok {
			value = map[string]any(fields(object).copied())
		}
		to[name] = value
	}
	return to
}

// project is a project with its resources, by kind and name.
type project struct {
	id, name, group string
	created         time.Time
	deleted         bool // only ever where the SDK's tests run
	resources       map[string]map[string]*resource
}

// resource is a job, a run, a config map, …
type resource struct {
	kind    *kind
	project *project
	name    string
	id      string
	created time.Time
	version int
	fields  fields
	run     *run // of a job run
}

// etag is the resource's entity tag: another one after each change.
func (r *resource) etag() string {
	h := fnv.New32a()
	fmt.Fprint(h, r.id, r.version)
	return fmt.Sprint(h.Sum32())
}

// view is the resource as answers have it.
func (r *resource) view(a *api) map[string]any {
	v := make(map[string]any, len(r.fields)+8)
	maps.Copy(v, r.fields)
	v["name"], v["id"] = r.name, r.id
	v["project_id"], v["region"] = r.project.id, a.o.Region
	v["created_at"] = stamp(r.created)
	if r.kind.href {
		v["href"] = a.url + "/v2/projects/" + r.project.id + "/" + r.kind.path + "/" + r.name
	}
	if r.kind.tagged {
		v["entity_tag"] = r.etag()
	}
	if r.kind.resourceType != nil {
		v["resource_type"] = r.kind.resourceType(r.fields)
	}
	if r.kind.computed {
		v["computed_env_variables"] = []any{} // they depend on the index
	}
	if r.run != nil {
		r.run.view(v)
	}
	return v
}

// stamp writes a time as the service does: to the second.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// uuid makes a random id.
func uuid() string {
	s := random(16)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-8" + s[17:20] + "-" + s[20:]
}

func (a *api) newProject(id, name, group string) *project {
	p := &project{id: id, name: name, group: group, created: time.Now(), resources: make(map[string]map[string]*resource)}
	for _, k := range kinds {
		p.resources[k.path] = make(map[string]*resource)
	}
	a.projects[id] = p
	return p
}

// find returns the project and the kind that a request is about.
func (a *api) find(r *http.Request) (*project, *kind, *failure) {
	p := a.projects[r.PathValue("id")]
	if p == nil {
		return nil, nil, missing("project", r.PathValue("id"))
	}
	for _, k := range kinds {
		if k.path == r.PathValue("kind") {
			return p, k, nil
		}
	}
	return nil, nil, fail(http.StatusNotImplemented, "not_implemented", "The emulator has no %s.", r.PathValue("kind"))
}

// one returns the resource that a request is about.
func (a *api) one(r *http.Request) (*resource, *failure) {
	p, k, failed := a.find(r)
	if failed != nil {
		return nil, failed
	}
	res := p.resources[k.path][r.PathValue("name")]
	if res == nil {
		return nil, missing(k.what, r.PathValue("name"))
	}
	return res, nil
}

func (a *api) get(r *http.Request) (answer, *failure) {
	res, failed := a.one(r)
	if failed != nil {
		return answer{}, failed
	}
	return a.shown(http.StatusOK, res), nil
}

func (a *api) shown(status int, res *resource) answer {
	got := answer{status: status, body: res.view(a)}
	if res.kind.tagged {
		got.etag = res.etag()
	}
	return got
}

// namePattern is what names of resources look like.
var namePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

func (k *kind) checkName(name string) *failure {
	switch {
	case name == "":
		return invalid("The %s has no name.", k.what)
	case len(name) > k.longest:
		return invalid("The name of a %s has up to %d characters; %q has %d.", k.what, k.longest, name, len(name))
	case !namePattern.MatchString(name):
		return invalid("The name %q of a %s: small letters, digits and hyphens, with a letter or digit first and last.", name, k.what)
	}
	return nil
}

func (a *api) create(r *http.Request) (answer, *failure) {
	p, k, failed := a.find(r)
	if failed != nil {
		return answer{}, failed
	}
	f, failed := readBody(r)
	if failed != nil {
		return answer{}, failed
	}
	res, failed := a.add(p, k, f)
	if failed != nil {
		return answer{}, failed
	}
	return a.shown(k.created, res), nil
}

// add makes a resource, after all checks.
func (a *api) add(p *project, k *kind, f fields) (*resource, *failure) {
	if k.prepare != nil {
		if failed := k.prepare(a, p, f); failed != nil {
			return nil, failed
		}
	}
	name := f.text("name")
	if failed := k.checkName(name); failed != nil {
		return nil, failed
	}
	if p.resources[k.path][name] != nil {
		return nil, fail(http.StatusConflict, "already_exists", "A %s %q exists.", k.what, name)
	}
	if n := len(p.resources[k.path]); n >= k.most {
		return nil, fail(http.StatusForbidden, "quota_exceeded", "The project has %d %ss, and may have %d.", n, k.what, k.most)
	}
	if failed := k.check(a, p, f); failed != nil {
		return nil, failed
	}
	delete(f, "name")
	res := &resource{kind: k, project: p, name: name, id: uuid(), created: time.Now(), fields: f}
	p.resources[k.path][name] = res
	if k.path == "job_runs" {
		a.launch(res)
	}
	return res, nil
}

func (a *api) update(r *http.Request, method string) (answer, *failure) {
	res, failed := a.one(r)
	if failed != nil {
		return answer{}, failed
	}
	if res.kind.update != method {
		return answer{}, fail(http.StatusMethodNotAllowed, "method_not_allowed", "A %s cannot be changed by %s.", res.kind.what, method)
	}
	if failed := a.matches(r, res); failed != nil {
		return answer{}, failed
	}
	changes, failed := readBody(r)
	if failed != nil {
		return answer{}, failed
	}
	to := changes
	if method == http.MethodPatch {
		to = res.fields.copied()
		to.merge(changes)
	}
	if failed := res.kind.check(a, res.project, to); failed != nil {
		return answer{}, failed
	}
	delete(to, "name")
	res.fields = to
	res.version++
	return a.shown(http.StatusOK, res), nil
}

// matches checks the entity tag that a change is for.
func (a *api) matches(r *http.Request, res *resource) *failure {
	tag := r.Header.Get("If-Match")
	switch {
	case tag == "":
		return fail(http.StatusPreconditionRequired, "precondition_required", "A change needs the header If-Match, with the entity tag or *.")
	case tag != "*" && trimQuotes(tag) != res.etag() && !a.o.SDKTests:
		return fail(http.StatusPreconditionFailed, "precondition_failed", "The %s %q has been changed: its entity tag is %s.", res.kind.what, res.name, res.etag())
	}
	return nil
}

func trimQuotes(tag string) string {
	if len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		return tag[1 : len(tag)-1]
	}
	return tag
}

func (a *api) delete(r *http.Request) (answer, *failure) {
	res, failed := a.one(r)
	if failed != nil {
		return answer{}, failed
	}
	a.remove(res)
	return answer{status: http.StatusAccepted}, nil
}

// remove removes a resource and what goes with it: the runs of a job, the
// instances of a run.
func (a *api) remove(res *resource) {
	delete(res.project.resources[res.kind.path], res.name)
	if res.run != nil {
		a.end(res.run)
	}
	if res.kind.path != "jobs" || a.o.SDKTests {
		return
	}
	for _, run := range res.project.resources["job_runs"] {
		if run.fields.text("job_name") == res.name {
			a.remove(run)
		}
	}
}

// end ends what runs of a run. a.mu is held.
func (a *api) end(r *run) {
	r.cancel(context.Canceled)
	a.pool.Forget(r.submission)
}
