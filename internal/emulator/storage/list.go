package storage

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3response"
)

// listing is a page of a list.
type listing struct {
	objects  []s3response.Object
	prefixes []types.CommonPrefix
	last     string // of its keys and prefixes
	more     bool
}

// list lists up to most objects behind a key, in the order of keys. Those whose
// keys have the delimiter behind the prefix are one entry together.
func (b *bucket) list(prefix, delimiter, after string, most int) (l listing) {
	if most == 0 {
		return l
	}
	start := max(prefix, after)
	at, _ := slices.BinarySearch(b.keys, start)
	for at < len(b.keys) && strings.HasPrefix(b.keys[at], prefix) {
		key := b.keys[at]
		entry, common := key, false
		if delimiter != "" {
			if i := strings.Index(key[len(prefix):], delimiter); i >= 0 {
				entry, common = key[:len(prefix)+i+len(delimiter)], true
			}
		}
		if after != "" && entry <= after {
			at = b.behind(at, entry, common)
			continue
		}
		if len(l.objects)+len(l.prefixes) == most {
			l.more = true
			return l
		}
		l.last = entry
		if common {
			l.prefixes = append(l.prefixes, types.CommonPrefix{Prefix: &entry})
		} else {
			l.objects = append(l.objects, b.objects[key].entry(key))
		}
		at = b.behind(at, entry, common)
	}
	return l
}

// behind returns where keys go on behind an entry.
func (b *bucket) behind(at int, entry string, common bool) int {
	if !common {
		return at + 1
	}
	for at < len(b.keys) && strings.HasPrefix(b.keys[at], entry) {
		at++
	}
	return at
}

func (o *object) entry(key string) s3response.Object {
	return s3response.Object{Key: &key, ETag: &o.etag, Size: &o.size, LastModified: &o.modified, StorageClass: types.ObjectStorageClassStandard}
}

// maxKeys is how many keys a page has.
const maxKeys = 1000

func pageSize(n *int32) int {
	if n == nil {
		return maxKeys
	}
	return min(int(*n), maxKeys)
}

// ListObjectsV2 lists a bucket.
func (m *memory) ListObjectsV2(_ context.Context, in *s3.ListObjectsV2Input) (out s3response.ListObjectsV2Result, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	text := backend.GetStringFromPtr
	l := b.list(text(in.Prefix), text(in.Delimiter), max(text(in.StartAfter), text(in.ContinuationToken)), pageSize(in.MaxKeys))
	out = s3response.ListObjectsV2Result{
		Name: in.Bucket, Prefix: in.Prefix, Delimiter: in.Delimiter, StartAfter: in.StartAfter, ContinuationToken: in.ContinuationToken,
		MaxKeys: in.MaxKeys, EncodingType: in.EncodingType, Contents: l.objects, CommonPrefixes: l.prefixes, IsTruncated: &l.more,
	}
	count := int32(len(l.objects) + len(l.prefixes))
	out.KeyCount = &count
	if l.more {
		out.NextContinuationToken = &l.last
	}
	return out, nil
}

// ListObjects lists a bucket in the way before the second version.
func (m *memory) ListObjects(_ context.Context, in *s3.ListObjectsInput) (out s3response.ListObjectsResult, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	text := backend.GetStringFromPtr
	l := b.list(text(in.Prefix), text(in.Delimiter), text(in.Marker), pageSize(in.MaxKeys))
	out = s3response.ListObjectsResult{
		Name: in.Bucket, Prefix: in.Prefix, Delimiter: in.Delimiter, Marker: in.Marker, MaxKeys: in.MaxKeys, EncodingType: in.EncodingType,
		Contents: l.objects, CommonPrefixes: l.prefixes, IsTruncated: &l.more,
	}
	if l.more {
		out.NextMarker = &l.last
	}
	return out, nil
}
