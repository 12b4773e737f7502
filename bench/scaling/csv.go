package scaling

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxCores bounds a core count of a file.
const maxCores = 1e9

// ReadCSV reads rows of a table with a header: a column cores, a column seconds
// or throughput, and if there is one a column work (1 where there is none).
// Other columns are passed over. Rows may stand in any order; several at the
// same cores are repetitions. Empty lines and lines that begin with # are
// skipped. Errors name the file by name, the line and the column.
func ReadCSV(r io.Reader, name string) (*Data, error) {
	t := &table{name: name, csv: csv.NewReader(r), rows: make(gather)}
	t.csv.FieldsPerRecord, t.csv.ReuseRecord, t.csv.Comment = -1, true, '#'
	if err := t.header(); err != nil {
		return nil, err
	}
	for {
		err := t.row()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(t.rows) == 0 {
		return nil, fmt.Errorf("%s: there is a header and no row below it", name)
	}
	return &Data{Name: name, Unit: "job", Cells: t.rows.cells()}, nil
}

// table is a CSV file that is being read.
type table struct {
	name string
	csv  *csv.Reader
	// Columns, by index; work is -1 without one.
	cores, measure, work int
	throughput           bool
	fields               int
	rows                 gather
}

// at is an error about a field of the present row.
func (t *table) at(field int, format string, args ...any) error {
	line, column := t.csv.FieldPos(field)
	return fmt.Errorf("%s: line %d, column %d: %s", t.name, line, column, fmt.Sprintf(format, args...))
}

// read returns the next row of fields.
func (t *table) read() ([]string, error) {
	fields, err := t.csv.Read()
	var p *csv.ParseError
	if errors.As(err, &p) {
		return nil, fmt.Errorf("%s: line %d, column %d: %w", t.name, p.Line, p.Column, p.Err)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return fields, err
}

func (t *table) header() error {
	fields, err := t.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty: it needs a header with cores and seconds (or throughput)", t.name)
	}
	if err != nil {
		return err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(f, "\ufeff")))
	}
	t.fields = len(names)
	t.cores, t.work = slices.Index(names, "cores"), slices.Index(names, "work")
	seconds, throughput := slices.Index(names, "seconds"), slices.Index(names, "throughput")
	switch {
	case t.cores < 0:
		return t.at(0, "no column cores: the header has %s", strings.Join(names, ", "))
	case seconds >= 0 && throughput >= 0:
		return t.at(throughput, "columns seconds and throughput: keep one of them")
	case seconds < 0 && throughput < 0:
		return t.at(0, "no column seconds or throughput: the header has %s", strings.Join(names, ", "))
	}
	t.measure, t.throughput = max(seconds, throughput), throughput >= 0
	for _, i := range []int{t.cores, t.measure, t.work} {
		if i >= 0 && slices.Contains(names[i+1:], names[i]) {
			return t.at(i, "two columns are called %s", names[i])
		}
	}
	return nil
}

func (t *table) row() error {
	fields, err := t.read()
	if err != nil {
		return err
	}
	if len(fields) != t.fields {
		return t.at(len(fields)-1, "%d fields, the header has %d", len(fields), t.fields)
	}
	cores, err := t.positive(fields, t.cores, "cores")
	if err != nil {
		return err
	}
	if cores != math.Trunc(cores) || cores > maxCores {
		return t.at(t.cores, "cores is %s: a whole number from 1 to %g is expected", strings.TrimSpace(fields[t.cores]), maxCores)
	}
	work := 1.0
	if t.work >= 0 {
		if work, err = t.positive(fields, t.work, "work"); err != nil {
			return err
		}
	}
	name := "seconds"
	if t.throughput {
		name = "throughput"
	}
	seconds, err := t.positive(fields, t.measure, name)
	if err != nil {
		return err
	}
	if t.throughput {
		seconds = work / seconds
		if seconds == 0 || math.IsInf(seconds, 0) {
			return t.at(t.measure, "throughput is %s, which is out of range", strings.TrimSpace(fields[t.measure]))
		}
	}
	t.rows.add(cores, work, seconds)
	return nil
}

// positive reads a field that must be a finite number above 0.
func (t *table) positive(fields []string, field int, name string) (float64, error) {
	text := strings.TrimSpace(fields[field])
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return 0, t.at(field, "%s is empty", name)
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		return 0, t.at(field, "%s is %q, which is not a number", name, text)
	case v <= 0:
		return 0, t.at(field, "%s is %s: it must be above 0", name, text)
	}
	return v, nil
}
