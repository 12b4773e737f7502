package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// modFile is what a go.mod file says, as far as it matters here.
type modFile struct {
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Tool []struct{ Path string }
}

// readMod reads a file in the form of go.mod by the go command.
func readMod(root, name string) (modFile, error) {
	var m modFile
	if _, err := os.ReadFile(filepath.Join(root, name)); err != nil {
		return m, fmt.Errorf("read the modules: %w", err)
	}
	cmd := exec.Command("go", "mod", "edit", "-json", name)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return m, fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", name, err)
	}
	return m, nil
}

// direct returns the version of each module whose packages are used: by the
// imports, as tools, or because the file says so.
func (m modFile) direct(imports []string) map[string]string {
	versions := make(map[string]string)
	for _, r := range m.Require {
		if !r.Indirect {
			versions[r.Path] = r.Version
		}
	}
	for _, t := range m.Tool {
		imports = append(imports, t.Path)
	}
	for _, p := range imports {
		best := ""
		for _, r := range m.Require {
			if within(p, r.Path) && len(r.Path) > len(best) {
				best = r.Path
				versions[r.Path] = r.Version
			}
		}
	}
	return versions
}

// importsOf lists what the tree imports of others.
func importsOf(t *tree) []string {
	var all []string
	for _, p := range t.pkgs {
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				if imported, err := strconv.Unquote(spec.Path.Value); err == nil && imported != "C" {
					all = append(all, imported)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// documented is a row of a table of docs/dependencies.md that begins with a
// module's path.
var documented = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\|(.*)\\|$")

// checkDocumented says which used modules have no row in the text, which rows
// are of no used module or another version, and which have an empty cell.
func checkDocumented(text []byte, used map[string]string) (broken []string) {
	rows := make(map[string]bool)
	for _, m := range documented.FindAllSubmatch(text, -1) {
		name, version := string(m[1]), string(m[2])
		if rows[name] {
			broken = append(broken, name+" has two rows")
		}
		rows[name] = true
		switch want, ok := used[name]; {
		case !ok:
			broken = append(broken, name+" has a row and is not used")
		case want != version:
			broken = append(broken, fmt.Sprintf("%s has version %s in its row, and is used at %s", name, version, want))
		}
		for cell := range bytes.SplitSeq(m[3], []byte("|")) {
			if strings.TrimSpace(string(cell)) == "" {
				broken = append(broken, name+" has an empty cell in its row")
			}
		}
	}
	for name, version := range used {
		if !rows[name] {
			broken = append(broken, fmt.Sprintf("%s %s is used and has no row", name, version))
		}
	}
	slices.Sort(broken)
	return broken
}
