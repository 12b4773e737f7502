package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"corecast/internal/emulator/storage"
)

// service is one of those that the emulator has.
type service int

const (
	serviceTokens service = iota
	serviceAPI
	serviceStorage
)

// Software is what every answer has in the header Server: clients know by it
// that they do not talk to the real service.
const Software = "corecast-emulate"

// front takes all requests in.
type front struct {
	requests *counts
	faults   *chance
	clock    func() time.Time
	tokens   *tokens
	api      *api
	store    *storage.Server
	status   http.Handler
}

// ServeHTTP counts a request, lets befall it what is drawn, and passes it on.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.clock().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, "/_emulator/") {
		f.status.ServeHTTP(w, r)
		return
	}
	s, kind, handler := f.route(r)
	f.requests.add(s, kind)
	fate := f.faults.draw(s)
	if fate.name != "" {
		f.requests.fault(fate.name)
	}
	switch {
	case fate.status != 0:
		refuse(w, s, fate.status)
	case fate.name == "drop":
		drop(w, r, handler, fate.before)
	default:
		if fate.wait > 0 && !sleep(r, fate.wait) {
			return
		}
		f.pass(w, r, s, handler)
	}
}

// route tells by its path which service a request is for. No bucket can be
// called v2 or identity/token, so that one address serves all.
func (f *front) route(r *http.Request) (service, string, http.Handler) {
	switch {
	case r.URL.Path == "/identity/token":
		return serviceTokens, r.Method + " token", f.tokens
	case r.URL.Path == "/v2" || strings.HasPrefix(r.URL.Path, "/v2/"):
		return serviceAPI, apiKind(r), f.api
	}
	return serviceStorage, storageKind(r), http.HandlerFunc(f.storage)
}

// pass passes a request on, and counts the bytes of storage.
func (f *front) pass(w http.ResponseWriter, r *http.Request, s service, handler http.Handler) {
	if s != serviceStorage {
		w.Header().Set("Server", Software)
		handler.ServeHTTP(w, r)
		return
	}
	body := &countedBody{ReadCloser: r.Body}
	r.Body = body
	answer := &counted{ResponseWriter: w}
	defer func() { f.requests.bytes(body.in, answer.out) }()
	handler.ServeHTTP(answer, r)
}

// storage passes requests to the object store that were signed at the right
// time by the emulator's clock, or show a token that holds.
func (f *front) storage(w http.ResponseWriter, r *http.Request) {
	const most = 15 * time.Minute // as S3 has it
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if off := f.clock().Sub(at).Abs(); err == nil && off > most {
		storageError(w, http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
		return
	}
	if token := bearer(r); token != "" {
		if err := f.tokens.check(token, "access"); err != nil {
			storageError(w, http.StatusForbidden, "AccessDenied", "Access Denied")
			return
		}
		if err := f.store.Sign(r); err != nil {
			storageError(w, http.StatusInternalServerError, "InternalError", "The request cannot be signed in the token's place.")
			return
		}
	}
	f.store.ServeHTTP(w, r)
}

// refuse answers with a fault, as each service does.
func refuse(w http.ResponseWriter, s service, status int) {
	w.Header().Set("Server", Software)
	if s == serviceStorage {
		code, message := "InternalError", "We encountered an internal error. Please try again."
		if status == http.StatusServiceUnavailable {
			code, message = "SlowDown", "Please reduce your request rate."
		}
		storageError(w, status, code, message)
		return
	}
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	writeError(w, fail(status, map[int]string{http.StatusTooManyRequests: "too_many_requests", http.StatusServiceUnavailable: "service_unavailable"}[status], "%s", http.StatusText(status)))
}

func storageError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
}

// sleep waits, unless the client goes; false when it has.
func sleep(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
		return false
	}
}

// drop cuts a request's connection, before or after what it asks for is done.
func drop(w http.ResponseWriter, r *http.Request, handler http.Handler, before bool) {
	if before {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	handler.ServeHTTP(&discarded{header: make(http.Header)}, r)
	panic(http.ErrAbortHandler)
}

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }
func (d *discarded) WriteHeader(int)             {}
