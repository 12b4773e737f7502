package emulator_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/IBM/code-engine-go-sdk/codeenginev2"
	"github.com/IBM/go-sdk-core/v5/core"

	"corecast/internal/emulator"
)

// session is a client that sends what it is told to.
type session struct {
	t     *testing.T
	e     *emulator.Emulator
	token string
}

func open(t *testing.T, e *emulator.Emulator) *session {
	s := &session{t: t, e: e}
	body := "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=" + e.APIKey
	status, _, answer := s.do("POST", e.URL+"/identity/token", body, "Content-Type", "application/x-www-form-urlencoded")
	if status != http.StatusOK {
		t.Fatalf("no token: %d %v", status, answer)
	}
	s.token = answer["access_token"].(string)
	return s
}

// do sends a request; url may be a path in the project.
func (s *session) do(method, url, body string, headers ...string) (int, http.Header, map[string]any) {
	s.t.Helper()
	if !strings.HasPrefix(url, "http") {
		url = s.e.APIURL + "/projects/" + s.e.ProjectID + url
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, map[string]any{"error": err.Error()}
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var value map[string]any
	if len(bytes.TrimSpace(data)) > 0 && strings.Contains(answer.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(data, &value); err != nil {
			s.t.Fatalf("%s: %v", data, err)
		}
	}
	return answer.StatusCode, answer.Header, value
}

// TestRefused has what the service refuses: a clear answer, and nothing made.
func TestRefused(t *testing.T) {
	s := open(t, start(t, emulator.Options{}))
	job := func(more string) string { return `{"name":"j","image_reference":"machine"` + more + `}` }
	if status, _, answer := s.do("POST", "/jobs", `{"name":"there","image_reference":"machine"}`); status != 201 {
		t.Fatal(status, answer)
	}
	for _, test := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/jobs", job(`,"scale_cpu_limit":"0.125","scale_memory_limit":"4G"`), 400, "0.125 vCPU cannot be combined with 4 G"},
		{"POST", "/jobs", job(`,"scale_cpu_limit":"3"`), 400, "cannot have 3 vCPU"},
		{"POST", "/jobs", job(`,"scale_memory_limit":"4Q"`), 400, "is no size"},
		{"POST", "/jobs", job(`,"scale_ephemeral_storage_limit":"5G"`), 400, "above the memory"},
		{"POST", "/jobs", job(`,"scale_array_spec":"0-1000"`), 400, "more than 1000 indices"},
		{"POST", "/jobs", job(`,"scale_array_spec":"10000000"`), 400, "above 9999999"},
		{"POST", "/jobs", job(`,"scale_array_spec":"5-2"`), 400, "no list of indices"},
		{"POST", "/jobs", job(`,"scale_retry_limit":6`), 400, "not between 0 and 5"},
		{"POST", "/jobs", job(`,"scale_max_execution_time":86401`), 400, "not between 1 and 86400"},
		{"POST", "/jobs", job(`,"run_mode":"daemon","scale_retry_limit":1`), 400, "daemon"},
		{"POST", "/jobs", job(`,"run_mode":"other"`), 400, "neither task nor daemon"},
		{"POST", "/jobs", job(`,"run_commands":"sh"`), 400, "run_commands"},
		{"POST", "/jobs", job(`,"run_env_variables":[{"type":"literal"}]`), 400, "needs a name"},
		{"POST", "/jobs", job(`,"run_env_variables":[{"type":"secret_key_reference","reference":"s"}]`), 400, "a reference and a key"},
		// the object is too large
		{"POST", "/jobs", job(`,"run_arguments":["` + strings.Repeat("x", 10<<10) + `"]`), 400, "may have 10240"},
		{"POST", "/jobs", `{"name":"J_1","image_reference":"machine"}`, 400, "small letters"},
		{"POST", "/jobs", `{"name":"` + strings.Repeat("j", 64) + `","image_reference":"machine"}`, 400, "up to 63 characters"},
		{"POST", "/jobs", `{"name":"j"}`, 400, "image_reference is missing"},
		{"POST", "/jobs", `{"name":"there","image_reference":"machine"}`, 409, "exists"},
		{"POST", "/jobs", `[]`, 400, "no JSON object"},
		{"POST", "/jobs", ``, 400, "no body"},
		{"GET", "/jobs?limit=0", ``, 400, "limit"},
		{"GET", "/jobs?start=%21", ``, 400, "start"},
		{"GET", "/jobs/none", ``, 404, `"none" does not exist`},
		{"GET", "/apps", ``, 501, "has no apps"},
		{"PUT", "/jobs/there", `{}`, 405, "cannot be changed by PUT"},
		{"PATCH", "/jobs/there", `{}`, 428, "If-Match"},
		{"POST", "/job_runs", `{"job_name":"none"}`, 404, `job "none" does not exist`},
		{"POST", "/job_runs", `{"job_name":"there","image_secret":"s"}`, 400, "image_secret must not be set"},
		{"POST", "/job_runs", `{"name":"` + strings.Repeat("r", 54) + `","job_name":"there"}`, 400, "up to 53 characters"},
		{"POST", "/secrets", `{"name":"s","format":"registry","data":{"username":"u"}}`, 400, "needs the key password"},
		{"POST", "/secrets", `{"name":"s","format":"odd"}`, 400, "format"},
		{"POST", "/config_maps", `{"name":"c","data":{"k":1}}`, 400, "is no text"},
		{"POST", "/persistent_data_stores", `{"name":"p","storage_type":"object_storage","data":{}}`, 400, "needs the key bucket_location"},
	} {
		status, _, answer := s.do(test.method, test.path, test.body)
		text := fmt.Sprint(answer)
		if status != test.status || !strings.Contains(text, test.says) || answer["trace"] == "" || answer["status_code"] != float64(status) {
			t.Errorf("%s %s %.80s: %d %s; want %d, %q", test.method, test.path, test.body, status, text, test.status, test.says)
		}
	}
	for _, plural := range []string{"job_runs", "secrets", "config_maps", "persistent_data_stores"} {
		if _, _, answer := s.do("GET", "/"+plural, ""); len(answer[plural].([]any)) != 0 {
			t.Errorf("made: %v", answer)
		}
	}
}

