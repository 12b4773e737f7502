// Package slim is a client of S3 by net/http alone: what a worker uses that
// exchanges its work over an object store. IBM's SDK, in package cos beside it,
// takes 10 ms and 5 MB to be ready; a thousand workers pay that a thousand
// times.
//
// Requests are signed (sign.go: AWS Signature Version 4) by a pair of keys, or
// carry a token for an IAM key (iam.go), which is had anew before it expires.
package slim

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"corecast/runner/objstore"
)

// Store is an [objstore.Store] in a bucket.
type Store struct {
	access objstore.Access
	base   *url.URL
	client *http.Client
	tokens tokens
	meter  objstore.Meter
}

// requestTime is how long one try may take to be answered.
const requestTime = time.Minute

// New makes the client. It asks nothing of the service.
func New(a objstore.Access) (*Store, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	base, err := url.Parse(strings.TrimSuffix(a.Endpoint, "/"))
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	client := &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: false,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: requestTime, DisableCompression: true,
		ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10,
	}}
	return &Store{access: a, base: base, client: client, tokens: tokens{access: a, client: client}}, nil
}

// call is one request, sent as often as it takes.
type call struct {
	method, key string
	query       url.Values
	header      map[string]string
	body        []byte
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Put writes an object.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	if len(body) > objstore.PartSize {
		return s.putParts(ctx, key, body)
	}
	_, err := s.do(ctx, "write object", call{method: http.MethodPut, key: key, body: body})
	return err
}

// PutNew writes an object where there is none.
func (s *Store) PutNew(ctx context.Context, key string, body []byte) error {
	_, err := s.do(ctx, "write object", call{method: http.MethodPut, key: key, body: body, header: map[string]string{"If-None-Match": "*"}})
	return err
}

type completed struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Parts   []part   `xml:"Part"`
}

type part struct {
	PartNumber int
	ETag       string
}

// putParts writes a large object in parts, one after another: a worker sends
// little else at that time.
func (s *Store) putParts(ctx context.Context, key string, body []byte) error {
	const doing = "write object"
	a, err := s.do(ctx, doing, call{method: http.MethodPost, key: key, query: url.Values{"uploads": {""}}})
	if err != nil {
		return err
	}
	var begun struct{ UploadId string }
	if err := xml.Unmarshal(a.body, &begun); err != nil {
		return fmt.Errorf("%s %s: %w", doing, key, err)
	}
	id := url.Values{"uploadId": {begun.UploadId}}
	err = s.upload(ctx, key, id, body)
	if err != nil { // parts that stay are billed
		s.do(context.WithoutCancel(ctx), "give up object", call{method: http.MethodDelete, key: key, query: id})
	}
	return err
}

func (s *Store) upload(ctx context.Context, key string, id url.Values, body []byte) error {
	var done completed
	for n := 1; len(body) > 0; n++ {
		piece := body[:min(len(body), objstore.PartSize)]
		a, err := s.do(ctx, "write object", call{method: http.MethodPut, key: key, body: piece,
			query: url.Values{"uploadId": id["uploadId"], "partNumber": {strconv.Itoa(n)}}})
		if err != nil {
			return err
		}
		done.Parts = append(done.Parts, part{n, a.header.Get("ETag")})
		body = body[len(piece):]
	}
	text, err := xml.Marshal(done)
	if err != nil {
		return err
	}
	_, err = s.do(ctx, "write object", call{method: http.MethodPost, key: key, query: id, body: text})
	return err
}

// Get reads from an object.
func (s *Store) Get(ctx context.Context, key string, offset, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	c := call{method: http.MethodGet, key: key, header: make(map[string]string)}
	if r := objstore.Range(offset, n); r != "" {
		c.header["Range"] = r
	}
	a, err := s.do(ctx, "read object", c)
	if err != nil || a.status == http.StatusRequestedRangeNotSatisfiable {
		return nil, err
	}
	s.meter.Count(objstore.Usage{Down: int64(len(a.body))})
	return a.body, nil
}

