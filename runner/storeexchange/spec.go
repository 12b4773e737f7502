package storeexchange

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"corecast/runner/exchange"
	"corecast/runner/objstore"
)

// The environment of a worker. What opens the store is apart from the
// specification, so that it can come from a secret.
const (
	// SpecEnv holds a Spec as JSON: it makes a process a worker.
	SpecEnv = "CORECAST_STORE"
	// AccessKeyEnv, SecretKeyEnv and APIKeyEnv hold what opens the store.
	AccessKeyEnv = "CORECAST_STORE_ACCESS_KEY"
	SecretKeyEnv = "CORECAST_STORE_SECRET_KEY"
	APIKeyEnv    = "CORECAST_STORE_API_KEY"
	// IndexEnv holds the worker's index, from 0, where JOB_INDEX, as Code Engine
	// sets it, does not.
	IndexEnv = "CORECAST_STORE_INDEX"
	jobIndex = "JOB_INDEX"
)

// Spec is what workers that start together are started with. There is no secret
// in it.
type Spec struct {
	// Dir is the directory of the store, or the others say where the bucket is.
	Dir      string `json:"dir,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	Region   string `json:"region,omitempty"`
	Bucket   string `json:"bucket,omitempty"`
	AuthURL  string `json:"auth_url,omitempty"`
	// Prefix begins all keys. Pack is the object of the first messages, empty
	// when there are none.
	Prefix string `json:"prefix"`
	Pack   string `json:"pack,omitempty"`
	// Workers says which worker each index is, and how long its first message
	// is: see encodeWorkers.
	Workers string `json:"workers"`
	// Leave is set when a worker is to end when it has done what its first
	// message says.
	Leave bool `json:"leave,omitempty"`
	// Flush is after what time results are written, Poll how long a worker that
	// is done waits before it first looks for a message, PollMost how long at
	// most, Linger when it ends if none comes; nanoseconds.
	Flush, Poll, PollMost, Linger time.Duration
}

// place is one worker among those that start together.
type place struct{ slot, generation, size int }

// encodeWorkers writes places, by index: slot as difference to the last,
// generation and size as numbers of variable length, in base64.
func encodeWorkers(places []place) string {
	var b []byte
	last := 0
	for _, p := range places {
		b = binary.AppendVarint(b, int64(p.slot-last))
		b = binary.AppendUvarint(b, uint64(p.generation))
		b = binary.AppendUvarint(b, uint64(p.size))
		last = p.slot
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

// worker finds an index's place, and where its message begins.
func (s *Spec) worker(index int) (p place, offset int64, err error) {
	b, err := base64.RawStdEncoding.DecodeString(s.Workers)
	if err != nil {
		return p, 0, fmt.Errorf("read the list of workers: %w", err)
	}
	for i := 0; len(b) > 0; i++ {
		delta, n := binary.Varint(b)
		if n <= 0 {
			break
		}
		generation, m := binary.Uvarint(b[n:])
		if m <= 0 {
			break
		}
		size, k := binary.Uvarint(b[n+m:])
		if k <= 0 || size > 1<<40 || generation > 1<<31 {
			break
		}
		b = b[n+m+k:]
		offset += int64(p.size)
		p = place{p.slot + int(delta), int(generation), int(size)}
		if i == index {
			return p, offset, nil
		}
	}
	return p, 0, fmt.Errorf("there is no worker of index %d in what it was started with", index)
}

// access is where the store is, with what opens it.
func (s *Spec) access(lookup func(string) string) objstore.Access {
	return objstore.Access{
		Endpoint: s.Endpoint, Region: s.Region, Bucket: s.Bucket, AuthURL: s.AuthURL,
		AccessKey: lookup(AccessKeyEnv), SecretKey: lookup(SecretKeyEnv), APIKey: lookup(APIKeyEnv),
	}
}

// Secrets are the variables that open a store, for a platform to hand to
// workers so that nobody else sees them.
func Secrets(a objstore.Access) map[string]string {
	if a.AccessKey != "" {
		return map[string]string{AccessKeyEnv: a.AccessKey, SecretKeyEnv: a.SecretKey}
	}
	return map[string]string{APIKeyEnv: a.APIKey}
}

// parseSpec reads a specification.
func parseSpec(text string) (*Spec, error) {
	var s Spec
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("%s is no specification of a worker: %w", SpecEnv, err)
	}
	if s.Prefix == "" {
		return nil, errors.New(SpecEnv + " has no prefix")
	}
	return &s, nil
}

// index reads the worker's index from the environment.
func index(lookup func(string) string) (int, error) {
	text := lookup(IndexEnv)
	if text == "" {
		text = lookup(jobIndex)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s=%q is not the index of a worker", jobIndex, text)
	}
	return n, nil
}

// The keys of a run's objects.
func (s *Spec) segmentKey(id string, seq int) string { return segmentKey(s.Prefix, id, seq) }
func (s *Spec) messageKey(id string, seq int) string { return messageKey(s.Prefix, id, seq) }

func segmentKey(prefix, id string, seq int) string {
	return fmt.Sprintf("%s/out/%s/%06d", prefix, id, seq)
}

func messageKey(prefix, id string, seq int) string {
	return fmt.Sprintf("%s/to/%s/%06d", prefix, id, seq)
}

// id names a worker.
func (p place) id() string { return exchange.StoredID(p.slot, p.generation) }

// clear takes what made the process a worker out of its environment, so that
// what tasks start does not have it.
func clearEnv() {
	for _, name := range []string{SpecEnv, AccessKeyEnv, SecretKeyEnv, APIKeyEnv, IndexEnv} {
		os.Unsetenv(name)
	}
}