// TestQuotaOfResources has a hundred config maps, and one more.
func TestQuotaOfResources(t *testing.T) {
	s := open(t, start(t, emulator.Options{}))
	for i := range 101 {
		status, _, answer := s.do("POST", "/config_maps", fmt.Sprintf(`{"name":"c%d"}`, i))
		if want := map[bool]int{true: 201, false: 403}[i < 100]; status != want {
			t.Fatalf("config map %d: %d %v", i, status, answer)
		}
	}
}

// TestEntityTags changes a job and a secret by their tags.
func TestEntityTags(t *testing.T) {
	s := open(t, start(t, emulator.Options{}))
	_, header, made := s.do("POST", "/jobs", `{"name":"j","image_reference":"machine","run_arguments":["a"]}`)
	tag := made["entity_tag"].(string)
	if header.Get("ETag") != tag {
		t.Errorf("ETag %q, entity_tag %q", header.Get("ETag"), tag)
	}
	patch := []string{"Content-Type", "application/merge-patch+json", "If-Match"}
	status, _, changed := s.do("PATCH", "/jobs/j", `{"scale_array_spec":"0-9","image_secret":null}`, append(patch, tag)...)
	if status != 200 || changed["scale_array_spec"] != "0-9" || fmt.Sprint(changed["run_arguments"]) != "[a]" || changed["entity_tag"] == tag {
		t.Errorf("%d %v", status, changed)
	}
	if status, _, answer := s.do("PATCH", "/jobs/j", `{}`, append(patch, tag)...); status != 412 {
		t.Errorf("by the old tag: %d %v", status, answer)
	}
	if status, _, answer := s.do("PATCH", "/jobs/j", `{"scale_cpu_limit":"3"}`, append(patch, "*")...); status != 400 {
		t.Errorf("to what cannot be: %d %v", status, answer)
	}
	if _, _, got := s.do("GET", "/jobs/j", ""); got["scale_cpu_limit"] != "1" {
		t.Errorf("a refused change changed it: %v", got)
	}
	s.do("POST", "/secrets", `{"name":"s","format":"generic","data":{"k":"hidden"}}`)
	if status, _, got := s.do("PUT", "/secrets/s", `{"format":"generic","data":{"k":"other"}}`, "If-Match", "*"); status != 200 || fmt.Sprint(got["data"]) != "map[k:other]" {
		t.Errorf("%d %v", status, got)
	}
	if _, _, got := s.do("GET", "/secrets", ""); strings.Contains(fmt.Sprint(got), "other") {
		t.Errorf("a list tells secrets: %v", got)
	}
}

