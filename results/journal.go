package results

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// JournalFile is the name of a journal in a run's folder.
const JournalFile = "journal.bin"

// The layout of a journal (docs/record.md): a magic number, then blocks framed
// as those of tasks.bin. Block 0 says of which job it is, the others hold
// results.
const (
	journalMagic   = "ccjourn"
	journalVersion = 1
)

const (
	// journalWriteAfter is how long a result may wait to be written with
	// others: what a driver that is killed may lose.
	journalWriteAfter = 20 * time.Millisecond
	// journalSyncAfter is how long what is written may wait to be on the
	// disk: what a machine that loses its power may lose.
	journalSyncAfter = time.Second
	// journalFull is how many bytes are written at once whatever their age.
	journalFull = 256 << 10
)

// Journal keeps the results of one job's tasks as they come in, so that a
// driver that was killed goes on where it was. A result that was appended is
// written at most 20 ms later, after which the end of this process loses it no
// more, and is on the disk at most a second after that. It serves any
// goroutine.
type Journal struct {
	file           *os.File
	journalContent // of earlier parts

	wake, quit, done chan struct{}

	mu     sync.Mutex
	block  []byte // being filled
	number int    // of that block
	size   int64  // of what is whole in the file
	failed error
	closed bool
	synced bool // at least once
}

// journalContent is what a journal holds.
type journalContent struct {
	// description is of its job; nil for an empty journal, or when not even
	// that is whole.
	description []byte
	// kept counts the results, which lie between the offsets first and last in
	// the blocks up to number part.
	kept        int
	first, last int64
	part        int
}

// OtherJobError is the error of opening a journal that is of another job.
type OtherJobError struct {
	Path string
	// Name is the first thing that differs, Was what the journal says of it,
	// Is what was asked for.
	Name, Was, Is string
}

// Error names what differs.
func (e *OtherJobError) Error() string {
	return fmt.Sprintf("%s holds results of another job: %s was %q, and is %q now", e.Path, e.Name, e.Was, e.Is)
}

// OpenJournal opens the journal at path, or begins one, for the job that is
// described so; whatever makes results of one job wrong in another belongs into
// the description. A torn end, which a killed driver leaves, is cut off at the
// first damage, and a warning says so: tasks whose results were behind it run
// again. The journal of another job gives an *OtherJobError, one that another
// process has open ErrLocked.
func OpenJournal(path string, job map[string]string) (*Journal, []Warning, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{file: f, wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	warnings, err := j.open(job)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	j.wake <- struct{}{} // for the disk
	go j.run()
	return j, warnings, nil
}

func (j *Journal) open(job map[string]string) ([]Warning, error) {
	if err := lock(j.file); err != nil {
		return nil, fmt.Errorf("open the journal %s: %w", j.file.Name(), err)
	}
	info, err := j.file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	content, damage, err := scanJournal(j.file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", j.file.Name(), err)
	}
	j.journalContent = content
	var warnings []Warning
	if beyond := info.Size() - j.last; damage != nil && beyond > 0 {
		if err := j.file.Truncate(j.last); err != nil {
			return nil, fmt.Errorf("cut the journal's torn end: %w", err)
		}
		warnings = append(warnings, Warning{
			Code:   "cut_journal",
			Text:   fmt.Sprintf("%s: cut %d bytes behind byte %d: a block %v", j.file.Name(), beyond, j.last, damage),
			Advice: "tasks whose results were there run again",
		})
	}
	j.size, j.number = j.last, j.part
	if j.description == nil {
		return warnings, j.begin(job)
	}
	return warnings, j.compare(job)
}

// begin writes the description of the job into an empty journal.
func (j *Journal) begin(job map[string]string) error {
	text, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("describe the job: %w", err)
	}
	block, err := endBlock(append(beginBlock(nil, 0, 0), text...))
	if err != nil {
		return fmt.Errorf("describe the job: %w", err)
	}
	if err := j.write(append(append([]byte(journalMagic), journalVersion), block...)); err != nil {
		return err
	}
	j.number, j.first, j.last = 1, j.size, j.size
	return nil
}

