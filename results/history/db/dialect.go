package db

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"corecast/results/history"
)

// dialect is what differs between databases.
type dialect struct {
	driver string
	// types replaces words of migrations.
	types *strings.Replacer
	// lock makes a transaction the only one that writes.
	lock string
	// numbered has $1 for ?.
	numbered bool
}

func sqliteDialect() dialect {
	return dialect{driver: "sqlite", types: strings.NewReplacer("SERIAL", "INTEGER PRIMARY KEY AUTOINCREMENT", "BYTES", "BLOB", "FLOAT", "REAL")}
}

func postgresDialect() dialect {
	return dialect{
		driver: "pgx", types: strings.NewReplacer("SERIAL", "BIGSERIAL PRIMARY KEY", "BYTES", "BYTEA", "FLOAT", "DOUBLE PRECISION", "INTEGER", "BIGINT"),
		lock: "SELECT pg_advisory_xact_lock(7165043)", numbered: true,
	}
}

// sql returns a query in the dialect's form.
func (d dialect) sql(query string) string {
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, c := range query {
		if c == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// isPostgres reports whether where is the URL of a PostgreSQL server.
func isPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// display returns where without a password.
func display(where string) string {
	if !isPostgres(where) {
		return where
	}
	u, err := url.Parse(where)
	if err != nil {
		return "the PostgreSQL server"
	}
	return u.Redacted()
}

// sqliteSource returns the data source of a file. Commits are on disk when
// they return (synchronous), and who finds the file locked waits.
func sqliteSource(path, extra string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open the history %s: %w", path, err)
	}
	u := url.URL{Scheme: "file", Path: abs}
	return u.String() + "?_txlock=immediate&_pragma=busy_timeout(60000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)" + extra, nil
}

// isFile refuses what SQLite would not open, or make into something else.
func isFile(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	return nil
}

// meaning adds to an error of a driver what it means here.
func meaning(err error) error {
	if err == nil {
		return nil
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w (%w)", history.ErrDamaged, err)
		case sqlite3.SQLITE_READONLY:
			return fmt.Errorf("%w (%w)", history.ErrReadOnly, err)
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("%w (%w)", syscall.ENOSPC, err)
		}
	case errors.As(err, &pg):
		switch pg.Code {
		case "25006", "42501": // read_only_sql_transaction, insufficient_privilege
			return fmt.Errorf("%w (%w)", history.ErrReadOnly, err)
		case "XX001", "XX002": // data_corrupted, index_corrupted
			return fmt.Errorf("%w (%w)", history.ErrDamaged, err)
		case "53100": // disk_full
			return fmt.Errorf("%w (%w)", syscall.ENOSPC, err)
		}
	}
	return err
}
