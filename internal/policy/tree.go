package policy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// tree is the project's Go source: every file, whatever system it is for.
type tree struct {
	fset *token.FileSet
	pkgs []*pkg
}

// pkg is the files of one folder.
type pkg struct {
	path  string // below the module, with slashes
	files []*file
}

type file struct {
	name   string // below the module, with slashes
	test   bool
	syntax *ast.File
}

// readTree parses the Go files below root, but for what the go command leaves
// out: testdata, vendor, other modules, and names that begin with . or _.
func readTree(root string) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	byPath := make(map[string]*pkg)
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case d.IsDir() && rel != "." && leftOut(at, d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(rel, ".go"):
			return nil
		}
		f, err := t.parse(at, rel)
		if err != nil {
			return err
		}
		dir := path.Dir(rel)
		if byPath[dir] == nil {
			byPath[dir] = &pkg{path: dir}
			t.pkgs = append(t.pkgs, byPath[dir])
		}
		byPath[dir].files = append(byPath[dir].files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the source below %s: %w", root, err)
	}
	return t, nil
}

// leftOut reports whether the go command passes a folder over.
func leftOut(at, name string) bool {
	if name == "testdata" || name == "vendor" || name[0] == '.' || name[0] == '_' {
		return true
	}
	_, err := os.Stat(filepath.Join(at, "go.mod"))
	return err == nil
}

func (t *tree) parse(at, rel string) (*file, error) {
	source, err := os.ReadFile(at)
	if err != nil {
		return nil, err
	}
	syntax, err := parser.ParseFile(t.fset, rel, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &file{name: rel, test: strings.HasSuffix(rel, "_test.go"), syntax: syntax}, nil
}

// where names a position as file:line.
func (t *tree) where(at token.Pos) string {
	p := t.fset.Position(at)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

// matches reports whether a path is what a pattern says: exact, "a/*" for all
// below a, "*" for all.
func matches(pattern, p string) bool {
	if pattern == "*" {
		return true
	}
	if above, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(p, above) && len(p) > len(above)
	}
	return pattern == p
}

func matchesAny(patterns []string, p string) bool {
	for _, pattern := range patterns {
		if matches(pattern, p) {
			return true
		}
	}
	return false
}
