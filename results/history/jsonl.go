package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// WriteJSONL writes a run as a line.
func WriteJSONL(w io.Writer, r *Run) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write run %s as JSON: %w", r.ID, err)
	}
	return nil
}

// ReadJSONL reads runs, one a line, and hands each to put. Errors name the
// line; runs of the lines before it have been put.
func ReadJSONL(r io.Reader, name string, put func(*Run) error) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if len(line) > 1 || len(line) == 1 && line[0] != '\n' {
			var run Run
			if e := json.Unmarshal(line, &run); e != nil {
				return fmt.Errorf("%s: line %d: %w", name, n, e)
			}
			if e := run.Validate(); e != nil {
				return fmt.Errorf("%s: line %d: %w", name, n, e)
			}
			if e := put(&run); e != nil {
				return fmt.Errorf("%s: line %d: %w", name, n, e)
			}
		}
		if err != nil {
			return nil
		}
	}
}
