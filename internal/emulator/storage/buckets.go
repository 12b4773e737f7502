package storage

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// memory is what the gateway keeps buckets and objects in. Strings that it is
// given live no longer than their request, so those that are kept are cloned.
type memory struct {
	backend.BackendUnsupported
	bodies *bodies

	mu      sync.RWMutex
	buckets map[string]*bucket
}

type bucket struct {
	created time.Time
	acl     []byte
	objects map[string]*object
	keys    []string // of objects, sorted
	uploads map[string]*upload
}

func newMemory(o Options) (*memory, error) {
	acl, err := json.Marshal(auth.ACL{Owner: o.AccessKey})
	if err != nil {
		return nil, err
	}
	m := &memory{bodies: &bodies{folder: o.Folder}, buckets: make(map[string]*bucket)}
	return m, m.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: &o.Bucket}, acl)
}

// String names what it is.
func (m *memory) String() string { return "memory" }

// bucket returns a bucket. m.mu is held.
func (m *memory) bucket(name *string) (*bucket, error) {
	b := m.buckets[*name]
	if b == nil {
		return nil, s3err.GetBucketErr(s3err.ErrNoSuchBucket, *name)
	}
	return b, nil
}

// CreateBucket makes a bucket.
func (m *memory) CreateBucket(_ context.Context, in *s3.CreateBucketInput, acl []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.buckets[*in.Bucket] != nil {
		return s3err.GetBucketErr(s3err.ErrBucketAlreadyOwnedByYou, *in.Bucket)
	}
	m.buckets[strings.Clone(*in.Bucket)] = &bucket{
		created: time.Now().UTC(), acl: slices.Clone(acl), objects: make(map[string]*object), uploads: make(map[string]*upload),
	}
	return nil
}

// DeleteBucket removes an empty bucket.
func (m *memory) DeleteBucket(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.bucket(&name)
	if err != nil {
		return err
	}
	if len(b.objects) > 0 {
		return s3err.GetBucketErr(s3err.ErrBucketNotEmpty, name)
	}
	for _, u := range b.uploads {
		m.drop(u)
	}
	delete(m.buckets, name)
	return nil
}

// HeadBucket says whether there is a bucket.
func (m *memory) HeadBucket(_ context.Context, in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if _, err := m.bucket(in.Bucket); err != nil {
		return nil, err
	}
	return &s3.HeadBucketOutput{}, nil
}

// ListBuckets lists buckets in the order of their names.
func (m *memory) ListBuckets(_ context.Context, in s3response.ListBucketsInput) (s3response.ListAllMyBucketsResult, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := s3response.ListAllMyBucketsResult{Owner: s3response.CanonicalUser{ID: in.Owner}, Prefix: in.Prefix}
	for _, name := range slices.Sorted(maps.Keys(m.buckets)) {
		if !strings.HasPrefix(name, in.Prefix) || name <= in.ContinuationToken {
			continue
		}
		list := &out.Buckets.Bucket
		if in.MaxBuckets > 0 && len(*list) == int(in.MaxBuckets) {
			out.ContinuationToken = (*list)[len(*list)-1].Name
			break
		}
		*list = append(*list, s3response.ListAllMyBucketsEntry{Name: name, CreationDate: m.buckets[name].created})
	}
	return out, nil
}

// GetBucketAcl returns whose a bucket is: every request asks.
func (m *memory) GetBucketAcl(_ context.Context, in *s3.GetBucketAclInput) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, err := m.bucket(in.Bucket)
	if err != nil {
		return nil, err
	}
	return b.acl, nil
}

// The settings that buckets do not have here, as S3 says so.

func (m *memory) GetBucketPolicy(_ context.Context, name string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrNoSuchBucketPolicy)
}

func (m *memory) GetBucketCors(_ context.Context, name string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrNoSuchCORSConfiguration)
}

func (m *memory) GetObjectLockConfiguration(_ context.Context, name string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrObjectLockConfigurationNotFound)
}

func (m *memory) GetBucketVersioning(_ context.Context, name string) (s3response.GetBucketVersioningOutput, error) {
	return s3response.GetBucketVersioningOutput{}, nil
}

func (m *memory) GetBucketOwnershipControls(_ context.Context, name string) (types.ObjectOwnership, error) {
	return types.ObjectOwnershipBucketOwnerEnforced, nil
}

func (m *memory) GetBucketTagging(_ context.Context, name string) (map[string]string, error) {
	return nil, s3err.GetAPIError(s3err.ErrBucketTaggingNotFound)
}

func (m *memory) GetBucketWebsite(_ context.Context, name string) ([]byte, error) {
	return nil, s3err.GetAPIError(s3err.ErrNoSuchWebsiteConfiguration)
}