// TestPages pages through runs, of which a filter takes some, and deletes their
// job with them.
func TestPages(t *testing.T) {
	e := start(t, emulator.Options{})
	c := client(t, e, e.APIKey)
	for _, name := range []string{"a", "b"} {
		if _, _, err := c.CreateJob(&codeenginev2.CreateJobOptions{ProjectID: &e.ProjectID, Name: &name, ImageReference: core.StringPtr("machine"), RunCommands: []string{"sleep", "1000"}}); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			create(t, c, &codeenginev2.CreateJobRunOptions{ProjectID: &e.ProjectID, JobName: &name, Name: core.StringPtr(fmt.Sprint(name, i))})
		}
	}
	count := func(job *string, limit int64) int {
		pages, err := c.NewJobRunsPager(&codeenginev2.ListJobRunsOptions{ProjectID: &e.ProjectID, JobName: job, Limit: &limit})
		if err != nil {
			t.Fatal(err)
		}
		all, err := pages.GetAll()
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if a, all := count(core.StringPtr("a"), 2), count(nil, 1); a != 3 || all != 6 {
		t.Errorf("%d runs of a, %d in all", a, all)
	}
	if _, err := c.DeleteJob(c.NewDeleteJobOptions(e.ProjectID, "a")); err != nil {
		t.Fatal(err)
	}
	if a, all := count(core.StringPtr("a"), 2), count(nil, 1); a != 0 || all != 3 {
		t.Errorf("%d runs of a, %d in all", a, all)
	}
	if _, err := c.DeleteProject(&codeenginev2.DeleteProjectOptions{ID: &e.ProjectID}); err != nil {
		t.Fatal(err)
	}
	if _, r, err := c.GetProject(&codeenginev2.GetProjectOptions{ID: &e.ProjectID}); err == nil || r.StatusCode != 404 {
		t.Errorf("a deleted project: %v", err)
	}
}

// TestEnvironment has variables of each type, over those of the job.
func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	s := open(t, start(t, emulator.Options{Output: dir}))
	s.do("POST", "/config_maps", `{"name":"c","data":{"one":"1","two":"2"}}`)
	s.do("POST", "/secrets", `{"name":"s","format":"generic","data":{"key":"hidden"}}`)
	s.do("POST", "/jobs", `{"name":"j","image_reference":"machine","run_commands":["sh","-c","env"],"run_env_variables":[
		{"type":"literal","name":"A","value":"job"},{"type":"literal","name":"B","value":"job"},
		{"type":"config_map_full_reference","reference":"c","prefix":"C_"},{"type":"secret_key_reference","reference":"s","key":"key","name":"S"}]}`)
	s.do("POST", "/job_runs", `{"name":"r","job_name":"j","scale_array_spec":"4","scale_array_size_variable_override":9,"run_env_variables":[{"type":"literal","name":"A","value":"run"}]}`)
	c := client(t, s.e, s.e.APIKey)
	settled(t, c, s.e, "r")
	text := waitForText(t, dir+"/r-4-0.log")
	for _, want := range []string{
		"A=run", "B=job", "C_one=1", "C_two=2", "S=hidden", "JOB_INDEX=4", "JOB_ARRAY_SIZE=9", "JOB_INDEX_RETRY_COUNT=0", "JOB_RETRY_LIMIT=3", "JOB_MODE=task",
		"CE_JOB=j", "CE_JOBRUN=r", "CE_PROJECT_ID=" + s.e.ProjectID, "CE_REGION=us-south", "HOSTNAME=r-4-0",
	} {
		if !strings.Contains("\n"+text, "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	// Linux takes no variable above 128 KiB.
	s.do("POST", "/config_maps", `{"name":"big","data":{"k":"`+strings.Repeat("x", 200<<10)+`"}}`)
	s.do("POST", "/job_runs", `{"name":"big","job_name":"j","run_env_variables":[{"type":"config_map_key_reference","reference":"big","key":"k","name":"BIG"}]}`)
	if run := settled(t, c, s.e, "big"); *run.StatusDetails.IndicesDetails["0"].LastFailureReason != "ArgumentListTooLong" {
		t.Errorf("reason %s", *run.StatusDetails.IndicesDetails["0"].LastFailureReason)
	}
}

// TestTokens has one that no longer holds, a forged one and none; and a clock
// that is ahead.
func TestTokens(t *testing.T) {
	s := open(t, start(t, emulator.Options{TokenLife: time.Second}))
	if status, _, _ := s.do("GET", "/jobs", ""); status != 200 {
		t.Errorf("a fresh token: %d", status)
	}
	for {
		status, _, answer := s.do("GET", "/jobs", "")
		if status == 401 && strings.Contains(fmt.Sprint(answer), "expired") {
			break
		}
		if status != 200 {
			t.Fatalf("%d %v", status, answer)
		}
		pause(t.Context())
	}
	for _, token := range []string{"", "x", "eyJhbGciOiJub25lIn0.e30."} {
		s.token = token
		if status, _, answer := s.do("GET", "/jobs", ""); status != 401 {
			t.Errorf("token %q: %d %v", token, status, answer)
		}
	}
	ahead := open(t, start(t, emulator.Options{ClockAhead: time.Hour}))
	status, _, _ := ahead.do("GET", ahead.e.URL+"/corecast", "", "X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"), "Authorization", "none")
	if status != 403 {
		t.Errorf("a request of an hour ago: %d", status)
	}
}