// List lists objects.
func (s *Store) List(ctx context.Context, prefix, after string) ([]objstore.Object, error) {
	var objects []objstore.Object
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
	if after != "" {
		query.Set("start-after", after)
	}
	for {
		a, err := s.do(ctx, "list objects", call{method: http.MethodGet, query: query})
		if err != nil {
			return nil, err
		}
		var page struct {
			IsTruncated           bool
			NextContinuationToken string
			Contents              []struct {
				Key  string
				Size int64
			}
		}
		if err := xml.Unmarshal(a.body, &page); err != nil {
			return nil, fmt.Errorf("list objects %s: %w", prefix, err)
		}
		for _, o := range page.Contents {
			objects = append(objects, objstore.Object{Key: o.Key, Size: o.Size})
		}
		if !page.IsTruncated {
			objstore.SortObjects(objects)
			return objects, nil
		}
		query.Set("continuation-token", page.NextContinuationToken)
	}
}

// Delete removes objects.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	type object struct{ Key string }
	type request struct {
		XMLName xml.Name `xml:"Delete"`
		Quiet   bool
		Object  []object
	}
	for len(keys) > 0 {
		r := request{Quiet: true}
		n := min(len(keys), 1000)
		for _, key := range keys[:n] {
			r.Object = append(r.Object, object{key})
		}
		text, err := xml.Marshal(r)
		if err != nil {
			return err
		}
		sum := md5.Sum(text) // the service asks for it
		if _, err := s.do(ctx, "delete objects", call{method: http.MethodPost, query: url.Values{"delete": {""}}, body: text,
			header: map[string]string{"Content-Md5": base64.StdEncoding.EncodeToString(sum[:])}}); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// Usage is what this client has used so far.
func (s *Store) Usage() objstore.Usage { return s.meter.Usage() }

// do sends a request until it is answered: again after what may pass.
func (s *Store) do(ctx context.Context, doing string, c call) (*answer, error) {
	var err error
	for try := range objstore.Tries {
		if try > 0 {
			s.meter.Count(objstore.Usage{Retries: 1})
		}
		var a *answer
		if a, err = s.send(ctx, c); err == nil {
			if a.status < 300 || a.status == http.StatusRequestedRangeNotSatisfiable {
				return a, nil
			}
			err = s.failure(doing, c, a)
		} else {
			err = fmt.Errorf("%s %s: %w", doing, c.key, err)
			if errors.Is(err, objstore.ErrForbidden) {
				return nil, err
			}
		}
		var least time.Duration
		if a != nil && !passing(a.status) {
			return nil, err
		} else if a != nil {
			if after, e := strconv.Atoi(a.header.Get("Retry-After")); e == nil {
				least = time.Duration(min(after, 60)) * time.Second
			}
		}
		if e := objstore.Pause(ctx, try, least); e != nil {
			return nil, err
		}
	}
	return nil, err
}

// passing reports whether what a status says may pass.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented
}

func (s *Store) failure(doing string, c call, a *answer) error {
	var e struct{ Code, Message string }
	_ = xml.Unmarshal(a.body, &e) // what is no XML has the status
	text := fmt.Sprintf("%s: %s (status %d)", e.Code, e.Message, a.status)
	return objstore.Failure(doing, c.key, s.access.Bucket, a.status, e.Code, text, fmt.Errorf("%s", text))
}

// send sends a request once and reads all of its answer.
func (s *Store) send(ctx context.Context, c call) (*answer, error) {
	u := *s.base
	u.Path = s.base.Path + "/" + s.access.Bucket
	if c.key != "" {
		u.Path += "/" + c.key
	}
	u.RawPath = escape(u.Path, true)
	u.RawQuery = canonicalQuery(c.query)
	r, err := http.NewRequestWithContext(ctx, c.method, u.String(), bytes.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if s.access.AccessKey != "" {
		sign(r, s.access, sha256.Sum256(c.body), time.Now())
	} else {
		token, err := s.tokens.token(ctx)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	s.meter.Count(objstore.Request(c.method, &u, int64(len(c.body))))
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		s.meter.Count(objstore.Usage{Throttled: 1})
	}
	return a, nil
}
