package storage

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
)

// inMemory is up to how many bytes are kept in memory; more go to a file.
const inMemory = 256 << 10

// bodies keeps bytes of objects.
type bodies struct {
	folder string
	serial atomic.Int64
}

// segment is a body, or a part of one. Objects share it when they are copies:
// the last one to drop it removes it.
type segment struct {
	data  []byte
	file  string // where it is in a file
	size  int64
	users atomic.Int32
}

// read takes a body in, and returns its MD5.
func (s *bodies) read(from io.Reader) (*segment, []byte, error) {
	sum := md5.New()
	head, err := io.ReadAll(io.LimitReader(io.TeeReader(from, sum), inMemory+1))
	if err != nil {
		return nil, nil, err
	}
	g := &segment{data: head, size: int64(len(head))}
	if g.size > inMemory {
		if err := s.spill(g, from, sum); err != nil {
			return nil, nil, err
		}
	}
	g.users.Store(1)
	return g, sum.Sum(nil), nil
}

// spill writes what was read of a body, and what is still to come, to a file.
func (s *bodies) spill(g *segment, rest io.Reader, sum hash.Hash) (err error) {
	g.file = filepath.Join(s.folder, strconv.FormatInt(s.serial.Add(1), 10))
	f, err := os.OpenFile(g.file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(g.file)
		}
	}()
	if _, err := f.Write(g.data); err != nil {
		return err
	}
	g.data = nil
	n, err := io.Copy(io.MultiWriter(f, sum), rest)
	g.size += n
	return err
}

// drop gives a segment up.
func (g *segment) drop() {
	if g.users.Add(-1) == 0 && g.file != "" {
		os.Remove(g.file) // those who read it have it open
	}
}

// open returns part of a segment's bytes.
func (g *segment) open(from, length int64) (io.ReadCloser, error) {
	if g.file == "" {
		return io.NopCloser(bytes.NewReader(g.data[from : from+length])), nil
	}
	f, err := os.Open(g.file)
	if err != nil {
		return nil, err
	}
	return section{io.NewSectionReader(f, from, length), f}, nil
}

type section struct {
	io.Reader
	io.Closer
}

// openRange returns a range of what segments hold together.
func openRange(segments []*segment, from, length int64) (io.ReadCloser, error) {
	var all opened
	for _, g := range segments {
		if length == 0 {
			break
		}
		if from >= g.size {
			from -= g.size
			continue
		}
		n := min(length, g.size-from)
		r, err := g.open(from, n)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all = append(all, r)
		from, length = 0, length-n
	}
	readers := make([]io.Reader, len(all))
	for i, r := range all {
		readers[i] = r
	}
	return section{io.MultiReader(readers...), all}, nil
}

// opened are readers that are closed together.
type opened []io.ReadCloser

func (o opened) Close() error {
	var errs []error
	for _, r := range o {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// quoted writes a sum as an entity tag.
func quoted(sum []byte) string { return `"` + hex.EncodeToString(sum) + `"` }
