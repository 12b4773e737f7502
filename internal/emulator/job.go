package emulator

import (
	"encoding/json"
	"slices"
	"time"
)

// jobSpec is what jobs and runs have in common, as the API has it.
type jobSpec struct {
	Image           string        `json:"image_reference"`
	ImageSecret     string        `json:"image_secret"`
	Arguments       []string      `json:"run_arguments"`
	Commands        []string      `json:"run_commands"`
	Env             []envVar      `json:"run_env_variables"`
	Mode            string        `json:"run_mode"`
	ServiceAccount  string        `json:"run_service_account"`
	Mounts          []volumeMount `json:"run_volume_mounts"`
	User            *int64        `json:"run_as_user"`
	ComputeResource *bool         `json:"run_compute_resource_token_enabled"`
	ArraySpec       string        `json:"scale_array_spec"`
	ArraySize       *int          `json:"scale_array_size_variable_override"`
	CPU             string        `json:"scale_cpu_limit"`
	Storage         string        `json:"scale_ephemeral_storage_limit"`
	Memory          string        `json:"scale_memory_limit"`
	Seconds         *int64        `json:"scale_max_execution_time"`
	Retries         *int64        `json:"scale_retry_limit"`
}

// envVar is a variable of an environment, or several that are referred to.
type envVar struct {
	Type      string  `json:"type"`
	Name      string  `json:"name"`
	Value     *string `json:"value"`
	Reference string  `json:"reference"`
	Key       string  `json:"key"`
	Prefix    string  `json:"prefix"`
}

type volumeMount struct {
	Path      string `json:"mount_path"`
	Name      string `json:"name"`
	Reference string `json:"reference"`
	SubPath   string `json:"sub_path"`
	Type      string `json:"type"`
	ReadOnly  *bool  `json:"read_only"`
}

// daemon is the mode of runs that are to go on: no time limit, restarted
// whenever they fail.
const daemon = "daemon"

// size is a job's instances, read.
type size struct {
	vcpu    float64
	memory  int64
	indices []int
	limit   time.Duration // 0: none
	retries int           // negative: for ever
}

// jobDefaults fills in what a job leaves out (IBM's documentation, 2025-12-12).
func jobDefaults(_ *api, _ *project, f fields) *failure {
	for name, value := range map[string]any{
		"run_arguments": []any{}, "run_commands": []any{}, "run_env_variables": []any{}, "run_volume_mounts": []any{},
		"run_mode": "task", "run_service_account": "default", "scale_array_spec": "0",
		"scale_cpu_limit": "1", "scale_memory_limit": "4G", "scale_ephemeral_storage_limit": "400M",
	} {
		if f[name] == nil {
			f[name] = value
		}
	}
	if f.text("run_mode") != daemon {
		for name, value := range map[string]json.Number{"scale_max_execution_time": "7200", "scale_retry_limit": "3"} {
			if f[name] == nil {
				f[name] = value
			}
		}
	}
	for _, e := range objects(f["run_env_variables"]) {
		if e["type"] == nil {
			e["type"] = "literal"
		}
	}
	return nil
}

// objects is a field that is a list of objects.
func objects(v any) (list []map[string]any) {
	items, _ := v.([]any)
	for _, item := range items {
		if o, ok := item.(map[string]any); ok {
			list = append(list, o)
		}
	}
	return list
}

// checkJob checks a job's or a run's fields.
func checkJob(a *api, _ *project, f fields) *failure {
	spec, failed := readSpec(f)
	if failed != nil {
		return failed
	}
	if _, failed := spec.size(); failed != nil {
		return failed
	}
	if data, err := json.Marshal(f); err != nil || len(data) > maxObject {
		return invalid("The job has %d bytes with its arguments and environment, and may have %d: put what is large into a config map or an object.", len(data), maxObject)
	}
	if spec.Image == "" {
		return invalid("The image_reference is missing.")
	}
	if !a.o.SDKTests {
		for _, e := range spec.Env {
			if failed := e.check(); failed != nil {
				return failed
			}
		}
	}
	for _, m := range spec.Mounts {
		if m.Path == "" || m.Reference == "" || !slices.Contains([]string{"config_map", "secret", "persistent_data_store"}, m.Type) {
			return invalid("A volume mount needs a mount_path, a reference, and the type config_map, secret or persistent_data_store.")
		}
	}
	return nil
}

func readSpec(f fields) (*jobSpec, *failure) {
	var spec jobSpec
	if failed := f.into(&spec); failed != nil {
		return nil, failed
	}
	return &spec, nil
}

// size reads and checks the numbers.
func (s *jobSpec) size() (z size, failed *failure) {
	if z.vcpu, failed = parseCPU(s.CPU); failed != nil {
		return z, failed
	}
	if z.memory, failed = parseSize("scale_memory_limit", s.Memory); failed != nil {
		return z, failed
	}
	if failed = checkCombination(z.vcpu, z.memory); failed != nil {
		return z, failed
	}
	storage, failed := parseSize("scale_ephemeral_storage_limit", s.Storage)
	if failed != nil {
		return z, failed
	}
	if storage > mostStorage || storage > max(leastStorage, z.memory) {
		return z, invalid("The scale_ephemeral_storage_limit %s is above the memory, %s.", s.Storage, s.Memory)
	}
	if z.indices, failed = parseIndices(s.ArraySpec); failed != nil {
		return z, failed
	}
	if s.ArraySize != nil && (*s.ArraySize < 1 || *s.ArraySize > maxIndex) {
		return z, invalid("The scale_array_size_variable_override %d is not between 1 and %d.", *s.ArraySize, maxIndex)
	}
	return z, s.times(&z)
}

// times reads how long and how often instances run.
func (s *jobSpec) times(z *size) *failure {
	switch s.Mode {
	case daemon:
		if s.Seconds != nil || s.Retries != nil {
			return invalid("A job of the mode daemon has neither scale_max_execution_time nor scale_retry_limit.")
		}
		z.retries = -1
		return nil
	case "task":
	default:
		return invalid("The run_mode %q is neither task nor daemon.", clip(s.Mode))
	}
	seconds, retries := int64(defaultSeconds), int64(defaultRetries)
	if s.Seconds != nil {
		seconds = *s.Seconds
	}
	if s.Retries != nil {
		retries = *s.Retries
	}
	if seconds < 1 || seconds > maxSeconds {
		return invalid("The scale_max_execution_time %d is not between 1 and %d seconds.", seconds, maxSeconds)
	}
	if retries < 0 || retries > maxRetries {
		return invalid("The scale_retry_limit %d is not between 0 and %d.", retries, maxRetries)
	}
	z.limit, z.retries = time.Duration(seconds)*time.Second, int(retries)
	return nil
}

// check refuses a variable that says too little.
func (e *envVar) check() *failure {
	lacks := func(what string) *failure {
		return invalid("An environment variable of the type %s needs a %s.", e.Type, what)
	}
	switch e.Type {
	case "literal":
		if e.Name == "" {
			return lacks("name")
		}
	case "config_map_full_reference", "secret_full_reference":
		if e.Reference == "" {
			return lacks("reference")
		}
	case "config_map_key_reference", "secret_key_reference":
		if e.Reference == "" || e.Key == "" {
			return lacks("reference and a key")
		}
	default:
		return invalid("The type %q of an environment variable is none of literal, config_map_full_reference, config_map_key_reference, secret_full_reference, secret_key_reference.", clip(e.Type))
	}
	return nil
}