// TestStorageByToken puts and gets an object by a token of IAM.
func TestStorageByToken(t *testing.T) {
	s := open(t, start(t, emulator.Options{}))
	at := s.e.URL + "/" + s.e.Bucket + "/a%20b/c+d"
	if status, _, answer := s.do("PUT", at, "bytes"); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	if status, header, _ := s.do("GET", at, ""); status != 200 || header.Get("Content-Length") != "5" {
		t.Errorf("%d %v", status, header)
	}
	s.token = "x"
	if status, _, _ := s.do("GET", at, ""); status != 403 {
		t.Errorf("by another token: %d", status)
	}
	n := s.e.Requests()
	if n.ClassA != 1 || n.ClassB != 2 || n.Storage != 3 || n.Tokens != 1 || n.Kinds["PutObject"] != 1 || n.Kinds["GetObject"] != 2 || n.BytesIn != 5 {
		t.Errorf("requests %+v", n)
	}
}

// TestFaults has every request befallen by one fault, and shares by the seed.
func TestFaults(t *testing.T) {
	s := open(t, start(t, emulator.Options{}))
	for _, test := range []struct {
		faults emulator.Faults
		status int // 0: no answer
	}{
		{emulator.Faults{TooMany: 1}, 429},
		{emulator.Faults{Unavailable: 1}, 503},
		{emulator.Faults{Dropped: 1}, 0},
	} {
		s.e = start(t, emulator.Options{Faults: test.faults})
		if status, header, _ := s.do("POST", "/jobs", `{"name":"j","image_reference":"i"}`); status != test.status || status == 429 && header.Get("Retry-After") == "" {
			t.Errorf("%+v: %d", test.faults, status)
		}
	}
	counts := make(map[string]bool)
	for range 2 {
		s.e = start(t, emulator.Options{Faults: emulator.Faults{Storage: 0.3}, Seed: 7})
		for range 100 {
			s.do("GET", s.e.URL+"/corecast", "")
		}
		n := s.e.Requests()
		if f := n.Faults["storage"]; f < 15 || f > 45 {
			t.Errorf("%d of 100 requests, with 30 %%", f)
		}
		counts[fmt.Sprint(n.Faults)] = true
	}
	if len(counts) != 1 {
		t.Errorf("one seed has %v", counts)
	}
}

// TestKilled has the emulator kill instances: their reason is that of a kill,
// and the log says whose it was.
func TestKilled(t *testing.T) {
	e := start(t, emulator.Options{Faults: emulator.Faults{Killed: 1}})
	c := client(t, e, e.APIKey)
	create(t, c, shell(e, "r", "0", "exec sleep 1000"))
	run := settled(t, c, e, "r")
	if reason := *run.StatusDetails.IndicesDetails["0"].LastFailureReason; reason != "ContainerExitedCode137" {
		t.Errorf("reason %s", reason)
	}
	if r := records(t, e, 1)[0]; !r.Injected || r.ExitCode != 137 {
		t.Errorf("record %+v", r)
	}
}

// TestRefusedOptions has options that cannot be.
func TestRefusedOptions(t *testing.T) {
	for want, o := range map[string]emulator.Options{
		"must be a loopback address": {Listen: "0.0.0.0:0"},
		"is negative":                {TokenLife: -1},
	} {
		if _, err := emulator.Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	var f emulator.Faults
	if err := errors.Join(f.Parse("all=5"), f.Parse("kill=1%,drop=0")); err != nil || f.Killed != 0.01 || f.Dropped != 0 || f.Storage != 0.05 {
		t.Errorf("%+v, %v", f, err)
	}
}
