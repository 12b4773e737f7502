package objstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"
)

// Access is where a bucket is and what opens it: a pair of keys (HMAC), or an
// IAM key.
type Access struct {
	Endpoint, Region, Bucket string
	AccessKey, SecretKey     string
	APIKey                   string
	// AuthURL is where tokens are had for the IAM key; Instance the resource
	// instance id of the service, which only the making of buckets needs.
	AuthURL, Instance string
}

// DefaultAuthURL is IBM's service of tokens.
const DefaultAuthURL = "https://iam.cloud.ibm.com"

// Check fills in what can be, and says what is missing.
func (a *Access) Check() error {
	if a.Region == "" {
		a.Region = "us-south"
	}
	if a.AuthURL == "" {
		a.AuthURL = DefaultAuthURL
	}
	u, err := url.Parse(a.Endpoint)
	switch {
	case a.Endpoint == "":
		return errors.New("object storage needs an endpoint, as in https://s3.us-south.cloud-object-storage.appdomain.cloud")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the endpoint of object storage, %q, is no URL of http or https", a.Endpoint)
	case a.Bucket == "":
		return errors.New("object storage needs the name of a bucket")
	case (a.AccessKey == "") != (a.SecretKey == ""):
		return errors.New("object storage needs both an access key and its secret")
	case a.AccessKey == "" && a.APIKey == "":
		return errors.New("object storage needs an access key with its secret, or an IAM key")
	}
	return nil
}

// Tries is how often a request is sent at most.
const Tries = 9

// Pause waits before the next try, the longer the more there were, at least
// least: exponential, from 50 ms to 10 s, at random between half of it and all.
func Pause(ctx context.Context, tries int, least time.Duration) error {
	wait := min(50*time.Millisecond<<min(tries, 10), 10*time.Second)
	wait = max(wait/2+rand.N(wait/2), least)
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Range is the header that asks for n bytes from offset on; empty: for all.
func Range(offset, n int64) string {
	switch {
	case n < 0 && offset == 0:
		return ""
	case n < 0:
		return "bytes=" + strconv.FormatInt(offset, 10) + "-"
	}
	return "bytes=" + strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(offset+n-1, 10)
}

// Failure is the error of a request, with what to do about those that are the
// user's to mend.
func Failure(doing, key, bucket string, status int, code, message string, err error) error {
	switch {
	case status == 412 || status == 409 && code != "BucketAlreadyExists":
		return fmt.Errorf("%s %s: %w", doing, key, ErrExists)
	case code == "RequestTimeTooSkewed":
		return fmt.Errorf("%s %s: this machine's clock is wrong, so that requests are refused: set it (%s)", doing, key, message)
	case code == "NoSuchBucket":
		return fmt.Errorf("%s %s: %w: bucket %q is not there: make it, or name another", doing, key, ErrNotFound, bucket)
	case status == 404:
		return fmt.Errorf("%s %s: %w", doing, key, ErrNotFound)
	case status == 403 || status == 401:
		return fmt.Errorf("%s %s: %w for bucket %q: check its keys, and their rights (%s)", doing, key, ErrForbidden, bucket, message)
	}
	return fmt.Errorf("%s %s: %w", doing, key, err)
}
