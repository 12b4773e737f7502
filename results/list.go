package results

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// listDepth is how many folders below its root List looks for runs.
const listDepth = 3

// Info is what a list says of one run.
type Info struct {
	ID      string
	Dir     string
	Created time.Time
	// Workloads and Backends of the trials, sorted.
	Workloads []string
	Backends  []string
	Trials    int
	Complete  bool
	Running   bool
	// Damage says why the run cannot be read; what is above is then what
	// could be read of it, the name of its folder for the ID.
	Damage error
}

// NewID returns an identifier for a run that begins at t: the time in UTC, so
// that identifiers sort by it, and four random characters, such as
// 20261123-191945-x7k2.
func NewID(t time.Time) string {
	const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	var random [4]byte
	// Read never returns an error (crypto/rand).
	_, _ = rand.Read(random[:])
	for i, b := range random {
		random[i] = alphabet[int(b)%len(alphabet)]
	}
	return t.UTC().Format("20060102-150405-") + string(random[:])
}

// List returns the runs in root and up to three folders below it, newest
// first. Lines are verified in full, task rows by their places and lengths;
// Open verifies their checksums too.
func List(root string) ([]Info, error) {
	dirs, err := runFolders(root)
	if err != nil {
		return nil, err
	}
	infos := make([]Info, len(dirs))
	for i, dir := range dirs {
		infos[i] = describe(dir)
	}
	newestFirst(infos)
	return infos, nil
}

func newestFirst(infos []Info) {
	slices.SortFunc(infos, func(a, b Info) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(b.ID, a.ID), cmp.Compare(a.Dir, b.Dir))
	})
}

// runFolders returns the folders at and below root that hold a run. Hidden
// folders and those inside of a run are passed over.
func runFolders(root string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if path == root || !errors.Is(err, fs.ErrPermission) {
				return err
			}
			return fs.SkipDir
		}
		if !entry.IsDir() {
			return nil
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if below != "." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if isRun(path) {
			dirs = append(dirs, path)
			return fs.SkipDir
		}
		if below != "." && strings.Count(below, string(filepath.Separator)) >= listDepth-1 {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the runs: %w", err)
	}
	return dirs, nil
}

func isRun(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, linesFile))
	return err == nil && !info.IsDir()
}

// describe reads what a list shows of the run in dir.
func describe(dir string) Info {
	info := readInfo(dir)
	run, err := open(dir, true)
	if err != nil {
		info.Damage = err
		return info
	}
	info.Trials, info.Complete, info.Running = len(run.Trials), run.Complete(), run.Running
	for _, t := range run.Trials {
		info.Workloads = append(info.Workloads, t.Point.Workload)
		info.Backends = append(info.Backends, t.Point.Backend)
	}
	info.Workloads, info.Backends = unique(info.Workloads), unique(info.Backends)
	return info
}

func unique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// readInfo reads the header line alone; when it is not sound, the folder's
// name stands for the ID.
func readInfo(dir string) Info {
	info := Info{ID: filepath.Base(dir), Dir: dir}
	f, err := os.Open(filepath.Join(dir, linesFile))
	if err != nil {
		return info
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err != nil {
		return info
	}
	body, _, err := unseal(line[:len(line)-1], 0)
	if err != nil {
		return info
	}
	var header headerLine
	if _, err := decodeBody(body, &header); err == nil && header.Type == typeHeader {
		info.ID, info.Created = header.ID, header.Created
	}
	return info
}

// Find returns the folder of the run that the user means: "latest", the path
// of a run's folder, or an ID or the one ID below root that begins so.
func Find(root, idOrPath string) (string, error) {
	if idOrPath == "" {
		return "", fmt.Errorf("which run? give its ID, its folder, or latest")
	}
	if idOrPath != "latest" && isRun(idOrPath) {
		return idOrPath, nil
	}
	dirs, err := runFolders(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	infos := make([]Info, len(dirs))
	for i, dir := range dirs {
		infos[i] = readInfo(dir)
	}
	newestFirst(infos)
	if idOrPath == "latest" {
		if len(infos) == 0 {
			return "", fmt.Errorf("there is no run in %s", root)
		}
		return infos[0].Dir, nil
	}
	return match(infos, root, idOrPath)
}

// match returns the folder of the run whose ID or folder is named so, else of
// the only one that begins so.
func match(infos []Info, root, name string) (string, error) {
	var exact, prefixed []Info
	for _, info := range infos {
		switch base := filepath.Base(info.Dir); {
		case info.ID == name || base == name:
			exact = append(exact, info)
		case strings.HasPrefix(info.ID, name) || strings.HasPrefix(base, name):
			prefixed = append(prefixed, info)
		}
	}
	found := exact
	if len(found) == 0 {
		found = prefixed
	}
	switch len(found) {
	case 1:
		return found[0].Dir, nil
	case 0:
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return "", fmt.Errorf("%w: %s has no %s", ErrNotRun, name, linesFile)
		}
		return "", fmt.Errorf("there is no run %q in %s", name, root)
	}
	var dirs []string
	for _, info := range found[:min(len(found), 5)] {
		dirs = append(dirs, info.Dir)
	}
	return "", fmt.Errorf("%q could be any of %d runs in %s: %s", name, len(found), root, strings.Join(dirs, ", "))
}
