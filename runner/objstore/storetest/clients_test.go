package storetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"corecast/runner/objstore"
	"corecast/runner/objstore/cos"
	"corecast/runner/objstore/slim"
)

// clients are those of S3.
var clients = map[string]func(objstore.Access) (objstore.Store, error){
	"cos":  func(a objstore.Access) (objstore.Store, error) { return cos.New(a) },
	"slim": func(a objstore.Access) (objstore.Store, error) { return slim.New(a) },
}

// TestClients holds each client to the suite on each server.
func TestClients(t *testing.T) {
	for _, server := range Servers() {
		t.Run(server.Name, func(t *testing.T) {
			access := server.Start(t)
			for name, client := range clients {
				t.Run(name, func(t *testing.T) {
					Run(t, func(t *testing.T) Store {
						s, err := client(access)
						must(t, err)
						return Store{s, server.Conditional, server.Torn}
					})
				})
			}
			t.Run("Refusals", func(t *testing.T) { testRefusals(t, access, server.Signs) })
		})
	}
}

// testRefusals holds that what the user has to mend is said.
func testRefusals(t *testing.T, access objstore.Access, signs bool) {
	for name, client := range clients {
		wrong := access
		wrong.Bucket = "no-such-bucket"
		s, err := client(wrong)
		must(t, err)
		if err := s.Put(t.Context(), "a", nil); !errors.Is(err, objstore.ErrNotFound) || !strings.Contains(err.Error(), "no-such-bucket") {
			t.Errorf("%s: no such bucket: %v", name, err)
		}
		wrong = access
		wrong.SecretKey = "wrong"
		if s, err = client(wrong); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "a", nil); signs && (!errors.Is(err, objstore.ErrForbidden) || !strings.Contains(err.Error(), "check its keys")) {
			t.Errorf("%s: a wrong secret: %v", name, err)
		}
	}
}

// flaky stands before a server and refuses every second request of a kind.
func flaky(t *testing.T, access objstore.Access, status int) objstore.Access {
	t.Helper()
	target, err := url.Parse(access.Endpoint)
	must(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%2 == 1 {
			if status == 0 {
				panic(http.ErrAbortHandler) // the connection is lost
			}
			w.WriteHeader(status)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	access.Endpoint = s.URL
	return access
}

// TestRetries has every second request refused, or its connection lost.
func TestRetries(t *testing.T) {
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, 0} {
		for name, client := range clients {
			access := flaky(t, fake(t), status)
			s, err := client(access)
			must(t, err)
			must(t, s.Put(t.Context(), "a", noise(1000)))
			want(t, Store{Store: s}, "a", 10, 20, noise(1000)[10:30])
			keys(t, Store{Store: s}, "a", "")
			must(t, s.Delete(t.Context(), "a"))
			u := s.Usage()
			// net/http itself sends a request again when a connection that was in
			// use before is lost.
			if u.Retries < 1 || status != 0 && (u.Throttled != 4 || u.Retries != 4 || u.Requests() != 8) {
				t.Errorf("%s, status %d: %+v", name, status, u)
			}
		}
	}
}

// TestIAM has tokens for a key, and anew when they expire soon.
func TestIAM(t *testing.T) {
	var mu sync.Mutex
	var asked, used []string
	lives := 3600
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/token", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if r.FormValue("apikey") != "right" || r.FormValue("grant_type") != "urn:ibm:params:oauth:grant-type:apikey" {
			w.WriteHeader(http.StatusBadRequest)
			json.NewEncoder(w).Encode(map[string]string{"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."})
			return
		}
		asked = append(asked, r.FormValue("apikey"))
		json.NewEncoder(w).Encode(map[string]any{"access_token": "token", "refresh_token": "none", "token_type": "Bearer", "expires_in": lives, "expiration": 1 << 40})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		used = append(used, r.Header.Get("Authorization"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for name, client := range clients {
		asked, used, lives = nil, nil, 3600
		access := objstore.Access{Endpoint: server.URL, Bucket: "b", APIKey: "right", AuthURL: server.URL}
		s, err := client(access)
		must(t, err)
		for range 3 {
			must(t, s.Put(t.Context(), "a", nil))
		}
		if len(asked) != 1 || len(used) != 3 || used[2] != "Bearer token" {
			t.Errorf("%s: for 3 requests, tokens were asked for by %q, and used as %q", name, asked, used)
		}
		access.APIKey = "wrong"
		if s, err = client(access); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "a", nil); err == nil || !strings.Contains(err.Error(), "key could not be found") {
			t.Errorf("%s: a wrong IAM key: %v", name, err)
		}
	}
	lives = 0 // slim must ask again each time
	asked = nil
	s, err := slim.New(objstore.Access{Endpoint: server.URL, Bucket: "b", APIKey: "right", AuthURL: server.URL})
	must(t, err)
	for range 3 {
		must(t, s.Put(t.Context(), "a", nil))
	}
	if len(asked) != 3 {
		t.Errorf("for tokens that expire at once, %d were asked for in 3 requests", len(asked))
	}
}