// compare compares the journal's description of its job with the one asked
// for.
func (j *Journal) compare(job map[string]string) error {
	var was map[string]string
	if err := json.Unmarshal(j.description, &was); err != nil {
		return fmt.Errorf("%s: read which job it is of: %w", j.file.Name(), err)
	}
	names := slices.Sorted(maps.Keys(job))
	for name := range was {
		if _, ok := job[name]; !ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if was[name] != job[name] {
			return &OtherJobError{j.file.Name(), name, was[name], job[name]}
		}
	}
	return nil
}

// Kept returns how many results earlier parts of the job have kept.
func (j *Journal) Kept() int { return j.kept }

// Load calls yield with each result that earlier parts have kept, until yield
// returns an error. The bytes are valid during the call.
func (j *Journal) Load(yield func(task int, result []byte) error) error {
	r := journalReader{file: j.file, at: j.first, size: j.last, part: 1}
	for r.at < r.size {
		body, err := r.next()
		if err != nil {
			return fmt.Errorf("read the journal %s: %w", j.file.Name(), err)
		}
		for len(body) > 0 {
			task, result, rest, err := entry(body)
			if err != nil {
				return fmt.Errorf("read the journal %s: %w", j.file.Name(), err)
			}
			if err := yield(task, result); err != nil {
				return err
			}
			body = rest
		}
	}
	return nil
}

// Append keeps a result. An error is of an earlier one, too: a journal that
// could not be written takes no more, and holds what it held before.
func (j *Journal) Append(task int, result []byte) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed != nil || j.closed {
		return j.unusable()
	}
	first := len(j.block) == 0
	if first {
		j.block = beginBlock(j.block, 0, j.number)
	}
	j.block = binary.AppendUvarint(j.block, uint64(task))
	j.block = binary.AppendUvarint(j.block, uint64(len(result)))
	j.block = append(j.block, result...)
	if len(j.block) >= journalFull {
		return j.flush()
	}
	if first {
		select {
		case j.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

func (j *Journal) unusable() error {
	if j.failed != nil {
		return j.failed
	}
	return fmt.Errorf("the journal %s is closed", j.file.Name())
}

// flush writes the block that is being filled; j.mu is held.
func (j *Journal) flush() error {
	if len(j.block) == 0 || j.failed != nil {
		return j.failed
	}
	block, err := endBlock(j.block)
	if err == nil {
		err = j.write(block)
	}
	j.number++
	if j.block = block[:0]; cap(block) > 4*journalFull {
		j.block = nil
	}
	if err != nil {
		j.failed = err
	}
	return err
}

// write appends what is whole, or nothing.
func (j *Journal) write(data []byte) error {
	if _, err := j.file.Write(data); err != nil {
		return fmt.Errorf("write the journal: %w", errors.Join(err, j.file.Truncate(j.size)))
	}
	j.size += int64(len(data))
	return nil
}

// run writes and syncs what waits.
func (j *Journal) run() {
	defer close(j.done)
	var write, sync <-chan time.Time
	for {
		select {
		case <-j.wake:
			if write == nil {
				write = time.After(journalWriteAfter)
			}
		case <-write:
			write = nil
			j.mu.Lock()
			j.flush() // an error is kept, for who appends next or closes
			j.mu.Unlock()
			if sync == nil {
				sync = time.After(journalSyncAfter)
			}
		case <-sync:
			sync = nil
			j.sync()
		case <-j.quit:
			return
		}
	}
}

// sync brings what is written to the disk, and at first the folder's entry,
// where the system can.
func (j *Journal) sync() {
	if !j.synced {
		j.synced = true
		if f, err := os.Open(filepath.Dir(j.file.Name())); err == nil {
			f.Sync() // some file systems refuse it for folders
			f.Close()
		}
	}
	if err := j.file.Sync(); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		if j.failed == nil {
			j.failed = fmt.Errorf("bring the journal to the disk: %w", err)
		}
	}
}

// Close writes what waits, brings it to the disk and closes the file. The
// error is the first of all that went wrong with the journal.
func (j *Journal) Close() error {
	if !j.stop() {
		return nil
	}
	j.mu.Lock()
	j.flush() // an error is kept
	j.mu.Unlock()
	j.sync()
	if err := j.file.Close(); err != nil && j.failed == nil {
		j.failed = fmt.Errorf("close the journal: %w", err)
	}
	return j.failed
}

// Discard closes and removes a journal that is needed no more.
func (j *Journal) Discard() error {
	j.stop()
	if err := errors.Join(os.Remove(j.file.Name()), j.file.Close()); err != nil {
		return fmt.Errorf("remove the journal: %w", err)
	}
	return nil
}

// stop ends the goroutine that writes; false when that was done before.
func (j *Journal) stop() bool {
	j.mu.Lock()
	closed := j.closed
	j.closed = true
	j.mu.Unlock()
	if closed {
		return false
	}
	close(j.quit)
	<-j.done
	return true
}

// scanJournal reads a journal of so many bytes up to its first damage, which
// it returns beside what stands before.
func scanJournal(file io.ReaderAt, size int64) (c journalContent, damage, err error) {
	if size == 0 {
		return c, nil, nil
	}
	whole := append([]byte(journalMagic), journalVersion)
	head := make([]byte, min(size, int64(len(whole))))
	if _, err := file.ReadAt(head, 0); err != nil {
		return c, nil, fmt.Errorf("read the journal: %w", err)
	}
	if !strings.HasPrefix(string(whole), string(head)) {
		return c, nil, errors.New("it is no journal of this version of corecast")
	}
	r := journalReader{file: file, at: int64(len(whole)), size: size}
	body, damage := r.next()
	if damage == nil {
		c.description = slices.Clone(body)
		damage = c.scanResults(&r)
	}
	var failed *os.PathError
	if errors.As(damage, &failed) { // not what is in the file, but reading it
		return c, nil, fmt.Errorf("read the journal: %w", damage)
	}
	return c, damage, nil
}

// keptIn counts the results in the journal at path; none when there is none.
func keptIn(path string) (int, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look at the journal: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("look at the journal: %w", err)
	}
	content, _, err := scanJournal(f, info.Size())
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return content.kept, nil
}

