package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// prefix begins the name of every folder that this package makes beside groups
// of others.
const prefix = "corecast-"

// Tree is a folder, in each hierarchy that is needed, for the groups of one
// driver. Its methods may be called at the same time.
type Tree struct {
	places []*place
}

// place is a tree's folder in one hierarchy.
type place struct {
	version int
	// path is the folder, home the group that this process is in, both as paths
	// of the system.
	path, home string
	serves     []controller
	// lock is the folder, open and locked.
	lock *os.File
	// undo takes back what was changed above the folder; nil: nothing.
	undo func() error
}

// New makes a tree whose name has the given one in it, for groups with limits
// on what need limits, below the groups of this process; in version 2, where a
// group that has processes can have no limited groups below it, further up
// (enable.go). Before, it removes trees that killed drivers have left there.
//
// The error is one line: ErrNotSupported is in it where the system lacks what
// is needed, ErrNotPermitted where another user may do it, with what would
// allow it.
func New(name string, need Limits) (*Tree, error) { return newTree("/", name, need) }

// newTree is New for a system whose root is a folder.
func newTree(root, name string, need Limits) (*Tree, error) {
	places, err := findPlaces(root, need)
	if err != nil {
		return nil, err
	}
	t := &Tree{}
	folder := fmt.Sprintf("%s%s-%d", prefix, safe(name), os.Getpid())
	for _, p := range places {
		if err := p.begin(folder); err != nil {
			return nil, errors.Join(advise(p.version, "make a control group", err), t.Remove())
		}
		t.places = append(t.places, p)
	}
	return t, nil
}

// safe keeps what is harmless in the name of a folder.
func safe(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, name[:min(len(name), 100)])
}

// findPlaces lists the hierarchies that have the controllers for need, each
// with the group in which a tree is to be made.
func findPlaces(root string, need Limits) ([]*place, error) {
	own := Find(os.DirFS(root))
	var places []*place
	var unified []controller
	for _, c := range []controller{cpu, cpuacct, memory} {
		wanted := c == memory && need.Memory > 0 || c != memory && need.CPU > 0
		folders := own.v1[c]
		switch {
		case !wanted:
		case len(folders) > 0:
			path := filepath.Join(root, folders[0])
			if i := slices.IndexFunc(places, func(p *place) bool { return p.path == path }); i >= 0 {
				places[i].serves = append(places[i].serves, c)
			} else {
				places = append(places, &place{version: 1, path: path, home: path, serves: []controller{c}})
			}
		case c == cpuacct: // version 2 counts without it
		case len(own.unified) > 0:
			unified = append(unified, c)
		default:
			return nil, fmt.Errorf("%w: no control groups (cgroup version 1 or 2) with the controller %s are mounted here", ErrNotSupported, c)
		}
	}
	if len(unified) == 0 {
		return places, nil
	}
	p, err := enable(root, own.unified, unified)
	if err != nil {
		return nil, err
	}
	return append(places, p), nil
}

// begin removes what others left in the place's group, and makes and locks
// its folder there.
func (p *place) begin(folder string) (err error) {
	base := p.path
	defer func() {
		if err != nil {
			err = errors.Join(err, p.end())
		}
	}()
	if err := Clean(base); err != nil {
		return err
	}
	if p.path, p.lock, err = claim(filepath.Join(base, folder)); err != nil {
		return err
	}
	if p.version == 2 {
		return addControllers(p.path, p.serves)
	}
	return nil
}

// claim makes a folder and locks it. Its name is the given one with a number
// behind it that is free. Another driver's Clean may come between the two;
// then it is made again.
func claim(name string) (path string, lock *os.File, err error) {
	for n := 1; ; n++ {
		path = name + "." + strconv.Itoa(n)
		err := os.Mkdir(path, 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", nil, errors.Join(err, os.Remove(path))
		}
		locked, err := tryLock(f)
		if err != nil {
			return "", nil, errors.Join(err, f.Close(), os.Remove(path))
		}
		if _, err := os.Stat(path); locked && err == nil {
			return path, f, nil
		}
		f.Close()
	}
}

// end removes the place's folder with the groups in it, and takes back what
// was changed for it.
func (p *place) end() error {
	var errs []error
	if p.lock != nil {
		errs = append(errs, removeAll(p.path), p.lock.Close())
		p.lock = nil
	}
	if p.undo != nil {
		errs = append(errs, p.undo())
		p.undo = nil
	}
	return errors.Join(errs...)
}

// Remove kills what is left in the tree's groups and removes them all.
func (t *Tree) Remove() error {
	var errs []error
	for _, p := range slices.Backward(t.places) {
		errs = append(errs, p.end())
	}
	t.places = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove control groups: %w", err)
	}
	return nil
}

// Clean removes the trees in a folder of groups that no driver has locked, with
// what is still in them: those of drivers that were killed. It needs no
// process numbers, which may have other owners by now or, in containers, other
// meanings.
func Clean(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		path := filepath.Join(folder, e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue // gone, or another user's
		}
		locked, err := tryLock(f)
		if locked && err == nil {
			err = removeAll(path)
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("remove what a killed driver left: %w", err)
		}
	}
	return nil
}

// advise adds to an error what would allow what was done, where it is one of
// permissions, and always in version 2, where the groups must be as it wants
// them.
func advise(version int, doing string, err error) error {
	refused := errors.Is(err, fs.ErrPermission) || readOnly(err)
	how := "in a group of its own: systemd-run --user --scope -p Delegate=yes corecast ..."
	switch {
	case version == 2 && os.Getuid() == 0:
		how = "in a group of its own: systemd-run --scope -p Delegate=yes corecast ..."
	case version == 1:
		how = "in groups that root has given you: cgcreate -a $USER -t $USER -g cpu,cpuacct,memory:corecast, then cgexec -g cpu,cpuacct,memory:corecast corecast ..."
	}
	switch {
	case refused:
		return fmt.Errorf("%s: %w to this user (%w): run it as root, or %s", doing, ErrNotPermitted, err, how)
	case version == 2:
		return fmt.Errorf("%s: %w (%w): run it %s", doing, ErrNotPermitted, err, how)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// CleanOwn removes what Clean does in each folder of groups in which this
// process would make some.
func CleanOwn() error {
	own := Find(os.DirFS("/"))
	var errs []error
	for _, folder := range slices.Concat(own.unified, own.v1[cpu], own.v1[memory]) {
		if err := Clean(filepath.Join("/", folder)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
