package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"corecast/internal/emulator/image"
	"corecast/internal/emulator/instance"
)

// api is the Code Engine API, version 2.
type api struct {
	ctx    context.Context // of all runs
	o      *Options
	url    string // base of hrefs
	tokens *tokens
	images *image.Registry
	pool   *instance.Pool
	mux    *http.ServeMux
	first  string // id of the project that was there at the start

	mu       sync.Mutex
	projects map[string]*project // by id
}

func newAPI(ctx context.Context, o *Options, url string, t *tokens, images *image.Registry, pool *instance.Pool) *api {
	a := &api{ctx: ctx, o: o, url: url, tokens: t, images: images, pool: pool, mux: http.NewServeMux(), projects: make(map[string]*project)}
	a.routes()
	a.first = a.seed()
	return a
}

// failure is an answer that says what is wrong.
type failure struct {
	status        int
	code, message string
}

func (f *failure) Error() string { return f.message }

func fail(status int, code, format string, args ...any) *failure {
	return &failure{status, code, fmt.Sprintf(format, args...)}
}

// invalid is what a request has wrong in it.
func invalid(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "bad_request", format, args...)
}

func missing(what, name string) *failure {
	return fail(http.StatusNotFound, "not_found", "The %s %q does not exist.", what, name)
}

func writeError(w http.ResponseWriter, f *failure) {
	writeJSON(w, f.status, map[string]any{
		"errors": []map[string]string{{"code": f.code, "message": f.message}}, "trace": "codeengine-api-" + random(8), "status_code": f.status,
	})
}

// answer is what an operation says: a status and, unless nil, a body.
type answer struct {
	status int
	body   any
	etag   string
}

// operation does what a request asks for, while a.mu is held.
type operation func(r *http.Request) (answer, *failure)

// routes lists the operations.
func (a *api) routes() {
	for pattern, op := range map[string]operation{
		"GET /v2/projects":                     a.listProjects,
		"POST /v2/projects":                    a.createProject,
		"GET /v2/projects/{id}":                a.getProject,
		"DELETE /v2/projects/{id}":             a.deleteProject,
		"GET /v2/projects/{id}/status_details": a.statusDetails,
		"GET /v2/projects/{id}/egress_ips":     a.egressIPs,
		"GET /v2/projects/{id}/{kind}":         a.list,
		"POST /v2/projects/{id}/{kind}":        a.create,
		"GET /v2/projects/{id}/{kind}/{name}":  a.get,
		"PATCH /v2/projects/{id}/{kind}/{name}": func(r *http.Request) (answer, *failure) {
			return a.update(r, http.MethodPatch)
		},
		"PUT /v2/projects/{id}/{kind}/{name}": func(r *http.Request) (answer, *failure) {
			return a.update(r, http.MethodPut)
		},
		"DELETE /v2/projects/{id}/{kind}/{name}": a.delete,
	} {
		a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { a.do(w, r, op) })
	}
	a.mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, fail(http.StatusNotFound, "not_found", "There is no %s %s.", r.Method, r.URL.Path))
	})
}

// ServeHTTP answers a request whose token holds.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := bearer(r)
	if token == "" {
		writeError(w, fail(http.StatusUnauthorized, "unauthorized", "The request has no bearer token."))
		return
	}
	if err := a.tokens.check(token, "access"); err != nil {
		writeError(w, fail(http.StatusUnauthorized, "unauthorized", "The token does not hold: %v.", err))
		return
	}
	a.mux.ServeHTTP(w, r)
}

func (a *api) do(w http.ResponseWriter, r *http.Request, op operation) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, fail(http.StatusRequestEntityTooLarge, "bad_request", "The body cannot be read: %v.", err))
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	a.mu.Lock()
	got, failed := op(r)
	var text []byte
	if failed == nil && got.body != nil {
		text, err = json.Marshal(got.body) // while nothing changes it
	}
	a.mu.Unlock()
	switch {
	case failed != nil:
		writeError(w, failed)
		return
	case err != nil:
		writeError(w, fail(http.StatusInternalServerError, "internal_error", "%v", err))
		return
	}
	if got.etag != "" {
		w.Header().Set("ETag", got.etag)
	}
	if text != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(got.status)
	w.Write(text) // an error is the client's connection
}

// maxBody is far above what the service takes.
const maxBody = 8 << 20

// readBody reads a JSON object.
func readBody(r *http.Request) (fields, *failure) {
	var f fields
	d := json.NewDecoder(r.Body)
	d.UseNumber()
	if err := d.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, invalid("The request has no body.")
		}
		return nil, invalid("The body is no JSON object: %v.", err)
	}
	if f == nil {
		return nil, invalid("The body is no JSON object.")
	}
	return f, nil
}
