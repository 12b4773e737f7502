package db

import (
	"context"
	"database/sql"
	"fmt"

	"corecast/results/history"
)

// migrations lead from each version of the schema to the next. What was
// published stays as it is; a change is a new one at the end.
func migrations() []string {
	return []string{`
		CREATE TABLE runs (
			seq SERIAL,
			id TEXT NOT NULL UNIQUE,
			created INTEGER NOT NULL,
			commit_id TEXT NOT NULL,
			branch TEXT NOT NULL,
			machine TEXT NOT NULL,
			body TEXT NOT NULL
		);
		CREATE TABLE series (
			id SERIAL,
			name TEXT NOT NULL UNIQUE
		);
		CREATE TABLE samples (
			series INTEGER NOT NULL REFERENCES series(id),
			run INTEGER NOT NULL REFERENCES runs(seq),
			place INTEGER NOT NULL,
			rep INTEGER NOT NULL,
			value FLOAT,
			PRIMARY KEY (series, run, rep)
		);
		CREATE INDEX samples_run ON samples(run);
		CREATE TABLE records (
			run INTEGER NOT NULL PRIMARY KEY REFERENCES runs(seq),
			lines BYTES NOT NULL,
			tasks BYTES
		);
		CREATE TABLE accepted (
			id SERIAL,
			series TEXT NOT NULL,
			run TEXT NOT NULL,
			reason TEXT NOT NULL,
			at INTEGER NOT NULL
		)`,
	}
}

// migrate brings the schema to the present version, in one transaction, and
// refuses one that is newer.
func (s *Store) migrate(ctx context.Context) error {
	version, err := s.version(ctx)
	if err != nil {
		return err
	}
	if version > len(migrations()) {
		return fmt.Errorf("%w (its schema is version %d, this one knows %d)", history.ErrNewer, version, len(migrations()))
	}
	if version == len(migrations()) || s.readOnly {
		return nil
	}
	return s.transact(ctx, func(tx *sql.Tx) error {
		if s.dialect.lock != "" {
			if _, err := tx.ExecContext(ctx, s.dialect.lock); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, s.dialect.types.Replace("CREATE TABLE IF NOT EXISTS corecast_schema (version INTEGER NOT NULL)")); err != nil {
			return err
		}
		var now sql.NullInt64 // another process may have been here meanwhile
		if err := tx.QueryRowContext(ctx, "SELECT max(version) FROM corecast_schema").Scan(&now); err != nil {
			return err
		}
		for v := int(now.Int64); v < len(migrations()); v++ {
			if _, err := tx.ExecContext(ctx, s.dialect.types.Replace(migrations()[v])); err != nil {
				return fmt.Errorf("bring the history to version %d: %w", v+1, err)
			}
			if _, err := tx.ExecContext(ctx, s.dialect.sql("INSERT INTO corecast_schema (version) VALUES (?)"), v+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// version returns the version of the schema; 0 for an empty database. A
// database with other tables alone is refused.
func (s *Store) version(ctx context.Context) (int, error) {
	names := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if s.dialect.numbered {
		names = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	rows, err := s.db.QueryContext(ctx, names)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	other, own := "", false
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return 0, err
		}
		if name == "corecast_schema" {
			own = true
		} else {
			other = name
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if !own {
		if other != "" {
			return 0, fmt.Errorf("it is a database of something else: it has a table %s and none of corecast's", other)
		}
		return 0, nil
	}
	var v sql.NullInt64
	err = s.db.QueryRowContext(ctx, "SELECT max(version) FROM corecast_schema").Scan(&v)
	return int(v.Int64), err
}
