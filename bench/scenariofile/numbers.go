package scenariofile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"corecast/bench/sim"
)

// Numbers reads a file of times in seconds, one number from 0 on a line. Errors
// name the file and the line.
func Numbers(path string) ([]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	values, err := ReadNumbers(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return values, nil
}

// ReadNumbers reads numbers from 0 on, one a line; empty lines may stand at the
// end. Errors name the line.
func ReadNumbers(r io.Reader) ([]float64, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4096)
	var values []float64
	blank := 0 // the first empty line, if there was one
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			if blank == 0 {
				blank = n
			}
			continue
		}
		if blank > 0 {
			return nil, fmt.Errorf("line %d is empty", blank)
		}
		v, err := parseNumber(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if len(values) == sim.MaxTasks {
			return nil, fmt.Errorf("there are more than %d numbers", sim.MaxTasks)
		}
		values = append(values, v)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d is too long for a number", n+1)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, errors.New("the file is empty")
	}
	return values, nil
}

func parseNumber(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("%q is not a number", clip(text))
	case v < 0:
		return 0, fmt.Errorf("%s is negative", text)
	}
	return v + 0, nil // -0 is 0
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
