package emulator

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// pageDefault is how many items a page has; pageMost how many it may be asked
// for.
const (
	pageDefault = 100
	pageMost    = 100
)

func (a *api) list(r *http.Request) (answer, *failure) {
	p, k, failed := a.find(r)
	if failed != nil {
		return answer{}, failed
	}
	views := make(map[string]any)
	job := r.URL.Query().Get("job_name")
	for name, res := range p.resources[k.path] {
		if k.path == "job_runs" && job != "" && res.fields.text("job_name") != job {
			continue
		}
		v := res.view(a)
		for _, secret := range k.hidden {
			delete(v, secret)
		}
		views[name] = v
	}
	return a.page(r, k.path, views)
}

// page answers with a page of items, in the order of their keys: limit of them,
// from start on.
func (a *api) page(r *http.Request, plural string, views map[string]any) (answer, *failure) {
	q := r.URL.Query()
	limit := pageDefault
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > pageMost {
			return answer{}, invalid("The limit %q is no number from 1 to %d.", text, pageMost)
		}
		limit = n
	}
	keys := slices.Sorted(maps.Keys(views))
	if text := q.Get("start"); text != "" {
		start, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return answer{}, invalid("The start %q is none that a page told.", text)
		}
		from, _ := slices.BinarySearch(keys, string(start))
		keys = keys[from:]
	}
	body := map[string]any{"limit": limit, "first": map[string]string{"href": a.href(r, limit, "")}}
	if len(keys) > limit {
		start := base64.RawURLEncoding.EncodeToString([]byte(keys[limit]))
		body["next"] = map[string]string{"href": a.href(r, limit, start), "start": start}
		keys = keys[:limit]
	}
	items := make([]any, 0, len(keys))
	for _, key := range keys {
		items = append(items, views[key])
	}
	body[plural] = items
	return answer{status: http.StatusOK, body: body}, nil
}

// href is the address of another page.
func (a *api) href(r *http.Request, limit int, start string) string {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if job := r.URL.Query().Get("job_name"); job != "" {
		q.Set("job_name", job)
	}
	if start != "" {
		q.Set("start", start)
	}
	return a.url + r.URL.Path + "?" + q.Encode()
}
