package workloads

import (
	"fmt"
	"path/filepath"

	"corecast/internal/inputs"
)

// findInputs finds the files that --input names; of folders, those that keep
// takes.
func findInputs(input []string, keep func(path string) bool) (inputs.Found, error) {
	found, err := inputs.Expand(input, keep)
	if err != nil {
		return found, settingError("input", "%w", err)
	}
	return found, nil
}

// absolute is the path of a file for workers, whose folder may be another.
// Messages keep the user's.
func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find %s: %w", path, err)
	}
	return abs, nil
}
