package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"corecast/results/history"
)

// Runs returns the runs without their samples and records, by time; those of
// one moment as they were saved.
func (s *Store) Runs(ctx context.Context) (list []history.Run, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT body FROM runs ORDER BY created, seq")
	if err != nil {
		return nil, s.failed("read the", err)
	}
	defer rows.Close()
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, s.failed("read the", err)
		}
		var r history.Run
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			return nil, s.failed("read the", fmt.Errorf("%w: %w", history.ErrDamaged, err))
		}
		list = append(list, r)
	}
	return list, s.failed("read the", rows.Err())
}

// Run returns a run with its samples, and with its record if it is kept.
func (s *Store) Run(ctx context.Context, id string) (*history.Run, error) {
	r, err := s.run(ctx, id)
	return r, s.failed("read run "+id+" of the", err)
}

func (s *Store) run(ctx context.Context, id string) (*history.Run, error) {
	var seq int64
	var body string
	err := s.db.QueryRowContext(ctx, s.dialect.sql("SELECT seq, body FROM runs WHERE id = ?"), id).Scan(&seq, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, history.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	r := &history.Run{}
	if err := json.Unmarshal([]byte(body), r); err != nil {
		return nil, fmt.Errorf("%w: %w", history.ErrDamaged, err)
	}
	r.Samples = []history.Sample{}
	rows, err := s.db.QueryContext(ctx, s.dialect.sql("SELECT e.name, v.value FROM samples v JOIN series e ON e.id = v.series WHERE v.run = ? ORDER BY v.place, v.rep"), seq)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var value sql.NullFloat64
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		if n := len(r.Samples); n == 0 || r.Samples[n-1].Series != name {
			r.Samples = append(r.Samples, history.Sample{Series: name})
		}
		last := &r.Samples[len(r.Samples)-1]
		last.Values = append(last.Values, number(value))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	err = s.db.QueryRowContext(ctx, s.dialect.sql("SELECT lines, tasks FROM records WHERE run = ?"), seq).Scan(&r.Lines, &r.Tasks)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return r, err
}

func number(v sql.NullFloat64) float64 {
	if !v.Valid {
		return math.NaN()
	}
	return v.Float64
}

// Series returns the names of all series, sorted.
func (s *Store) Series(ctx context.Context) (names []string, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT name FROM series ORDER BY name")
	if err != nil {
		return nil, s.failed("read the", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, s.failed("read the", err)
		}
		names = append(names, name)
	}
	return names, s.failed("read the", rows.Err())
}

// Points returns a series: a point for each run that has it, in the order of
// Runs.
func (s *Store) Points(ctx context.Context, series string) ([]history.Point, error) {
	points, err := s.points(ctx, series)
	return points, s.failed("read a series of the", err)
}

// points reads values, then the runs that they are of: two scans in the order
// of the key, which need no statistics to be planned well.
func (s *Store) points(ctx context.Context, series string) (points []history.Point, err error) {
	var id int64
	err = s.db.QueryRowContext(ctx, s.dialect.sql("SELECT id FROM series WHERE name = ?"), series).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.dialect.sql("SELECT run, value FROM samples WHERE series = ? ORDER BY run, rep"), id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var seqs []int64
	for rows.Next() {
		var seq int64
		var value sql.NullFloat64
		if err := rows.Scan(&seq, &value); err != nil {
			return nil, err
		}
		if n := len(seqs); n == 0 || seqs[n-1] != seq {
			seqs, points = append(seqs, seq), append(points, history.Point{})
		}
		now := &points[len(points)-1]
		now.Values = append(now.Values, number(value))
	}
	if err := rows.Err(); err != nil || len(seqs) == 0 {
		return nil, err
	}
	if err := s.describe(ctx, seqs, points); err != nil {
		return nil, err
	}
	slices.SortStableFunc(points, func(a, b history.Point) int { return a.Created.Compare(b.Created) })
	return points, nil
}

// describe fills in what the runs of points are, whose numbers ascend.
func (s *Store) describe(ctx context.Context, seqs []int64, points []history.Point) error {
	rows, err := s.db.QueryContext(ctx, s.dialect.sql("SELECT seq, id, created, commit_id, branch, machine FROM runs WHERE seq BETWEEN ? AND ? ORDER BY seq"), seqs[0], seqs[len(seqs)-1])
	if err != nil {
		return err
	}
	defer rows.Close()
	i := 0
	for rows.Next() && i < len(seqs) {
		var r history.Point
		var seq, created int64
		if err := rows.Scan(&seq, &r.Run, &created, &r.Commit, &r.Branch, &r.Machine); err != nil {
			return err
		}
		if seq == seqs[i] {
			r.Created, r.Values = time.Unix(0, created).UTC(), points[i].Values
			points[i] = r
			i++
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if i < len(seqs) {
		return fmt.Errorf("%w: run number %d is missing", history.ErrDamaged, seqs[i])
	}
	return nil
}

// Check reads all there is, and has SQLite check its file.
func (s *Store) Check(ctx context.Context) error {
	if !s.dialect.numbered {
		var said string
		err := s.db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said)
		if err == nil && said != "ok" {
			err = fmt.Errorf("%w: %s", history.ErrDamaged, said)
		}
		if err != nil {
			return s.failed("check the", err)
		}
	}
	runs, err := s.Runs(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if _, err := s.Run(ctx, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Backup copies the history into a new SQLite file at path. What is there
// already is not touched, and is an error.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up the history %s: %s is there already: name a new file", s.where, path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".corecast-backup-")
	if err != nil {
		return s.failed("back up the", err)
	}
	defer os.RemoveAll(dir)
	draft := filepath.Join(dir, "draft")
	if s.dialect.numbered {
		err = s.copyTo(ctx, draft)
	} else {
		_, err = s.db.ExecContext(ctx, "VACUUM INTO ?", draft)
	}
	if err != nil {
		return s.failed("back up the", err)
	}
	// A link does not replace what another has put there meanwhile.
	return s.failed("back up the", os.Link(draft, path))
}

// copyTo copies all runs and acceptances into a new SQLite file.
func (s *Store) copyTo(ctx context.Context, path string) error {
	to, err := Open(ctx, path)
	if err != nil {
		return err
	}
	defer to.Close()
	runs, err := s.Runs(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		whole, err := s.Run(ctx, r.ID)
		if err != nil {
			return err
		}
		if err := to.Save(ctx, whole); err != nil {
			return err
		}
	}
	accepted, err := s.Accepted(ctx)
	if err != nil {
		return err
	}
	for _, a := range accepted {
		if err := to.Accept(ctx, a); err != nil {
			return err
		}
	}
	return to.Close()
}
