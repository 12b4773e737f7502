package change

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Series is the history of one metric, in the order in which it was measured.
type Series struct {
	Name string
	// Values has NaN where there is none.
	Values []float64
}

// Table is series of the same rows.
type Table struct {
	// Name says where it came from.
	Name   string
	Series []Series
	// Times and Commits are as long as the series, or nil without such a
	// column. A time that is not given is zero.
	Times   []time.Time
	Commits []string
}

// The names of columns that are not metrics, in any case.
func timeColumns() []string   { return []string{"time", "date", "timestamp", "started", "created"} }
func commitColumns() []string { return []string{"commit", "revision", "sha", "hash"} }

// ReadCSV reads series: a header, then a row a measurement, a column a metric.
// A column called time (date, timestamp, started, created) has moments by RFC
// 3339, dates, or Unix seconds; one called commit (revision, sha, hash) has
// names. A field that is empty, NaN, NA, null or - is a missing value, and so
// is infinity. Lines that begin with # and empty lines are skipped. A row that
// is short lacks its last fields. Anything else is an error that names the
// file by name, the line and the column.
func ReadCSV(r io.Reader, name string) (*Table, error) {
	c := &csvReader{name: name, csv: csv.NewReader(r), time: -1, commit: -1}
	c.csv.FieldsPerRecord, c.csv.Comment, c.csv.TrimLeadingSpace = -1, '#', true
	if err := c.header(); err != nil {
		return nil, err
	}
	for {
		err := c.row()
		if errors.Is(err, io.EOF) {
			return c.table(), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// csvReader is a CSV file that is being read.
type csvReader struct {
	name string
	csv  *csv.Reader
	// heads are the names of columns; time and commit are indices of them, -1
	// without such a column.
	heads        []string
	time, commit int
	columns      [][]float64
	times        []time.Time
	commits      []string
}

func (c *csvReader) at(field int, format string, args ...any) error {
	line, column := c.csv.FieldPos(field)
	return fmt.Errorf("%s: line %d, column %d: %s", c.name, line, column, fmt.Sprintf(format, args...))
}

func (c *csvReader) read() ([]string, error) {
	fields, err := c.csv.Read()
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		return nil, fmt.Errorf("%s: line %d, column %d: %w", c.name, p.Line, p.Column, p.Err)
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return fields, err
}

func (c *csvReader) header() error {
	fields, err := c.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty: it needs a header with a column for each metric", c.name)
	}
	if err != nil {
		return err
	}
	numbers := 0
	for i, f := range fields {
		f = strings.TrimSpace(strings.TrimPrefix(f, "\ufeff"))
		if _, err := strconv.ParseFloat(f, 64); err == nil {
			numbers++
		}
		lower := strings.ToLower(f)
		switch {
		case c.time < 0 && slices.Contains(timeColumns(), lower):
			c.time = i
		case c.commit < 0 && slices.Contains(commitColumns(), lower):
			c.commit = i
		case f == "":
			f = fmt.Sprintf("column %d", i+1)
		}
		if slices.Contains(c.heads, f) {
			return c.at(i, "two columns are called %q", f)
		}
		c.heads = append(c.heads, f)
	}
	if numbers == len(fields) {
		return c.at(0, "the first line has numbers: a header with a name for each column is expected")
	}
	c.columns = make([][]float64, len(c.heads))
	if len(c.heads) == min(c.time+1, 1)+min(c.commit+1, 1) {
		return c.at(0, "there is no column of a metric: the header has %s", strings.Join(c.heads, ", "))
	}
	return nil
}

func (c *csvReader) row() error {
	fields, err := c.read()
	if err != nil {
		return err
	}
	if len(fields) > len(c.heads) {
		return c.at(len(c.heads), "%d fields, the header has %d", len(fields), len(c.heads))
	}
	for i := range c.heads {
		text := ""
		if i < len(fields) {
			text = strings.TrimSpace(fields[i])
		}
		switch i {
		case c.time:
			t, err := parseTime(text)
			if err != nil {
				return c.at(i, "%s: %v", c.heads[i], err)
			}
			c.times = append(c.times, t)
		case c.commit:
			c.commits = append(c.commits, text)
		default:
			v, err := parseValue(text)
			if err != nil {
				return c.at(i, "%s is %q, which is not a number", c.heads[i], text)
			}
			c.columns[i] = append(c.columns[i], v)
		}
	}
	return nil
}

func (c *csvReader) table() *Table {
	t := &Table{Name: c.name, Times: c.times, Commits: c.commits}
	for i, head := range c.heads {
		if i != c.time && i != c.commit {
			t.Series = append(t.Series, Series{Name: head, Values: c.columns[i]})
		}
	}
	return t
}

// parseValue reads a value; NaN for a missing one. What is too large for a
// number is infinite.
func parseValue(s string) (float64, error) {
	switch strings.ToLower(s) {
	case "", "na", "n/a", "null", "none", "-":
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return v, err
}

// parseTime reads a moment; zero when there is none.
func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(v) < 1e12 {
		whole := math.Floor(v)
		return time.Unix(int64(whole), int64((v-whole)*1e9)).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: RFC 3339, a date, or seconds since 1970 are expected", s)
}
