package results

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// tasksReader goes through the blocks of tasks.bin from the first to the last.
type tasksReader struct {
	dir  string
	file *os.File
	size int64
	at   int64
	// light reads headers alone and leaves the checksums unchecked.
	light  bool
	buffer []byte
}

// openTasks opens tasks.bin and checks its magic number.
func openTasks(dir string, light bool) (*tasksReader, error) {
	f, err := os.Open(filepath.Join(dir, tasksFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, &DamageError{Dir: dir, File: tasksFile, What: "missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("open the run: %w", err)
	}
	r := &tasksReader{dir: dir, file: f, light: light}
	if err := r.start(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func (r *tasksReader) start() error {
	info, err := r.file.Stat()
	if err != nil {
		return fmt.Errorf("open the run: %w", err)
	}
	r.size = info.Size()
	var magic [magicSize]byte
	if n, err := r.file.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return fmt.Errorf("read the run: %w", err)
	} else if n < magicSize {
		return r.damage("", fmt.Sprintf("cut off after %d of the first %d bytes", n, magicSize))
	}
	if string(magic[:len(tasksMagic)]) != tasksMagic {
		return r.damage("", "does not begin as a file of task rows does")
	}
	if v := magic[len(tasksMagic)]; v != tasksVersion {
		return r.damage("", fmt.Sprintf("has format %d, this program reads %d", v, tasksVersion))
	}
	r.at = int64(magicSize)
	return nil
}

func (r *tasksReader) damage(place, what string) *DamageError {
	return &DamageError{Dir: r.dir, File: tasksFile, Place: place, What: what}
}

// place names the block at which the reader stands.
func (r *tasksReader) place(trial int) string {
	return fmt.Sprintf("block at byte %d (trial %d)", r.at, trial)
}

// next reads the block at which the reader stands, and goes past it when it
// is sound. trial is the one that it should belong to, for the message.
func (r *tasksReader) next(trial int) (*block, error) {
	left := r.size - r.at
	if left < blockHeaderSize {
		return nil, r.damage(r.place(trial), fmt.Sprintf("cut off after %d of at least %d bytes", left, blockHeaderSize+blockCRCSize))
	}
	header, err := r.header()
	if err != nil {
		return nil, r.asDamage(trial, err)
	}
	if header.size > left {
		return nil, r.damage(r.place(trial), fmt.Sprintf("cut off after %d of %d bytes", left, header.size))
	}
	b := &block{blockHeader: header}
	if !r.light {
		data, err := r.bytes(r.at, header.size)
		if err != nil {
			return nil, fmt.Errorf("read the run: %w", err)
		}
		if b, err = parseBlock(data); err != nil {
			return nil, r.damage(r.place(trial), err.Error())
		}
	}
	r.at += header.size
	return b, nil
}

func (r *tasksReader) header() (blockHeader, error) {
	data, err := r.bytes(r.at, blockHeaderSize)
	if err != nil {
		return blockHeader{}, fmt.Errorf("read the run: %w", err)
	}
	header, err := parseHeader(data)
	if err != nil {
		return blockHeader{}, r.damage("", err.Error())
	}
	return header, nil
}

// asDamage adds the place to a damage without one.
func (r *tasksReader) asDamage(trial int, err error) error {
	var damage *DamageError
	if errors.As(err, &damage) {
		damage.Place = r.place(trial)
	}
	return err
}

// bytes reads part of the file, valid until the next call.
func (r *tasksReader) bytes(offset, n int64) ([]byte, error) {
	if int64(cap(r.buffer)) < n {
		r.buffer = make([]byte, n)
	}
	data := r.buffer[:n]
	_, err := r.file.ReadAt(data, offset)
	return data, err
}

// committed goes through the blocks that trials name, each of which must
// stand behind the one before and be what its trial says.
func (r *tasksReader) committed(trials []Trial) error {
	for _, t := range trials {
		for part, expected := range t.Blocks {
			if r.at >= r.size {
				return r.damage("", fmt.Sprintf("cut off at byte %d: trial %d has rows at byte %d", r.size, t.Index, expected.Offset))
			}
			place := r.place(t.Index)
			at := r.at
			b, err := r.next(t.Index)
			if err != nil {
				return err
			}
			found := Block{Offset: at, Bytes: b.size, Rows: int64(b.rows(tableAttempts))}
			if r.light {
				found.Rows = expected.Rows
			}
			if found != expected || b.trial != t.Index || b.part != part {
				return r.damage(place, fmt.Sprintf("is part %d of trial %d with %d rows in %d bytes, %s says part %d with %d rows in %d bytes at byte %d",
					b.part, b.trial, found.Rows, b.size, linesFile, part, expected.Rows, expected.Bytes, expected.Offset))
			}
		}
	}
	return nil
}

// tail looks at what follows the blocks of the trials of an interrupted run:
// nothing, or the blocks of the next trial, of which the last may be torn.
// More than that means that run.jsonl has lost lines.
func (r *tasksReader) tail(trials int) (torn *DamageError, err error) {
	last, part := trials-1, 0
	for r.at < r.size {
		b, err := r.next(last + 1)
		var damage *DamageError
		if errors.As(err, &damage) && last <= trials && r.mayBeTorn(trials, part) {
			damage.Advice = adviseResume
			return damage, nil
		}
		if err != nil {
			return nil, err
		}
		if b.trial != last {
			part = 0
		}
		if b.trial < last || b.trial < trials || b.part != part {
			return nil, r.damage(r.place(b.trial), "ends a block that is out of order")
		}
		last, part = b.trial, part+1
	}
	if last > trials {
		return nil, &DamageError{Dir: r.dir, File: linesFile,
			What: fmt.Sprintf("cut off: %s holds %d trials, %s %d", tasksFile, last+1, linesFile, trials)}
	}
	return nil, nil
}

// mayBeTorn reports whether the unsound block at which the reader stands can
// be the one that a writer was interrupted in: too short for a header, or
// that of the next part of the next trial.
func (r *tasksReader) mayBeTorn(trials, part int) bool {
	if r.size-r.at < blockHeaderSize {
		return true
	}
	header, err := r.header()
	return err == nil && header.trial == trials && header.part == part && r.at+header.size >= r.size
}
