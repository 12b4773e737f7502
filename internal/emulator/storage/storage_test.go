package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"corecast/internal/emulator/storage"
)

const secret = "the secret"

// client is Amazon's own client of a store.
func client(t *testing.T, secretKey string) (*s3.Client, string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	server, err := storage.Start(storage.Options{Folder: folder, Region: "us-south", AccessKey: "access", SecretKey: secret, Bucket: "bucket"})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() {
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return s3.New(s3.Options{
		BaseEndpoint: &front.URL, Region: "us-south", UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "access", SecretAccessKey: secretKey}, nil
		}),
	}), folder
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

var bucket = aws.String("bucket")

func put(t *testing.T, c *s3.Client, key string, data []byte) {
	t.Helper()
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: bytes.NewReader(data)}); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func get(t *testing.T, c *s3.Client, key, part string) []byte {
	t.Helper()
	in := &s3.GetObjectInput{Bucket: bucket, Key: &key}
	if part != "" {
		in.Range = &part
	}
	out, err := c.GetObject(t.Context(), in)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return data
}

func noise(n int) []byte {
	data := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// TestObjects puts, reads and removes objects that are kept in memory and in
// files.
func TestObjects(t *testing.T) {
	c, _ := client(t, secret)
	for _, size := range []int{0, 1, 1000, 256 << 10, 256<<10 + 1, 3 << 20} {
		data := noise(size)
		put(t, c, "a/b c+d%/é", data)
		if !bytes.Equal(data, get(t, c, "a/b c+d%/é", "")) {
			t.Errorf("%d bytes come back as others", size)
		}
		if size > 100 {
			if got := get(t, c, "a/b c+d%/é", "bytes=10-19"); !bytes.Equal(data[10:20], got) {
				t.Errorf("a range of %d bytes has %d others", size, len(got))
			}
			if got := get(t, c, "a/b c+d%/é", "bytes=-5"); !bytes.Equal(data[size-5:], got) {
				t.Errorf("the end of %d bytes is another", size)
			}
		}
	}
	put(t, c, "a", []byte("beside the folder of that name"))
	if _, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a"), Range: aws.String("bytes=1000-")}); code(err) != "InvalidRange" {
		t.Errorf("behind the end: %v", err)
	}
	for range 2 {
		if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("a")}); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a")}); code(err) != "NoSuchKey" {
		t.Errorf("a deleted object: %v", err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("other"), Key: aws.String("a"), Body: strings.NewReader("")}); code(err) != "NoSuchBucket" {
		t.Errorf("no bucket: %v", err)
	}
}

// TestSignature has a wrong key.
func TestSignature(t *testing.T) {
	c, _ := client(t, "another")
	if _, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{}); code(err) != "SignatureDoesNotMatch" {
		t.Errorf("a wrong secret key: %v", err)
	}
}

// TestConditions lets one of two puts win.
func TestConditions(t *testing.T) {
	c, _ := client(t, secret)
	first := &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("1")}
	out, err := c.PutObject(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	first.Body = strings.NewReader("2")
	if _, err := c.PutObject(t.Context(), first); code(err) != "PreconditionFailed" {
		t.Errorf("a second one: %v", err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: out.ETag, Body: strings.NewReader("3")}); err != nil {
		t.Errorf("with the entity tag: %v", err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), IfMatch: out.ETag, Body: strings.NewReader("4")}); code(err) != "PreconditionFailed" {
		t.Errorf("with an old one: %v", err)
	}
	if got := string(get(t, c, "k", "")); got != "3" {
		t.Errorf("it is %q", got)
	}
}

// TestList pages through lists, with and without a delimiter.
func TestList(t *testing.T) {
	c, _ := client(t, secret)
	keys := []string{"a", "a/1", "a/2", "b/1", "b/2/x", "c"}
	for _, k := range keys {
		put(t, c, k, nil)
	}
	for _, test := range []struct {
		prefix, delimiter, after string
		want                     string
	}{
		{"", "", "", "a a/1 a/2 b/1 b/2/x c"},
		{"", "/", "", "a a/ b/ c"}, // folders stand for what is in them
		{"a/", "/", "", "a/1 a/2"},
		{"b/", "/", "", "b/1 b/2/"},
		{"", "", "a/1", "a/2 b/1 b/2/x c"},
		{"x", "", "", ""},
	} {
		for _, size := range []int32{1, 2, 1000} {
			in := &s3.ListObjectsV2Input{Bucket: bucket, Prefix: &test.prefix, Delimiter: &test.delimiter, StartAfter: &test.after, MaxKeys: &size}
			var got []string
			for pages := s3.NewListObjectsV2Paginator(c, in); pages.HasMorePages(); {
				out, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n := len(out.Contents) + len(out.CommonPrefixes); n > int(size) {
					t.Errorf("%+v: a page of %d has %d", test, size, n)
				}
				var page []string
				for _, o := range out.Contents {
					page = append(page, *o.Key)
				}
				for _, p := range out.CommonPrefixes {
					page = append(page, *p.Prefix)
				}
				got = append(got, page...)
			}
			if size < 1000 && test.delimiter == "" || size == 1 {
				if d := cmp.Diff(strings.Fields(test.want), got); d != "" && !(test.want == "" && len(got) == 0) {
					t.Errorf("%+v, pages of %d (-want +got):\n%s", test, size, d)
				}
			}
			if len(got) != len(strings.Fields(test.want)) {
				t.Errorf("%+v, pages of %d: %v, want %s", test, size, got, test.want)
			}
		}
	}
}

// TestParts puts an object in parts, copies it, and removes both: no file is
// left behind.
func TestParts(t *testing.T) {
	c, folder := client(t, secret)
	key := aws.String("large")
	begun, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	data := noise(11 << 20)
	done := &types.CompletedMultipartUpload{}
	for i, part := range [][]byte{data[:5<<20], data[5<<20 : 10<<20], data[10<<20:]} {
		number := int32(i + 1)
		out, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, PartNumber: &number, Body: bytes.NewReader(part)})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number})
	}
	complete := &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: begun.UploadId, MultipartUpload: done}
	if _, err := c.CompleteMultipartUpload(t.Context(), complete); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CompleteMultipartUpload(t.Context(), complete); code(err) != "NoSuchUpload" {
		t.Errorf("completed twice: %v", err)
	}
	if _, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("bucket/large")}); err != nil {
		t.Fatal(err)
	}
	remove := func(keys ...string) {
		var ids []types.ObjectIdentifier
		for _, k := range keys {
			ids = append(ids, types.ObjectIdentifier{Key: aws.String(k)})
		}
		if _, err := c.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: ids}}); err != nil {
			t.Fatal(err)
		}
	}
	remove("large")
	if !bytes.Equal(data, get(t, c, "copy", "")) || !bytes.Equal(data[5<<20-3:5<<20+4], get(t, c, "copy", "bytes=5242877-5242883")) {
		t.Error("the copy has other bytes")
	}
	remove("copy")
	files, err := os.ReadDir(folder)
	if err != nil || len(files) > 1 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}
