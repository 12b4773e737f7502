package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Dir is a store in a directory, on a disk that driver and workers share. An
// object is a file whose path is its key.
type Dir struct {
	root  string
	meter Meter
	temps atomic.Int64
}

// tempPrefix begins the names of files that are being written.
const tempPrefix = ".writing-"

// NewDir makes the store of a directory, which it makes where it is missing.
func NewDir(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of an object store: %w", err)
	}
	return &Dir{root: root}, nil
}

// path is the file of a key.
func (d *Dir) path(key string) (string, error) {
	local := filepath.FromSlash(key)
	if !filepath.IsLocal(local) || strings.HasSuffix(key, "/") || filepath.ToSlash(filepath.Clean(local)) != key {
		return "", fmt.Errorf("%q cannot be a key in a directory", key)
	}
	return filepath.Join(d.root, local), nil
}

// Put writes an object.
func (d *Dir) Put(_ context.Context, key string, body []byte) error {
	return d.put(key, body, os.Rename)
}

// PutNew writes an object where there is none.
func (d *Dir) PutNew(_ context.Context, key string, body []byte) error {
	return d.put(key, body, func(temp, path string) error {
		err := os.Link(temp, path) // refuses what is there, where rename does not
		if errors.Is(err, fs.ErrExist) {
			err = ErrExists
		}
		os.Remove(temp)
		return err
	})
}

// put writes a file beside its place and has move put it there.
func (d *Dir) put(key string, body []byte, move func(temp, path string) error) error {
	d.meter.Count(Usage{Writes: 1, Up: int64(len(body))})
	path, err := d.path(key)
	if err != nil {
		return err
	}
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%d", tempPrefix, os.Getpid(), d.temps.Add(1)))
	err = os.WriteFile(temp, body, 0o600)
	for tries := 0; errors.Is(err, fs.ErrNotExist) && tries < 3; tries++ { // Delete removes empty folders
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			err = os.WriteFile(temp, body, 0o600)
		}
	}
	if err == nil {
		err = move(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("write object %s: %w", key, err)
	}
	return nil
}

// Get reads from an object.
func (d *Dir) Get(_ context.Context, key string, offset, n int64) ([]byte, error) {
	d.meter.Count(Usage{Reads: 1})
	path, err := d.path(key)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read object %s: %w", key, ErrNotFound)
	} else if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	left := max(info.Size()-offset, 0)
	if n < 0 || n > left {
		n = left
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(f, offset, n), body); err != nil {
		return nil, fmt.Errorf("read object %s: %w", key, err)
	}
	d.meter.Count(Usage{Down: n})
	return body, nil
}

// List lists objects.
func (d *Dir) List(_ context.Context, prefix, after string) ([]Object, error) {
	var objects []Object
	from := filepath.Join(d.root, filepath.FromSlash(prefix[:strings.LastIndex(prefix, "/")+1]))
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went meanwhile
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(d.root, path)
		key := filepath.ToSlash(rel)
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), tempPrefix) || !strings.HasPrefix(key, prefix) || key <= after {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			objects = append(objects, Object{Key: key, Size: info.Size()})
		}
		return err
	})
	d.meter.Count(Usage{Lists: int64(max(1, (len(objects)+999)/1000))})
	if err != nil {
		return nil, fmt.Errorf("list objects %s: %w", prefix, err)
	}
	SortObjects(objects)
	return objects, nil
}

// Delete removes objects, and folders that are empty then.
func (d *Dir) Delete(_ context.Context, keys ...string) error {
	d.meter.Count(Usage{Deletes: int64((len(keys) + 999) / 1000)})
	for _, key := range keys {
		path, err := d.path(key)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete object %s: %w", key, err)
		}
		for dir := filepath.Dir(path); dir != d.root && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
		}
	}
	return nil
}

// Usage is what was used so far, as a service would bill it.
func (d *Dir) Usage() Usage { return d.meter.Usage() }
