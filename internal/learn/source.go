package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// Source names data and how they are read and divided, without holding them.
type Source struct {
	// Path is the CSV file, empty for data generated from Seed; Name is the
	// path as the user gave it, for messages.
	Path string `cbor:"1,keyasint,omitempty"`
	Name string `cbor:"2,keyasint,omitempty"`
	// Size and Modified (nanoseconds since 1970) are the file's, Digest the
	// first 128 bits of its SHA-256 in hexadecimal; [Cache.Open] sets them.
	Size     int64  `cbor:"3,keyasint,omitempty"`
	Modified int64  `cbor:"4,keyasint,omitempty"`
	Digest   string `cbor:"5,keyasint,omitempty"`
	// Goal is the column to predict, Drop those to leave out, Categories those
	// whose texts are categories. Task is
	// classify, regress, or empty for what fits the column.
	Goal       string   `cbor:"6,keyasint,omitempty"`
	Task       string   `cbor:"7,keyasint,omitempty"`
	Drop       []string `cbor:"8,keyasint,omitempty"`
	Categories []string `cbor:"12,keyasint,omitempty"`
	// Rows is the number of generated rows.
	Rows int `cbor:"9,keyasint,omitempty"`
	// Folds is the number of parts, Seed decides what is generated and which
	// row is in which part.
	Folds int    `cbor:"10,keyasint"`
	Seed  uint64 `cbor:"11,keyasint"`
}

// cached is how many problems a cache keeps.
const cached = 4

// maxFile bounds the size of a file, which is read into memory.
const maxFile = 4 << 30

// Cache reads each source once and keeps the last few problems. It is safe for
// use by several goroutines; the zero value is ready.
type Cache struct {
	mu      sync.Mutex
	entries []*entry // the oldest first
}

// entry is a problem that one goroutine reads and the others wait for.
type entry struct {
	key     string
	once    sync.Once
	problem *Problem
	digest  string
	err     error
}

// Open reads the source and returns it with the file's size, time and digest.
func (c *Cache) Open(s Source) (Source, *Problem, error) {
	s.Size, s.Modified, s.Digest = 0, 0, ""
	e, found, err := c.load(s)
	if err != nil {
		return s, nil, err
	}
	s.Size, s.Modified, s.Digest = found.Size, found.Modified, e.digest
	return s, e.problem, nil
}

// Problem returns the data of a source that Open returned, here or in another
// process. It is an error when the file has another content by now.
func (c *Cache) Problem(s Source) (*Problem, error) {
	e, found, err := c.load(s)
	if err != nil {
		return nil, err
	}
	if e.digest != s.Digest {
		return nil, inputError(AboutData, "%s was changed since the run began (%d bytes then, %d now): run again, and leave the file as it is until the end",
			s.Name, s.Size, found.Size)
	}
	return e.problem, nil
}

// load finds the entry of a source by what its file is now, or makes it.
func (c *Cache) load(s Source) (*entry, Source, error) {
	if s.Path != "" {
		info, err := os.Stat(s.Path)
		if err != nil {
			return nil, s, inputError(AboutData, "%w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, s, inputError(AboutData, "%s is not a file: give a CSV file", s.Name)
		}
		s.Size, s.Modified = info.Size(), info.ModTime().UnixNano()
	}
	e := c.entry(s.key())
	e.once.Do(func() { e.problem, e.digest, e.err = s.read() })
	if e.err != nil {
		c.forget(e)
	}
	return e, s, e.err
}

// key tells sources with different problems apart; the digest is not in it.
func (s *Source) key() string {
	return fmt.Sprintf("%q %d %d %q %s %q %q %d %d %d", s.Path, s.Size, s.Modified, s.Goal, s.Task, s.Drop, s.Categories, s.Rows, s.Folds, s.Seed)
}

func (c *Cache) entry(key string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if e.key == key {
			return e
		}
	}
	if len(c.entries) == cached {
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	e := &entry{key: key}
	c.entries = append(c.entries, e)
	return e
}

func (c *Cache) forget(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = slices.DeleteFunc(c.entries, func(o *entry) bool { return o == e })
}

// read reads or generates the data and divides them.
func (s *Source) read() (*Problem, string, error) {
	var t *Table
	digest := ""
	if s.Path == "" {
		t = Generate(s.Rows, s.Task, s.Seed)
	} else {
		data, err := readFile(s.Path, s.Name)
		if err != nil {
			return nil, "", err
		}
		sum := sha256.Sum256(data)
		digest = hex.EncodeToString(sum[:16])
		if t, err = ReadCSV(bytes.NewReader(data), s.Name, Columns{Goal: s.Goal, Task: s.Task, Drop: s.Drop, Categories: s.Categories}); err != nil {
			return nil, "", err
		}
	}
	folds, err := Divide(t, s.Folds, s.Seed)
	if err != nil {
		return nil, "", err
	}
	return &Problem{Table: t, Folds: folds}, digest, nil
}

func readFile(path, name string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, inputError(AboutData, "%w", err)
	}
	defer f.Close()
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, inputError(AboutData, "%w", err)
	case n > maxFile:
		return nil, inputError(AboutData, "%s is larger than %d bytes, the most that is read into memory: take fewer rows", name, int64(maxFile))
	}
	return data.Bytes(), nil
}

// list names things for a message, no more than a dozen.
func list(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
