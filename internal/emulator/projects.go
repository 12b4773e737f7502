package emulator

import (
	"net/http"
	"regexp"
)

// maxProjects is how many projects a region has (IBM's documentation,
// 2025-12-12).
const maxProjects = 20

// sdkProject is the project that the SDK's tests name.
const sdkProject = "15314cc3-85b4-4338-903f-c28cdee6d005"

// projectName is what names of projects look like.
var projectName = regexp.MustCompile(`^[\pL\pN][\pL\pN\-._: ]{0,127}$`)

func (p *project) view(a *api) map[string]any {
	status := "active"
	if p.deleted {
		status = "soft_deleted"
	}
	return map[string]any{
		"account_id": "emulated", "created_at": stamp(p.created), "crn": "crn:v1:emulated:public:codeengine:" + a.o.Region + ":a/emulated:" + p.id + "::",
		"href": a.url + "/v2/projects/" + p.id, "id": p.id, "name": p.name, "region": a.o.Region,
		"resource_group_id": p.group, "resource_type": "project_v2", "status": status,
	}
}

func (a *api) listProjects(r *http.Request) (answer, *failure) {
	views := make(map[string]any, len(a.projects))
	for _, p := range a.projects {
		views[p.id] = p.view(a)
	}
	return a.page(r, "projects", views)
}

func (a *api) createProject(r *http.Request) (answer, *failure) {
	f, failed := readBody(r)
	if failed != nil {
		return answer{}, failed
	}
	name, group := f.text("name"), f.text("resource_group_id")
	if !projectName.MatchString(name) {
		return answer{}, invalid("The name %q of a project: up to 128 letters, digits, spaces and -._: with a letter or digit first.", name)
	}
	for _, p := range a.projects {
		if p.name == name && !p.deleted {
			return answer{}, fail(http.StatusConflict, "already_exists", "A project %q exists.", name)
		}
	}
	if len(a.projects) >= maxProjects {
		return answer{}, fail(http.StatusForbidden, "quota_exceeded", "The region has %d projects, and may have %d.", len(a.projects), maxProjects)
	}
	if group == "" {
		group = "emulated"
	}
	return answer{status: http.StatusAccepted, body: a.newProject(uuid(), name, group).view(a)}, nil
}

// project returns the project that a request is about.
func (a *api) project(r *http.Request) (*project, *failure) {
	p := a.projects[r.PathValue("id")]
	if p == nil {
		return nil, missing("project", r.PathValue("id"))
	}
	return p, nil
}

func (a *api) getProject(r *http.Request) (answer, *failure) {
	p, failed := a.project(r)
	if failed != nil {
		return answer{}, failed
	}
	return answer{status: http.StatusOK, body: p.view(a)}, nil
}

// deleteProject removes a project with all that is in it. The SDK's tests
// delete it before what is in it.
func (a *api) deleteProject(r *http.Request) (answer, *failure) {
	p, failed := a.project(r)
	if failed != nil {
		return answer{}, failed
	}
	if a.o.SDKTests {
		p.deleted = true
		return answer{status: http.StatusAccepted}, nil
	}
	delete(a.projects, p.id)
	for _, named := range p.resources {
		for _, res := range named {
			a.remove(res)
		}
	}
	return answer{status: http.StatusAccepted}, nil
}

func (a *api) statusDetails(r *http.Request) (answer, *failure) {
	if _, failed := a.project(r); failed != nil {
		return answer{}, failed
	}
	return answer{status: http.StatusOK, body: map[string]any{
		"cbr":    map[string]any{"data_plane": map[string]string{"enforcement": "none"}},
		"domain": "ready", "project": "enabled", "vpe": "not_enabled", "vpe_not_enabled": true,
	}}, nil
}

func (a *api) egressIPs(r *http.Request) (answer, *failure) {
	if _, failed := a.project(r); failed != nil {
		return answer{}, failed
	}
	return answer{status: http.StatusOK, body: map[string]any{"private": []string{"127.0.0.1"}, "public": []string{"127.0.0.1"}}}, nil
}

// seed makes the first project and returns its id; for the SDK's tests also one
// resource of each kind, since they want lists that are not empty before they
// create anything.
func (a *api) seed() string {
	id := uuid()
	if a.o.SDKTests {
		id = sdkProject
	}
	p := a.newProject(id, a.o.Project, "emulated")
	if !a.o.SDKTests {
		return id
	}
	for _, k := range kinds {
		f := fields{"name": "seeded"}
		switch k.path {
		case "jobs":
			f["image_reference"] = "seeded"
		case "job_runs":
			f["image_reference"], f["job_name"] = "seeded", "my-job"
		case "secrets":
			f["format"] = "generic"
		case "persistent_data_stores":
			f["storage_type"], f["data"] = "object_storage", map[string]any{"bucket_location": a.o.Region, "bucket_name": a.o.Bucket, "secret_name": "seeded"}
		}
		if _, failed := a.add(p, k, f); failed != nil {
			panic(failed) // the seed is wrong
		}
	}
	return id
}
