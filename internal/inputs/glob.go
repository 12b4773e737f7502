package inputs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// hasMeta reports whether path has a character that a glob gives a meaning.
func hasMeta(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// fixed returns the folder that a glob's matches are all in: the names before
// the first that has a meaning, without the last name.
func fixed(pattern string) string {
	dir := filepath.Dir(pattern)
	for hasMeta(dir) {
		dir = filepath.Dir(dir)
	}
	return dir
}

// glob returns what exists and matches pattern, sorted, each path once. It is
// filepath.Glob with '**', and with errors: a folder that cannot be read is not
// taken for an empty one.
func glob(pattern string) ([]string, error) {
	base, names := "", strings.FieldsFunc(pattern, func(r rune) bool { return r == filepath.Separator })
	if filepath.IsAbs(pattern) {
		base = string(filepath.Separator)
	}
	for _, name := range names {
		if _, err := filepath.Match(name, ""); err != nil {
			return nil, err
		}
	}
	paths, err := descend(nil, base, names)
	slices.Sort(paths)
	return slices.Compact(paths), err
}

// descend appends to paths what matches names, taken from within base.
func descend(paths []string, base string, names []string) ([]string, error) {
	if len(names) == 0 {
		return append(paths, base), nil
	}
	name, rest := names[0], names[1:]
	switch {
	case name == "**":
		return descendAll(paths, base, rest)
	case !hasMeta(name):
		path := filepath.Join(base, name)
		if _, err := os.Lstat(path); absent(err) {
			return paths, nil
		} else if err != nil {
			return nil, err
		}
		return descend(paths, path, rest)
	}
	entries, err := list(base)
	for _, e := range entries {
		if ok, _ := filepath.Match(name, e.Name()); ok && err == nil {
			paths, err = descend(paths, filepath.Join(base, e.Name()), rest)
		}
	}
	return paths, err
}

// descendAll matches rest within base and within each folder below it. A '**'
// at the end matches base itself, which stands for all files below it.
func descendAll(paths []string, base string, rest []string) ([]string, error) {
	if len(rest) == 0 {
		return append(paths, filepath.Clean(base)), nil
	}
	paths, err := descend(paths, base, rest)
	if err != nil {
		return nil, err
	}
	entries, err := list(base)
	for _, e := range entries {
		if e.IsDir() && err == nil {
			paths, err = descendAll(paths, filepath.Join(base, e.Name()), rest)
		}
	}
	return paths, err
}

// list reads a folder; what is no folder has no entries.
func list(base string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(filepath.Clean(base))
	if absent(err) {
		return nil, nil
	}
	return entries, err
}

func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
