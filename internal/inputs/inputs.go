// Package inputs finds the files that a user names: files, folders and globs.
//
// [Expand] turns what was typed into [File]s, in order and each once, and
// reports what is not there before any work begins. Workloads that read files
// cut them into tasks from there.
package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is an input found by [Expand].
type File struct {
	Path string
	// Size is its size as stored, in bytes, when it was looked at.
	Size int64
	// Rel is its path within the folder that was named, or within the fixed
	// part of the glob; for a file that was named, its last name. It has no
	// "..", so it can be put below another folder.
	Rel string
}

// Found is what inputs name.
type Found struct {
	Files []File
	// Skipped counts the files of folders that were not kept.
	Skipped int
	// Links are the symbolic links in folders whose names keep takes: they are
	// not followed.
	Links []string
}

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
// Of a folder's files, those are kept whose path keep takes; nil takes all. A
// file that an input or a glob names is not asked about.
//
// An input that does not exist, cannot be read, or gives no file at all is an
// error that names it.
func Expand(inputs []string, keep func(path string) bool) (Found, error) {
	f := finder{keep: keep}
	for _, input := range inputs {
		met, skipped := f.met, f.Skipped
		if err := f.input(input); err != nil {
			return Found{}, err
		}
		if f.met > met {
			continue
		}
		if n := f.Skipped - skipped; n > 0 {
			return Found{}, fmt.Errorf("%s holds no files of the right kind, only %d others", input, n)
		}
		return Found{}, fmt.Errorf("%s holds no regular files (symbolic links within a folder are not followed)", input)
	}
	return f.Found, nil
}

// finder collects files.
type finder struct {
	Found
	keep func(path string) bool
	seen map[string]bool
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
		return f.folder(input, input)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file or a folder", input)
	}
	return f.file(filepath.Dir(input), input, info)
}

func (f *finder) glob(pattern string) error {
	paths, err := glob(pattern)
	if err != nil {
		return fmt.Errorf("look for %s: %w", pattern, err)
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s matches no file", pattern)
	}
	root := fixed(pattern)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = f.folder(root, path)
		} else if info.Mode().IsRegular() {
			err = f.file(root, path, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// folder adds the kept files of a folder, which is root or in it, and of its
// folders; os.ReadDir sorts.
func (f *finder) folder(root, path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		switch {
		case e.IsDir():
			err = f.folder(root, name)
		case e.Type()&fs.ModeSymlink != 0:
			if f.keep == nil || f.keep(name) {
				f.Links = append(f.Links, name)
			}
		case !e.Type().IsRegular():
		case f.keep != nil && !f.keep(name):
			f.Skipped++
		default:
			err = f.entry(root, name, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *finder) entry(root, path string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	return f.file(root, path, info)
}

// file adds a file once, when it can be opened.
func (f *finder) file(root, path string, info fs.FileInfo) error {
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
	rel, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(rel) {
		rel = filepath.Base(path)
	}
	f.Files = append(f.Files, File{path, info.Size(), rel})
	return opened.Close()
}
