package logscan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Expand finds the files that inputs name, in the order of the inputs, each
// path once.
//
// An input is a file; a folder, which stands for all regular files in it and
// in its folders, hidden ones too, by name; or a glob, where '*', '?' and
// '[a-z]' match within one name, hidden ones too, '\' takes the next character
// as it is, and a name that is '**' stands for any number of folders, also
// none. A folder that a glob matches stands for its files. What exists under
// the very name of an input is no glob. Symbolic links are followed where the
// input or a glob names them, but not those found in a folder or through
// '**'; so links that form a loop do no harm.
//
// An input that does not exist, cannot be read, or gives no file at all is an
// error that names it.
func Expand(inputs []string) ([]File, error) {
	var found finder
	for _, input := range inputs {
		before := found.met
		if err := found.input(input); err != nil {
			return nil, err
		}
		if found.met == before {
			return nil, fmt.Errorf("%s holds no regular files (symbolic links within a folder are not followed)", input)
		}
	}
	return found.files, nil
}

// finder collects files.
type finder struct {
	files []File
	seen  map[string]bool
	// met counts the files met, also those seen before.
	met int
}

func (f *finder) input(input string) error {
	info, err := os.Stat(input)
	switch {
	case errors.Is(err, fs.ErrNotExist) && hasMeta(input):
		return f.glob(input)
	case err != nil:
		return err // names the operation and the file
	case info.IsDir():
		return f.folder(input)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file or a folder", input)
	}
	return f.file(input, info)
}

func (f *finder) glob(pattern string) error {
	paths, err := glob(pattern)
	if err != nil {
		return fmt.Errorf("look for %s: %w", pattern, err)
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s matches no file", pattern)
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = f.folder(path)
		} else if info.Mode().IsRegular() {
			err = f.file(path, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// folder adds the regular files of a folder and its folders; os.ReadDir sorts.
func (f *finder) folder(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		switch {
		case e.IsDir():
			err = f.folder(name)
		case e.Type().IsRegular():
			err = f.entry(name, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) entry(path string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	return f.file(path, info)
}

// file adds a file once, when it can be opened.
func (f *finder) file(path string, info fs.FileInfo) error {
	path = filepath.Clean(path)
	f.met++
	if f.seen[path] {
		return nil
	}
	opened, err := os.Open(path)
	if err != nil {
		return err
	}
	if f.seen == nil {
		f.seen = make(map[string]bool)
	}
	f.seen[path] = true
	f.files = append(f.files, File{path, info.Size()})
	return opened.Close()
}
