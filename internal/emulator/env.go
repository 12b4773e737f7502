package emulator

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// platformEnv are the variables that each instance gets of the platform.
func (r *run) platformEnv(a *api, index, retry int) []string {
	size := len(r.size.indices)
	if r.spec.ArraySize != nil {
		size = *r.spec.ArraySize
	}
	mode, retries := "task", r.size.retries
	if r.spec.Mode == daemon {
		mode, retries = daemon, 0
	}
	env := []string{
		"JOB_INDEX=" + strconv.Itoa(index), "JOB_ARRAY_SIZE=" + strconv.Itoa(size),
		"JOB_INDEX_RETRY_COUNT=" + strconv.Itoa(retry), "JOB_RETRY_LIMIT=" + strconv.Itoa(retries), "JOB_MODE=" + mode,
		"CE_JOBRUN=" + r.of.name, "CE_PROJECT_ID=" + r.of.project.id, "CE_REGION=" + a.o.Region,
		"CE_DOMAIN=" + a.o.Region + ".codeengine.appdomain.cloud", "CE_SUBDOMAIN=" + strings.ReplaceAll(r.of.project.id, "-", "")[:11],
		"CE_API_BASE_URL=" + a.url,
		"HOSTNAME=" + r.of.name + "-" + strconv.Itoa(index) + "-" + strconv.Itoa(retry),
	}
	if job := r.of.fields.text("job_name"); job != "" {
		env = append(env, "CE_JOB="+job)
	}
	return env
}

// jobEnv are the variables that the run's specification asks for, with what it
// refers to looked up. a.mu is held.
func (r *run) jobEnv(a *api) (env []string, err error) {
	for _, e := range r.spec.Env {
		plural, isKey := "", false
		switch e.Type {
		case "config_map_full_reference", "config_map_key_reference":
			plural, isKey = "config_maps", e.Type == "config_map_key_reference"
		case "secret_full_reference", "secret_key_reference":
			plural, isKey = "secrets", e.Type == "secret_key_reference"
		default:
			value := ""
			if e.Value != nil {
				value = *e.Value
			}
			env = append(env, e.Name+"="+value)
			continue
		}
		of := r.of.project.resources[plural][e.Reference]
		if of == nil {
			return nil, fmt.Errorf("there is none of the %s called %s", strings.ReplaceAll(plural, "_", " "), e.Reference)
		}
		data, _ := of.fields["data"].(map[string]any)
		if !isKey {
			for _, key := range slices.Sorted(maps.Keys(data)) {
				env = append(env, fmt.Sprintf("%s%s=%v", e.Prefix, key, data[key]))
			}
			continue
		}
		value, ok := data[e.Key]
		if !ok {
			return nil, fmt.Errorf("%s has no key %s", e.Reference, e.Key)
		}
		name := e.Name
		if name == "" {
			name = e.Key
		}
		env = append(env, fmt.Sprintf("%s=%v", name, value))
	}
	return env, nil
}

// mergeEnv joins environments; of several values of a variable the last one
// counts. What an instance needs to run at all is there before.
func mergeEnv(parts ...[]string) []string {
	base := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	if home := os.TempDir(); os.Geteuid() != 0 {
		base[1] = "HOME=" + home
	}
	at := make(map[string]int)
	var env []string
	for _, part := range append([][]string{base}, parts...) {
		for _, v := range part {
			name, _, _ := strings.Cut(v, "=")
			if i, ok := at[name]; ok {
				env[i] = v
				continue
			}
			at[name] = len(env)
			env = append(env, v)
		}
	}
	return env
}
