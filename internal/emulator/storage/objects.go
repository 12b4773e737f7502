package storage

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3api/middlewares"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// object is one, as it was put. It does not change: another one replaces it.
type object struct {
	segments []*segment
	size     int64
	etag     string
	modified time.Time
	about    about
}

// about is what a client says of an object besides its bytes.
type about struct {
	contentType, encoding, disposition, language, cacheControl, expires *string
	metadata                                                            map[string]string
}

// kept clones a string that may be missing.
func kept(s *string) *string {
	if s == nil || *s == "" {
		return nil
	}
	c := strings.Clone(*s)
	return &c
}

func keptMap(m map[string]string) map[string]string {
	to := make(map[string]string, len(m))
	for k, v := range m {
		to[strings.Clone(k)] = strings.Clone(v)
	}
	return to
}

// put makes an object the one of its key. m.mu is held.
func (m *memory) put(b *bucket, key string, o *object) {
	if old := b.objects[key]; old != nil {
		old.drop()
	} else {
		at, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Insert(b.keys, at, key)
	}
	b.objects[key] = o
}

func (o *object) drop() {
	for _, g := range o.segments {
		g.drop()
	}
}

// checked reads a body through the checksum that its client sent, if it is not
// behind the body, where the gateway checks it.
func checked(body io.Reader, sums map[utils.HashType]*string) (io.Reader, error) {
	if r, ok := body.(middlewares.ChecksumReader); ok && r.Algorithm() != "" {
		return body, nil
	}
	for kind, sum := range sums {
		if sum != nil {
			return utils.NewHashReader(body, *sum, kind)
		}
	}
	return body, nil
}

// PutObject puts an object, whole, once its conditions hold.
func (m *memory) PutObject(_ context.Context, in s3response.PutObjectInput) (out s3response.PutObjectOutput, err error) {
	body, err := checked(in.Body, map[utils.HashType]*string{
		utils.HashTypeCRC32: in.ChecksumCRC32, utils.HashTypeCRC32C: in.ChecksumCRC32C, utils.HashTypeCRC64NVME: in.ChecksumCRC64NVME,
		utils.HashTypeSha1: in.ChecksumSHA1, utils.HashTypeSha256: in.ChecksumSHA256,
	})
	if err != nil {
		return out, err
	}
	g, sum, err := m.bodies.read(body)
	if err != nil {
		return out, err
	}
	o := &object{segments: []*segment{g}, size: g.size, etag: quoted(sum), modified: time.Now().UTC().Truncate(time.Second), about: about{
		kept(in.ContentType), kept(in.ContentEncoding), kept(in.ContentDisposition), kept(in.ContentLanguage), kept(in.CacheControl), kept(in.Expires), keptMap(in.Metadata),
	}}
	if err := m.publish(in.Bucket, in.Key, in.IfMatch, in.IfNoneMatch, o); err != nil {
		o.drop()
		return out, err
	}
	return s3response.PutObjectOutput{ETag: o.etag, Size: &o.size}, nil
}

// publish puts an object if its conditions hold: both at once.
func (m *memory) publish(bucket, key, match, noneMatch *string, o *object) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.bucket(bucket)
	if err != nil {
		return err
	}
	old, etag := b.objects[*key], ""
	if old != nil {
		etag = old.etag
	}
	if err := backend.EvaluateObjectPutPreconditions(etag, match, noneMatch, old != nil); err != nil {
		return err
	}
	m.put(b, strings.Clone(*key), o)
	return nil
}

// object returns an object. m.mu is held.
func (m *memory) object(bucket, key *string) (*object, error) {
	b, err := m.bucket(bucket)
	if err != nil {
		return nil, err
	}
	o := b.objects[*key]
	if o == nil {
		return nil, s3err.GetAPIError(s3err.ErrNoSuchKey)
	}
	return o, nil
}

// part is what of an object was asked for.
type part struct {
	from, length int64
	header       *string // Content-Range
}

func (o *object) part(text *string) (part, error) {
	from, length, isRange, err := backend.ParseObjectRange(o.size, backend.GetStringFromPtr(text))
	if err != nil || !isRange {
		return part{from: from, length: length}, err
	}
	header := fmt.Sprintf("bytes %d-%d/%d", from, from+length-1, o.size)
	return part{from, length, &header}, nil
}

