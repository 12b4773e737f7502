package learn

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Columns says what the columns of a CSV file are for.
type Columns struct {
	// Goal is the column to predict, Drop those to leave out, Categories those
	// whose texts are categories.
	Goal       string
	Drop       []string
	Categories []string
	// Task is classify or regress; empty: classify when Goal holds texts, or at
	// most 20 different whole numbers, else regress.
	Task string
}

// ReadCSV reads a table: a header, then one row a line. Fields are separated by
// commas, semicolons, tabs or bars, whichever the header has most of, and may
// be quoted as in RFC 4180; line ends are LF or CRLF, a byte order mark is
// skipped, and so are empty lines.
//
// A cell that is empty or reads NA, N/A, NaN, NULL, None or ? in any case is
// missing. A column of numbers is a feature. A column of texts among Categories
// with two levels is a feature of 0 and 1, one with up to 32 a feature of 0 and
// 1 for each level, named column=level; a missing text is missing in all of
// them. Any other column with a text, one with more levels, one that mixes
// numbers and texts, an infinite number, and a whole number too large to be held
// exactly are errors. So is a missing target.
//
// Errors are [InputError] values that name file, line and column. name stands
// for the file in them.
func ReadCSV(r io.Reader, name string, c Columns) (*Table, error) {
	raw, err := readRaw(r, name)
	if err != nil {
		return nil, err
	}
	goal, err := raw.choose(c)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: name, Rows: len(raw.lines), Goal: raw.names[goal]}
	if err := raw.target(t, goal, c.Task); err != nil {
		return nil, err
	}
	for i, column := range raw.names {
		if i == goal || slices.Contains(c.Drop, column) {
			continue
		}
		if err := raw.feature(t, i, slices.Contains(c.Categories, column)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// rawTable is a CSV file as texts.
type rawTable struct {
	name  string
	names []string
	cells [][]string // of each column, one a row, without spaces around
	lines []int      // of each row
}

// at names a cell.
func (t *rawTable) at(row, column int) string {
	return fmt.Sprintf("%s, line %d, column %s", t.name, t.lines[row], t.names[column])
}

func readRaw(r io.Reader, name string) (*rawTable, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	separator, err := sniff(b, name)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(b)
	reader.Comma, reader.FieldsPerRecord, reader.ReuseRecord = separator, -1, true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, inputError(AboutData, "%s is empty: give a CSV file with a header", name)
	}
	if err != nil {
		return nil, readError(name, err)
	}
	t := &rawTable{name: name}
	if t.names, err = headerNames(header, name); err != nil {
		return nil, err
	}
	t.cells = make([][]string, len(t.names))
	if err := t.rows(reader); err != nil {
		return nil, err
	}
	if len(t.lines) == 0 {
		return nil, inputError(AboutData, "%s has a header and no rows", name)
	}
	return t, nil
}

// sniff skips a byte order mark and finds the separator.
func sniff(b *bufio.Reader, name string) (rune, error) {
	head, err := b.Peek(1 << 16)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, inputError(AboutData, "read %s: %w", name, err)
	}
	text := string(head)
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return 0, inputError(AboutData, "%s is in UTF-16: save it as UTF-8", name)
	}
	if rest, ok := strings.CutPrefix(text, "\ufeff"); ok {
		text = rest
		if _, err := b.Discard(len("\ufeff")); err != nil {
			return 0, inputError(AboutData, "read %s: %w", name, err)
		}
	}
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	separator, most, quoted := ',', 0, false
	counts := make(map[rune]int)
	for _, c := range line {
		quoted = quoted != (c == '"')
		if !quoted {
			counts[c]++
		}
	}
	for _, c := range ",;\t|" {
		if counts[c] > most {
			separator, most = c, counts[c]
		}
	}
	return separator, nil
}

// readError words an error of the CSV reader.
func readError(name string, err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return inputError(AboutData, "read %s: %w", name, err)
	}
	text := p.Err.Error()
	switch {
	case errors.Is(p.Err, csv.ErrBareQuote):
		text = `a quote inside a field that does not begin with one: quote the whole field and write "" for the quote`
	case errors.Is(p.Err, csv.ErrQuote):
		text = `a quoted field that does not end as it should: write "" for a quote in it, and close it with one`
	}
	if p.StartLine != p.Line {
		return inputError(AboutData, "%s, line %d, byte %d (in a record from line %d): %s", name, p.Line, p.Column, p.StartLine, text)
	}
	return inputError(AboutData, "%s, line %d, byte %d: %s", name, p.Line, p.Column, text)
}

// headerNames checks the header. A column without a name is called "column N".
func headerNames(header []string, name string) ([]string, error) {
	names := make([]string, len(header))
	first := make(map[string]int)
	for i, h := range header {
		if names[i] = strings.TrimSpace(h); names[i] == "" {
			names[i] = fmt.Sprintf("column %d", i+1)
		}
		if j, ok := first[names[i]]; ok {
			return nil, inputError(AboutData, "%s: columns %d and %d are both called %s: rename one", name, j+1, i+1, names[i])
		}
		first[names[i]] = i
	}
	if len(names) < 2 {
		return nil, inputError(AboutData, "%s: the header has one column, %s: separate columns by commas, semicolons, tabs or bars", name, names[0])
	}
	return names, nil
}

// rows reads all that is below the header.
func (t *rawTable) rows(reader *csv.Reader) error {
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readError(t.name, err)
		}
		line, _ := reader.FieldPos(0)
		if len(record) != len(t.names) {
			return inputError(AboutData, "%s, line %d: %d fields where the header has %d", t.name, line, len(record), len(t.names))
		}
		for i, cell := range record {
			t.cells[i] = append(t.cells[i], strings.TrimSpace(cell))
		}
		t.lines = append(t.lines, line)
	}
}

// choose returns the index of the column to predict, once all names are known.
func (t *rawTable) choose(c Columns) (int, error) {
	for _, category := range c.Categories {
		switch {
		case category == c.Goal:
			return 0, inputError(AboutCategories, "%s is the target", category)
		case !slices.Contains(t.names, category):
			return 0, inputError(AboutCategories, "%s has no column %q: it has %s", t.name, category, list(t.names))
		}
	}
	for _, drop := range c.Drop {
		switch {
		case drop == c.Goal:
			return 0, inputError(AboutDrop, "%s is the target", drop)
		case !slices.Contains(t.names, drop):
			return 0, inputError(AboutDrop, "%s has no column %q: it has %s", t.name, drop, list(t.names))
		}
	}
	if c.Goal == "" {
		return 0, inputError(AboutTarget, "name the column of %s to predict: %s", t.name, list(t.names))
	}
	goal := slices.Index(t.names, c.Goal)
	if goal < 0 {
		return 0, inputError(AboutTarget, "%s has no column %q: it has %s", t.name, c.Goal, list(t.names))
	}
	for i, name := range t.names {
		if i != goal && !slices.Contains(c.Drop, name) {
			return goal, nil
		}
	}
	return 0, inputError(AboutDrop, "no column of %s is left to predict %s from", t.name, c.Goal)
}