// scanResults counts the results of all sound blocks, and returns what is
// wrong with the next.
func (c *journalContent) scanResults(r *journalReader) (damage error) {
	c.part, c.first, c.last = r.part, r.at, r.at
	for r.at < r.size {
		body, err := r.next()
		n := 0
		for ; len(body) > 0 && err == nil; n++ {
			_, _, body, err = entry(body)
		}
		if err != nil {
			return err
		}
		c.kept, c.part, c.last = c.kept+n, r.part, r.at
	}
	return nil
}

// journalReader goes through the blocks of a journal.
type journalReader struct {
	file     io.ReaderAt
	at, size int64
	part     int
	buffer   []byte
}

// next returns the body of the next block, valid until the call after.
func (r *journalReader) next() ([]byte, error) {
	head := make([]byte, blockHeaderSize)
	if _, err := r.file.ReadAt(head, r.at); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("is cut off after %d of at least %d bytes", r.size-r.at, blockHeaderSize+blockCRCSize)
	} else if err != nil {
		return nil, err
	}
	header, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	if header.part != r.part || header.trial != 0 {
		return nil, fmt.Errorf("is number %d of job %d where number %d of job 0 should be", header.part, header.trial, r.part)
	}
	if header.size > r.size-r.at {
		return nil, fmt.Errorf("is cut off after %d of %d bytes", r.size-r.at, header.size)
	}
	r.buffer = slices.Grow(r.buffer[:0], int(header.size))[:header.size]
	if _, err := r.file.ReadAt(r.buffer, r.at); err != nil {
		return nil, err
	}
	_, body, err := openBlock(r.buffer)
	if err != nil {
		return nil, err
	}
	r.at += header.size
	r.part++
	return body, nil
}

// entry cuts the first result off a block's body.
func entry(body []byte) (task int, result, rest []byte, err error) {
	var index, length uint64
	if rest, err = varints(body, &index, &length); err != nil {
		return 0, nil, nil, errors.New("has a result that is cut off")
	}
	if index > math.MaxInt32 || length > uint64(len(rest)) {
		return 0, nil, nil, fmt.Errorf("has a result of task %d with %d bytes, %d are left", index, length, len(rest))
	}
	return int(index), rest[:length], rest[length:], nil
}