// GetObject returns an object, or a range of it.
func (m *memory) GetObject(_ context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, err := m.object(in.Bucket, in.Key)
	if err != nil {
		return nil, err
	}
	if err := backend.EvaluatePreconditions(o.etag, o.modified, backend.PreConditions{
		IfMatch: in.IfMatch, IfNoneMatch: in.IfNoneMatch, IfModSince: in.IfModifiedSince, IfUnmodeSince: in.IfUnmodifiedSince,
	}); err != nil {
		return nil, err
	}
	p, err := o.part(in.Range)
	if err != nil {
		return nil, err
	}
	body, err := openRange(o.segments, p.from, p.length)
	if err != nil {
		return nil, err
	}
	a := &o.about
	return &s3.GetObjectOutput{
		Body: body, ContentLength: &p.length, ContentRange: p.header, AcceptRanges: backend.GetPtrFromString("bytes"),
		ETag: &o.etag, LastModified: &o.modified, Metadata: a.metadata, StorageClass: types.StorageClassStandard,
		ContentType: a.contentType, ContentEncoding: a.encoding, ContentDisposition: a.disposition, ContentLanguage: a.language,
		CacheControl: a.cacheControl, ExpiresString: a.expires,
	}, nil
}

// HeadObject returns what is known of an object.
func (m *memory) HeadObject(_ context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, err := m.object(in.Bucket, in.Key)
	if err != nil {
		return nil, err
	}
	if err := backend.EvaluatePreconditions(o.etag, o.modified, backend.PreConditions{
		IfMatch: in.IfMatch, IfNoneMatch: in.IfNoneMatch, IfModSince: in.IfModifiedSince, IfUnmodeSince: in.IfUnmodifiedSince,
	}); err != nil {
		return nil, err
	}
	p, err := o.part(in.Range)
	if err != nil {
		return nil, err
	}
	a := &o.about
	return &s3.HeadObjectOutput{
		ContentLength: &p.length, ContentRange: p.header, AcceptRanges: backend.GetPtrFromString("bytes"),
		ETag: &o.etag, LastModified: &o.modified, Metadata: a.metadata, StorageClass: types.StorageClassStandard,
		ContentType: a.contentType, ContentEncoding: a.encoding, ContentDisposition: a.disposition, ContentLanguage: a.language,
		CacheControl: a.cacheControl, ExpiresString: a.expires,
	}, nil
}

// CopyObject makes another object of the same bytes.
func (m *memory) CopyObject(_ context.Context, in s3response.CopyObjectInput) (out s3response.CopyObjectOutput, err error) {
	fromBucket, fromKey, _, err := backend.ParseCopySource(*in.CopySource)
	if err != nil {
		return out, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	from, err := m.object(&fromBucket, &fromKey)
	if err != nil {
		return out, err
	}
	to, err := m.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	o := *from
	o.modified = time.Now().UTC().Truncate(time.Second)
	if in.MetadataDirective == types.MetadataDirectiveReplace {
		o.about = about{
			kept(in.ContentType), kept(in.ContentEncoding), kept(in.ContentDisposition), kept(in.ContentLanguage), kept(in.CacheControl), kept(in.Expires), keptMap(in.Metadata),
		}
	}
	for _, g := range o.segments {
		g.users.Add(1)
	}
	m.put(to, strings.Clone(*in.Key), &o)
	return s3response.CopyObjectOutput{CopyObjectResult: &s3response.CopyObjectResult{ETag: &o.etag, LastModified: &o.modified}}, nil
}

// DeleteObject removes an object. None there is no error.
func (m *memory) DeleteObject(_ context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return nil, err
	}
	o := b.objects[*in.Key]
	if o == nil {
		return &s3.DeleteObjectOutput{}, nil
	}
	if err := backend.EvaluateObjectDeletePreconditions(o.etag, o.modified, o.size, backend.ObjectDeletePreconditions{
		IfMatch: in.IfMatch, IfMatchLastModTime: in.IfMatchLastModifiedTime, IfMatchSize: in.IfMatchSize,
	}); err != nil {
		return nil, err
	}
	o.drop()
	delete(b.objects, *in.Key)
	at, _ := slices.BinarySearch(b.keys, *in.Key)
	b.keys = slices.Delete(b.keys, at, at+1)
	return &s3.DeleteObjectOutput{}, nil
}

// DeleteObjects removes several objects.
func (m *memory) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (out s3response.DeleteResult, err error) {
	for _, id := range in.Delete.Objects {
		if _, err := m.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: in.Bucket, Key: id.Key}); err != nil {
			return out, err
		}
		out.Deleted = append(out.Deleted, types.DeletedObject{Key: id.Key})
	}
	return out, nil
}

// GetObjectTagging says that an object has no tags.
func (m *memory) GetObjectTagging(context.Context, string, string, string) (map[string]string, error) {
	return nil, nil
}
