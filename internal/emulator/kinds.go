package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// kind is a kind of resource.
type kind struct {
	// path is its plural in addresses and lists, what its name in messages.
	path, what string
	// longest is how long a name may be, most how many a project has (IBM's
	// documentation, 2025-12-12; for persistent data stores it tells none).
	longest, most int
	created       int // status of an answer to its creation
	update        string
	// href, tagged and computed say whether it has an address, an entity tag
	// and computed variables in answers.
	href, tagged, computed bool
	resourceType           func(fields) string
	// hidden are fields that lists do not have.
	hidden []string
	// prepare fills in what is left out, check refuses what is wrong.
	prepare, check func(*api, *project, fields) *failure
}

func always(s string) func(fields) string { return func(fields) string { return s } }

// kinds are all kinds of resources. A new one is a new entry here.
var kinds = []*kind{
	{
		path: "jobs", what: "job", longest: 63, most: 100, created: http.StatusCreated, update: http.MethodPatch, href: true, tagged: true,
		computed: true, resourceType: always("job_v2"), prepare: jobDefaults, check: checkJob,
	},
	{
		path: "job_runs", what: "job run", longest: 53, most: 100, created: http.StatusAccepted, href: true,
		computed: true, resourceType: always("job_run_v2"), prepare: prepareRun, check: checkRun,
	},
	{
		path: "config_maps", what: "config map", longest: 253, most: 100, created: http.StatusCreated, update: http.MethodPut, href: true, tagged: true,
		resourceType: always("config_map_v2"), check: checkData,
	},
	{
		path: "secrets", what: "secret", longest: 253, most: 100, created: http.StatusCreated, update: http.MethodPut, href: true, tagged: true,
		resourceType: secretType, check: checkSecret, hidden: []string{"data"},
	},
	{
		path: "persistent_data_stores", what: "persistent data store", longest: 63, most: 100, created: http.StatusCreated, tagged: true,
		check: checkDataStore,
	},
}

// maxData is how many bytes a config map or a secret has.
const maxData = 1 << 20

// checkData checks the data of a config map or a secret: texts by key.
func checkData(_ *api, _ *project, f fields) *failure {
	if f["data"] == nil {
		f["data"] = map[string]any{}
	}
	data, ok := f["data"].(map[string]any)
	if !ok {
		return invalid("The data is no object of texts.")
	}
	bytes := 0
	for key, value := range data {
		text, ok := value.(string)
		if !ok {
			return invalid("The value of the key %q is no text.", clip(key))
		}
		bytes += len(key) + len(text)
	}
	if bytes > maxData {
		return invalid("The data has %d bytes, and may have %d.", bytes, maxData)
	}
	return nil
}

// secretFormats are what data a secret of a format must have.
var secretFormats = map[string][]string{
	"generic": nil, "other": nil, "service_access": nil, "service_operator": nil,
	"ssh_auth": {"ssh_key"}, "basic_auth": {"username", "password"}, "tls": {"tls_cert", "tls_key"},
	"registry": {"username", "password", "server"}, "hmac_auth": {"access_key_id", "secret_access_key"},
}

func checkSecret(a *api, p *project, f fields) *failure {
	format := f.text("format")
	needed, known := secretFormats[format]
	if !known {
		return invalid("The format %q of a secret is none of the service's.", clip(format))
	}
	if failed := checkData(a, p, f); failed != nil {
		return failed
	}
	data := f["data"].(map[string]any)
	for _, key := range needed {
		if data[key] == nil {
			return invalid("A secret of the format %s needs the key %s.", format, key)
		}
	}
	if a.o.SDKTests {
		delete(f, "service_access") // it is sent with a secret of another format
		delete(f, "service_operator")
	}
	return nil
}

func secretType(f fields) string {
	switch format := f.text("format"); format {
	case "ssh_auth":
		return "secret_auth_ssh_v2"
	case "service_operator":
		return "secret_operator_v2"
	default:
		return "secret_" + format + "_v2"
	}
}

func checkDataStore(a *api, _ *project, f fields) *failure {
	if f.text("storage_type") != "object_storage" {
		return invalid("The storage_type %q is not object_storage.", clip(f.text("storage_type")))
	}
	data, _ := f["data"].(map[string]any)
	if data == nil && a.o.SDKTests {
		f["data"] = map[string]any{} // an example has none
		return nil
	}
	for _, key := range []string{"bucket_location", "bucket_name", "secret_name"} {
		if text, ok := data[key].(string); !ok || strings.TrimSpace(text) == "" {
			return invalid("The data needs the key %s.", key)
		}
	}
	return nil
}

// prepareRun takes from a run's job what the run leaves out, and gives it a
// name.
func prepareRun(a *api, p *project, f fields) *failure {
	name := f.text("job_name")
	job := p.resources["jobs"][name]
	if a.o.SDKTests {
		laxRun(f, job)
	}
	switch {
	case name == "" && f["job_name"] != nil:
		return invalid("The job_name is no text.")
	case name != "" && job == nil && !a.o.SDKTests:
		return missing("job", name)
	case name != "" && f.text("image_secret") != "" && !a.o.SDKTests:
		return invalid("The image_secret must not be set on a run of a job: it is the job's.")
	}
	if f.text("name") == "" {
		f["name"] = clipName(name+"-run", 47) + "-" + random(3)
		if name == "" {
			f["name"] = "jobrun-" + random(3)
		}
	}
	if job != nil {
		inherit(f, job.fields)
	}
	return jobDefaults(a, p, f)
}

// laxRun fills in what the SDK's example of a run leaves out: the name that its
// other examples know it by, and the image where it has no job.
func laxRun(f fields, job *resource) {
	if f.text("name") == "" {
		f["name"] = "my-job-run"
	}
	if job == nil && f.text("image_reference") == "" {
		f["image_reference"] = "seeded"
	}
}

// clipName shortens a name.
func clipName(name string, to int) string {
	return strings.TrimRight(name[:min(len(name), to)], "-")
}

// inherit fills in a run's fields from its job's. A run's variables replace the
// job's by name; its commands or arguments replace the job's.
func inherit(run, job fields) {
	for name, value := range job.copied() {
		switch {
		case run[name] == nil:
			if (name == "scale_max_execution_time" || name == "scale_retry_limit") && run.text("run_mode") == daemon {
				continue
			}
			run[name] = value
		case name == "run_commands" || name == "run_arguments":
			if items, _ := run[name].([]any); len(items) == 0 {
				run[name] = value
			}
		case name == "run_env_variables":
			own := objects(run[name])
			var all []any
			for _, e := range objects(value) {
				if !slices.ContainsFunc(own, func(o map[string]any) bool { return o["name"] == e["name"] && o["name"] != nil }) {
					all = append(all, e)
				}
			}
			for _, e := range own {
				all = append(all, e)
			}
			run[name] = all
		}
	}
}

// checkRun checks a run's fields, and that its project has room for one
// instance at all.
func checkRun(a *api, p *project, f fields) *failure {
	if failed := checkJob(a, p, f); failed != nil {
		return failed
	}
	spec, failed := readSpec(f)
	if failed != nil {
		return failed
	}
	z, failed := spec.size()
	if failed != nil {
		return failed
	}
	q := a.o.Quota
	if q.VCPU > 0 && z.vcpu > q.VCPU || q.Memory > 0 && z.memory > q.Memory {
		return invalid("One instance has %v vCPU and %v G; the project's quota is %v vCPU and %v G.", z.vcpu, float64(z.memory)/1e9, q.VCPU, float64(q.Memory)/1e9)
	}
	return nil
}
