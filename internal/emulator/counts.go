package emulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Requests is how many requests came in, those included that were made to
// fail.
type Requests struct {
	Total int64 `json:"total"`
	// Tokens, API and Storage are those to the three services.
	Tokens  int64 `json:"tokens"`
	API     int64 `json:"api"`
	Storage int64 `json:"storage"`
	// ClassA, ClassB and Deletes are storage requests as they are charged:
	// those that write or list, those that read, those that are free.
	ClassA  int64 `json:"class_a"`
	ClassB  int64 `json:"class_b"`
	Deletes int64 `json:"deletes"`
	// BytesIn and BytesOut are of the bodies of storage requests and answers.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
	// Faults is how many were made to fail or to wait, by fault.
	Faults map[string]int64 `json:"faults"`
	// Kinds is how many there were of each operation, such as "GET job_runs"
	// for a list, "GET job_runs/{name}" for one, and "PutObject".
	Kinds map[string]int64 `json:"kinds"`
}

// counts counts requests.
type counts struct {
	mu sync.Mutex
	n  Requests
}

func (c *counts) read() Requests {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.n
	n.Faults, n.Kinds = clone(n.Faults), clone(n.Kinds)
	return n
}

func clone(m map[string]int64) map[string]int64 {
	to := make(map[string]int64, len(m))
	for k, v := range m {
		to[k] = v
	}
	return to
}

// add counts a request of a service.
func (c *counts) add(s service, kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n.Kinds == nil {
		c.n.Kinds, c.n.Faults = make(map[string]int64), make(map[string]int64)
	}
	c.n.Total++
	c.n.Kinds[kind]++
	switch s {
	case serviceTokens:
		c.n.Tokens++
	case serviceAPI:
		c.n.API++
	case serviceStorage:
		c.n.Storage++
		switch class(kind) {
		case "a":
			c.n.ClassA++
		case "b":
			c.n.ClassB++
		default:
			c.n.Deletes++
		}
	}
}

func (c *counts) fault(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n.Faults[name]++
}

func (c *counts) bytes(in, out int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n.BytesIn += in
	c.n.BytesOut += out
}

// class is the class that a storage operation is charged as: a for what writes
// or lists, b for what reads, empty for what is free (IBM's documentation,
// 2025-09-26).
func class(operation string) string {
	switch {
	case strings.HasPrefix(operation, "Delete"), strings.HasPrefix(operation, "Abort"):
		return ""
	case strings.HasPrefix(operation, "Get"), strings.HasPrefix(operation, "Head"):
		return "b"
	}
	return "a"
}

// apiKind names an API operation: the method, and the path below the project
// with names left out.
func apiKind(r *http.Request) string {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/v2"), "/"), "/")
	switch len(parts) {
	case 1:
		return r.Method + " " + parts[0]
	case 2:
		return r.Method + " " + parts[0] + "/{id}"
	case 3:
		return r.Method + " " + parts[2]
	}
	return r.Method + " " + parts[2] + "/{name}"
}

// storageKind names an S3 operation.
func storageKind(r *http.Request) string {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	switch {
	case bucket == "":
		return "ListBuckets"
	case key == "" && r.Method == http.MethodPost && q.Has("delete"):
		return "DeleteObjects"
	case key == "" && r.Method == http.MethodGet && q.Has("uploads"):
		return "ListMultipartUploads"
	case key == "" && r.Method == http.MethodGet && !subresource(q):
		return "ListObjects"
	case key == "":
		return map[string]string{http.MethodGet: "Get", http.MethodHead: "Head", http.MethodPut: "Create", http.MethodDelete: "Delete"}[r.Method] + "Bucket"
	case q.Has("uploadId"):
		return map[string]string{http.MethodGet: "ListParts", http.MethodPut: "UploadPart", http.MethodPost: "CompleteMultipartUpload", http.MethodDelete: "AbortMultipartUpload"}[r.Method]
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "CreateMultipartUpload"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "CopyObject"
	}
	return map[string]string{http.MethodGet: "Get", http.MethodHead: "Head", http.MethodPut: "Put", http.MethodDelete: "Delete", http.MethodPost: "Post"}[r.Method] + "Object"
}

// subresource reports whether a request of a bucket is about one of its
// settings.
func subresource(q map[string][]string) bool {
	for _, name := range []string{"acl", "location", "versioning", "policy", "cors", "tagging", "lifecycle", "ownershipControls", "object-lock"} {
		if _, ok := q[name]; ok {
			return true
		}
	}
	return false
}

// counted counts the bytes of bodies.
type counted struct {
	http.ResponseWriter
	out int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.out += int64(n)
	return n, err
}

func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

type countedBody struct {
	io.ReadCloser
	in int64
}

func (c *countedBody) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.in += int64(n)
	return n, err
}

// statusPage answers, below /_emulator/, with what the emulator has seen:
// requests and instances, as JSON. Requests for it are not counted.
func (e *Emulator) statusPage() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_emulator/requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, e.Requests()) })
	mux.HandleFunc("GET /_emulator/instances", func(w http.ResponseWriter, _ *http.Request) {
		records, _ := e.Instances() // an error of the log is told at the end
		w.Header().Set("Content-Type", "application/x-ndjson")
		enc := json.NewEncoder(w)
		for _, r := range records {
			if enc.Encode(r) != nil {
				return
			}
		}
	})
	return mux
}
