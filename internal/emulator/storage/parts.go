package storage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// maxParts is how many parts an object has, leastPart how many bytes each but
// the last one (as in S3).
const (
	maxParts  = 10_000
	leastPart = 5 << 20
)

// upload is an object that comes in parts.
type upload struct {
	key     string
	started time.Time
	about   about
	parts   map[int32]uploaded
}

type uploaded struct {
	segment  *segment
	etag     string
	modified time.Time
}

// drop gives an upload's parts up.
func (m *memory) drop(u *upload) {
	for _, p := range u.parts {
		p.segment.drop()
	}
}

// CreateMultipartUpload begins an object in parts.
func (m *memory) CreateMultipartUpload(_ context.Context, in s3response.CreateMultipartUploadInput) (out s3response.InitiateMultipartUploadResult, err error) {
	id := make([]byte, 16)
	rand.Read(id) // never fails (crypto/rand)
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	u := &upload{key: strings.Clone(*in.Key), started: time.Now().UTC(), parts: make(map[int32]uploaded), about: about{
		kept(in.ContentType), kept(in.ContentEncoding), kept(in.ContentDisposition), kept(in.ContentLanguage), kept(in.CacheControl), kept(in.Expires), keptMap(in.Metadata),
	}}
	name := hex.EncodeToString(id)
	b.uploads[name] = u
	return s3response.InitiateMultipartUploadResult{Bucket: strings.Clone(*in.Bucket), Key: u.key, UploadId: name}, nil
}

// upload returns an upload of a key. m.mu is held.
func (m *memory) upload(in, key, id *string) (*bucket, *upload, error) {
	b, err := m.bucket(in)
	if err != nil {
		return nil, nil, err
	}
	u := b.uploads[*id]
	if u == nil || u.key != *key {
		return nil, nil, s3err.GetNoSuchUploadErr(*id)
	}
	return b, u, nil
}

// UploadPart takes a part in.
func (m *memory) UploadPart(_ context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	body, err := checked(in.Body, map[utils.HashType]*string{
		utils.HashTypeCRC32: in.ChecksumCRC32, utils.HashTypeCRC32C: in.ChecksumCRC32C, utils.HashTypeCRC64NVME: in.ChecksumCRC64NVME,
		utils.HashTypeSha1: in.ChecksumSHA1, utils.HashTypeSha256: in.ChecksumSHA256,
	})
	if err != nil {
		return nil, err
	}
	g, sum, err := m.bodies.read(body)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, u, err := m.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		g.drop()
		return nil, err
	}
	if old, ok := u.parts[*in.PartNumber]; ok {
		old.segment.drop()
	}
	p := uploaded{g, quoted(sum), time.Now().UTC()}
	u.parts[*in.PartNumber] = p
	return &s3.UploadPartOutput{ETag: &p.etag}, nil
}

// CompleteMultipartUpload makes an object of its parts.
func (m *memory) CompleteMultipartUpload(_ context.Context, in *s3.CompleteMultipartUploadInput) (out s3response.CompleteMultipartUploadResult, version string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, u, err := m.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		return out, "", err
	}
	o, err := u.join(*in.UploadId, in.MultipartUpload.Parts)
	if err != nil {
		return out, "", err
	}
	for _, g := range o.segments {
		g.users.Add(1)
	}
	m.put(b, u.key, o)
	m.drop(u)
	delete(b.uploads, *in.UploadId)
	return s3response.CompleteMultipartUploadResult{Bucket: in.Bucket, Key: in.Key, ETag: &o.etag}, "", nil
}

// join makes an object of parts, which the upload still has.
func (u *upload) join(id string, parts []types.CompletedPart) (*object, error) {
	o := &object{modified: time.Now().UTC().Truncate(time.Second), about: u.about}
	last := int32(0)
	for i, p := range parts {
		got, ok := u.parts[*p.PartNumber]
		switch {
		case !ok || !backend.AreEtagsSame(got.etag, backend.GetStringFromPtr(p.ETag)):
			return nil, s3err.GetInvalidPartErr(id, *p.PartNumber, backend.GetStringFromPtr(p.ETag))
		case *p.PartNumber <= last:
			return nil, s3err.GetAPIError(s3err.ErrInvalidPartOrder)
		case i < len(parts)-1 && got.segment.size < leastPart:
			return nil, s3err.GetEntityTooSmallErr(got.segment.size, leastPart)
		}
		last = *p.PartNumber
		o.segments = append(o.segments, got.segment)
		o.size += got.segment.size
	}
	var err error
	o.etag, err = backend.ComputeMultipartETagFromPartETags(parts)
	return o, err
}

// AbortMultipartUpload forgets an upload.
func (m *memory) AbortMultipartUpload(_ context.Context, in *s3.AbortMultipartUploadInput) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, u, err := m.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		return err
	}
	m.drop(u)
	delete(b.uploads, *in.UploadId)
	return nil
}

// ListParts lists all parts of an upload.
func (m *memory) ListParts(_ context.Context, in *s3.ListPartsInput) (out s3response.ListPartsResult, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, u, err := m.upload(in.Bucket, in.Key, in.UploadId)
	if err != nil {
		return out, err
	}
	out = s3response.ListPartsResult{Bucket: *in.Bucket, Key: *in.Key, UploadID: *in.UploadId, MaxParts: maxParts}
	for number, p := range u.parts {
		out.Parts = append(out.Parts, s3response.Part{PartNumber: int(number), LastModified: p.modified, ETag: p.etag, Size: p.segment.size})
	}
	slices.SortFunc(out.Parts, func(x, y s3response.Part) int { return x.PartNumber - y.PartNumber })
	return out, nil
}

// ListMultipartUploads lists all uploads whose keys begin with a prefix.
func (m *memory) ListMultipartUploads(_ context.Context, in *s3.ListMultipartUploadsInput) (out s3response.ListMultipartUploadsResult, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return out, err
	}
	out = s3response.ListMultipartUploadsResult{Bucket: *in.Bucket, Prefix: backend.GetStringFromPtr(in.Prefix), MaxUploads: maxKeys}
	for id, u := range b.uploads {
		if strings.HasPrefix(u.key, out.Prefix) {
			out.Uploads = append(out.Uploads, s3response.Upload{Key: u.key, UploadID: id, Initiated: u.started})
		}
	}
	slices.SortFunc(out.Uploads, func(x, y s3response.Upload) int { return strings.Compare(x.Key+x.UploadID, y.Key+y.UploadID) })
	return out, nil
}
