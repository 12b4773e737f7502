package db

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"corecast/results/history"
)

func sqlitePlace(*testing.T) place {
	return place{
		where: func(t *testing.T) string { return filepath.Join(t.TempDir(), "a file?.db") },
		full: func(t *testing.T) (string, func()) {
			dir := t.TempDir()
			room := smallDisk(t, dir, "size=4m", "size=64m")
			return filepath.Join(dir, "h.db"), room
		},
		readOnly: func(t *testing.T, where string) string {
			dir := t.TempDir()
			smallDisk(t, dir, "size=4m", "")
			data, err := os.ReadFile(where)
			check(t, err)
			check(t, os.WriteFile(filepath.Join(dir, "h.db"), data, 0o400))
			readOnlyDisk(t, dir)
			return filepath.Join(dir, "h.db")
		},
	}
}

// postgresPlace has one server for all stores, each a database.
func postgresPlace(t *testing.T) place {
	shared := newServer(t, socketDir(t))
	count := 0
	return place{
		where: func(t *testing.T) string {
			count++
			return shared.database(t, fmt.Sprintf("d%d", count))
		},
		full: func(t *testing.T) (string, func()) {
			dir := socketDir(t)
			room := smallDisk(t, dir, "size=96m", "size=256m")
			s := newServer(t, dir)
			return s.url(), func() {
				s.stop(t)
				room()
				s.start(t)
			}
		},
		readOnly: func(t *testing.T, where string) string {
			return where + "&options=-c%20default_transaction_read_only%3Don"
		},
	}
}

func (s *server) database(t *testing.T, name string) string {
	t.Helper()
	store := mustOpen(t, s.url())
	_, err := store.db.Exec("CREATE DATABASE " + name)
	check(t, err)
	return "postgres://corecast@/" + name + "?host=" + s.dir
}

// TestDamagedFile: a file that is none of SQLite's, and one with holes in its
// pages, are told clearly and left as they are.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.db")
	s := mustOpen(t, path)
	for i := range 200 {
		check(t, s.Save(t.Context(), testRun(fmt.Sprint(i), i)))
	}
	check(t, s.Close())
	whole, err := os.ReadFile(path)
	check(t, err)
	for name, spoil := range map[string]func(b []byte) []byte{
		"text":      func([]byte) []byte { return []byte(strings.Repeat("this is no history\n", 100)) },
		"no header": func(b []byte) []byte { copy(b, make([]byte, 100)); return b },
		"cut off":   func(b []byte) []byte { return b[:len(b)/3] },
		"overwritten": func(b []byte) []byte {
			for i := 4096; i < len(b); i += 7 {
				b[i] ^= 0x5a
			}
			return b
		},
	} {
		bad := spoil([]byte(string(whole)))
		path := filepath.Join(t.TempDir(), "h.db")
		check(t, os.WriteFile(path, bad, 0o600))
		s, err := Open(t.Context(), path)
		if err == nil {
			err = s.Check(t.Context())
			s.Close()
		}
		if !errors.Is(err, history.ErrDamaged) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(bad) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("a folder: %v", err)
	}
}

// TestDamagedServer: PostgreSQL's checksums find a page that was overwritten.
func TestDamagedServer(t *testing.T) {
	s := newServer(t, socketDir(t))
	store := mustOpen(t, s.url())
	for i := range 50 {
		check(t, store.Save(t.Context(), testRun(fmt.Sprint(i), i)))
	}
	var file string
	check(t, store.db.QueryRow("SELECT pg_relation_filepath('runs')").Scan(&file))
	_, err := store.db.Exec("CHECKPOINT")
	check(t, err)
	store.Close()
	s.stop(t)
	path := filepath.Join(s.data, file)
	data, err := os.ReadFile(path)
	check(t, err)
	for i := 100; i < len(data); i += 11 {
		data[i] ^= 0x5a
	}
	check(t, os.WriteFile(path, data, 0o600))
	s.start(t)
	store = mustOpen(t, s.url())
	if err := store.Check(t.Context()); !errors.Is(err, history.ErrDamaged) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
