// Package objstore keeps objects under keys: what an exchange for workers that
// accept no connections needs of an object store, and no more.
//
// [Store] is the interface; dir.go has it in a directory. Two packages below
// this one have it over S3: cos by IBM's SDK, with keys or an IAM key, for
// drivers; slim by net/http alone, for workers, of which there may be a
// thousand. Requests, bytes and retries are counted by class in a [Meter],
// since they cost money. Package storetest is the suite that all pass.
package objstore

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// PartSize is from which size on an object is uploaded in parts of that size.
// The least that S3 allows is 5 MiB.
const PartSize = 16 << 20

// Errors that callers branch on; others are of the network or the service.
var (
	// ErrNotFound: there is no such object, or no such bucket.
	ErrNotFound = errors.New("no such object")
	// ErrExists: PutNew found an object under the key.
	ErrExists = errors.New("the object exists")
	// ErrForbidden: the credentials do not allow it.
	ErrForbidden = errors.New("access denied")
)

// Object is what a listing says of an object.
type Object struct {
	Key  string
	Size int64 // bytes
}

// Store keeps objects. Writes are whole or not at all, and seen by every
// request that begins after they ended. It is safe for concurrent use, and
// retries by itself what may pass (429, 503, a lost connection).
type Store interface {
	// Put writes an object, over one that is there. One of more than PartSize
	// bytes is uploaded in parts.
	Put(ctx context.Context, key string, body []byte) error
	// PutNew writes an object where there is none, else ErrExists. Not every
	// store holds to it when two do so at once: see Conditional.
	PutNew(ctx context.Context, key string, body []byte) error
	// Get reads n bytes from offset on, fewer where the object ends; with n < 0
	// all that follow.
	Get(ctx context.Context, key string, offset, n int64) ([]byte, error)
	// List returns the objects whose keys begin with prefix and sort behind
	// after, by key. It takes a request for each 1,000.
	List(ctx context.Context, prefix, after string) ([]Object, error)
	// Delete removes objects, 1,000 a request; those that are not there do not
	// matter.
	Delete(ctx context.Context, keys ...string) error
	// Usage is what this client has used so far.
	Usage() Usage
}

// Conditional reports whether the store refuses to write over an object when
// asked to (If-None-Match): some ignore it. It takes two writes and a delete.
func Conditional(ctx context.Context, s Store, key string) (bool, error) {
	if err := s.Put(ctx, key, nil); err != nil {
		return false, err
	}
	err := s.PutNew(ctx, key, nil)
	if e := s.Delete(ctx, key); e != nil {
		return false, e
	}
	if errors.Is(err, ErrExists) {
		return true, nil
	}
	return false, nil // it wrote, or does not know the header
}

// SortObjects sorts by key.
func SortObjects(objects []Object) {
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
}
