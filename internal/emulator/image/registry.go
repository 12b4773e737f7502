package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Source is where an image is.
type Source struct {
	// Name is how jobs refer to it. The tag may be left out: latest.
	Name string
	// Path is a folder or a tar.
	Path string
}

// ParseSource reads NAME=DIR|TAR.
func ParseSource(s string) (Source, error) {
	name, path, ok := strings.Cut(s, "=")
	if !ok || name == "" || path == "" {
		return Source{}, fmt.Errorf("%q is not NAME=DIR or NAME=TAR", s)
	}
	return Source{name, path}, nil
}

// Map is a prefix of paths in images, and what stands for it here.
type Map struct{ From, To string }

// ParseMap reads PREFIX=PATH.
func ParseMap(s string) (Map, error) {
	from, to, ok := strings.Cut(s, "=")
	if !ok || from == "" || to == "" {
		return Map{}, fmt.Errorf("%q is not PREFIX=PATH", s)
	}
	return Map{from, to}, nil
}

// Registry has images by name.
type Registry struct {
	images map[string]*Image
	maps   []Map
}

// Image is an unpacked image.
type Image struct {
	root string // empty: this machine's own
	maps []Map
	// entrypoint, cmd, env and dir are of its configuration.
	entrypoint, cmd, env []string
	dir                  string
}

// New unpacks all sources, into folders below an empty one.
func New(folder string, sources []Source, maps []Map) (*Registry, error) {
	r := &Registry{images: make(map[string]*Image), maps: maps}
	for i, s := range sources {
		img, err := open(s.Path, filepath.Join(folder, fmt.Sprint(i)))
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", s.Name, err)
		}
		img.maps = maps
		r.images[tagged(s.Name)] = img
	}
	return r, nil
}

// Find returns the image of a reference. One without a source is run as it is,
// where prefixes are mapped; the error else says how to give it.
func (r *Registry) Find(reference string) (*Image, error) {
	if img := r.images[tagged(reference)]; img != nil {
		return img, nil
	}
	if len(r.maps) > 0 {
		return &Image{maps: r.maps}, nil
	}
	return nil, fmt.Errorf("no image %s here: give it by --image %s=DIR (or a tar), or run its command as it is by --map", reference, reference)
}

// tagged adds the tag latest to a reference that has neither tag nor digest.
func tagged(name string) string {
	last := name[strings.LastIndexByte(name, '/')+1:]
	if strings.ContainsAny(last, ":@") {
		return name
	}
	return name + ":latest"
}

// Command is what an instance runs here.
type Command struct {
	// Path is the program; Args what it gets, with its name first; Env the
	// image's own variables, as NAME=value; Dir its folder.
	Path      string
	Args, Env []string
	Dir       string
}

// Command makes the command of an instance whose job has commands (instead of
// the image's entry point) and arguments (instead of its own). The error, where
// there is no such program, names it.
func (m *Image) Command(commands, arguments []string) (Command, error) {
	argv := append(append([]string(nil), m.entrypoint...), m.cmd...)
	switch {
	case len(commands) > 0:
		argv = append(append([]string(nil), commands...), arguments...)
	case len(arguments) > 0:
		argv = append(append([]string(nil), m.entrypoint...), arguments...)
	}
	if len(argv) == 0 {
		return Command{}, fmt.Errorf("the image has no entry point, and the job no command")
	}
	c := Command{Args: argv, Env: m.env, Dir: m.inRoot(m.dir)}
	if c.Dir == "" {
		c.Dir = m.root
	}
	name := argv[0]
	for i := range argv {
		argv[i] = m.here(argv[i])
	}
	c.Path = m.program(name, argv[0])
	if c.Path == "" {
		return c, fmt.Errorf("no program %s in the image or on this machine", name)
	}
	return c, nil
}

// inRoot returns a path in the image as one of this machine; empty where the
// image has nothing there.
func (m *Image) inRoot(path string) string {
	if m.root == "" || path == "" {
		return ""
	}
	at := filepath.Join(m.root, filepath.Clean("/"+path))
	if _, err := os.Stat(at); err != nil {
		return ""
	}
	return at
}

// here is an argument as it is on this machine: an absolute path of the image
// as one of its folder, else a mapped prefix replaced.
func (m *Image) here(arg string) string {
	for _, p := range m.maps {
		if rest, ok := strings.CutPrefix(arg, p.From); ok {
			return p.To + rest
		}
	}
	if filepath.IsAbs(arg) {
		if at := m.inRoot(arg); at != "" {
			return at
		}
	}
	return arg
}

// searched is where images have their programs, when they do not say.
const searched = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// program finds a program: as it is where its name has a slash, else in the
// image's folders of programs, its working folder and this machine's.
func (m *Image) program(name, here string) string {
	if strings.Contains(here, "/") {
		if !filepath.IsAbs(here) {
			return m.inRoot(filepath.Join(m.dir, here))
		}
		return here
	}
	path := searched
	for _, v := range m.env {
		if p, ok := strings.CutPrefix(v, "PATH="); ok {
			path = p
		}
	}
	folders := append(filepath.SplitList(path), m.dir, "/")
	for _, dir := range folders {
		if at := m.inRoot(filepath.Join(dir, name)); at != "" && isProgram(at) {
			return at
		}
	}
	for _, dir := range filepath.SplitList(searched) {
		if at := filepath.Join(dir, name); isProgram(at) {
			return at
		}
	}
	return ""
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
