// Package db keeps the history of runs in a database: SQLite in one file, or
// PostgreSQL by its URL, by the same statements.
//
// A run is written in one transaction; when [Store.Save] returns it is on
// disk, and when a process is killed before, nothing of it is there. Several
// processes may write at a time. SQLite has a write-ahead log, so that readers
// do not wait. What a run is, and its forms outside of a database, is in
// package results/history; bench/track looks for changes.
package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL

	"corecast/results/history"
)

// Store is an open history. Its methods may be called concurrently.
type Store struct {
	db       *sql.DB
	dialect  dialect
	where    string
	readOnly bool
}

// Open opens the history at where: the path of a SQLite file, which is made
// when it is not there, or a URL that begins with postgres://. A file that
// cannot be written is opened for reading. Errors are of package history where
// callers branch: ErrNewer, ErrDamaged.
func Open(ctx context.Context, where string) (*Store, error) {
	s, err := open(ctx, where)
	if err != nil {
		return nil, fmt.Errorf("open the history %s: %w", display(where), meaning(err))
	}
	return s, nil
}

func open(ctx context.Context, where string) (*Store, error) {
	if isPostgres(where) {
		return openWith(ctx, where, where, postgresDialect(), false)
	}
	if err := isFile(where); err != nil {
		return nil, err
	}
	source, err := sqliteSource(where, "&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	s, err := openWith(ctx, where, source, sqliteDialect(), false)
	if err == nil || !errors.Is(meaning(err), history.ErrReadOnly) && !cannotWrite(where) {
		return s, err
	}
	// Without a log that others have left there is nothing but the file.
	extra := "&mode=ro"
	if info, e := os.Stat(where + "-wal"); e != nil || info.Size() == 0 {
		extra += "&immutable=1"
	}
	if source, err = sqliteSource(where, extra); err != nil {
		return nil, err
	}
	return openWith(ctx, where, source, sqliteDialect(), true)
}

// cannotWrite reports whether an existing file cannot be written.
func cannotWrite(path string) bool {
	if _, err := os.Stat(path); err != nil {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		f.Close()
	}
	return err != nil
}

func openWith(ctx context.Context, where, source string, d dialect, readOnly bool) (*Store, error) {
	base, err := sql.Open(d.driver, source)
	if err != nil {
		return nil, err
	}
	s := &Store{db: base, dialect: d, where: display(where), readOnly: readOnly}
	if err := s.migrate(ctx); err != nil {
		base.Close()
		return nil, err
	}
	return s, nil
}

// Name returns where the history is, without a password.
func (s *Store) Name() string { return s.where }

// Close closes the history.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close the history %s: %w", s.where, err)
	}
	return nil
}

// failed wraps the error of a method once.
func (s *Store) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s history %s: %w", doing, s.where, meaning(err))
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	if s.readOnly {
		return history.ErrReadOnly
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}

// Save keeps a run. One of the same ID that is equal is there already, and
// that is no error; one that differs is ErrExists.
func (s *Store) Save(ctx context.Context, r *history.Run) error {
	if err := r.Validate(); err != nil {
		return err
	}
	same := *r // in the form in which it comes back
	same.Created = r.Created.UTC()
	same.Samples = append([]history.Sample{}, r.Samples...)
	r = &same
	err := s.transact(ctx, func(tx *sql.Tx) error { return s.insert(ctx, tx, r) })
	if err != nil && !errors.Is(err, history.ErrReadOnly) {
		if equal, e := s.has(ctx, r); e == nil && equal {
			return nil
		} else if e == nil {
			err = history.ErrExists
		}
	}
	return s.failed("save run "+r.ID+" in the", err)
}

// has reports whether a run is kept just so; ErrNotFound when there is none of
// its ID.
func (s *Store) has(ctx context.Context, r *history.Run) (bool, error) {
	old, err := s.Run(ctx, r.ID)
	if err != nil {
		return false, err
	}
	x, err := json.Marshal(old)
	if err != nil {
		return false, err
	}
	y, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	var a, b any
	if json.Unmarshal(x, &a) != nil || json.Unmarshal(y, &b) != nil {
		return false, nil
	}
	return reflect.DeepEqual(a, b), nil
}

func (s *Store) insert(ctx context.Context, tx *sql.Tx, r *history.Run) error {
	body := *r
	body.Samples, body.Lines, body.Tasks = nil, nil, nil
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var seq int64
	err = tx.QueryRowContext(ctx, s.dialect.sql("INSERT INTO runs (id, created, commit_id, branch, machine, body) VALUES (?, ?, ?, ?, ?, ?) RETURNING seq"),
		r.ID, r.Created.UnixNano(), r.Commit, r.Branch, r.Machine, string(data)).Scan(&seq)
	if err != nil {
		return err
	}
	put, err := tx.PrepareContext(ctx, s.dialect.sql("INSERT INTO samples (series, run, place, rep, value) VALUES (?, ?, ?, ?, ?)"))
	if err != nil {
		return err
	}
	defer put.Close()
	for place, sample := range r.Samples {
		id, err := s.seriesID(ctx, tx, sample.Series)
		if err != nil {
			return err
		}
		for rep, v := range sample.Values {
			value := sql.NullFloat64{Float64: v, Valid: !math.IsNaN(v)}
			if _, err := put.ExecContext(ctx, id, seq, place, rep, value); err != nil {
				return err
			}
		}
	}
	if r.Lines == nil {
		return nil
	}
	_, err = tx.ExecContext(ctx, s.dialect.sql("INSERT INTO records (run, lines, tasks) VALUES (?, ?, ?)"), seq, r.Lines, r.Tasks)
	return err
}

// seriesID returns the number of a series, a new one if need be.
func (s *Store) seriesID(ctx context.Context, tx *sql.Tx, name string) (id int64, err error) {
	if _, err := tx.ExecContext(ctx, s.dialect.sql("INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO NOTHING"), name); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, s.dialect.sql("SELECT id FROM series WHERE name = ?"), name).Scan(&id)
	return id, err
}

// Accept keeps that a change is known and meant.
func (s *Store) Accept(ctx context.Context, a history.Acceptance) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.sql("INSERT INTO accepted (series, run, reason, at) VALUES (?, ?, ?, ?)"), a.Series, a.Run, a.Reason, a.At.UnixNano())
		return err
	})
	return s.failed("accept a change in the", err)
}

// Accepted returns the accepted changes, the first one first.
func (s *Store) Accepted(ctx context.Context) (list []history.Acceptance, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT series, run, reason, at FROM accepted ORDER BY id")
	if err != nil {
		return nil, s.failed("read the", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a history.Acceptance
		var at int64
		if err := rows.Scan(&a.Series, &a.Run, &a.Reason, &at); err != nil {
			return nil, s.failed("read the", err)
		}
		a.At = time.Unix(0, at).UTC()
		list = append(list, a)
	}
	return list, s.failed("read the", rows.Err())
}
