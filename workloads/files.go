package workloads

import (
	"fmt"
	"path/filepath"
	"strings"

	"corecast/internal/inputs"
	"corecast/internal/wording"
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

// linkDoubts tells of symbolic links in folders, which are not followed.
func linkDoubts(links []string) []Doubt {
	if len(links) == 0 {
		return nil
	}
	names := strings.Join(links[:min(len(links), 10)], ", ")
	if more := len(links) - 10; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return []Doubt{{
		Code:   "links_skipped",
		Text:   wording.Count(len(links), "symbolic link") + " in folders left out: " + names,
		Advice: "name them, or give a glob that matches them",
	}}
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
