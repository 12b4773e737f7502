// Package cos is an object store of IBM Cloud Object Storage, or any other that
// speaks S3, by IBM's SDK: what a driver uses. Its imports take milliseconds to
// initialise, so workers have package slim beside it.
//
// Version 1 of the SDK is supported until 2027-08-06; nothing outside this file
// knows it.
package cos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/IBM/ibm-cos-sdk-go/aws"
	"github.com/IBM/ibm-cos-sdk-go/aws/awserr"
	"github.com/IBM/ibm-cos-sdk-go/aws/client"
	"github.com/IBM/ibm-cos-sdk-go/aws/credentials"
	"github.com/IBM/ibm-cos-sdk-go/aws/credentials/ibmiam"
	"github.com/IBM/ibm-cos-sdk-go/aws/request"
	"github.com/IBM/ibm-cos-sdk-go/aws/session"
	"github.com/IBM/ibm-cos-sdk-go/service/s3"
	"github.com/IBM/ibm-cos-sdk-go/service/s3/s3manager"

	"corecast/runner/objstore"
)

// Store is an [objstore.Store] in a bucket.
type Store struct {
	client *s3.S3
	bucket string
	meter  objstore.Meter
}

// New makes the client. It asks nothing of the service.
func New(a objstore.Access) (*Store, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	s := &Store{bucket: a.Bucket}
	config := aws.NewConfig().WithEndpoint(a.Endpoint).WithRegion(a.Region).WithS3ForcePathStyle(true).
		WithHTTPClient(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()})
	config.Retryer = client.DefaultRetryer{
		NumMaxRetries: objstore.Tries - 1, MinRetryDelay: 50 * time.Millisecond, MaxRetryDelay: 5 * time.Second,
		MinThrottleDelay: 200 * time.Millisecond, MaxThrottleDelay: 20 * time.Second,
	}
	if a.AccessKey != "" {
		config.Credentials = credentials.NewStaticCredentials(a.AccessKey, a.SecretKey, "")
	} else {
		config.Credentials = ibmiam.NewStaticCredentials(aws.NewConfig(), strings.TrimSuffix(a.AuthURL, "/")+"/identity/token", a.APIKey, a.Instance)
	}
	sess, err := session.NewSession(config)
	if err != nil {
		return nil, fmt.Errorf("make a client of object storage: %w", err)
	}
	// Behind the session, which puts AWS_CA_BUNDLE into a transport that it knows.
	sess.Config.HTTPClient.Transport = meteredTransport{sess.Config.HTTPClient.Transport, &s.meter}
	s.client = s3.New(sess)
	s.client.Handlers.Send.PushFront(func(r *request.Request) {
		if r.RetryCount > 0 {
			s.meter.Count(objstore.Usage{Retries: 1})
		}
	})
	return s, nil
}

// Put writes an object.
func (s *Store) Put(ctx context.Context, key string, body []byte) error {
	if len(body) > objstore.PartSize {
		up := s3manager.NewUploaderWithClient(s.client, func(u *s3manager.Uploader) { u.PartSize = objstore.PartSize })
		_, err := up.UploadWithContext(ctx, &s3manager.UploadInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body)})
		return s.wrap("write object", key, err)
	}
	_, err := s.client.PutObjectWithContext(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body)})
	return s.wrap("write object", key, err)
}

// PutNew writes an object where there is none. The SDK has no field for the
// condition; a header that is set while the request is built is signed with it.
func (s *Store) PutNew(ctx context.Context, key string, body []byte) error {
	_, err := s.client.PutObjectWithContext(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body)},
		request.WithSetRequestHeaders(map[string]string{"If-None-Match": "*"}))
	return s.wrap("write object", key, err)
}

// Get reads from an object.
func (s *Store) Get(ctx context.Context, key string, offset, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	if r := objstore.Range(offset, n); r != "" {
		in.Range = &r
	}
	var body []byte
	var err error
	for try := range objstore.Tries { // the SDK retries requests, and not what breaks off behind them
		var out *s3.GetObjectOutput
		if out, err = s.client.GetObjectWithContext(ctx, in); err != nil {
			break
		}
		body, err = io.ReadAll(out.Body)
		out.Body.Close()
		if err == nil && out.ContentLength != nil && int64(len(body)) != *out.ContentLength {
			err = io.ErrUnexpectedEOF
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		s.meter.Count(objstore.Usage{Retries: 1})
		if e := objstore.Pause(ctx, try, 0); e != nil {
			err = e
			break
		}
	}
	var failed awserr.RequestFailure
	if errors.As(err, &failed) && failed.StatusCode() == http.StatusRequestedRangeNotSatisfiable {
		return nil, nil
	}
	return body, s.wrap("read object", key, err)
}

// List lists objects.
func (s *Store) List(ctx context.Context, prefix, after string) ([]objstore.Object, error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix}
	if after != "" {
		in.StartAfter = &after
	}
	var objects []objstore.Object
	err := s.client.ListObjectsV2PagesWithContext(ctx, in, func(page *s3.ListObjectsV2Output, _ bool) bool {
		for _, o := range page.Contents {
			objects = append(objects, objstore.Object{Key: aws.StringValue(o.Key), Size: aws.Int64Value(o.Size)})
		}
		return true
	})
	objstore.SortObjects(objects)
	return objects, s.wrap("list objects", prefix, err)
}

// Delete removes objects.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for len(keys) > 0 {
		n := min(len(keys), 1000)
		ids := make([]*s3.ObjectIdentifier, n)
		for i := range ids {
			ids[i] = &s3.ObjectIdentifier{Key: &keys[i]}
		}
		out, err := s.client.DeleteObjectsWithContext(ctx, &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &s3.Delete{Objects: ids, Quiet: aws.Bool(true)}})
		if err != nil {
			return s.wrap("delete objects from", keys[0], err)
		}
		if len(out.Errors) > 0 {
			e := out.Errors[0]
			return fmt.Errorf("delete object %s: %s: %s", aws.StringValue(e.Key), aws.StringValue(e.Code), aws.StringValue(e.Message))
		}
		keys = keys[n:]
	}
	return nil
}

// CheckBucket asks whether the bucket is there and may be used.
func (s *Store) CheckBucket(ctx context.Context) error {
	_, err := s.client.HeadBucketWithContext(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	return s.wrap("look at bucket", s.bucket, err)
}

// Usage is what this client has used so far.
func (s *Store) Usage() objstore.Usage { return s.meter.Usage() }

// wrap says what was being done, and gives errors their kind.
func (s *Store) wrap(doing, key string, err error) error {
	if err == nil {
		return nil
	}
	code, status := "", 0
	var failed awserr.RequestFailure
	var coded awserr.Error
	if errors.As(err, &failed) {
		status = failed.StatusCode()
	}
	if errors.As(err, &coded) {
		code = coded.Code()
	}
	message := strings.Join(strings.Fields(err.Error()), " ")
	return objstore.Failure(doing, key, s.bucket, status, code, message, err)
}

// meteredTransport counts requests and bytes as they are sent.
type meteredTransport struct {
	next  http.RoundTripper
	meter *objstore.Meter
}

// RoundTrip sends a request.
func (t meteredTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/identity/token") {
		return t.next.RoundTrip(r)
	}
	u := objstore.Request(r.Method, &url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}, r.ContentLength)
	t.meter.Count(u)
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		t.meter.Count(objstore.Usage{Throttled: 1})
	case http.StatusOK, http.StatusPartialContent:
		if u.Reads > 0 && resp.ContentLength > 0 {
			t.meter.Count(objstore.Usage{Down: resp.ContentLength})
		}
	}
	return resp, nil
}
