package objstore

import (
	"net/url"
	"strings"
	"sync"
)

// Usage is what was asked of a store. Requests count as they were sent, retries
// included: so they are billed.
type Usage struct {
	// Writes are puts, and what a multipart upload takes besides; with Lists
	// they are what price lists call class A, Reads are class B. Deletes are
	// free at IBM and others.
	Writes, Lists, Reads, Deletes int64
	// Retries are those of them that were sent again, Throttled the answers
	// that asked for less (429, 503).
	Retries, Throttled int64
	// Up and Down are bytes of objects.
	Up, Down int64
}

// Requests is how many there were in all.
func (u Usage) Requests() int64 { return u.Writes + u.Lists + u.Reads + u.Deletes }

// ClassA and ClassB are the requests that are billed so.
func (u Usage) ClassA() int64 { return u.Writes + u.Lists }

// ClassB is the number of reads.
func (u Usage) ClassB() int64 { return u.Reads }

// Add returns the sum of both.
func (u Usage) Add(v Usage) Usage {
	return Usage{
		Writes: u.Writes + v.Writes, Lists: u.Lists + v.Lists, Reads: u.Reads + v.Reads, Deletes: u.Deletes + v.Deletes,
		Retries: u.Retries + v.Retries, Throttled: u.Throttled + v.Throttled, Up: u.Up + v.Up, Down: u.Down + v.Down,
	}
}

// Meter counts what a client uses.
type Meter struct {
	mu sync.Mutex
	u  Usage
}

// Count adds to what was used.
func (m *Meter) Count(u Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.u = m.u.Add(u)
}

// Usage returns what was used so far.
func (m *Meter) Usage() Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.u
}

// Request is the usage of one request of S3, by what it asks for; the bytes of
// an object that it brings are counted as they are read.
func Request(method string, u *url.URL, size int64) Usage {
	q := u.Query()
	switch {
	case method == "DELETE" || method == "POST" && q.Has("delete"):
		return Usage{Deletes: 1}
	case method == "HEAD":
		return Usage{Reads: 1}
	case method == "GET" && (strings.Count(strings.Trim(u.Path, "/"), "/") == 0 || q.Has("uploads") || q.Has("uploadId")):
		return Usage{Lists: 1}
	case method == "GET":
		return Usage{Reads: 1}
	}
	return Usage{Writes: 1, Up: max(size, 0)}
}
