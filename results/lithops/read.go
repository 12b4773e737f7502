package lithops

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxRows bounds the tasks of a file.
const MaxRows = 10_000_000

// read reads the rows of a file, in CSV or JSON: which, its first character
// tells. Errors say the line, or in JSON the number of the record.
func read(r io.Reader) ([]row, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if head, _ := in.Peek(3); bytes.Equal(head, []byte("\ufeff")) {
		_, _ = in.Discard(3) // they are there: Peek had them
	}
	for {
		c, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty")
		}
		if err != nil {
			return nil, err
		}
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		if err := in.UnreadByte(); err != nil {
			return nil, err
		}
		if c == '{' || c == '[' {
			return readJSON(in)
		}
		return readCSV(in)
	}
}

// readCSV reads a table with a line of names first. Columns that are not known
// are passed over.
func readCSV(in io.Reader) ([]row, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return nil, csvError(err)
	}
	columns, err := columnsOf(slices.Clone(head))
	if err != nil {
		return nil, err
	}
	var rows []row
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
		line, _ := r.FieldPos(0)
		one := newRow(fmt.Sprintf("line %d", line), len(rows))
		for _, c := range columns {
			if err := c.set(&one, cells[c.at]); err != nil {
				return nil, fmt.Errorf("%s: %w", one.place, err)
			}
		}
		if rows, err = appendRow(rows, one); err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no task below the line of names")
	}
	return rows, nil
}

func appendRow(rows []row, one row) ([]row, error) {
	if err := one.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", one.place, err)
	}
	if len(rows) == MaxRows {
		return nil, fmt.Errorf("there are more than %d tasks", MaxRows)
	}
	return append(rows, one), nil
}

// csvError keeps the line of an error, without the package's own words.
func csvError(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}

// column is a field at a place of a table.
type column struct {
	field
	name string
	at   int
}

func (c *column) set(r *row, text string) error {
	v, told, err := c.number(c.name, text)
	if told {
		c.field.set(r, v)
	}
	return err
}

// columnsOf finds fields among the names of a table's columns.
func columnsOf(names []string) ([]column, error) {
	var columns []column
	for _, f := range fields() {
		for _, name := range f.names {
			at := slices.Index(names, name)
			if at < 0 {
				continue
			}
			if slices.Contains(names[at+1:], name) {
				return nil, fmt.Errorf("line 1: the column %s is there twice", name)
			}
			columns = append(columns, column{f, name, at})
			break
		}
	}
	submit := slices.ContainsFunc(columns, func(c column) bool { return strings.Contains(c.name, "submit") })
	if !submit {
		return nil, fmt.Errorf("line 1: none of its columns is submit_s or host_submit_tstamp, which statistics of Lithops have (%s)", clip(strings.Join(names, ",")))
	}
	return columns, nil
}

// clip shortens text that is not the user's own to what fits into an error.
func clip(s string) string {
	const most = 60
	if !utf8.ValidString(s) {
		return "not UTF-8"
	}
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// readJSON reads future.stats: an array of objects, an object a line, or one
// object whose values are such objects.
func readJSON(in io.Reader) ([]row, error) {
	d := json.NewDecoder(in)
	d.UseNumber()
	var rows []row
	for n := 0; ; n++ {
		var value any
		err := d.Decode(&value)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("record %d: not JSON: %w", len(rows)+1, err)
		}
		if rows, err = appendJSON(rows, value); err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("there is no task in it")
	}
	return rows, nil
}

func appendJSON(rows []row, value any) ([]row, error) {
	var err error
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			if rows, err = appendJSON(rows, one); err != nil {
				return nil, err
			}
		}
		return rows, nil
	case map[string]any:
		if nested(v) {
			for _, key := range sortedKeys(v) {
				if rows, err = appendJSON(rows, v[key]); err != nil {
					return nil, err
				}
			}
			return rows, nil
		}
		one, err := jsonRow(v, len(rows))
		if err != nil {
			return nil, err
		}
		return appendRow(rows, one)
	}
	return nil, fmt.Errorf("record %d: an object with the statistics of a task is expected, not %T", len(rows)+1, value)
}

// nested reports whether an object holds other objects, by task, rather than
// statistics.
func nested(v map[string]any) bool {
	if len(v) == 0 {
		return false
	}
	for _, one := range v {
		if _, ok := one.(map[string]any); !ok {
			return false
		}
	}
	return true
}

// sortedKeys returns keys in order, those that are numbers by their value.
func sortedKeys(v map[string]any) []string {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) && digits(a) && digits(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return keys
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func jsonRow(v map[string]any, task int) (row, error) {
	one := newRow(fmt.Sprintf("record %d", task+1), task)
	for _, f := range fields() {
		for _, name := range f.names {
			value, ok := v[name]
			if !ok || value == nil {
				continue
			}
			text := fmt.Sprint(value)
			number, told, err := f.number(name, text)
			if err != nil {
				return row{}, fmt.Errorf("%s: %w", one.place, err)
			}
			if told {
				f.set(&one, number)
			}
			break
		}
	}
	return one, nil
}
